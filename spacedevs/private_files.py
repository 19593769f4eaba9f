"""Files that nobody but their owner may read, whatever the umask was when they were made.

The settings import this, so it knows nothing of them."""

import os
import sqlite3
import stat
from contextlib import suppress

BESIDE = ("", "-wal", "-shm", "-journal")  # what SQLite appends to the name of a database for files of its own


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
