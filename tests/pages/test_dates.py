"""A date is told as exactly as it is known, and no more."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from spacedevs.pages.dates import ahead, offset, span, when

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
MOMENT = datetime(2027, 2, 14, 17, 52, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("abbrev", "large", "short", "certainty", "how_far"),
    [
        ("SEC", "14 February 2027, 17:52 UTC", "14 Feb 2027 17:52", "Time known to the second", "in 3 months"),
        ("MIN", "14 February 2027, 17:52 UTC", "14 Feb 2027 17:52", "Time known to the minute", "in 3 months"),
        ("HR", "14 February 2027, about 17 UTC", "14 Feb 2027 about 17", "Hour known", "in 3 months"),
        (
            "AM",
            "14 February 2027, morning",
            "14 Feb 2027 morning",
            "Half-day known, local time of the pad",
            "in about 3 months",
        ),
        ("DAY", "14 February 2027", "14 Feb 2027", "Day known, hour not set", "in about 3 months"),
        ("WK", "Week of 8 February 2027", "Week of 8 Feb 2027", "Week known, day not set", "in about 2 months"),
        ("M", "February 2027", "February 2027", "Month known, day not set", "in about 3 months"),
        (
            "Q1",
            "First quarter of 2027",
            "First quarter of 2027",
            "Quarter known (January to March), month not set",
            "in 1 to 4 months",
        ),
        (
            "H1",
            "First half of 2027",
            "First half of 2027",
            "Half-year known (January to June), month not set",
            "in 1 to 7 months",
        ),
        ("Y", "2027", "2027", "Year known, month not set", "in 1 to 13 months"),
        (
            "FY",
            "Fiscal year 2027",
            "Fiscal year 2027",
            "Fiscal year known (October 2026 to September 2027), month not set",
            "within 10 months",
        ),
        ("DEC", "2020s", "2020s", "Decade known, year not set", "within 3 years"),
    ],
)
def test_each_precision_has_its_words(abbrev, large, short, certainty, how_far):
    told = when(MOMENT, SimpleNamespace(abbrev=abbrev, pk=None), NOW)
    assert told == (MOMENT, large, short, certainty, abbrev in ("SEC", "MIN"), how_far)


def test_a_date_without_a_precision_is_told_as_recorded():
    assert when(MOMENT, None, NOW)[1:5] == (
        "14 February 2027, 17:52 UTC",
        "14 Feb 2027 17:52",
        "Time as recorded",
        True,
    )


def test_what_has_no_date_says_so():
    assert when(None, None, NOW) == (None, "Date not announced", "Date not announced", "", False, "")


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        (-1, ""),
        (0, ""),
        (1, "in 1 hour"),
        (5, "in 5 hours"),
        (47, "in 47 hours"),
        (72, "in 3 days"),
        (59 * 24, "in 59 days"),
    ],
)
def test_a_moment_is_so_far_ahead(hours, told):
    moment = NOW + timedelta(hours=hours)
    assert ahead(moment, moment, NOW) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (timedelta(), "0 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(hours=7, minutes=15, seconds=3), "7 h 15 min"),
        (timedelta(days=355, hours=14, minutes=9), "355 d 14 h"),
        (timedelta(days=-2, hours=-22), "2 d 22 h"),
        (timedelta(days=3, minutes=5), "3 d"),
    ],
)
def test_a_length_of_time_has_two_units_at_most(value, told):
    assert span(value) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (timedelta(minutes=-35), "T\N{MINUS SIGN}35:00"),
        (timedelta(), "T+00:00"),
        (timedelta(hours=1, minutes=2, seconds=3), "T+1:02:03"),
    ],
)
def test_a_time_of_a_countdown_is_signed(value, told):
    assert offset(value) == told
