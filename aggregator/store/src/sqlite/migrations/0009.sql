-- Every row names its workspace and leads its key with it: keys are unique within a workspace, not beyond. What was
-- JSON stands in columns. Rows of what happened have a number that only grows. Raw observations and hourly roll-ups
-- stay as they are: they name a slot of this file, which stands for a workspace and a track. Rows of one commit may name
-- each other in any order: foreign keys are checked at its end. (The pragma of that purpose would make SQLite prepare every
-- statement anew for each commit.)

-- The greatest key that was ever given in a table of a workspace; none is given twice.
CREATE TABLE counter (
    workspace INTEGER NOT NULL REFERENCES workspace DEFERRABLE INITIALLY DEFERRED,
    name      TEXT    NOT NULL,
    last      INTEGER NOT NULL,
    PRIMARY KEY (workspace, name)
) STRICT, WITHOUT ROWID;

-- Who changed what by which request: written with the change, never changed. `before` and `after` are the row as JSON,
-- without credentials; people stand in it by their ids alone. Kept for 400 days, as what else is told to operators.
CREATE TABLE audit (
    workspace  INTEGER NOT NULL REFERENCES workspace DEFERRABLE INITIALLY DEFERRED,
    number     INTEGER NOT NULL,
    at_ms      INTEGER NOT NULL,
    actor      TEXT    NOT NULL,
    action     TEXT    NOT NULL,
    object     TEXT    NOT NULL,
    object_key INTEGER,
    before     TEXT,
    after      TEXT,
    source     TEXT,
    request    TEXT,
    PRIMARY KEY (workspace, number)
) STRICT, WITHOUT ROWID;

-- Who may write a workspace: a commit with an older token, or after another commit than it knows of, is refused.
CREATE TABLE lease (
    workspace INTEGER PRIMARY KEY REFERENCES workspace DEFERRABLE INITIALLY DEFERRED,
    token     INTEGER NOT NULL,
    commit_no INTEGER NOT NULL
) STRICT;

CREATE TABLE new_agent (
    workspace   INTEGER NOT NULL REFERENCES workspace DEFERRABLE INITIALLY DEFERRED,
    key         INTEGER NOT NULL,
    name        TEXT    NOT NULL,
    location    TEXT    NOT NULL,
    token_hash  BLOB    UNIQUE,
    standing    TEXT    NOT NULL DEFAULT 'active',
    former_name TEXT,
    cloned_ms   INTEGER,
    checks      TEXT,
    moved_from  TEXT,
    PRIMARY KEY (workspace, key),
    UNIQUE (workspace, name)
) STRICT, WITHOUT ROWID;
INSERT INTO new_agent
    SELECT workspace, key, name, location, token_hash, standing, former_name, cloned_ms, checks, moved_from FROM agent;

CREATE TABLE new_check (
    workspace       INTEGER NOT NULL REFERENCES workspace DEFERRABLE INITIALLY DEFERRED,
    key             INTEGER NOT NULL,
    name            TEXT    NOT NULL,
    quorum          TEXT    NOT NULL,
    definition      BLOB    NOT NULL,
    file_definition BLOB,
    PRIMARY KEY (workspace, key),
    UNIQUE (workspace, name)
) STRICT, WITHOUT ROWID;
INSERT INTO new_check SELECT workspace, key, name, quorum, definition, file_definition FROM "check";

CREATE TABLE new_track (
    workspace       INTEGER NOT NULL,
    key             INTEGER NOT NULL,
    agent           INTEGER NOT NULL,
    "check"         INTEGER NOT NULL,
    interval_ms     INTEGER NOT NULL,
    definition      BLOB    NOT NULL,
    silent          INTEGER NOT NULL,
    gone            INTEGER NOT NULL,
    state           TEXT,
    from_ms         INTEGER,
    last_ms         INTEGER,
    held            TEXT,
    joined_ms       INTEGER,
    settled_ms      INTEGER,
    up_ms           INTEGER,
    degraded_ms     INTEGER,
    down_ms         INTEGER,
    run_ms          INTEGER,
    run_outcome     INTEGER,
    run_reason      INTEGER,
    run_detail      TEXT,
    run_us          INTEGER,
    certificate_end INTEGER,
    PRIMARY KEY (workspace, key),
    UNIQUE (workspace, agent, "check"),
    FOREIGN KEY (workspace, agent) REFERENCES agent (workspace, key) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (workspace, "check") REFERENCES "check" (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
INSERT INTO new_track
    SELECT workspace, key, agent, "check", interval_ms, definition, silent, gone, state, from_ms, last_ms, held,
        joined_ms, settled_ms, up_ms, degraded_ms, down_ms, run_ms, run_outcome, run_reason, run_detail, run_us,
        certificate_end
    FROM track;

-- What the slots of raw observations and of hourly roll-ups stand for. `hour` follows its table to the new name.
DROP TABLE track;
CREATE TABLE track (
    slot      INTEGER PRIMARY KEY,
    workspace INTEGER NOT NULL REFERENCES workspace DEFERRABLE INITIALLY DEFERRED,
    track     INTEGER NOT NULL,
    UNIQUE (workspace, track)
) STRICT;
INSERT INTO track (slot, workspace, track) SELECT key, workspace, key FROM new_track;
ALTER TABLE track RENAME TO slot;
ALTER TABLE hour RENAME COLUMN track TO slot;

DROP TABLE agent;
ALTER TABLE new_agent RENAME TO agent;
DROP TABLE "check";
ALTER TABLE new_check RENAME TO "check";
ALTER TABLE new_track RENAME TO track;

CREATE TABLE new_agent_epoch (
    workspace        INTEGER NOT NULL,
    agent            INTEGER NOT NULL,
    epoch            BLOB    NOT NULL,
    through          INTEGER NOT NULL,
    offset_ms        INTEGER NOT NULL,
    seen_ms          INTEGER NOT NULL,
    version          TEXT    NOT NULL,
    depth            INTEGER NOT NULL,
    oldest_ms        INTEGER NOT NULL,
    lost             INTEGER NOT NULL,
    set_aside        INTEGER NOT NULL,
    lateness_ms      INTEGER NOT NULL,
    own_network_gone INTEGER NOT NULL,
    last_record      INTEGER NOT NULL,
    PRIMARY KEY (workspace, agent, epoch),
    FOREIGN KEY (workspace, agent) REFERENCES agent (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
INSERT INTO new_agent_epoch
    SELECT workspace, agent, epoch, through, offset_ms, seen_ms, version, depth, oldest_ms, lost, set_aside,
        lateness_ms, own_network_gone, last_record
    FROM agent_epoch;
DROP TABLE agent_epoch;
ALTER TABLE new_agent_epoch RENAME TO agent_epoch;

CREATE TABLE new_former_location (
    workspace INTEGER NOT NULL,
    agent     INTEGER NOT NULL,
    to_ms     INTEGER NOT NULL,
    location  TEXT    NOT NULL,
    PRIMARY KEY (workspace, agent, to_ms),
    FOREIGN KEY (workspace, agent) REFERENCES agent (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
INSERT INTO new_former_location SELECT workspace, agent, to_ms, location FROM former_location;
DROP TABLE former_location;
ALTER TABLE new_former_location RENAME TO former_location;

CREATE TABLE new_enrolment (
    workspace  INTEGER NOT NULL,
    token_hash BLOB    NOT NULL UNIQUE,
    agent      INTEGER NOT NULL,
    until_ms   INTEGER NOT NULL,
    used_ms    INTEGER,
    PRIMARY KEY (workspace, token_hash),
    FOREIGN KEY (workspace, agent) REFERENCES agent (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
INSERT INTO new_enrolment SELECT workspace, token_hash, agent, until_ms, used_ms FROM enrolment;
DROP TABLE enrolment;
ALTER TABLE new_enrolment RENAME TO enrolment;

CREATE TABLE new_agent_allow (
    workspace  INTEGER NOT NULL,
    agent      INTEGER NOT NULL,
    check_name TEXT    NOT NULL,
    PRIMARY KEY (workspace, agent, check_name),
    FOREIGN KEY (workspace, agent) REFERENCES agent (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
INSERT INTO new_agent_allow SELECT workspace, agent, check_name FROM agent_allow;
DROP TABLE agent_allow;
ALTER TABLE new_agent_allow RENAME TO agent_allow;

CREATE TABLE new_loss (
    workspace INTEGER NOT NULL,
    number    INTEGER NOT NULL,
    agent     INTEGER NOT NULL,
    noted_ms  INTEGER NOT NULL,
    count     INTEGER NOT NULL,
    why       TEXT    NOT NULL,
    from_ms   INTEGER,
    to_ms     INTEGER,
    PRIMARY KEY (workspace, number),
    FOREIGN KEY (workspace, agent) REFERENCES agent (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
INSERT INTO new_loss SELECT workspace, rowid, agent, noted_ms, count, why, from_ms, to_ms FROM loss;
DROP TABLE loss;
ALTER TABLE new_loss RENAME TO loss;
CREATE INDEX loss_by_agent ON loss (workspace, agent);

CREATE TABLE new_hard_transition (
    workspace  INTEGER NOT NULL,
    number     INTEGER NOT NULL,
    at_ms      INTEGER NOT NULL,
    track      INTEGER NOT NULL,
    since_ms   INTEGER NOT NULL,
    from_state TEXT    NOT NULL,
    to_state   TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    detail     TEXT    NOT NULL,
    PRIMARY KEY (workspace, number),
    FOREIGN KEY (workspace, track) REFERENCES track (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
INSERT INTO new_hard_transition
    SELECT workspace, rowid, at_ms, track, since_ms, from_state, to_state, reason, detail FROM hard_transition;
DROP TABLE hard_transition;
ALTER TABLE new_hard_transition RENAME TO hard_transition;
CREATE INDEX hard_transition_by_track ON hard_transition (workspace, track, at_ms);

CREATE TABLE new_former_quorum (
    workspace INTEGER NOT NULL,
    "check"   INTEGER NOT NULL,
    to_ms     INTEGER NOT NULL,
    quorum    TEXT    NOT NULL,
    PRIMARY KEY (workspace, "check", to_ms),
    FOREIGN KEY (workspace, "check") REFERENCES "check" (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
INSERT INTO new_former_quorum SELECT workspace, "check", to_ms, quorum FROM former_quorum;
DROP TABLE former_quorum;
ALTER TABLE new_former_quorum RENAME TO former_quorum;

CREATE TABLE new_declared (
    workspace INTEGER NOT NULL,
    track     INTEGER NOT NULL,
    from_ms   INTEGER NOT NULL,
    to_ms     INTEGER NOT NULL,
    PRIMARY KEY (workspace, track, from_ms),
    FOREIGN KEY (workspace, track) REFERENCES track (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
INSERT INTO new_declared SELECT workspace, track, from_ms, to_ms FROM declared;
DROP TABLE declared;
ALTER TABLE new_declared RENAME TO declared;

CREATE TABLE new_span (
    workspace INTEGER NOT NULL,
    track     INTEGER NOT NULL,
    from_ms   INTEGER NOT NULL,
    last_ms   INTEGER NOT NULL,
    state     TEXT    NOT NULL,
    PRIMARY KEY (workspace, track, from_ms),
    FOREIGN KEY (workspace, track) REFERENCES track (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
INSERT INTO new_span SELECT workspace, track, from_ms, last_ms, state FROM span;
DROP TABLE span;
ALTER TABLE new_span RENAME TO span;

CREATE TABLE new_flap (
    workspace INTEGER NOT NULL,
    track     INTEGER NOT NULL,
    from_ms   INTEGER NOT NULL,
    to_ms     INTEGER NOT NULL,
    PRIMARY KEY (workspace, track, from_ms),
    FOREIGN KEY (workspace, track) REFERENCES track (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
INSERT INTO new_flap SELECT workspace, track, from_ms, to_ms FROM flap;
DROP TABLE flap;
ALTER TABLE new_flap RENAME TO flap;

CREATE TABLE new_heartbeat (
    workspace         INTEGER NOT NULL,
    "check"           INTEGER NOT NULL,
    track             INTEGER NOT NULL,
    period_ms         INTEGER NOT NULL,
    grace_ms          INTEGER NOT NULL,
    heard_ms          INTEGER,
    started_ms        INTEGER,
    started_run       TEXT,
    expected_since_ms INTEGER,
    schedule          TEXT,
    time_zone         TEXT,
    PRIMARY KEY (workspace, "check"),
    FOREIGN KEY (workspace, "check") REFERENCES "check" (workspace, key) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (workspace, track) REFERENCES track (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
INSERT INTO new_heartbeat
    SELECT workspace, "check", track, period_ms, grace_ms, heard_ms, started_ms, started_run, expected_since_ms,
        schedule, time_zone
    FROM heartbeat;
DROP TABLE heartbeat;
ALTER TABLE new_heartbeat RENAME TO heartbeat;

CREATE TABLE new_heartbeat_token (
    workspace  INTEGER NOT NULL REFERENCES workspace DEFERRABLE INITIALLY DEFERRED,
    check_name TEXT    NOT NULL,
    token_hash BLOB    NOT NULL UNIQUE,
    PRIMARY KEY (workspace, check_name)
) STRICT, WITHOUT ROWID;
INSERT INTO new_heartbeat_token SELECT workspace, check_name, token_hash FROM heartbeat_token;
DROP TABLE heartbeat_token;
ALTER TABLE new_heartbeat_token RENAME TO heartbeat_token;

CREATE TABLE new_blind (
    workspace INTEGER NOT NULL REFERENCES workspace DEFERRABLE INITIALLY DEFERRED,
    from_ms   INTEGER NOT NULL,
    to_ms     INTEGER NOT NULL,
    PRIMARY KEY (workspace, from_ms)
) STRICT, WITHOUT ROWID;
INSERT INTO new_blind SELECT workspace.key, blind.from_ms, blind.to_ms FROM workspace CROSS JOIN blind;
DROP TABLE blind;
ALTER TABLE new_blind RENAME TO blind;

-- `items` is the order of the page: a line for each of its rows, `group KEY` with the keys of its components behind
-- it, or `component KEY`. `frame_ancestors` has a line for each.
CREATE TABLE new_page (
    workspace       INTEGER NOT NULL REFERENCES workspace DEFERRABLE INITIALLY DEFERRED,
    key             INTEGER NOT NULL,
    file_key        TEXT    NOT NULL,
    id              TEXT    NOT NULL UNIQUE,
    created_ms      INTEGER NOT NULL,
    public_ms       INTEGER,
    archived        INTEGER NOT NULL,
    slug            TEXT    NOT NULL,
    name            TEXT    NOT NULL,
    public          INTEGER NOT NULL,
    listed          INTEGER NOT NULL,
    root            INTEGER NOT NULL,
    domain          TEXT,
    time_zone       TEXT    NOT NULL,
    support_url     TEXT,
    frame_ancestors TEXT    NOT NULL,
    language        TEXT    NOT NULL,
    uptime_rule     TEXT    NOT NULL,
    partial_percent INTEGER NOT NULL,
    major_percent   INTEGER NOT NULL,
    items           TEXT    NOT NULL,
    PRIMARY KEY (workspace, key),
    UNIQUE (workspace, file_key)
) STRICT, WITHOUT ROWID;
INSERT INTO new_page
    SELECT workspace, key, file_key, id, created_ms, public_ms, archived, settings ->> 'slug', settings ->> 'name',
        settings ->> 'public', settings ->> 'listed', coalesce(settings ->> 'root', 0), settings ->> 'domain',
        settings ->> 'time_zone', settings ->> 'support_url',
        coalesce((SELECT group_concat(one.value, char(10) ORDER BY one.key)
            FROM json_each(page.settings, '$.frame_ancestors') AS one), ''),
        settings ->> 'language', settings ->> 'uptime_rule', settings ->> 'partial_percent',
        settings ->> 'major_percent',
        coalesce((SELECT group_concat(
                CASE WHEN one.value ->> 'component' IS NOT NULL THEN 'component ' || (one.value ->> 'component')
                ELSE 'group ' || (one.value ->> '$.group.key') || coalesce((
                    SELECT ' ' || group_concat(part.value, ' ' ORDER BY part.key)
                    FROM json_each(one.value, '$.group.components') AS part), '') END, char(10) ORDER BY one.key)
            FROM json_each(page.items) AS one), '')
    FROM page;

CREATE TABLE new_page_group (
    workspace   INTEGER NOT NULL,
    key         INTEGER NOT NULL,
    page        INTEGER NOT NULL,
    file_key    TEXT    NOT NULL,
    id          TEXT    NOT NULL UNIQUE,
    created_ms  INTEGER NOT NULL,
    archived    INTEGER NOT NULL,
    name        TEXT    NOT NULL,
    description TEXT,
    PRIMARY KEY (workspace, key),
    UNIQUE (workspace, page, file_key),
    FOREIGN KEY (workspace, page) REFERENCES page (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
INSERT INTO new_page_group
    SELECT workspace, key, page, file_key, id, created_ms, archived, name, description FROM page_group;

CREATE TABLE new_component (
    workspace             INTEGER NOT NULL,
    key                   INTEGER NOT NULL,
    page                  INTEGER NOT NULL,
    file_key              TEXT    NOT NULL,
    id                    TEXT    NOT NULL UNIQUE,
    created_ms            INTEGER NOT NULL,
    archived              INTEGER NOT NULL,
    start_ms              INTEGER NOT NULL,
    name                  TEXT    NOT NULL,
    description           TEXT,
    public                INTEGER NOT NULL,
    start_date            TEXT,
    response_time         INTEGER NOT NULL,
    showcase              INTEGER NOT NULL,
    only_show_if_degraded INTEGER NOT NULL,
    PRIMARY KEY (workspace, key),
    UNIQUE (workspace, page, file_key),
    FOREIGN KEY (workspace, page) REFERENCES page (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
INSERT INTO new_component
    SELECT workspace, key, page, file_key, id, created_ms, archived, start_ms, settings ->> 'name',
        settings ->> 'description', settings ->> 'public', settings ->> 'start_date', settings ->> 'response_time',
        settings ->> 'showcase', settings ->> 'only_show_if_degraded'
    FROM component;
DROP TABLE page;
ALTER TABLE new_page RENAME TO page;
DROP TABLE page_group;
ALTER TABLE new_page_group RENAME TO page_group;
DROP TABLE component;
ALTER TABLE new_component RENAME TO component;

CREATE TABLE new_component_link (
    workspace INTEGER NOT NULL,
    component INTEGER NOT NULL,
    "check"   INTEGER NOT NULL,
    minor     INTEGER NOT NULL,
    from_ms   INTEGER NOT NULL,
    to_ms     INTEGER NOT NULL,
    PRIMARY KEY (workspace, component, "check", minor, from_ms),
    FOREIGN KEY (workspace, component) REFERENCES component (workspace, key) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (workspace, "check") REFERENCES "check" (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
INSERT INTO new_component_link SELECT workspace, component, "check", minor, from_ms, to_ms FROM component_link;
DROP TABLE component_link;
ALTER TABLE new_component_link RENAME TO component_link;

CREATE TABLE new_status_interval (
    workspace INTEGER NOT NULL,
    component INTEGER NOT NULL,
    layer     TEXT    NOT NULL CHECK (layer IN ('automatic', 'corrected')),
    from_ms   INTEGER NOT NULL,
    to_ms     INTEGER NOT NULL,
    status    TEXT    NOT NULL,
    PRIMARY KEY (workspace, component, layer, from_ms),
    FOREIGN KEY (workspace, component) REFERENCES component (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
INSERT INTO new_status_interval
    SELECT workspace, component, layer, from_ms, to_ms, status
    FROM status_interval WHERE layer IN ('automatic', 'corrected');

-- A status that a source holds on a component, in the order in which they were set. The manual layer is derived from
-- them: of those that stand the newest. `to_ms` is the greatest number until it is released. `incident`: which one.
CREATE TABLE hold (
    workspace INTEGER NOT NULL,
    key       INTEGER NOT NULL,
    component INTEGER NOT NULL,
    source    TEXT    NOT NULL CHECK (source IN ('person', 'rest', 'incident')),
    incident  INTEGER,
    status    TEXT    NOT NULL,
    from_ms   INTEGER NOT NULL,
    to_ms     INTEGER NOT NULL,
    PRIMARY KEY (workspace, key),
    FOREIGN KEY (workspace, component) REFERENCES component (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
INSERT INTO hold
    SELECT workspace, row_number() OVER (ORDER BY from_ms, workspace, component), component, 'person', NULL, status,
        from_ms, to_ms
    FROM status_interval WHERE layer = 'manual' AND from_ms < to_ms;

-- A planned window: its components are under maintenance while it runs. One that was cancelled before it began is gone.
CREATE TABLE planned_window (
    workspace INTEGER NOT NULL REFERENCES workspace DEFERRABLE INITIALLY DEFERRED,
    key       INTEGER NOT NULL,
    id        TEXT    NOT NULL UNIQUE,
    from_ms   INTEGER NOT NULL,
    to_ms     INTEGER NOT NULL,
    PRIMARY KEY (workspace, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE planned_window_component (
    workspace      INTEGER NOT NULL,
    planned_window INTEGER NOT NULL,
    component      INTEGER NOT NULL,
    PRIMARY KEY (workspace, planned_window, component),
    FOREIGN KEY (workspace, planned_window) REFERENCES planned_window (workspace, key) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (workspace, component) REFERENCES component (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
CREATE TABLE former_window AS
    SELECT row_number() OVER (ORDER BY from_ms, workspace, component) AS key, workspace, component, from_ms, to_ms
    FROM status_interval WHERE layer = 'planned' AND from_ms < to_ms;
INSERT INTO planned_window
    SELECT workspace, key, lower(hex(randomblob(6))), from_ms, to_ms FROM former_window;
INSERT INTO planned_window_component SELECT workspace, key, component FROM former_window;
DROP TABLE former_window;
DROP TABLE status_interval;
ALTER TABLE new_status_interval RENAME TO status_interval;

-- On which days (UTC) a check was not up at an agent, and what it was: what is left of spans that are older than
-- anything that is worked out again.
CREATE TABLE span_day (
    workspace INTEGER NOT NULL,
    track     INTEGER NOT NULL,
    day_ms    INTEGER NOT NULL,
    state     TEXT    NOT NULL,
    PRIMARY KEY (workspace, track, day_ms, state),
    FOREIGN KEY (workspace, track) REFERENCES track (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

-- What the hours of one slot in one day (UTC) come down to once no chart reads them.
CREATE TABLE day (
    workspace    INTEGER NOT NULL REFERENCES workspace DEFERRABLE INITIALLY DEFERRED,
    slot         INTEGER NOT NULL REFERENCES slot DEFERRABLE INITIALLY DEFERRED,
    day_ms       INTEGER NOT NULL,
    up           INTEGER NOT NULL,
    degraded     INTEGER NOT NULL,
    down         INTEGER NOT NULL,
    inconclusive INTEGER NOT NULL,
    p50_us       INTEGER,
    p95_us       INTEGER,
    PRIMARY KEY (slot, day_ms)
) STRICT, WITHOUT ROWID;
