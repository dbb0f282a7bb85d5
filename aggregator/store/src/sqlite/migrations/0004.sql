-- Checks that wait to be called, and the tokens of their addresses.

CREATE TABLE heartbeat (
    "check"     INTEGER PRIMARY KEY REFERENCES "check",
    workspace   INTEGER NOT NULL REFERENCES workspace,
    track       INTEGER NOT NULL REFERENCES track,
    period_ms   INTEGER NOT NULL,
    grace_ms    INTEGER NOT NULL,
    -- The last call that told of an end.
    heard_ms    INTEGER,
    -- The run that is under way, and its caller's name for it.
    started_ms  INTEGER,
    started_run TEXT
) STRICT;

-- By the check's name: the command line makes one beside a running aggregator, before the check is known.
CREATE TABLE heartbeat_token (
    token_hash BLOB    PRIMARY KEY,
    workspace  INTEGER NOT NULL REFERENCES workspace,
    check_name TEXT    NOT NULL,
    UNIQUE (workspace, check_name)
) STRICT, WITHOUT ROWID;
