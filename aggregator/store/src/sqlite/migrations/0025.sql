-- What a receiver of the team, by its name in the file, was last told of a condition, by its id. `labels`: those by which
-- Alertmanager knows the alert, a line of name=value each. `fired_ms`: when it last heard that the condition holds.
-- `resolved_ms`: when it heard that it has ended; NULL: it holds, as far as the receiver knows.
CREATE TABLE team_notice (
    workspace   INTEGER NOT NULL,
    receiver    TEXT    NOT NULL,
    condition   TEXT    NOT NULL,
    severity    TEXT    NOT NULL,
    title       TEXT    NOT NULL,
    labels      TEXT    NOT NULL,
    since_ms    INTEGER NOT NULL,
    fired_ms    INTEGER NOT NULL,
    resolved_ms INTEGER,
    PRIMARY KEY (workspace, receiver, condition)
) STRICT, WITHOUT ROWID;
