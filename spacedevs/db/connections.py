"""Connections: which database a thread reads, how its sessions are set up, and how long a statement may take."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from threading import local
from time import monotonic
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.backends.signals import connection_created

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


class Reading(local):
    """Which database this thread reads an answer from: the one that is written, or a copy that is as new."""

    alias = DEFAULT_DB_ALIAS


reading = Reading()


class Deadline(local):
    """When the request that a thread is at must have its rows, in seconds of the monotonic clock."""

    at = inf

    def begin(self, **kwargs: Any) -> None:
        self.at = monotonic() + settings.STATEMENT_TIMEOUT

    def end(self, **kwargs: Any) -> None:
        self.at = inf

    def is_over(self) -> bool:
        return monotonic() > self.at

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Gives what is done in this context so many seconds, whatever the request may take."""
        before, self.at = self.at, monotonic() + seconds
        try:
            yield
        finally:
            self.at = before


DEADLINE, STEPS = Deadline(), 10_000  # of SQLite's machine, of which it takes millions in a second


def bound_statements() -> None:
    """Lets no statement of a request take longer than the setting says; on SQLite, which has no such limit, all of
    them together."""
    if settings.STATEMENT_TIMEOUT:
        SESSION["statement_timeout"] = f"{settings.STATEMENT_TIMEOUT * 1000:.0f}"
        connection_created.connect(bound)
    request_started.connect(DEADLINE.begin)
    request_finished.connect(DEADLINE.end)


def bound(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    if connection.vendor == "sqlite":
        connection.connection.set_progress_handler(DEADLINE.is_over, STEPS)


# What must be so in every session, however server, database and role are set. Short statements over many keys look
# costly enough to PostgreSQL to compile them: seconds lost, none won.
SESSION = {"jit": "off", "extra_float_digits": "1"}

# These the server reports: so psycopg knows how to read what comes, and PgBouncer gives each client its own.
REPORTED = {"DateStyle": "ISO, MDY", "IntervalStyle": "postgres"}


def begin_session(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Sets up a session of PostgreSQL, by one statement after it began: a pool refuses options of a connection.

    A session that belongs to a pool is left as it is, for whoever gets it next would get it so."""
    if connection.vendor != "postgresql":
        return
    raw = connection.connection
    wanted = {name: value for name, value in REPORTED.items() if raw.info.parameter_status(name) != value}
    if not is_shared(connection):
        wanted |= SESSION
    if wanted:
        raw.execute("SELECT " + ", ".join(f"set_config('{name}', '{value}', false)" for name, value in wanted.items()))


def begin_transaction(connection: BaseDatabaseWrapper) -> str:
    """What follows BEGIN in a session that belongs to a pool, so that the transaction is as in one of our own."""
    return "".join(f"; SET LOCAL {name} = {value}" for name, value in SESSION.items() if is_shared(connection))


def is_shared(connection: BaseDatabaseWrapper) -> bool:
    """Whether a pool gives each transaction of this connection another session: nothing can be left in one."""
    return bool(connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"])


@contextmanager
def waiting_at_most(seconds: float) -> Iterator[None]:
    """Lets SQLite wait for another writer for so many seconds; on PostgreSQL statements wait for rows alone."""
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
