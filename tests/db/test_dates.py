"""Years, months and days of dates are the same on both databases, and on SQLite found without a call into Python."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.db.models.functions import ExtractDay, ExtractMonth, ExtractYear
from django.test.utils import CaptureQueriesContext

from crew.models import Astronaut
from launches.models import Launch
from tests.support import factories

pytestmark = pytest.mark.django_db

MOMENTS = [
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(1957, 10, 4, 19, 28, 34, tzinfo=UTC),
    datetime(2024, 2, 29, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
]
PARTS = ("year", ExtractYear), ("month", ExtractMonth), ("day", ExtractDay)


def parts(rows, column):
    """Year, month and day of a column, by key."""
    taken = rows.order_by("pk").annotate(**{name: function(column) for name, function in PARTS})
    return list(taken.values_list(*(name for name, _ in PARTS)))


def test_those_of_a_moment():
    launches = sorted((factories.launch(net=moment) for moment in [*MOMENTS, None]), key=lambda launch: launch.pk)
    expected = [(at and at.year, at and at.month, at and at.day) for at in (launch.net for launch in launches)]
    assert parts(Launch._base_manager, "net") == expected


def test_those_of_a_day():
    for moment in MOMENTS:
        factories.astronaut(date_of_birth=moment.date())
    assert parts(Astronaut._base_manager, "date_of_birth") == [(at.year, at.month, at.day) for at in MOMENTS]


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="is SQLite's own")
def test_a_filter_calls_no_function_of_python():
    with CaptureQueriesContext(connection) as queries:
        list(Launch._base_manager.filter(net__year__in=[2024, 2025], net__month=2, net__day__in=[28, 29]))
    assert "django_date" not in queries[0]["sql"]
    assert 'CAST(substr("launches_launch"."net", 6, 2) AS integer) = 2' in queries[0]["sql"]
