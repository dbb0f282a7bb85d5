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
