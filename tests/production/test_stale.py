"""Answers of several processes while random rows of all tables are edited."""

import pytest

from . import stale
from .parts import manage

pytestmark = pytest.mark.production
READS = 2000  # on each database


def test_no_answer_is_older_than_the_last_commit_whatever_is_edited(database):
    manage("prepare", DATABASE_URL=database)
    found = stale.measure(database, READS)
    assert found._replace(commits=0, kept=0, control_stale=0) == stale.Found(0, READS, 0, stale=0, control_stale=0)
    assert found.kept > READS / 2
    assert found.control_stale > 10
