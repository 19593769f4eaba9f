"""A whole installation under load while its parts fail."""

import pytest

from . import faults
from .parts import Missing, program

pytestmark = pytest.mark.production
SECONDS = 3  # of each phase


@pytest.fixture(scope="module")
def table():
    """What clients have seen, by what failed; and what wrk has."""
    try:
        for name in ("nginx", "redis-server", "wrk"):
            program(name)
    except Missing as what:
        pytest.skip(str(what))
    seen, told = faults.run(SECONDS)
    return {each.what: each for each in seen}, told


def test_no_answer_is_older_than_the_last_commit_whatever_fails(table):
    seen, _ = table
    assert {what: each.stale for what, each in seen.items()} == dict.fromkeys(faults.FAULTS, 0)
    assert min(each.requests for each in seen.values()) > 50


def test_nobody_notices_what_fails_but_the_database_that_is_written(table):
    seen, told = table
    assert [what for what, each in seen.items() if each.failed] in ([], ["the primary is restarted"])
    assert told.endswith(" requests, 0 failed")


def test_copies_are_read_while_they_are_as_new(table):
    seen, _ = table
    assert seen["nothing"].from_copy > seen["the copy falls behind"].from_copy
    assert seen["the copy falls behind"].from_primary > 0
