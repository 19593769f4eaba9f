"""A snapshot of the database for all statements of a response, with its dataset version.

Without a snapshot, each statement sees the commits before it, and a response of thirty statements mixes several states
of the data. So GET requests and exports read in a transaction that sees the data as of its first statement. That
statement reads the version: so a response belongs to the version under which it is cached and tagged. A snapshot is
read-only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.db import DEFAULT_DB_ALIAS, Error, OperationalError, connections

from . import dataset_version
from .connections import begin_transaction, prepared, reading

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


class SQLite:
    """Readers block no writers: they read the write-ahead log as of their first read."""

    names = None  # of prepared statements

    def __init__(self, connection: BaseDatabaseWrapper):
        self.connection = connection.connection

    def begin(self) -> list[str]:
        self.connection.execute("BEGIN DEFERRED")
        self.changes = self.connection.total_changes
        try:
            return dataset_version.SQLite.tokens(self.connection)
        except BaseException:  # otherwise the next snapshot of this connection could not begin
            self.connection.execute("ROLLBACK")
            raise

    def end(self) -> None:
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")
        # PRAGMA query_only would make SQLite prepare all statements again, which takes two milliseconds.
        if self.connection.total_changes != self.changes:
            raise RuntimeError("A snapshot is read-only: writes in it were lost.")


class PostgreSQL:
    """Two round trips for each response: BEGIN is sent together with the statement that reads the version.

    This bypasses psycopg's cursors, which discard all prepared statements and their plans after a ROLLBACK; planning
    takes longer than a response."""

    BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    IDLE, IN_TRANSACTION = 0, 2  # libpq's numbers for transaction states

    def __init__(self, connection: BaseDatabaseWrapper):
        self.connection = connection.connection
        self.server = self.connection.pgconn
        self.begins = f"{self.BEGIN}{begin_transaction(connection)}".encode()

    def begin(self) -> list[str]:
        self.names = prepared.get(self.connection)
        asks = dataset_version.TOKENS.encode() if self.names is None else b"EXECUTE " + dataset_version.PREPARED
        tokens = dataset_version.PostgreSQL.tokens_in(self.server.exec_(b"%s; %s" % (self.begins, asks)))
        if not tokens and self.names is not None:  # psycopg has discarded what was prepared
            del prepared[self.connection]
            self.server.exec_(b"ROLLBACK")
            return self.begin()
        if not tokens:  # the database is missing or not migrated
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
    """Makes all statements of this context read one snapshot, and yields its version or None.

    Django treats it as a transaction: so it neither ends it nor reconnects within it."""
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
    reading.prepared = kind.names
    return kind, tokens


def end(connection: BaseDatabaseWrapper, kind: SQLite | PostgreSQL) -> None:
    reading.prepared = None
    connection.in_atomic_block = connection.needs_rollback = False
    connection.run_on_commit = []  # nothing was written
    if connection.closed_in_transaction:
        connection.connection = None
        return
    try:
        with connection.wrap_database_errors:
            kind.end()
    except Error:
        connection.close()
