"""Writes files atomically, and restricts files to their owner.

The settings import this module, so it does not use them."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

BESIDE = ("", "-wal", "-shm", "-journal")  # suffixes of SQLite's additional files


@contextmanager
def written_aside(target: Path) -> Iterator[Path]:
    """Yields a temporary path; its file replaces the target at the end, unless writing failed."""
    aside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        yield aside
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)


def make_private(path):
    """Restricts an existing file to its owner."""
    with suppress(OSError):  # the file is missing or belongs to somebody else
        if stat.S_IMODE(os.stat(path).st_mode) & 0o077:
            os.chmod(path, 0o600)


class Connection(sqlite3.Connection):
    """Connects to a database whose files are private: SQLite copies the permissions of the first file to the
    others."""

    def __init__(self, database, *args, **kwargs):
        path = os.fspath(database)
        if not path.startswith((":memory:", "file:")):
            with suppress(OSError):  # the file exists, or SQLite reports why it cannot be created
                os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
            for ending in BESIDE:
                make_private(path + ending)
        super().__init__(database, *args, **kwargs)
