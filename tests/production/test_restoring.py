"""Backups into systems that are quite empty, by the commands as they are given."""

import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from tests.postgres import path_for

from . import ROOT
from .parts import Postgres, ended, manage

pytestmark = pytest.mark.production
# All are asked what they answer at one minute: figures that run would be others at the next.
ANSWERS = [sys.executable, "-m", "tests.production.answers", f"{datetime.now(UTC):%Y-%m-%dT%H:%M}"]


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def databases(request, tmp_path_factory, monkeypatch):
    """The addresses of two databases that hold nothing."""
    if request.param == "SQLite":
        folder = tmp_path_factory.mktemp("sqlite")
        yield [f"sqlite:///{folder}/{name}.sqlite3" for name in ("one", "two")]
    else:
        with ended(Postgres(tmp_path_factory.mktemp("postgres") / "server")) as (server,):
            monkeypatch.setenv("PATH", path_for(server.url))
            with server.connected() as connection:
                connection.execute("CREATE DATABASE two")
            yield [server.url, f"{server.url.removesuffix('postgres')}two"]


def answers(database) -> str:
    """What every endpoint answers to all that it can be asked for."""
    done = subprocess.run(
        ANSWERS, cwd=ROOT, env=os.environ | {"DATABASE_URL": database}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_backup_makes_an_empty_database_the_same(databases, tmp_path):
    one, two = databases
    manage("prepare", "--database-only", DATABASE_URL=one)
    manage("backup", str(tmp_path / "backup.tar.gz"), DATABASE_URL=one)
    manage("restore", str(tmp_path / "backup.tar.gz"), DATABASE_URL=two)
    before = answers(one)
    assert before.count("\n") > 150
    assert answers(two) == before
