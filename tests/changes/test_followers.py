"""A reader that follows the changes ends with exactly the state of the database, however many write at once.

A control orders the same log by number alone, as most feeds do, and loses changes on PostgreSQL."""

import random
import threading

import pytest
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, connections

from agencies.models import AgencyType
from spacedevs.changes.records import DELETED, changes_after
from spacedevs.db.change_log.reading import Log
from spacedevs.db.snapshots import snapshot

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.as_served]

PATH, TABLE = "config/agency_types", "agencies_agencytype"
ROWS, WRITERS = 60, 4


class Writer(threading.Thread):
    """Writes at random: transactions short and long, with savepoints, some rolled back."""

    def __init__(self, seed, number):
        super().__init__()
        self.choose, self.number, self.error = random.Random(seed), number, None  # noqa: S311
        self.connection = connections[DEFAULT_DB_ALIAS].copy()
        self.connection.inc_thread_sharing()

    def run(self):
        there = self.connection
        try:
            while self.number > 0:
                with there.cursor() as cursor:
                    self.write(cursor)
        except Exception as error:
            self.error = error
        finally:
            there.close()

    def write(self, cursor):
        """A transaction of some statements."""
        cursor.execute("BEGIN IMMEDIATE" if cursor.db.vendor == "sqlite" else "BEGIN")
        for _ in range(self.choose.choice([1, 1, 1, 2, 5, 12])):
            self.number -= 1
            is_inner = self.choose.random() < 0.2
            if is_inner:
                cursor.execute("SAVEPOINT inner_one")
            try:
                self.statement(cursor)
            except OperationalError as error:  # two writers that wait for each other
                if "deadlock" not in str(error):
                    raise
                break
            if is_inner:
                cursor.execute(f"{self.choose.choice(['ROLLBACK TO', 'RELEASE'])} SAVEPOINT inner_one")
        cursor.execute(self.choose.choice(["COMMIT", "COMMIT", "COMMIT", "ROLLBACK"]))

    def statement(self, cursor):
        key, kind = self.choose.randint(1, ROWS), self.choose.random()
        name = str(self.choose.random())
        if kind < 0.35:
            cursor.execute(f"INSERT INTO {TABLE} (id, name) VALUES (%s, %s) ON CONFLICT DO NOTHING", [key, name])  # noqa: S608
        elif kind < 0.8:
            keys = [key, key + 1, key + 2] if kind < 0.5 else [key]
            ids = ", ".join(map(str, keys))
            cursor.execute(f"UPDATE {TABLE} SET name = %s WHERE id IN ({ids})", [name])  # noqa: S608
        else:
            cursor.execute(f"DELETE FROM {TABLE} WHERE id = %s", [key])  # noqa: S608


class Follower:
    """A copy of the rows, kept by following the changes alone."""

    def __init__(self):
        self.rows = dict(AgencyType.objects.values_list("id", "name"))
        self.position = Log.read().now
        self.naive, self.number = dict(self.rows), newest_number()

    def follow(self):
        """Reads what is new, with the rows as they are in the same snapshot."""
        with snapshot():
            page = changes_after(Log.read(), self.position, {PATH}, limit=7)
            present = dict(AgencyType.objects.values_list("id", "name"))
            for change in page.changes:
                key = change.ref.key
                self.rows.pop(key, None)
                if change.action != DELETED:
                    self.rows[key] = present[key]
            self.position = page.until
            self.follow_by_number(present)
        return page.has_more

    def follow_by_number(self, present):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT number, key FROM change_log WHERE number > %s AND table_name = %s ORDER BY number",
                [self.number, TABLE],
            )
            for number, key in cursor.fetchall():
                self.number = number
                self.naive.pop(int(key), None)
                if int(key) in present:
                    self.naive[int(key)] = present[int(key)]


def newest_number():
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(number), 0) FROM change_log")
        return cursor.fetchone()[0]


def lost_by(rows):
    """The rows in which a copy differs from the database."""
    present = dict(AgencyType.objects.values_list("id", "name"))
    return {key for key in present.keys() | rows.keys() if present.get(key) != rows.get(key)}


def race(seed, writes) -> Follower:
    """Several writers at once, and a follower meanwhile and afterwards."""
    follower = Follower()
    writers = [Writer(seed * WRITERS + number, writes // WRITERS) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        follower.follow()
    for writer in writers:
        writer.join()
        if writer.error:
            raise writer.error
    while follower.follow():
        pass
    follower.follow()
    return follower


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("writes", [1_500, pytest.param(10_000, marks=pytest.mark.production)])
def test_a_follower_loses_nothing_and_one_that_trusts_numbers_does(writes):
    AgencyType.objects.bulk_create([AgencyType(id=key, name="at first") for key in range(1, ROWS, 2)])
    lost_by_numbers = set()
    for seed in range(1, 6):
        follower = race(seed, writes)
        assert lost_by(follower.rows) == set()
        lost_by_numbers |= lost_by(follower.naive)
        if lost_by_numbers or connection.vendor == "sqlite":
            break
    # SQLite has one writer after the other, so there the number is the order.
    assert bool(lost_by_numbers) == (connection.vendor == "postgresql")
