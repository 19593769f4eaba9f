"""Locks for one process at a time: by a file on one machine, by the shared database on several."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from tempfile import gettempdir
from time import monotonic, sleep
from typing import IO

from django.db import Error, connection
from django.utils.module_loading import import_string


class Lock(StrEnum):
    """The names of all advisory locks in PostgreSQL. Releases that run side by side exclude each other by them."""

    DATASET_VERSION = "dataset_version"  # alone: who makes or repairs what raises the version
    CHANGE_LOG = "change_log"  # alone: who creates the change log
    SEARCH_TEXTS = "search_text"  # shared: who computes a search text; alone: who renames what such texts show
    STATISTICS = "statistics"  # alone: who recomputes figures, or does anything else that is pending
    # Held by one process at a time, on SQLite by a file: see `held`.
    DELIVER = "spacedevs deliver"  # of a subscription
    FETCH_IMAGES = "spacedevs fetch_images"
    MIRROR = "spacedevs mirror"
    PREPARE = "spacedevs prepare"
    PRUNE = "spacedevs prune"
    RESTORE = "spacedevs restore"

    @property
    def purpose(self) -> str:
        return self.removeprefix("spacedevs ")

    def taking(self, of: int | None = None, *, shared: bool = False, at_once: bool = False) -> str:
        """The SQL expression that takes the lock until the transaction ends; `at_once` it is whether it was free.

        `of` is the number of one thing, if each has a lock of this name."""
        kind = f"{'try_' if at_once else ''}advisory_xact_lock{'_shared' if shared else ''}"
        return f"pg_{kind}(hashtext('{self}'){'' if of is None else f', {of}'})"


# A lock may be held for weeks in an idle transaction. Not every release has all of these settings.
WITHOUT_LIMIT = """
    SELECT set_config(name, '0', true) FROM pg_settings WHERE name IN
        ('idle_in_transaction_session_timeout', 'transaction_timeout', 'statement_timeout', 'lock_timeout')
"""
PAUSE = 0.02  # seconds between attempts with a time limit
LOCK_NOT_AVAILABLE = "55P03"  # the error code for `lock_timeout`


class Taken(Exception):
    """Another process holds the lock."""


@contextmanager
def held(lock: Lock, wait: Callable[[], object] | None = None, *, of: int | None = None) -> Iterator[None]:
    """Holds a lock of this database, or that `of` one thing; it ends with the process.

    If another process holds it, raises Taken, or calls `wait` if given and waits."""
    if connection.vendor == "postgresql":
        with transaction_lock(lock, wait, of):
            yield
    else:
        purpose = lock.purpose if of is None else f"{lock.purpose}-{of}"
        with file_lock(file_beside_database(purpose), wait):
            yield


@contextmanager
def transaction_lock(lock: Lock, wait: Callable[[], object] | None, of: int | None) -> Iterator[None]:
    """A lock of a transaction on a separate connection.

    A session lock could stay behind in a pool, which gives the session to others. A long read-committed transaction
    does not delay vacuum."""
    holder = connection.copy()
    try:
        holder.ensure_connection()
        level = import_string("psycopg.IsolationLevel")  # not at the top: SQLite does without the driver
        holder.connection.isolation_level = level.READ_COMMITTED
        holder.set_autocommit(False)
        with holder.cursor() as cursor:
            cursor.execute(WITHOUT_LIMIT)
            cursor.execute(f"SELECT {lock.taking(of, at_once=True)}")
            if not cursor.fetchone()[0]:
                if wait is None:
                    raise Taken
                wait()
                cursor.execute(f"SELECT {lock.taking(of)}")
        try:
            yield
        finally:  # at once, because the server ends a closed session only after some time
            with suppress(Error):  # a lost connection has lost its lock
                holder.rollback()
    finally:
        holder.close()


def file_beside_database(purpose: str) -> Path:
    """The lock file, the same for all processes with the same database."""
    name = connection.settings_dict["NAME"]
    if connection.is_in_memory_db():  # type: ignore[attr-defined]  # that of SQLite has it
        return Path(gettempdir(), f"spacedevs.{os.getpid()}.{purpose}.lock")
    path = Path(name).resolve()
    return path.with_name(f"{path.name}.{purpose}.lock")


@contextmanager
def file_lock(path: Path, wait: Callable[[], object] | None = None, *, seconds: float = 0) -> Iterator[None]:
    """Locks a file; if another process holds it for this number of seconds, raises Taken, or calls `wait` and
    waits."""
    with path.open("w") as lock:
        if not taken_within(seconds, lock):
            if wait is None:
                raise Taken
            wait()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def taken_within(seconds: float, lock: IO[str]) -> bool:
    """Whether an open file could be locked within a number of seconds; flock itself has no time limit."""
    end = monotonic() + seconds
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        if monotonic() >= end:
            return False
        sleep(PAUSE)
