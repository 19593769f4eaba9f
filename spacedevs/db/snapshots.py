"""One snapshot of the database for all statements of an answer, and the version of the dataset that it shows.

Without one, each statement sees what was committed by then, and an answer of thirty statements mixes as many states
of the data. So whoever answers a GET, and whoever exports, reads in a transaction that sees the data as they were at
its first statement. That statement reads the version: an answer and the version that it is kept and tagged under
belong together. Nothing can be written in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.db import DEFAULT_DB_ALIAS, Error, OperationalError, connections

from . import dataset_version
from .connections import begin_transaction

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


class SQLite:
    """Readers take no lock that writers wait for: they go on in the log as it was when they first read."""

    def __init__(self, connection: BaseDatabaseWrapper):
        self.connection = connection.connection

    def begin(self) -> list[str]:
        self.connection.execute("BEGIN DEFERRED")
        self.changes = self.connection.total_changes
        return dataset_version.SQLite.tokens(self.connection)

    def end(self) -> None:
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")
        # A pragma that refuses to write would have all prepared statements prepared anew, for two milliseconds.
        if self.connection.total_changes != self.changes:
            raise RuntimeError("A snapshot is read-only: what was written in it is lost.")


class PostgreSQL:
    """Two round trips for each answer: what begins is sent along with the statement that reads the version.

    Below psycopg's cursors: those have all prepared statements forgotten after a ROLLBACK, and with them their plans,
    which take longer to make than an answer does."""

    BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    IDLE, IN_TRANSACTION = 0, 2  # as libpq numbers the states of a session

    def __init__(self, connection: BaseDatabaseWrapper):
        self.server = connection.connection.pgconn
        self.begins = f"{self.BEGIN}{begin_transaction(connection)}".encode()

    def begin(self) -> list[str]:
        result = self.server.exec_(b"%s; %s" % (self.begins, dataset_version.TOKENS.encode()))
        tokens = dataset_version.PostgreSQL.tokens_in(result)
        if not tokens:  # the database was not migrated, or is not there
            self.server.exec_(b"ROLLBACK")
            self.server.exec_(self.begins)
        self.expect(self.IN_TRANSACTION)
        return tokens

    def end(self) -> None:
        self.server.exec_(b"COMMIT")
        self.expect(self.IDLE)

    def expect(self, state: int) -> None:
        if self.server.transaction_status != state:
            raise OperationalError(self.server.error_message.decode(errors="replace"))


KINDS: dict[str, type[SQLite] | type[PostgreSQL]] = {"sqlite": SQLite, "postgresql": PostgreSQL}


@contextmanager
def snapshot(using: str = DEFAULT_DB_ALIAS) -> Iterator[str | None]:
    """Lets several statements read the data as they are at one moment, and gives their version; None for no version.

    Django takes it for a transaction. So it neither ends it, nor opens anew a connection that is lost on the way."""
    connection = connections[using]
    if connection.in_atomic_block:
        yield dataset_version.current()
        return
    try:
        kind, tokens = begin(connection)
    except Error:  # a connection that broke since it was last used is opened anew
        connection.close()
        kind, tokens = begin(connection)
    try:
        yield dataset_version.made_of(tokens)
    finally:
        end(connection, kind)


def begin(connection: BaseDatabaseWrapper) -> tuple[SQLite | PostgreSQL, list[str]]:
    connection.ensure_connection()
    kind = KINDS[connection.vendor](connection)
    with connection.wrap_database_errors:
        tokens = kind.begin()
    connection.health_check_done = True  # type: ignore[attr-defined]  # in no stub
    connection.in_atomic_block = True
    return kind, tokens


def end(connection: BaseDatabaseWrapper, kind: SQLite | PostgreSQL) -> None:
    connection.in_atomic_block = connection.needs_rollback = False
    connection.run_on_commit = []  # nothing was
    if connection.closed_in_transaction:
        connection.connection = None
        return
    try:
        with connection.wrap_database_errors:
            kind.end()
    except Error:
        connection.close()
