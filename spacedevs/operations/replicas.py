"""Reads from PostgreSQL replicas, without ever answering with data older than the last commit.

The dataset version always comes from the primary. A response is read from a replica only if the replica is exactly at
this version, in the snapshot in which the whole response is read. Each commit with data changes the version, and
replicas apply commits in order: so a replica at a version has all data that the primary had. If a replica is behind,
down or fails, the next one is tried, then the primary."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from logging import getLogger
from time import monotonic

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, connections

from spacedevs.db import dataset_version
from spacedevs.db.connections import reading
from spacedevs.db.snapshots import snapshot
from spacedevs.http.snapshots import Lasting, is_read_later

from .metrics import READS

log = getLogger(__name__)


class Router:
    """Routes reads to the database that this thread reads from, and writes to the primary."""

    def db_for_read(self, model, **hints):
        return reading.alias

    def db_for_write(self, model, **hints):
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one, other, **hints):
        return True  # rows of a replica are rows of the primary

    def allow_migrate(self, alias, app_label, **hints):
        return alias == DEFAULT_DB_ALIAS


@contextmanager
def reading_from(alias) -> Iterator[None]:
    reading.alias = alias
    try:
        yield
    finally:
        reading.alias = DEFAULT_DB_ALIAS


class Replica:
    """A replica, which is skipped for a while after a failure."""

    pause = 5  # seconds

    def __init__(self, alias):
        self.alias, self.down_until = alias, 0

    def answer(self, application, environ, version) -> tuple | None:
        """The application's response from this replica; None if the replica is not at this version."""
        if monotonic() < self.down_until:
            return None
        try:
            return self.read(application, environ, version)
        except Error as error:
            log.warning("%s failed and is skipped for %s seconds: %s", self.alias, self.pause, error)
            self.down_until = monotonic() + self.pause
            connections[self.alias].close()
            return None

    def read(self, application, environ, version):
        said = []
        with ExitStack() as open_here:
            if open_here.enter_context(snapshot(self.alias)) != version:
                return None
            open_here.enter_context(reading_from(self.alias))
            parts = application(environ, lambda *words: said.append(words))
            status, headers, *_ = said[-1]
            if status.startswith("5"):  # for example if replication cancelled a statement
                parts.close()
                return None
            if is_read_later(parts):
                open_here.callback(parts.close)
                parts = Lasting(parts, open_here.pop_all())
            return status, headers, parts


class Replicas:
    """WSGI middleware between the response cache and Django: tries the replicas in turn."""

    def __init__(self, application):
        self.application = application
        self.replicas = [Replica(alias) for alias in settings.REPLICAS]
        self.turns = count()

    def __call__(self, environ, start_response):
        version = environ.get(dataset_version.ASKED)
        for replica in self.in_turn() if version else ():
            answer = replica.answer(self.application, environ, version)
            if answer:
                status, headers, parts = answer
                READS.labels(replica.alias).inc()
                start_response(status, headers)
                return parts
        READS.labels(DEFAULT_DB_ALIAS).inc()
        return self.application(environ, start_response)

    def in_turn(self) -> list[Replica]:
        first = next(self.turns) % len(self.replicas)
        return self.replicas[first:] + self.replicas[:first]
