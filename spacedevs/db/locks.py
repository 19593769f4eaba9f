"""What only one process at a time may do: on one machine by a file, on several by the database that they share."""

import fcntl
import os
from collections.abc import Callable
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import gettempdir
from time import monotonic, sleep

from django.db import Error, connection

try:
    from psycopg import IsolationLevel
except ImportError:  # SQLite needs no driver of PostgreSQL
    IsolationLevel = None

# A lock may be held for weeks, and its transaction does nothing meanwhile. Not every release has all of these limits.
WITHOUT_LIMIT = """
    SELECT set_config(name, '0', true) FROM pg_settings WHERE name IN
        ('idle_in_transaction_session_timeout', 'transaction_timeout', 'statement_timeout', 'lock_timeout')
"""
PAUSE = 0.02  # seconds between two tries of a lock that is waited for a while
LOCK_NOT_AVAILABLE = "55P03"  # what a server says in whatever language that has waited for `lock_timeout`
LOCK = "SELECT pg_{}advisory_xact_lock(hashtext(%s))"


class Taken(Exception):
    """Another process holds what only one may hold."""


@contextmanager
def held(purpose: str, wait: Callable | None = None):
    """Lets one process at a time do something with this database, and ends with it however it ends.

    Where another process is at it, raises Taken; or calls `wait`, where that is given, and waits."""
    if connection.vendor == "postgresql":
        with transaction_lock(f"spacedevs {purpose}", wait):
            yield
    else:
        with file_lock(file_beside_database(purpose), wait):
            yield


@contextmanager
def transaction_lock(name, wait):
    """A lock that lasts as long as a transaction, on a connection of its own.

    A lock of the session would be left behind in a pool, which gives the session to others. A transaction that reads
    nothing but what is committed holds up no vacuum, however long it lasts."""
    holder = connection.copy()
    try:
        holder.ensure_connection()
        holder.connection.isolation_level = IsolationLevel.READ_COMMITTED
        holder.set_autocommit(False)
        with holder.cursor() as cursor:
            cursor.execute(WITHOUT_LIMIT)
            cursor.execute(LOCK.format("try_"), [name])
            if not cursor.fetchone()[0]:
                if wait is None:
                    raise Taken
                wait()
                cursor.execute(LOCK.format(""), [name])
        try:
            yield
        finally:  # at once: the server ends the session only some time after it was closed
            with suppress(Error):  # where it is gone, so is what it held
                holder.rollback()
    finally:
        holder.close()


def file_beside_database(purpose) -> Path:
    """Where whoever uses the same database finds the same file."""
    name = connection.settings_dict["NAME"]
    if connection.is_in_memory_db():
        return Path(gettempdir(), f"spacedevs.{os.getpid()}.{purpose}.lock")
    path = Path(name).resolve()
    return path.with_name(f"{path.name}.{purpose}.lock")


@contextmanager
def file_lock(path: Path, wait: Callable | None = None, *, seconds: float = 0):
    """Holds a file; where another process still does after these seconds, raises Taken, or calls `wait` and waits."""
    with path.open("w") as lock:
        if not taken_within(seconds, lock):
            if wait is None:
                raise Taken
            wait()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def taken_within(seconds, lock) -> bool:
    """Whether an open file could be locked in so many seconds; flock itself waits without end, or not at all."""
    end = monotonic() + seconds
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        if monotonic() >= end:
            return False
        sleep(PAUSE)
