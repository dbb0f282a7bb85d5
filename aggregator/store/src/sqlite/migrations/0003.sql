-- When an agent said that a check flaps; `to_ms` as everywhere.
CREATE TABLE flap (
    workspace INTEGER NOT NULL REFERENCES workspace,
    track     INTEGER NOT NULL REFERENCES track,
    from_ms   INTEGER NOT NULL,
    to_ms     INTEGER NOT NULL,
    PRIMARY KEY (track, from_ms)
) STRICT, WITHOUT ROWID;
