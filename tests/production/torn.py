"""Whether answers mix commits: python -m tests.production.torn [ANSWERS]

Somebody writes one number into three tables with each commit, again and again. Eight readers ask for what shows rows
of several of them, as anybody and as who has a session. An answer is torn if it shows two numbers, an ETag ambiguous
if it was seen with two bodies. The control is the same server without snapshots."""

import re
import sys
from collections import defaultdict
from contextlib import ExitStack, closing
from hashlib import sha256
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Lock, Thread
from typing import NamedTuple

from tests.bench.servers import granian
from tests.bench.stale import connected

from .parts import Postgres, ended, manage

READERS, PAUSE = 8, 0.003  # seconds between two commits
OURS, CONTROL = "spacedevs.wsgi:application", "tests.production.unsnapped:application"
STATION = "SELECT max(space_station_target_id) FROM docking_dockingevent"
SHIPS = """
    SELECT spacecraft_id FROM launches_spacecraftflight flight
    JOIN docking_dockingevent event ON event.flight_vehicle_chaser_id = flight.id
    WHERE event.space_station_target_id = {station}
"""
WRITES = (
    "UPDATE stations_spacestation SET name = 'state {number}' WHERE id = {station}",
    "UPDATE docking_dockinglocation SET name = 'state {number} ' || id WHERE spacestation_id = {station}",
    f"UPDATE vehicles_spacecraft SET name = 'state {{number}} ' || id WHERE id IN ({SHIPS})",  # noqa: S608
)
DOCKED = "/2.3.0/docking_events/?limit=5&ordering=-docking&space_station_target__id={station}"
ASKED = [
    (f"{DOCKED}&mode=detailed", {}),
    (DOCKED, {"Cookie": "sessionid=x"}),
    (DOCKED, {"Accept": "application/json; indent=2"}),
    (DOCKED, {"Accept": "text/html"}),
    (f"{DOCKED}&format=ics", {}),
    ("/2.3.0/space_stations/{station}/", {}),
    ("/2.3.0/space_stations/{station}/now/", {}),
    ("/stations/{station}/", {}),
    ("/stations/{station}/timeline.svg", {"Cookie": "sessionid=x"}),
]


class Found(NamedTuple):
    """How many commits and answers there were, how many of these failed or were torn, and how many ambiguous ETags."""

    commits: int
    answers: int
    failed: int
    torn: int
    ambiguous: int


class Writer(Thread):
    """Commits one number after the other."""

    def __init__(self, database):
        super().__init__()
        self.database, self.ended, self.commits = database, Event(), 0
        with closing(connected(database)) as connection:
            ((self.station,),) = connection.execute(STATION).fetchall()
            self.commit(connection)

    def commit(self, connection):
        connection.execute("BEGIN")
        for statement in WRITES:
            connection.execute(statement.format(number=self.commits, station=self.station))
        connection.execute("COMMIT")
        self.commits += 1

    def run(self):
        with closing(connected(self.database)) as connection:
            while not self.ended.wait(PAUSE):
                self.commit(connection)


class Readers:
    """Those who ask, until they have had so many answers, and what they have seen."""

    def __init__(self, server, writer, enough):
        self.server, self.enough, self.lock = server, enough, Lock()
        self.asked = cycle([(path.format(station=writer.station), headers) for path, headers in ASKED])
        self.writer = writer
        self.answers = self.failed = self.torn = 0
        self.bodies = defaultdict(set)  # digests, by ETag

    def read(self):
        while True:
            with self.lock:
                if self.answers == self.enough:
                    return
                self.answers += 1
                path, headers = next(self.asked)
            self.note(*self.server.get(path, headers))

    def note(self, status, headers, body):
        with self.lock:
            self.failed += status != 200
            self.torn += len(set(re.findall(rb"state (\d+)", body))) > 1
            if headers["ETag"]:
                self.bodies[headers["ETag"]].add(sha256(body).digest())

    def run(self) -> Found:
        threads = [Thread(target=self.read) for _ in range(READERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        ambiguous = sum(len(bodies) > 1 for bodies in self.bodies.values())
        return Found(self.writer.commits, self.answers, self.failed, self.torn, ambiguous)


def measure(target, database, answers) -> Found:
    """What readers see of a server while somebody writes."""
    with ExitStack() as stack:
        writer = Writer(database)
        path = ASKED[-2][0].format(station=writer.station)
        server = stack.enter_context(granian(target, path, DATABASE_URL=database))
        writer.start()
        try:
            return Readers(server, writer, answers).run()
        finally:
            writer.ended.set()
            writer.join()


def run(database, answers, control) -> tuple[Found, Found]:
    """What is found of our server, and of the control, on a database that is empty."""
    manage("prepare", DATABASE_URL=database)
    return measure(OURS, database, answers), measure(CONTROL, database, control)


def main(answers=1000):
    with TemporaryDirectory() as folder, ended(Postgres(Path(folder) / "postgres")) as (postgres,):
        for database in (f"sqlite:///{folder}/db.sqlite3", postgres.url):
            ours, control = run(database, answers, answers // 5)
            print(f"{database.partition(':')[0]}\n    ours     {ours}\n    control  {control}", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
