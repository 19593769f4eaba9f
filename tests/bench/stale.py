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


class Station:
    """One that is renamed again and again, until it gets its own name back."""

    def __init__(self, connection):
        self.connection = connection
        select = "SELECT id, name FROM stations_spacestation ORDER BY id LIMIT 1"
        self.key, self.name = connection.execute(select).fetchone()
        self.path = f"/2.3.0/space_stations/{self.key}/"

    def rename(self, name):
        escaped = name.replace("'", "''")
        self.connection.execute(f"UPDATE stations_spacestation SET name = '{escaped}' WHERE id = {self.key}")  # noqa: S608

    def restore(self):
        self.rename(self.name)


def keep_asking(server, ended):
    """The load: other requests, all the time."""
    while not ended.is_set():
        server.get(LIST, {})


def run(database_url, reads) -> dict[str, int]:
    """How many answers were read, and how many of ours and of the control's were out of date."""
    with ExitStack() as stack:
        station = Station(stack.enter_context(closing(connected(database_url))))

        def served(target):
            return stack.enter_context(granian(target, station.path, workers=1, DATABASE_URL=database_url))

        ours = [served("spacedevs.wsgi:application") for _ in range(2)]
        control, ended = served("tests.bench.unversioned:application"), Event()
        load = [Thread(target=keep_asking, args=(server, ended)) for server in ours]
        stack.callback(station.restore)
        for thread in load:
            thread.start()
        try:
            return count(ours, control, station, reads)
        finally:
            ended.set()
            for thread in load:
                thread.join()


def count(ours, control, station, reads) -> dict[str, int]:
    found = {"reads": 0, "stale": 0, "control_stale": 0}
    while found["reads"] < reads:
        name = f"Renamed {found['reads']} times"
        station.rename(name)
        for server in ours:
            found["stale"] += name not in server.get(station.path, {})[2].decode()
            found["reads"] += 1
        found["control_stale"] += name not in control.get(station.path, {})[2].decode()
    return found
