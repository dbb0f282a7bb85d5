"""Converts the installed database to the schema of the former release (2) while the aggregator is stopped for an upgrade.

The changes of later migrations are undone in the database of the running host, so it still contains all observations made until
then. tests/stories/previous_release.rs tests the migration of databases that the former release itself wrote.
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
# Tables whose rows have not changed since then.
UNCHANGED = ("meta", "observation", "dirty_hour")
# Expressions for the former content of columns that have changed since.
FORMER_VALUES = {
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
# Makes the third migration fail.
OBSTACLE = "CREATE TABLE flap (conflicting TEXT);"
DATABASE = "/var/lib/skerry/skerry.db"
DROP_IN = "/etc/systemd/system/skerry-aggregator.service.d/former.conf"
STOPPED, CONTINUE = "/srv/stopped", "/srv/continue"
# Waits once, after the old program has stopped and before the new one starts.
PAUSE_AFTER_STOP = f"[Service]\nExecStopPost=+/bin/sh -c 'if [ -p {STOPPED} ]; then echo > {STOPPED}; cat {CONTINUE}; rm {STOPPED}; fi'\n"


def host_path(host, path):
    return host.root / path.lstrip("/")


def connect(path):
    return closing(sqlite3.connect(path, isolation_level=None))


def schema_of(database):
    return database.execute("PRAGMA user_version").fetchone()[0]


def observed(database, agent, check):
    """Returns the times of the stored observations of the check by the agent, the number of records accepted from the agent, and
    the number of its recorded losses."""
    track, key = database.execute(
        'SELECT track.key, agent.key FROM track JOIN agent ON agent.key = agent JOIN "check" ON "check".key = "check"'
        ' WHERE agent.name = ? AND "check".name = ?', (agent, check)).fetchone()
    bits = (1 << 21) - 1
    if "slot" in names(database, "table"):
        (track,) = database.execute("SELECT slot FROM slot WHERE track = ?", (track,)).fetchone()
    times = {one >> 21 for (one,) in database.execute("SELECT key FROM observation") if one & bits == track}
    (accepted,) = database.execute("SELECT sum(through) FROM agent_epoch WHERE agent = ?", (key,)).fetchone()
    (lost,) = database.execute("SELECT count(*) FROM loss WHERE agent = ?", (key,)).fetchone()
    return times, accepted, lost


def names(database, kind):
    return [name for (name,) in database.execute(
        "SELECT name FROM sqlite_schema WHERE type = ? AND name NOT LIKE 'sqlite%'", (kind,))]


def convert(database):
    """Gives the tables the form that the migrations up to SCHEMA create. Call it within a transaction."""
    with closing(sqlite3.connect(":memory:")) as model:
        for number in range(1, SCHEMA + 1):
            model.executescript((MIGRATIONS / f"{number:04}.sql").read_text())
        former_tables = dict(model.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'"))
        indexes = model.execute("SELECT sql FROM sqlite_schema WHERE type = 'index' AND sql NOT NULL").fetchall()
    run = database.execute
    for index in names(database, "index"):
        run(f'DROP INDEX "{index}"')
    rebuilt = [table for table in former_tables if table not in UNCHANGED]
    for table in rebuilt:
        run(f'ALTER TABLE "{table}" RENAME TO "now_{table}"')
    for table in rebuilt:
        run(former_tables[table])
        columns = [column for _, column, *_ in run(f'PRAGMA table_info("{table}")')]
        found = ", ".join(FORMER_VALUES.get((table, column), f'"{column}"') for column in columns)
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
        if table not in former_tables:
            run(f'DROP TABLE "{table}"')
    for (index,) in indexes:
        run(index)


class FormerDatabase:
    """A context manager. Within it, the next stop of the aggregator leaves a database of the former release, or with `obstacle` one
    that cannot be migrated. Afterwards `content` is what the database contained, and `digest` the hash of the converted file."""

    def __init__(self, host, agent, check, obstacle=""):
        self.host, self.agent_and_check, self.obstacle = host, (agent, check), obstacle
        self.content = self.digest = self.error = None

    def __enter__(self):
        self.host.write(DROP_IN, PAUSE_AFTER_STOP)
        for fifo in (STOPPED, CONTINUE):
            os.mkfifo(host_path(self.host, fifo))
        self.host.run("systemctl daemon-reload")
        self.thread = threading.Thread(target=self._convert_while_stopped, daemon=True)
        self.thread.start()
        return self

    def _convert_while_stopped(self):
        host_path(self.host, STOPPED).read_bytes()
        try:
            path = host_path(self.host, DATABASE)
            with connect(path) as database:
                self.content = observed(database, *self.agent_and_check)
                # Without this, renaming a table would also rename the references to it in other tables.
                database.execute("PRAGMA legacy_alter_table = ON")
                database.execute("BEGIN")
                convert(database)
                database.execute(self.obstacle)
                database.execute(f"PRAGMA user_version = {SCHEMA}")
                database.execute("COMMIT")
            self.digest = digest(self.host)
        except (sqlite3.Error, OSError, TypeError) as caught:
            self.error = caught
        host_path(self.host, CONTINUE).write_text("continue\n")

    def __exit__(self, kind, *_):
        if kind:
            return
        self.thread.join(30)
        if self.thread.is_alive():
            raise Failed("the aggregator did not stop")
        if self.error:
            raise Failed(f"the database could not be converted: {self.error}")
        for path in (DROP_IN, CONTINUE):
            host_path(self.host, path).unlink()
        self.host.run("systemctl daemon-reload")


def digest(host):
    return hashlib.sha256(host_path(host, DATABASE).read_bytes()).hexdigest()


def remove_obstacle(host):
    with connect(host_path(host, DATABASE)) as database:
        database.execute("DROP TABLE flap")
    # Opening the database as root created WAL files that belong to root.
    host.run(f"chown skerry:skerry {DATABASE}*")


def back_up(host, name):
    """Makes a backup while the aggregator runs. Returns its path on this machine."""
    host.run(f"skerry-aggregator backup /srv/{name}")
    return host_path(host, f"/srv/{name}")
