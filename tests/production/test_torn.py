"""Answers that are made while somebody commits, by servers of several processes."""

import pytest

from . import torn

pytestmark = pytest.mark.production
ANSWERS, CONTROL = 1000, 200  # on each database


def test_no_answer_mixes_commits_and_no_etag_has_two_bodies(database):
    ours, control = torn.run(database, ANSWERS, CONTROL)
    assert ours == torn.Found(ours.commits, ANSWERS, failed=0, torn=0, ambiguous=0)
    assert min(ours.commits, control.torn) > 10
