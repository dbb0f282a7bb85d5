-- Statuses of a component that its checks said and that can no longer change, 64 in a row. `intervals`: for each an
-- unsigned LEB128 number, its length in ms times 16 plus its value: 0 to 4 the known statuses operational,
-- under_maintenance, degraded_performance, partial_outage and major_outage, 5 to 9 the same where some checks are out of
-- sight, 10 no data; 11 is time that nothing covers. The first begins at `from_ms`; what reaches beyond `to_ms` is cut.
-- What may still change stays in `status_interval`.
CREATE TABLE status_chunk (
    workspace INTEGER NOT NULL REFERENCES workspace DEFERRABLE INITIALLY DEFERRED,
    component INTEGER NOT NULL,
    from_ms   INTEGER NOT NULL,
    to_ms     INTEGER NOT NULL,
    intervals BLOB    NOT NULL,
    PRIMARY KEY (workspace, component, from_ms),
    FOREIGN KEY (workspace, component) REFERENCES component (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
