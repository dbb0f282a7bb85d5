-- What the page needs to keep from one start to the next so that a restart, a clock or a stolen token changes no fact.

-- Our own clock: our time at a moment of the boot clock, so that a start in the same boot knows how long it took
-- whatever the wall clock says. `sure`: something confirmed it; `agreed_ms`: for so long the wall clock agreed;
-- `proved_ms`: where nothing confirmed it, the newest time before that is known to be right.
CREATE TABLE clock (
    only_row  INTEGER PRIMARY KEY CHECK (only_row = 1),
    boot_id   TEXT    NOT NULL,
    boot_ms   INTEGER NOT NULL,
    at_ms     INTEGER NOT NULL,
    sure      INTEGER NOT NULL,
    agreed_ms INTEGER NOT NULL,
    proved_ms INTEGER NOT NULL
) STRICT;

-- When we could not be called: stopped, asleep, or unable to write. Kept as long as a heartbeat's call may have
-- come in it.
CREATE TABLE blind (
    from_ms INTEGER PRIMARY KEY,
    to_ms   INTEGER NOT NULL
) STRICT;

-- When calls are due instead of a period: a cron expression and the IANA zone that it is read in. Where there is
-- one, `period_ms` says nothing.
ALTER TABLE heartbeat ADD COLUMN schedule TEXT;
ALTER TABLE heartbeat ADD COLUMN time_zone TEXT;

-- When a page was first public: the uptime of what people set begins with it. NULL: it never was.
ALTER TABLE page ADD COLUMN public_ms INTEGER;
UPDATE page SET public_ms = created_ms WHERE json_extract(settings, '$.public');
-- What must agree of a check, and where an agent stood, before what holds now: late data is judged by the rules of
-- its time. A row holds from the end of the one before it up to `to_ms`; where there is none, nothing ever changed.
CREATE TABLE former_quorum (
    workspace INTEGER NOT NULL REFERENCES workspace,
    "check"   INTEGER NOT NULL REFERENCES "check",
    to_ms     INTEGER NOT NULL,
    quorum    TEXT    NOT NULL,
    PRIMARY KEY ("check", to_ms)
) STRICT, WITHOUT ROWID;
CREATE TABLE former_location (
    workspace INTEGER NOT NULL REFERENCES workspace,
    agent     INTEGER NOT NULL REFERENCES agent,
    to_ms     INTEGER NOT NULL,
    location  TEXT    NOT NULL,
    PRIMARY KEY (agent, to_ms)
) STRICT, WITHOUT ROWID;
-- `status_interval.status` of the automatic layer is `partly_…` where some checks are out of sight.

-- What one agent may report. Patterns of check names, one a line; NULL: every check.
ALTER TABLE agent ADD COLUMN checks TEXT;
-- Checks that an operator let an agent join, where new reporters wait to be allowed. By name: the command line
-- writes them beside a running aggregator.
CREATE TABLE agent_allow (
    agent      INTEGER NOT NULL REFERENCES agent,
    workspace  INTEGER NOT NULL REFERENCES workspace,
    check_name TEXT    NOT NULL,
    PRIMARY KEY (agent, check_name)
) STRICT, WITHOUT ROWID;
-- Which definition of a check holds, where an operator said so.
CREATE TABLE check_definition (
    workspace  INTEGER NOT NULL REFERENCES workspace,
    check_name TEXT    NOT NULL,
    definition BLOB    NOT NULL,
    PRIMARY KEY (workspace, check_name)
) STRICT, WITHOUT ROWID;
-- An agent that begins to report a check of others waits until an operator allows it.
ALTER TABLE workspace ADD COLUMN ask_reporters INTEGER NOT NULL DEFAULT 0;
-- The definition that holds among those who report the check, and the one in the aggregator's file.
ALTER TABLE "check" ADD COLUMN definition BLOB NOT NULL DEFAULT x'';
ALTER TABLE "check" ADD COLUMN file_definition BLOB;
-- Why an agent runs the check and does not count; NULL: it counts, or does not run it.
ALTER TABLE track ADD COLUMN held TEXT;
-- When the agent began to report a check that others reported before: what it saw earlier does not count.
ALTER TABLE track ADD COLUMN joined_ms INTEGER;
-- The newest evidence when the agent's present spool began: older observations of that spool are copies.
ALTER TABLE track ADD COLUMN settled_ms INTEGER;
-- The newest observation of each outcome: no run of others began before it.
ALTER TABLE track ADD COLUMN up_ms INTEGER;
ALTER TABLE track ADD COLUMN degraded_ms INTEGER;
ALTER TABLE track ADD COLUMN down_ms INTEGER;
-- A digest of the record at `through`: another record at that place is of a copied spool. 0: not known.
ALTER TABLE agent_epoch ADD COLUMN last_record INTEGER NOT NULL DEFAULT 0;
