"""The installed database as the former release kept it: schema 2, made while the aggregator is stopped for an upgrade.

What later migrations added is taken out of the running host's own database, so that all that was seen there until then
is in it. That the former release's own databases are migrated too is a story: tests/stories/previous_release.rs.
"""
import hashlib
import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from host import Failed

SCHEMA = 2
MIGRATIONS = next(Path(__file__).resolve().parents[2].glob("aggregator/**/migrations"))
# Tables whose rows were then what they are now.
KEPT = ("meta", "observation", "dirty_hour")
# What stood in a column then, where it is not the column of that name now.
THEN = {
    ("hour", "track"): "(SELECT track FROM slot WHERE slot.slot = now_hour.slot)",
    ("component", "settings"): """json_object('name', name, 'description', description,
        'public', json(iif(public, 'true', 'false')), 'start_date', start_date,
        'response_time', json(iif(response_time, 'true', 'false')), 'showcase', json(iif(showcase, 'true', 'false')),
        'only_show_if_degraded', json(iif(only_show_if_degraded, 'true', 'false')))""",
    ("page", "settings"): """json_object('slug', slug, 'name', name, 'public', json(iif(public, 'true', 'false')),
        'listed', json(iif(listed, 'true', 'false')), 'domain', domain, 'time_zone', time_zone,
        'support_url', support_url, 'language', language, 'uptime_rule', uptime_rule,
        'partial_percent', partial_percent, 'major_percent', major_percent)""",
    ("page", "items"): """(SELECT json_group_array(json(CASE WHEN value LIKE 'component %'
            THEN '{"component":' || substr(value, 11) || '}'
            ELSE '{"group":{"key":' || replace(substr(value, 7, instr(substr(value, 7) || ' ', ' ')), ' ', '')
                || ',"components":['
                || replace(ltrim(substr(value, 6 + instr(substr(value, 7) || ' ', ' '))), ' ', ',') || ']}}' END))
        FROM json_each('["' || replace(items, char(10), '","') || '"]'))""",
}
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
    if "slot" in names(database, "table"):
        (track,) = database.execute("SELECT slot FROM slot WHERE track = ?", (track,)).fetchone()
    instants = {one >> 21 for (one,) in database.execute("SELECT key FROM observation") if one & bits == track}
    (taken,) = database.execute("SELECT sum(through) FROM agent_epoch WHERE agent = ?", (key,)).fetchone()
    (lost,) = database.execute("SELECT count(*) FROM loss WHERE agent = ?", (key,)).fetchone()
    return instants, taken, lost


def names(database, kind):
    return [name for (name,) in database.execute(
        "SELECT name FROM sqlite_schema WHERE type = ? AND name NOT LIKE 'sqlite%'", (kind,))]


def take_back(database):
    """Within a transaction: the tables get the shape that the migrations up to SCHEMA give them."""
    with closing(sqlite3.connect(":memory:")) as model:
        for number in range(1, SCHEMA + 1):
            model.executescript((MIGRATIONS / f"{number:04}.sql").read_text())
        then = dict(model.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'"))
        indexes = model.execute("SELECT sql FROM sqlite_schema WHERE type = 'index' AND sql NOT NULL").fetchall()
    run = database.execute
    for index in names(database, "index"):
        run(f'DROP INDEX "{index}"')
    again = [table for table in then if table not in KEPT]
    for table in again:
        run(f'ALTER TABLE "{table}" RENAME TO "now_{table}"')
    for table in again:
        run(then[table])
        columns = [column for _, column, *_ in run(f'PRAGMA table_info("{table}")')]
        found = ", ".join(THEN.get((table, column), f'"{column}"') for column in columns)
        run(f'INSERT INTO "{table}" SELECT {found} FROM "now_{table}"')
    run("INSERT INTO status_interval SELECT workspace, component, 'manual', from_ms, to_ms, status FROM hold")
    run("INSERT INTO status_interval SELECT part.workspace, component, 'planned', from_ms, to_ms, 'under_maintenance'"
        " FROM planned_window_component AS part JOIN planned_window AS whole"
        " ON whole.workspace = part.workspace AND whole.key = part.planned_window")
    run("CREATE TABLE moved AS SELECT (key >> 21 << 21) | slot.track AS key, result FROM observation"
        " JOIN slot ON slot.slot = observation.key & 2097151")
    run("DELETE FROM observation")
    run("INSERT INTO observation SELECT key, result FROM moved")
    for table in names(database, "table"):
        if table not in then:
            run(f'DROP TABLE "{table}"')
    for (index,) in indexes:
        run(index)


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
                # A table that is named anew takes no other table's references with it.
                database.execute("PRAGMA legacy_alter_table = ON")
                database.execute("BEGIN")
                take_back(database)
                database.execute(self.obstacle)
                database.execute(f"PRAGMA user_version = {SCHEMA}")
                database.execute("COMMIT")
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
