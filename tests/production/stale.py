"""Whether answers are older than the last commit: python -m tests.production.stale [READS]

Somebody edits random rows of all tables: changes, copies and deletes them, on PostgreSQL in several transactions that
overlap. After each commit random addresses are read from two processes, and compared with what a process answers that
keeps nothing. The control is a process that forgets which rows its answers show."""

import sys
from collections import Counter
from contextlib import ExitStack, closing
from pathlib import Path
from random import Random
from sqlite3 import DatabaseError
from tempfile import TemporaryDirectory
from typing import NamedTuple

import psycopg

from tests.bench.process import Process
from tests.bench.stale import connected

from .parts import Postgres, ended, manage

WANTED, COMMITS = 40, 100  # addresses that are read for a while, and for how many commits
READ_AT_ONCE, SESSIONS, STEPS = 10, 3, 4  # addresses after each commit; sessions; statements of each at most
OUR_PROCESSES = 2
AS_TOLD = {"STATISTICS": "imported", "THROTTLE_ANONYMOUS": ""}


class Found(NamedTuple):
    """How many commits and reads there were, how many were kept, how many out of date, and how many of the control."""

    commits: int
    reads: int
    kept: int
    stale: int
    control_stale: int


class Session:
    """A connection that edits rows in transactions, step by step."""

    def __init__(self, url, tables, random):
        self.connection, self.tables, self.random = connected(url), tables, random
        self.is_sqlite, self.left, self.number = url.startswith("sqlite"), 0, 0
        if not self.is_sqlite:
            self.connection.execute("SET lock_timeout = '50ms'")

    def close(self):
        self.connection.close()

    def step(self) -> bool:
        """Begins a transaction, edits a row, or ends the transaction; whether it committed anything."""
        try:
            if not self.left:
                self.connection.execute("BEGIN")
                self.left = 1 if self.is_sqlite else self.random.randint(1, STEPS)
            self.connection.execute(self.edit(*self.random.choice(self.tables)))
            self.left -= 1
            if not self.left:
                self.connection.execute("ROLLBACK" if self.random.random() < 0.1 else "COMMIT")
                return True
        except (psycopg.Error, DatabaseError):  # a constraint, or the row of another session
            self.connection.execute("ROLLBACK")
            self.left = 0
        return False

    def edit(self, table, key, columns) -> str:
        self.number += 1
        one = f'SELECT "{key}" FROM "{table}" ORDER BY random() LIMIT 1'  # noqa: S608 - names of ours
        chance = self.random.random()
        if chance < 0.04:
            return f'DELETE FROM "{table}" WHERE "{key}" = ({one})'  # noqa: S608
        if chance < 0.12 and columns:
            names = ", ".join(f'"{name}"' for name, _ in columns)
            made = f'SELECT max("{key}") + 1 FROM "{table}"'  # noqa: S608
            return f'INSERT INTO "{table}" ("{key}", {names}) SELECT ({made}), {names} FROM "{table}" LIMIT 1'  # noqa: S608
        if not columns or chance < 0.15:
            return f'UPDATE "{table}" SET "{key}" = "{key}" WHERE "{key}" = ({one})'  # noqa: S608
        name, kind = self.random.choice(columns)
        other = f'SELECT "{name}" FROM "{table}" ORDER BY random() LIMIT 1'  # noqa: S608
        value = {"text": f"'E{self.number}'", "number": str(self.number % 90), "flag": f'NOT "{name}"'}.get(kind)
        value = value if value and self.random.random() < 0.7 else f"({other})"
        return f'UPDATE "{table}" SET "{name}" = {value} WHERE "{key}" = ({one})'  # noqa: S608


def differing(asked, one, other) -> bool:
    """Whether two processes answer differently; asked again, for the clock may have moved on between them."""
    return one.call("everything.get", asked) != other.call("everything.get", asked)


def measure(url, reads, seed=1) -> Found:
    random, found = Random(seed), Counter()  # noqa: S311 - chooses rows
    with ExitStack() as stack:

        def process(**environment):
            return stack.enter_context(closing(Process({"DATABASE_URL": url, **AS_TOLD, **environment})))

        ours, control = [process() for _ in range(OUR_PROCESSES)], process()
        fresh = process(SPACEDEVS_RESPONSE_CACHE_MB="0")
        control.call("everything.forget_rows")
        addresses, tables = fresh.call("everything.every_address"), fresh.call("everything.every_table")
        number = 1 if url.startswith("sqlite") else SESSIONS
        sessions = [stack.enter_context(closing(Session(url, tables, random))) for _ in range(number)]
        while found["reads"] < reads:
            if not random.choice(sessions).step():
                continue
            if found["commits"] % COMMITS == 0:
                wanted = random.sample(addresses, WANTED)
            found["commits"] += 1
            for asked in random.sample(wanted, READ_AT_ONCE):
                right = fresh.call("everything.get", asked)
                for process in ours:
                    found["reads"] += 1
                    if process.call("everything.get", asked) != right and differing(asked, fresh, process):
                        found["stale"] += 1
                        print(f"stale: {asked} after {found['commits']} commits", flush=True)
                if control.call("everything.get", asked) != right:
                    found["control_stale"] += differing(asked, fresh, control)
        found["kept"] = sum(process.call("everything.times_kept") for process in ours)
    return Found(*(found[name] for name in Found._fields))


def main(reads=20_000):
    with TemporaryDirectory() as folder, ended(Postgres(Path(folder) / "postgres")) as (postgres,):
        for url in (f"sqlite:///{folder}/db.sqlite3", postgres.url):
            manage("prepare", DATABASE_URL=url)
            print(f"{url.partition(':')[0]} {measure(url, reads)}", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
