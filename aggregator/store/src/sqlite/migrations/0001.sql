-- Instants are integer milliseconds UTC; intervals are half-open; `to_ms` 9223372036854775807 still holds.
-- Row keys are never shown: what the outside names is a random id, or a name within a workspace.

CREATE TABLE meta (
    only_row      INTEGER PRIMARY KEY CHECK (only_row = 1),
    aggregator_id TEXT    NOT NULL
) STRICT;

CREATE TABLE workspace (
    key  INTEGER PRIMARY KEY,
    name TEXT    NOT NULL UNIQUE
) STRICT;

CREATE TABLE agent (
    key        INTEGER PRIMARY KEY,
    workspace  INTEGER NOT NULL REFERENCES workspace,
    name       TEXT    NOT NULL,
    location   TEXT    NOT NULL,
    token_hash BLOB UNIQUE,
    UNIQUE (workspace, name)
) STRICT;

CREATE TABLE agent_epoch (
    workspace INTEGER NOT NULL REFERENCES workspace,
    agent     INTEGER NOT NULL REFERENCES agent,
    epoch     BLOB    NOT NULL,
    through   INTEGER NOT NULL,
    offset_ms INTEGER NOT NULL,
    seen_ms   INTEGER NOT NULL,
    PRIMARY KEY (agent, epoch)
) STRICT, WITHOUT ROWID;

-- What never arrived (a jump in the sequence) or was given up by the agent itself.
CREATE TABLE loss (
    workspace INTEGER NOT NULL REFERENCES workspace,
    agent     INTEGER NOT NULL REFERENCES agent,
    noted_ms  INTEGER NOT NULL,
    count     INTEGER NOT NULL,
    why       TEXT    NOT NULL,
    from_ms   INTEGER,
    to_ms     INTEGER
) STRICT;

CREATE TABLE "check" (
    key       INTEGER PRIMARY KEY,
    workspace INTEGER NOT NULL REFERENCES workspace,
    name      TEXT    NOT NULL,
    quorum    TEXT    NOT NULL,
    UNIQUE (workspace, name)
) STRICT;

-- What one agent sees of one check. The newest span stands here, closed ones in `span`.
CREATE TABLE track (
    key         INTEGER PRIMARY KEY,
    workspace   INTEGER NOT NULL REFERENCES workspace,
    agent       INTEGER NOT NULL REFERENCES agent,
    "check"     INTEGER NOT NULL REFERENCES "check",
    interval_ms INTEGER NOT NULL,
    definition  BLOB    NOT NULL,
    silent      INTEGER NOT NULL,
    gone        INTEGER NOT NULL,
    state       TEXT,
    from_ms     INTEGER,
    last_ms     INTEGER,
    UNIQUE (agent, "check")
) STRICT;

CREATE TABLE declared (
    workspace INTEGER NOT NULL REFERENCES workspace,
    track     INTEGER NOT NULL REFERENCES track,
    from_ms   INTEGER NOT NULL,
    to_ms     INTEGER NOT NULL,
    PRIMARY KEY (track, from_ms)
) STRICT, WITHOUT ROWID;

CREATE TABLE span (
    workspace INTEGER NOT NULL REFERENCES workspace,
    track     INTEGER NOT NULL REFERENCES track,
    from_ms   INTEGER NOT NULL,
    last_ms   INTEGER NOT NULL,
    state     TEXT    NOT NULL,
    PRIMARY KEY (track, from_ms)
) STRICT, WITHOUT ROWID;

CREATE TABLE hard_transition (
    workspace INTEGER NOT NULL REFERENCES workspace,
    at_ms     INTEGER NOT NULL,
    track     INTEGER NOT NULL REFERENCES track,
    since_ms  INTEGER NOT NULL,
    from_state TEXT   NOT NULL,
    to_state  TEXT    NOT NULL,
    reason    TEXT    NOT NULL,
    detail    TEXT    NOT NULL
) STRICT;
CREATE INDEX hard_transition_by_track ON hard_transition (track, at_ms);

-- Raw observations, kept for the raw retention. `key` is the instant in ms, then 21 bits of the track: it
-- leads with time, so that inserts append and the oldest are cut off in one piece, and a row without
-- columns of its own for them fills its page. The workspace is the track's. `result`: see observation.rs.
CREATE TABLE observation (
    key    INTEGER PRIMARY KEY,
    result BLOB NOT NULL
) STRICT;

-- Counts and a mergeable latency histogram (HdrHistogram V2 deflate) of one track in one hour.
CREATE TABLE hour (
    workspace    INTEGER NOT NULL REFERENCES workspace,
    track        INTEGER NOT NULL REFERENCES track,
    hour_ms      INTEGER NOT NULL,
    up           INTEGER NOT NULL,
    degraded     INTEGER NOT NULL,
    down         INTEGER NOT NULL,
    inconclusive INTEGER NOT NULL,
    latency      BLOB    NOT NULL,
    PRIMARY KEY (track, hour_ms)
) STRICT, WITHOUT ROWID;

-- Hours whose roll-up must be made again. `times` counts what came, so that none that comes while an hour
-- is rolled up is taken for done with it.
CREATE TABLE dirty_hour (
    hour_ms INTEGER PRIMARY KEY,
    times   INTEGER NOT NULL
) STRICT;

CREATE TABLE page (
    key         INTEGER PRIMARY KEY,
    workspace   INTEGER NOT NULL REFERENCES workspace,
    file_key    TEXT    NOT NULL,
    id          TEXT    NOT NULL UNIQUE,
    created_ms  INTEGER NOT NULL,
    archived    INTEGER NOT NULL,
    settings    TEXT    NOT NULL,
    items       TEXT    NOT NULL,
    UNIQUE (workspace, file_key)
) STRICT;

CREATE TABLE page_group (
    key         INTEGER PRIMARY KEY,
    workspace   INTEGER NOT NULL REFERENCES workspace,
    page        INTEGER NOT NULL REFERENCES page,
    file_key    TEXT    NOT NULL,
    id          TEXT    NOT NULL UNIQUE,
    created_ms  INTEGER NOT NULL,
    archived    INTEGER NOT NULL,
    name        TEXT    NOT NULL,
    description TEXT,
    UNIQUE (page, file_key)
) STRICT;

CREATE TABLE component (
    key         INTEGER PRIMARY KEY,
    workspace   INTEGER NOT NULL REFERENCES workspace,
    page        INTEGER NOT NULL REFERENCES page,
    file_key    TEXT    NOT NULL,
    id          TEXT    NOT NULL UNIQUE,
    created_ms  INTEGER NOT NULL,
    archived    INTEGER NOT NULL,
    start_ms    INTEGER NOT NULL,
    settings    TEXT    NOT NULL,
    UNIQUE (page, file_key)
) STRICT;

CREATE TABLE component_link (
    workspace INTEGER NOT NULL REFERENCES workspace,
    component INTEGER NOT NULL REFERENCES component,
    "check"   INTEGER NOT NULL REFERENCES "check",
    minor     INTEGER NOT NULL,
    from_ms   INTEGER NOT NULL,
    to_ms     INTEGER NOT NULL,
    PRIMARY KEY (component, "check", minor, from_ms)
) STRICT, WITHOUT ROWID;

-- The layers of a component's status, each alone: automatic, manual, planned, corrected.
-- `status` is `no_data` where the automatic layer knows nothing.
CREATE TABLE status_interval (
    workspace INTEGER NOT NULL REFERENCES workspace,
    component INTEGER NOT NULL REFERENCES component,
    layer     TEXT    NOT NULL CHECK (layer IN ('automatic', 'manual', 'planned', 'corrected')),
    from_ms   INTEGER NOT NULL,
    to_ms     INTEGER NOT NULL,
    status    TEXT    NOT NULL,
    PRIMARY KEY (component, layer, from_ms)
) STRICT, WITHOUT ROWID;
