"""Reading from copies of the database that PostgreSQL streams to, without an answer older than the last commit.

The version of the dataset is always asked of the database that is written. An answer that has to be made is read from
a copy only if the copy shows just this version, in the snapshot that all of the answer is then read in. Each commit
that touches data leaves another version, and copies take commits over in their order: so a copy that shows a version
has all that the database had when it was asked. One that is behind, down, or fails on the way is passed over, and the
next copy is asked, then the database itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from logging import getLogger
from time import monotonic

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, connections

from spacedevs.db import dataset_version
from spacedevs.db.connections import reading
from spacedevs.db.snapshots import snapshot

from .metrics import READS

log = getLogger(__name__)


class Router:
    """Reads where this thread reads an answer from; writes nothing to a copy."""

    def db_for_read(self, model, **hints):
        return reading.alias

    def db_for_write(self, model, **hints):
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one, other, **hints):
        return True  # rows of a copy are rows of the database

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
    """One copy, which is left alone for a while after it failed."""

    pause = 5  # seconds

    def __init__(self, alias):
        self.alias, self.down_until = alias, 0

    def answer(self, application, environ, version) -> tuple | None:
        """What the application answers from this copy; None where it cannot answer for this version."""
        if monotonic() < self.down_until:
            return None
        try:
            return self.read(application, environ, version)
        except Error as error:
            log.warning("%s is left alone for %s seconds: %s", self.alias, self.pause, error)
            self.down_until = monotonic() + self.pause
            connections[self.alias].close()
            return None

    def read(self, application, environ, version):
        said = []
        with snapshot(self.alias) as shown:
            if shown != version:
                return None
            with reading_from(self.alias):
                parts = application(environ, lambda *words: said.append(words))
        status, headers, *_ = said[-1]
        if status.startswith("5"):  # as when the copy had to end a statement to go on
            parts.close()
            return None
        return status, headers, parts


class Replicas:
    """Stands between the response cache and Django: asks the copies in turn."""

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
