"""Reads right after commits, from two processes under load: is any answer older than the last commit?"""

import sqlite3
from contextlib import ExitStack, closing
from threading import Event, Thread

import psycopg

from .servers import granian

LIST = "/2.3.0/docking_events/?limit=10&mode=detailed"


def connected(database_url):
    """A connection that commits each statement, as another program would have it."""
    if database_url.startswith("sqlite"):
        return sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None, timeout=5)
    return psycopg.connect(database_url, autocommit=True)


def keep_asking(server, ended):
    """The load: other requests, all the time."""
    while not ended.is_set():
        server.get(LIST, {})


def run(database_url, reads) -> dict[str, int]:
    """How many answers were read, and how many of ours and of the control's were out of date."""
    with ExitStack() as stack:
        connection = stack.enter_context(closing(connected(database_url)))
        key, name = connection.execute("SELECT id, name FROM stations_spacestation ORDER BY id LIMIT 1").fetchone()
        path, environment = f"/2.3.0/space_stations/{key}/", {"DATABASE_URL": database_url}

        def rename(name):
            escaped = name.replace("'", "''")
            connection.execute(f"UPDATE stations_spacestation SET name = '{escaped}' WHERE id = {key}")  # noqa: S608

        def served(target):
            return stack.enter_context(granian(target, path, workers=1, **environment))

        ours = [served("spacedevs.wsgi:application") for _ in range(2)]
        control, ended = served("tests.bench.unversioned:application"), Event()
        load = [Thread(target=keep_asking, args=(server, ended)) for server in ours]
        stack.callback(rename, name)
        for thread in load:
            thread.start()
        try:
            return count(ours, control, path, rename, reads)
        finally:
            ended.set()
            for thread in load:
                thread.join()


def count(ours, control, path, rename, reads) -> dict[str, int]:
    found = {"reads": 0, "stale": 0, "control_stale": 0}
    while found["reads"] < reads:
        name = f"Renamed {found['reads']} times"
        rename(name)
        for server in ours:
            found["stale"] += name not in server.get(path, {})[2].decode()
            found["reads"] += 1
        found["control_stale"] += name not in control.get(path, {})[2].decode()
    return found
