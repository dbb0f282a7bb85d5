-- Problems, which are private, and incidents, which announce them. Texts for the public stand in one column as the
-- sanitiser passed them: a line with their form, the version of its rules and its seal, then the text; beside it what
-- their author wrote, which is never published.

ALTER TABLE track ADD COLUMN severity TEXT NOT NULL DEFAULT 'high';
-- What happens by itself; NULL: never. Durations in ms.
ALTER TABLE workspace ADD COLUMN draft_from TEXT DEFAULT 'high';
ALTER TABLE workspace ADD COLUMN publish_from TEXT;
ALTER TABLE workspace ADD COLUMN resolve_after INTEGER NOT NULL DEFAULT 120000;
ALTER TABLE workspace ADD COLUMN remind_after INTEGER NOT NULL DEFAULT 1800000;
-- What texts for the public must not contain, by line; NULL: the defaults.
ALTER TABLE workspace ADD COLUMN private_suffixes TEXT;
ALTER TABLE workspace ADD COLUMN secret_patterns TEXT;

-- A fault of a check, or the silence of an agent. `late`: recorded after it had ended. `withdrawn`: it ended because
-- nothing runs the check any more.
CREATE TABLE problem (
    workspace         INTEGER NOT NULL REFERENCES workspace DEFERRABLE INITIALLY DEFERRED,
    key               INTEGER NOT NULL,
    id                TEXT    NOT NULL,
    "check"           INTEGER,
    agent             INTEGER,
    began_ms          INTEGER NOT NULL,
    opened_ms         INTEGER NOT NULL,
    ended_ms          INTEGER,
    level             TEXT    NOT NULL,
    worst             TEXT    NOT NULL,
    severity          TEXT    NOT NULL,
    severity_override TEXT,
    private           INTEGER NOT NULL,
    late              INTEGER NOT NULL,
    withdrawn         INTEGER NOT NULL,
    flaps             INTEGER NOT NULL,
    acknowledged_ms   INTEGER,
    acknowledged_by   TEXT,
    PRIMARY KEY (workspace, key),
    UNIQUE (workspace, id)
) STRICT, WITHOUT ROWID;

-- The evidence for a problem and what operators did: `reporters` has a line for each agent that agreed. `reason` is the
-- number of the wire.
CREATE TABLE problem_event (
    workspace INTEGER NOT NULL,
    problem   INTEGER NOT NULL,
    number    INTEGER NOT NULL,
    at_ms     INTEGER NOT NULL,
    kind      TEXT    NOT NULL,
    level     TEXT    NOT NULL,
    reason    INTEGER NOT NULL,
    reporters TEXT    NOT NULL,
    note      TEXT,
    author    TEXT,
    PRIMARY KEY (workspace, problem, number),
    FOREIGN KEY (workspace, problem) REFERENCES problem (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

-- An announcement on a page. Without a title it is named after its components. `touched`: a person opened or changed it,
-- and nothing happens to it by itself. `approved`: a person published its draft. `spreads`: components are affected that no update names yet. `published_ms` NULL: a draft.
-- `recovered_ms`: since when all of its problems have ended.
CREATE TABLE incident (
    workspace               INTEGER NOT NULL,
    key                     INTEGER NOT NULL,
    id                      TEXT    NOT NULL,
    page                    INTEGER NOT NULL,
    written_title           TEXT,
    title                   TEXT,
    status                  TEXT    NOT NULL,
    impact                  TEXT    NOT NULL,
    impact_override         TEXT,
    automatic               INTEGER NOT NULL,
    touched                 INTEGER NOT NULL,
    approved                INTEGER NOT NULL,
    spreads                 INTEGER NOT NULL,
    backfilled              INTEGER NOT NULL,
    created_ms              INTEGER NOT NULL,
    published_ms            INTEGER,
    started_ms              INTEGER NOT NULL,
    identified_ms           INTEGER,
    monitoring_ms           INTEGER,
    resolved_ms             INTEGER,
    updated_ms              INTEGER NOT NULL,
    reminded_ms             INTEGER,
    recovered_ms            INTEGER,
    written_postmortem      TEXT,
    postmortem              TEXT,
    postmortem_created_ms   INTEGER,
    postmortem_updated_ms   INTEGER,
    postmortem_published_ms INTEGER,
    PRIMARY KEY (workspace, key),
    UNIQUE (workspace, id),
    FOREIGN KEY (workspace, page) REFERENCES page (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

-- A problem that an incident announces, or may announce (`suggested`). The problem may be forgotten.
CREATE TABLE incident_problem (
    workspace INTEGER NOT NULL,
    incident  INTEGER NOT NULL,
    problem   INTEGER NOT NULL,
    suggested INTEGER NOT NULL,
    PRIMARY KEY (workspace, incident, problem),
    FOREIGN KEY (workspace, incident) REFERENCES incident (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

-- An entry of the timeline: written (`written`, `body`), or automatic (`event`, `reason_class`, `since_ms`), or without
-- a text.
CREATE TABLE incident_update (
    workspace    INTEGER NOT NULL,
    incident     INTEGER NOT NULL,
    number       INTEGER NOT NULL,
    id           TEXT    NOT NULL,
    status       TEXT    NOT NULL,
    written      TEXT,
    body         TEXT,
    event        TEXT,
    reason_class TEXT,
    since_ms     INTEGER,
    created_ms   INTEGER NOT NULL,
    display_ms   INTEGER NOT NULL,
    edited_ms    INTEGER,
    author       TEXT,
    PRIMARY KEY (workspace, incident, number),
    UNIQUE (workspace, id),
    FOREIGN KEY (workspace, incident) REFERENCES incident (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

-- A component that an update names. `set`: a person set its status.
CREATE TABLE incident_component (
    workspace   INTEGER NOT NULL,
    incident    INTEGER NOT NULL,
    number      INTEGER NOT NULL,
    place       INTEGER NOT NULL,
    component   INTEGER NOT NULL,
    from_status TEXT    NOT NULL,
    to_status   TEXT    NOT NULL,
    "set"       INTEGER NOT NULL,
    PRIMARY KEY (workspace, incident, number, place),
    FOREIGN KEY (workspace, incident, number) REFERENCES incident_update (workspace, incident, number)
        DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (workspace, component) REFERENCES component (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

-- What an update said before an edit; for operators only.
CREATE TABLE former_text (
    workspace   INTEGER NOT NULL,
    incident    INTEGER NOT NULL,
    number      INTEGER NOT NULL,
    place       INTEGER NOT NULL,
    replaced_ms INTEGER NOT NULL,
    written     TEXT    NOT NULL,
    PRIMARY KEY (workspace, incident, number, place),
    FOREIGN KEY (workspace, incident, number) REFERENCES incident_update (workspace, incident, number)
        DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

-- What people say that a component was in the past. The corrected layer is derived from those that are not undone: the
-- newest of them shows. `reason` is for operators. `made_by` and `undone_by`: as in the audit. Rows of former versions
-- name neither.
CREATE TABLE correction (
    workspace INTEGER NOT NULL,
    key       INTEGER NOT NULL,
    id        TEXT    NOT NULL,
    component INTEGER NOT NULL,
    from_ms   INTEGER NOT NULL,
    to_ms     INTEGER NOT NULL,
    status    TEXT    NOT NULL,
    reason    TEXT    NOT NULL,
    made_by   TEXT,
    made_ms   INTEGER NOT NULL,
    undone_by TEXT,
    undone_ms INTEGER,
    PRIMARY KEY (workspace, key),
    UNIQUE (workspace, id),
    FOREIGN KEY (workspace, component) REFERENCES component (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
INSERT INTO correction
    SELECT workspace, row_number() OVER (ORDER BY from_ms, workspace, component), lower(hex(randomblob(6))), component,
        from_ms, to_ms, status, '', NULL, to_ms, NULL, NULL
    FROM status_interval WHERE layer = 'corrected' AND from_ms < to_ms;
-- `status_interval.layer` is always `automatic`.
DELETE FROM status_interval WHERE layer = 'corrected';

-- Maintenance. `page`: the page of its components, which shows it; NULL: it has checks only and is private. Without a
-- title it is named after its components. `from_ms` and `to_ms` are as planned: it ran until `completed_ms` or
-- `cancelled_ms` if that is earlier, and not at all if it was cancelled before it began. `lead`: how long before its
-- beginning it is announced, ms. `timed_ms`: when its times were last set. `revision` counts what calendars see.
CREATE TABLE new_planned_window (
    workspace     INTEGER NOT NULL REFERENCES workspace DEFERRABLE INITIALLY DEFERRED,
    key           INTEGER NOT NULL,
    id            TEXT    NOT NULL,
    page          INTEGER,
    written_title TEXT,
    title         TEXT,
    status        TEXT    NOT NULL,
    from_ms       INTEGER NOT NULL,
    to_ms         INTEGER NOT NULL,
    lead          INTEGER NOT NULL,
    reminds       INTEGER NOT NULL,
    created_ms    INTEGER NOT NULL,
    timed_ms      INTEGER NOT NULL,
    announced_ms  INTEGER,
    reminded_ms   INTEGER,
    started_ms    INTEGER,
    verifying_ms  INTEGER,
    completed_ms  INTEGER,
    cancelled_ms  INTEGER,
    updated_ms    INTEGER NOT NULL,
    revision      INTEGER NOT NULL,
    PRIMARY KEY (workspace, key),
    UNIQUE (workspace, id),
    FOREIGN KEY (workspace, page) REFERENCES page (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
-- What has begun or ended by now is noted by the first tick.
INSERT INTO new_planned_window
    SELECT workspace, key, id,
        (SELECT component.page FROM planned_window_component AS one
         JOIN component ON component.workspace = one.workspace AND component.key = one.component
         WHERE one.workspace = planned_window.workspace AND one.planned_window = planned_window.key
         ORDER BY component.key LIMIT 1),
        NULL, NULL, 'scheduled', from_ms, to_ms, 86400000, 1, min(from_ms, unixepoch() * 1000),
        min(from_ms, unixepoch() * 1000), NULL, NULL, NULL, NULL, NULL, NULL, min(from_ms, unixepoch() * 1000), 0
    FROM planned_window;
DROP TABLE planned_window;
ALTER TABLE new_planned_window RENAME TO planned_window;

-- A check whose problems a planned window holds back.
CREATE TABLE planned_window_check (
    workspace      INTEGER NOT NULL,
    planned_window INTEGER NOT NULL,
    check_name     TEXT    NOT NULL,
    PRIMARY KEY (workspace, planned_window, check_name),
    FOREIGN KEY (workspace, planned_window) REFERENCES planned_window (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

-- An entry of the timeline of a planned window; the first is its announcement. Written (`written`, `body`) or automatic
-- (`event`, and the planned times at that time, ms).
CREATE TABLE planned_window_update (
    workspace      INTEGER NOT NULL,
    planned_window INTEGER NOT NULL,
    number         INTEGER NOT NULL,
    id             TEXT    NOT NULL,
    status         TEXT    NOT NULL,
    written        TEXT,
    body           TEXT,
    event          TEXT,
    planned_from   INTEGER,
    planned_to     INTEGER,
    created_ms     INTEGER NOT NULL,
    display_ms     INTEGER NOT NULL,
    edited_ms      INTEGER,
    author         TEXT,
    PRIMARY KEY (workspace, planned_window, number),
    UNIQUE (workspace, id),
    FOREIGN KEY (workspace, planned_window) REFERENCES planned_window (workspace, key) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

-- What an entry said before an edit; for operators only.
CREATE TABLE planned_window_text (
    workspace      INTEGER NOT NULL,
    planned_window INTEGER NOT NULL,
    number         INTEGER NOT NULL,
    place          INTEGER NOT NULL,
    replaced_ms    INTEGER NOT NULL,
    written        TEXT    NOT NULL,
    PRIMARY KEY (workspace, planned_window, number, place),
    FOREIGN KEY (workspace, planned_window, number)
        REFERENCES planned_window_update (workspace, planned_window, number) DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;
