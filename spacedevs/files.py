"""Files that are there as a whole or not at all, and files that nobody but their owner may read.

The settings import this, so it knows nothing of them."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

BESIDE = ("", "-wal", "-shm", "-journal")  # what SQLite appends to the name of a database for files of its own


@contextmanager
def written_aside(target: Path) -> Iterator[Path]:
    """Gives a path to write to: what stands there at the end replaces the file, unless writing failed."""
    aside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        yield aside
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)


def make_private(path):
    """Takes a file that is there from everybody but its owner."""
    with suppress(OSError):  # it is not there, or not ours to change
        if stat.S_IMODE(os.stat(path).st_mode) & 0o077:
            os.chmod(path, 0o600)


class Connection(sqlite3.Connection):
    """To a database whose files are private: SQLite makes those beside it with the rights that the first one has."""

    def __init__(self, database, *args, **kwargs):
        path = os.fspath(database)
        if not path.startswith((":memory:", "file:")):
            with suppress(OSError):  # it is there, or SQLite says why it cannot be
                os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
            for ending in BESIDE:
                make_private(path + ending)
        super().__init__(database, *args, **kwargs)
