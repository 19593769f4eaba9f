"""Everything at once, for ten minutes: wrk, hostile requests, an editor who writes: python -m tests.bench.soak.

Nothing may fail, no read may be older than the last commit, and memory must have come to rest by half-time."""

import argparse
import os
import subprocess
import sys
from collections import Counter
from contextlib import closing
from itertools import count, cycle
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep
from urllib.parse import urlencode

import django

from .databases import Postgres, Sqlite
from .servers import granian, tool
from .stale import LIST, Station, connected

OURS = "spacedevs.wsgi:application"
GROWTH = 1.1  # of the most memory in the second half against that in the first
PAUSE = 0.02  # seconds between two writes


def hostile_addresses() -> list[str]:
    """All that the tests fire at the filters, and some that no endpoint has."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "spacedevs.settings"
    django.setup()
    from tests.api.test_hostile import BAD, FILTERED, ODD, RESOURCES, cases  # noqa: PLC0415 - needs Django to be there

    asked = [
        f"/2.3.0/{prefix}/?{urlencode(case)}"
        for prefix in FILTERED
        for table in (BAD, ODD)
        for case in cases(table, RESOURCES[prefix])
    ]
    return [*(each for each in asked if len(each) < 8000), "/2.3.0/nowhere/", "/2.3.0/launches/x/", "/2.3.0/%00/"]


class Soak:
    """One server under all of it, and what was seen."""

    def __init__(self, server, url):
        self.server, self.url, self.ended = server, url, Event()
        self.seen, self.failed, self.stale, self.memory = Counter(), [], 0, []

    def ask(self, addresses):
        """Asks one after another until the time is over."""
        for address in cycle(addresses):
            if self.ended.is_set():
                return
            self.get(address)

    def get(self, address) -> bytes:
        status, _, body = self.server.get(address, {"Host": "localhost"})
        self.seen[status] += 1
        if status >= 500:
            self.failed.append(f"{address} answers {status}: {body.decode()}")
        return body

    def edit(self):
        """Writes, and reads what was written."""
        with closing(connected(self.url)) as connection:
            station = Station(connection)
            for number in count(1):
                if self.ended.is_set():
                    break
                station.rename(f"Renamed {number} times")
                self.stale += f"Renamed {number} times".encode() not in self.get(station.path)
                sleep(PAUSE)
            station.restore()

    def weigh(self):
        """What the largest worker holds now, in MB."""
        pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in self.server.pids()]
        self.memory.append(max(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20)

    def run(self, seconds):
        hostile = hostile_addresses()
        jobs = [Thread(target=self.ask, args=(part,)) for part in (hostile, hostile[::-1])]
        jobs += [Thread(target=self.edit)]
        address = f"http://127.0.0.1:{self.server.port}{LIST}"
        load = subprocess.Popen(
            [tool("wrk"), "-t1", "-c4", f"-d{seconds}s", address], stdout=subprocess.PIPE, text=True
        )
        end = monotonic() + seconds
        for job in jobs:
            job.start()
        while monotonic() < end:
            sleep(1)
            self.weigh()
        self.ended.set()
        for job in jobs:
            job.join()
        return load.communicate()[0]

    def faults(self, said) -> list[str]:
        found = [*self.failed, f"{self.stale} stale reads"] if self.stale else [*self.failed]
        found += [line.strip() for line in said.splitlines() if "Non-2xx" in line or "Socket errors" in line]
        half = len(self.memory) // 2
        first, second = max(self.memory[:half]), max(self.memory[half:])
        print(f"The largest worker held {first:.0f} MB at most in the first half, {second:.0f} MB in the second.")
        return [*found, "memory grows"] if second > first * GROWTH else found


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--sqlite", action="store_true", help="on SQLite instead of PostgreSQL")
    options = parser.parse_args()
    url = (Sqlite if options.sqlite else Postgres)().url("1x")
    with granian(OURS, LIST, DATABASE_URL=url) as server:
        soak = Soak(server, url)
        said = soak.run(round(options.minutes * 60))
        print(said.strip())
        for status, number in sorted(soak.seen.items()):
            print(f"{status}: {number} answers")
        return "\n".join(soak.faults(said)) or None


if __name__ == "__main__":
    sys.exit(main())
