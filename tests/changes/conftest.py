"""A database that threads share."""

import shutil

import pytest
from django.db import DEFAULT_DB_ALIAS, connection, connections

from spacedevs.changes.apps import keep_log
from tests.support import templates


@pytest.fixture
def database(tmp_path):
    """The database of the tests; on SQLite a file, because a database in memory has no readers beside a writer."""
    if connection.vendor == "postgresql":
        yield
        return
    path = tmp_path / "followed.sqlite3"
    shutil.copy(templates.sqlite_template(), path)
    before = connections[DEFAULT_DB_ALIAS]
    there = before.copy()
    there.settings_dict = {**there.settings_dict, "NAME": str(path)}
    connections[DEFAULT_DB_ALIAS] = there
    keep_log()
    yield
    there.close()
    connections[DEFAULT_DB_ALIAS] = before
