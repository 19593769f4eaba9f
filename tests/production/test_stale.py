"""Answers of several processes while random rows of all tables are edited."""

import pytest

from . import stale
from .parts import Postgres, ended, manage

pytestmark = pytest.mark.production
READS = 2000  # on each database


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def database(request, tmp_path):
    if request.param == "SQLite":
        yield f"sqlite:///{tmp_path}/db.sqlite3"
    else:
        with ended(Postgres(tmp_path / "postgres")) as (server,):
            yield server.url


def test_no_answer_is_older_than_the_last_commit_whatever_is_edited(database):
    manage("prepare", DATABASE_URL=database)
    found = stale.measure(database, READS)
    assert found._replace(commits=0, kept=0, control_stale=0) == stale.Found(0, READS, 0, stale=0, control_stale=0)
    assert found.kept > READS / 2
    assert found.control_stale > 10
