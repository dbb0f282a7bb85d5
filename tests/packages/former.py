"""The installed database as the former release kept it: schema 2, made while the aggregator is stopped for an upgrade.

What later migrations added is taken out of the running host's own database, so that all that was seen there until then
is in it. That the former release's own databases are migrated too is a story: tests/stories/previous_release.rs.
"""
import hashlib
import os
import sqlite3
import threading
from contextlib import closing

from host import Failed

SCHEMA = 2
INVERSE = """
ALTER TABLE track DROP COLUMN run_ms;
ALTER TABLE track DROP COLUMN run_outcome;
ALTER TABLE track DROP COLUMN run_reason;
ALTER TABLE track DROP COLUMN run_detail;
ALTER TABLE track DROP COLUMN run_us;
ALTER TABLE track DROP COLUMN certificate_end;
ALTER TABLE agent DROP COLUMN moved_from;
DROP TABLE clock;
DROP TABLE blind;
DROP TABLE former_quorum;
DROP TABLE former_location;
DROP TABLE agent_allow;
DROP TABLE check_definition;
ALTER TABLE page DROP COLUMN public_ms;
ALTER TABLE agent DROP COLUMN checks;
ALTER TABLE workspace DROP COLUMN ask_reporters;
ALTER TABLE "check" DROP COLUMN definition;
ALTER TABLE "check" DROP COLUMN file_definition;
ALTER TABLE track DROP COLUMN held;
ALTER TABLE track DROP COLUMN joined_ms;
ALTER TABLE track DROP COLUMN settled_ms;
ALTER TABLE track DROP COLUMN up_ms;
ALTER TABLE track DROP COLUMN degraded_ms;
ALTER TABLE track DROP COLUMN down_ms;
ALTER TABLE agent_epoch DROP COLUMN last_record;
ALTER TABLE agent_epoch DROP COLUMN own_network_gone;
DROP TABLE heartbeat_token;
DROP TABLE heartbeat;
DROP TABLE flap;
"""
# In the way of the third migration.
OBSTACLE = "CREATE TABLE flap (somebody_elses TEXT);"
DATABASE = "/var/lib/skerry/skerry.db"
DROP_IN = "/etc/systemd/system/skerry-aggregator.service.d/former.conf"
STOPPED, GOES_ON = "/srv/stopped", "/srv/goes-on"
# Once, when the old program has ended and before the new one starts.
WAITS = f"[Service]\nExecStopPost=+/bin/sh -c 'if [ -p {STOPPED} ]; then echo > {STOPPED}; cat {GOES_ON}; rm {STOPPED}; fi'\n"


def place(host, path):
    return host.root / path.lstrip("/")


def opened(path):
    return closing(sqlite3.connect(path, isolation_level=None))


def schema_of(database):
    return database.execute("PRAGMA user_version").fetchone()[0]


def seen(database, agent, check):
    """The instants at which the agent's observations of the check are stored, and how many records of it were taken."""
    track, key = database.execute(
        'SELECT track.key, agent.key FROM track JOIN agent ON agent.key = agent JOIN "check" ON "check".key = "check"'
        ' WHERE agent.name = ? AND "check".name = ?', (agent, check)).fetchone()
    bits = (1 << 21) - 1
    instants = {one >> 21 for (one,) in database.execute("SELECT key FROM observation") if one & bits == track}
    (taken,) = database.execute("SELECT sum(through) FROM agent_epoch WHERE agent = ?", (key,)).fetchone()
    (lost,) = database.execute("SELECT count(*) FROM loss WHERE agent = ?", (key,)).fetchone()
    return instants, taken, lost


class TakenBack:
    """Within it the next stop of the aggregator leaves a database of the former release; with `obstacle`, one that
    cannot be migrated. `kept` is then what it held, `digest` the file as it was left."""

    def __init__(self, host, agent, check, obstacle=""):
        self.host, self.whose, self.obstacle = host, (agent, check), obstacle
        self.kept = self.digest = self.failed = None

    def __enter__(self):
        self.host.write(DROP_IN, WAITS)
        for fifo in (STOPPED, GOES_ON):
            os.mkfifo(place(self.host, fifo))
        self.host.run("systemctl daemon-reload")
        self.thread = threading.Thread(target=self._while_stopped, daemon=True)
        self.thread.start()
        return self

    def _while_stopped(self):
        place(self.host, STOPPED).read_bytes()
        try:
            path = place(self.host, DATABASE)
            with opened(path) as database:
                self.kept = seen(database, *self.whose)
                database.executescript(f"BEGIN; {INVERSE} {self.obstacle} PRAGMA user_version = {SCHEMA}; COMMIT;")
            self.digest = digest(self.host)
        except (sqlite3.Error, OSError, TypeError) as error:
            self.failed = error
        place(self.host, GOES_ON).write_text("on\n")

    def __exit__(self, kind, *_):
        if kind:
            return
        self.thread.join(30)
        if self.thread.is_alive():
            raise Failed("the aggregator was not stopped")
        if self.failed:
            raise Failed(f"the database could not be taken back: {self.failed}")
        for path in (DROP_IN, GOES_ON):
            place(self.host, path).unlink()
        self.host.run("systemctl daemon-reload")


def digest(host):
    return hashlib.sha256(place(host, DATABASE).read_bytes()).hexdigest()


def clear_the_way(host):
    with opened(place(host, DATABASE)) as database:
        database.execute("DROP TABLE flap")
    # What a database is opened with belongs to whoever opens it.
    host.run(f"chown skerry:skerry {DATABASE}*")


def copied(host, name):
    """A backup, taken beside the running aggregator: its path on this machine."""
    host.run(f"skerry-aggregator backup /srv/{name}")
    return place(host, f"/srv/{name}")
