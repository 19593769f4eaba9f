"""What holds secrets can be read by its owner alone, whatever the umask."""

import os
import stat
from contextlib import contextmanager

import pytest
from django.db import OperationalError
from django.db.utils import ConnectionHandler

from spacedevs.databases import database
from spacedevs.environment import local_secret_key

FILES = "db", "db-shm", "db-wal"


@pytest.fixture(params=[0o000, 0o022], ids=["umask 000", "umask 022"])
def umask(request):
    before = os.umask(request.param)
    yield
    os.umask(before)


@contextmanager
def opened(path):
    """A connection such as a server has, to a database into which it wrote."""
    connection = ConnectionHandler({"default": database(f"sqlite:///{path}", "DATABASE_URL")})["default"]
    try:
        connection.cursor().execute("CREATE TABLE IF NOT EXISTS kept (value)")
        yield connection
    finally:
        connection.close()


def modes(folder):
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


@pytest.mark.django_db
@pytest.mark.usefixtures("umask")
def test_a_database_in_files_is_private_from_the_beginning(tmp_path):
    with opened(tmp_path / "db"):
        assert modes(tmp_path) == dict.fromkeys(FILES, 0o600)


@pytest.mark.django_db
@pytest.mark.usefixtures("umask")
def test_a_database_that_everybody_could_read_is_private_once_it_is_opened(tmp_path):
    with opened(tmp_path / "db"):
        for name in FILES:
            (tmp_path / name).chmod(0o644)
        with opened(tmp_path / "db"):
            assert modes(tmp_path) == dict.fromkeys(FILES, 0o600)


@pytest.mark.django_db
def test_a_database_for_which_there_is_no_folder_is_told_by_sqlite(tmp_path):
    with pytest.raises(OperationalError, match="unable to open database file"), opened(tmp_path / "none" / "db"):
        pass


def test_a_key_that_everybody_could_read_is_private_once_it_is_read(tmp_path):
    key = local_secret_key(tmp_path)
    (tmp_path / "secret_key").chmod(0o644)
    assert (local_secret_key(tmp_path), modes(tmp_path)) == (key, {"secret_key": 0o600})
