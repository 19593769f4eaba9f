"""Database connections: the database that a thread reads from, session settings, and time limits of statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from threading import local
from time import monotonic
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.backends.signals import connection_created

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


@contextmanager
def having(place: local, **values: Any) -> Iterator[None]:
    """Sets values of this thread for a context, and then those from before again."""
    before = {name: getattr(place, name) for name in values}
    place.__dict__.update(values)
    try:
        yield
    finally:
        place.__dict__.update(before)


class Reading(local):
    """The database that this thread reads from: the primary, or a replica at the same version; and, in a snapshot, the
    statements that are surely prepared on its connection."""

    alias = DEFAULT_DB_ALIAS
    prepared: dict[str, bytes] | None = None


reading = Reading()

# The names of the statements that are prepared on each connection of psycopg, below its cursors, by their SQL. psycopg
# discards all prepared statements after a rollback. One of them is asked at the beginning of each snapshot: if it is
# there, all are, until the snapshot ends.
prepared: WeakKeyDictionary[Any, dict[str, bytes]] = WeakKeyDictionary()


class Deadline(local):
    """The deadline of the thread's current request for database work, in seconds of the monotonic clock."""

    at = inf

    def begin(self, **kwargs: Any) -> None:
        self.at = monotonic() + settings.STATEMENT_TIMEOUT

    def end(self, **kwargs: Any) -> None:
        self.at = inf

    def is_over(self) -> bool:
        return monotonic() > self.at

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Sets a time limit in seconds for this context, regardless of the request's."""
        with having(self, at=monotonic() + seconds):
            yield


DEADLINE, STEPS = Deadline(), 10_000  # instructions of SQLite's virtual machine, which executes millions per second


def bound_statements() -> None:
    """Limits the time of each statement of a request; on SQLite, which has no such setting, of all statements
    together."""
    if settings.STATEMENT_TIMEOUT:
        SESSION["statement_timeout"] = f"{settings.STATEMENT_TIMEOUT * 1000:.0f}"
        connection_created.connect(bound)
    request_started.connect(DEADLINE.begin)
    request_finished.connect(DEADLINE.end)


def bound(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    if connection.vendor == "sqlite":
        connection.connection.set_progress_handler(DEADLINE.is_over, STEPS)


# Required session settings, regardless of those of server, database and role. PostgreSQL would compile short
# statements with many keys, because it overestimates their cost: this takes seconds and saves none.
SESSION = {"jit": "off", "extra_float_digits": "1"}

# The server reports these: so psycopg can decode values, and PgBouncer restores them for each client.
REPORTED = {"DateStyle": "ISO, MDY", "IntervalStyle": "postgres"}


def begin_session(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Sets up a PostgreSQL session with one statement after connecting, because pools refuse connection options.

    A session of a transaction pool stays unchanged, because the next client would inherit the settings."""
    if connection.vendor != "postgresql":
        return
    raw = connection.connection
    wanted = {name: value for name, value in REPORTED.items() if raw.info.parameter_status(name) != value}
    if not is_shared(connection):
        wanted |= SESSION
    if wanted:
        raw.execute("SELECT " + ", ".join(f"set_config('{name}', '{value}', false)" for name, value in wanted.items()))


def begin_transaction(connection: BaseDatabaseWrapper) -> str:
    """The statement after BEGIN in a session of a pool, which makes the same settings for the transaction."""
    return "".join(f"; SET LOCAL {name} = {value}" for name, value in SESSION.items() if is_shared(connection))


def is_shared(connection: BaseDatabaseWrapper) -> bool:
    """Whether a pool gives each transaction of this connection another session, so that session state is lost."""
    return bool(connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"])


@contextmanager
def waiting_at_most(seconds: float) -> Iterator[None]:
    """Sets how long SQLite waits for another writer, in seconds; PostgreSQL's statements only wait for rows."""
    if connection.vendor != "sqlite":
        yield
        return
    patience = connection.settings_dict["OPTIONS"]["timeout"]
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA busy_timeout = {seconds * 1000:.0f}")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {patience * 1000}")
