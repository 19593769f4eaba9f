"""Webhooks while their senders, and the database, are killed at random points: each change arrives, in order."""

import random
import sqlite3
import sys
from contextlib import ExitStack, closing, contextmanager, suppress
from threading import Event, Thread
from time import sleep

import psycopg
import pytest

from tests.support.receiver import receiving

from .parts import Postgres, Running, ended, manage, until

pytestmark = pytest.mark.production
KILLS = 8
PAUSE = 0.02  # seconds between two commits
SUBSCRIBE = """
from spacedevs.changes.models import Subscription
from spacedevs.changes.webhooks.queueing import begin
subscription = Subscription(name="A bot", url="{}", query="config/agency_types/")
print(subscription.renew())
begin(subscription)
subscription.save()
"""
INSERT = "INSERT INTO agencies_agencytype (id, name) VALUES ({0}, '{0}')"
UPDATE = "UPDATE agencies_agencytype SET name = 'updated' WHERE id = {}"


class Sqlite:
    """A database in a file."""

    is_killed = False

    def __init__(self, folder):
        self.path = folder / "db.sqlite3"
        self.url = f"sqlite:///{self.path}"

    def connected(self):
        return sqlite3.connect(self.path, timeout=30, isolation_level=None)


class Server:
    """A PostgreSQL server, which is killed now and then."""

    is_killed = True

    def __init__(self, folder, stack):
        [self.server] = stack.enter_context(ended(Postgres(folder / "postgres")))
        self.url, self.connected = self.server.url, self.server.connected

    def kill(self):
        self.server.kill()
        self.server.start()


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def database(request, tmp_path):
    with ExitStack() as stack:
        yield Sqlite(tmp_path) if request.param == "SQLite" else Server(tmp_path, stack)


class Writer(Thread):
    """Commits one row after the other in short and long transactions, and renames some."""

    def __init__(self, database, first):
        super().__init__()
        self.database, self.first, self.number = database, first, first
        self.ended, self.choose = Event(), random.Random(first)  # noqa: S311

    def run(self):
        while not self.ended.is_set():
            with suppress(psycopg.Error), closing(self.database.connected()) as connection:
                while not self.ended.is_set():
                    self.write(connection)
                    sleep(PAUSE)

    def write(self, connection):
        self.number += 1
        connection.execute("BEGIN")
        connection.execute(INSERT.format(self.number))
        sleep(PAUSE * self.choose.choice([0, 0, 0, 1, 5]))
        connection.execute("COMMIT")
        if self.choose.random() < 0.2:
            connection.execute(UPDATE.format(self.choose.randint(self.first + 1, self.number)))


class Senders:
    """Two processes that deliver, and are started anew when they are killed."""

    def __init__(self, environment):
        self.environment = environment
        self.running = [self.start(), self.start()]

    def start(self):
        return Running([sys.executable, "manage.py", "deliver", "--watch"], None, self.environment)

    def kill(self, number):
        self.running[number].kill()
        self.running[number] = self.start()

    def kill_all(self):
        self.end()
        self.running = [self.start(), self.start()]

    def end(self):
        for each in self.running:
            each.kill()


@contextmanager
def writing(database):
    """Two writers, until the end of the context."""
    writers = [Writer(database, first) for first in (1_000_000, 2_000_000)]
    for writer in writers:
        writer.start()
    try:
        yield
    finally:
        for writer in writers:
            writer.ended.set()
        for writer in writers:
            writer.join()


def ask(database, statement) -> dict:
    with closing(database.connected()) as connection:
        return dict(connection.execute(statement).fetchall())


def test_each_change_arrives_in_order_however_often_senders_and_the_database_are_killed(database):
    environment = {"DATABASE_URL": database.url, "SPACEDEVS_WEBHOOK_ALLOW_PRIVATE": "true"}
    choose = random.Random()  # noqa: S311 - any point may be the wrong one
    with receiving() as receiver:
        manage("prepare", "--empty", "--database-only", **environment)
        secret = manage("shell", "-v0", "-c", SUBSCRIBE.format(receiver.url), **environment).strip()
        with ended(Senders(environment)) as (senders,):
            with writing(database):
                for number in range(KILLS):
                    before = len(receiver.received)
                    until(lambda before=before: len(receiver.received) > before, "a message arrives")
                    if number % 4 == 1:
                        receiver.lose_one()
                        senders.kill_all()
                        continue
                    sleep(choose.random())
                    if database.is_killed and number % 4 == 3:
                        database.kill()
                    else:
                        senders.kill(number // 2 % 2)
            rows = ask(database, "SELECT id, name FROM agencies_agencytype")
            until(lambda: told(receiver) == rows, "each change is told")
        queued = ask(database, "SELECT message_id, id FROM changes_delivery")
    came = [each.id for each in first_ones(receiver)]
    print(f"{len(rows)} rows, {len(came)} messages, {len(receiver.received) - len(came)} sent twice")
    assert came == sorted(queued, key=queued.get)
    assert len({(each.id, each.body) for each in receiver.received}) == len(came)
    assert all(each.is_signed_by(secret) for each in receiver.received)
    created = [each.json["data"]["id"] for each in first_ones(receiver) if each.json["type"] == "record.created"]
    assert sorted(created) == sorted(map(str, rows))


def first_ones(receiver) -> list:
    """The messages in the order in which they came first."""
    found = {}
    for each in [*receiver.received]:
        found.setdefault(each.id, each)
    return list(found.values())


def told(receiver) -> dict:
    """What a receiver knows: the names of the records by their ids."""
    records = (each.json["data"]["record"] for each in first_ones(receiver))
    return {record["id"]: record["name"] for record in records}
