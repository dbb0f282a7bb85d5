-- Maintenance that recurs. `rule` is one of RFC 5545; `first` and `made` are local times in `time_zone`: the earliest
-- beginning, and that up to which occurrences are made or were over before they could be. `components` (keys) and
-- `checks` (names) have a line each; `length` and `lead` are ms. Each occurrence is a planned window.
CREATE TABLE maintenance_series (
    workspace     INTEGER NOT NULL REFERENCES workspace DEFERRABLE INITIALLY DEFERRED,
    key           INTEGER NOT NULL,
    id            TEXT    NOT NULL,
    page          INTEGER,
    written_title TEXT,
    title         TEXT,
    written_body  TEXT,
    body          TEXT,
    components    TEXT,
    checks        TEXT,
    length        INTEGER NOT NULL,
    lead          INTEGER NOT NULL,
    reminds       INTEGER NOT NULL,
    rule          TEXT    NOT NULL,
    first         TEXT    NOT NULL,
    time_zone     TEXT    NOT NULL,
    made          TEXT,
    created_ms    INTEGER NOT NULL,
    updated_ms    INTEGER NOT NULL,
    ended_ms      INTEGER,
    PRIMARY KEY (workspace, key),
    UNIQUE (workspace, id),
    FOREIGN KEY (workspace, page) REFERENCES page (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

-- `occurrence`: the local time that the rule of its series gave it, whenever it takes place. `modified`: a person changed
-- it, so that changes of its series leave it alone.
ALTER TABLE planned_window ADD COLUMN series INTEGER;
ALTER TABLE planned_window ADD COLUMN occurrence TEXT;
ALTER TABLE planned_window ADD COLUMN modified INTEGER NOT NULL DEFAULT 0;
