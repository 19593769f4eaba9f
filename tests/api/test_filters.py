from datetime import UTC, datetime

import pytest

from launches.models import Launch
from spacedevs.api import pagination
from tests.support import factories

pytestmark = pytest.mark.django_db

GOOD = {
    "docking__gte": (
        "2024-03-05T07:28:00Z",
        "2024-03-05T07:28:00",
        "2024-03-05 07:28",
        "2024-03-05",
        "2024-03-05T09:28:00+02:00",
        "2024-03-05T09:28:00 02:00",
        "2024-03-04T23:27:59.5-08:00",
        "2024-03-06T07:27:00+23:59",
        "0001-01-01T00:00:00Z",
        " 2024-03-05T07:28:00Z ",
        "2024-03-05t07:28:00z",
    ),
    "space_station_target__id": ("1", " 1 "),
    "docked": ("true", "True", "TRUE", "1"),
}
BAD = {
    "docking__gte": ("yesterday", "2024-13-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1\x00"),
    "space_station_target__id": (
        "x",
        "1.5",
        "1.0",
        "1e3",
        "+1",
        "1_0",
        "\u0661",
        "1,2",
        "1\x00",
        "9" * 19,
        "9" * 30,
        "0x1",
    ),
    "docked": ("maybe", "2", "yes", "null"),
}


def cases(table):
    return [(parameter, value) for parameter, values in table.items() for value in values]


@pytest.fixture
def docked():
    """A ship that is docked since 2024-03-05T07:28:00Z at station 1."""
    return factories.docking_event(space_station_target=factories.space_station(id=1))


@pytest.mark.parametrize(("parameter", "value"), cases(GOOD))
def test_a_value_is_understood_however_it_is_written(parameter, value, docked, get):
    assert [record["id"] for record in get("docking_events/", **{parameter: value})["results"]] == [docked.id]


@pytest.mark.parametrize(("parameter", "value"), cases(BAD))
def test_a_value_that_means_nothing_is_refused_by_the_name_of_its_parameter(parameter, value, docked, client):
    response = client.get("/2.3.0/docking_events/", {parameter: value})
    assert (response.status_code, list(response.json())) == (400, [parameter])


@pytest.mark.parametrize("parameter", BAD)
def test_an_empty_value_asks_nothing(parameter, docked, get):
    assert get("docking_events/", **{parameter: ""})["count"] == 1


def test_an_id_that_no_row_can_have_finds_nothing(docked, get):
    assert get("docking_events/", space_station_target__id=2**62)["results"] == []


def test_unknown_parameters_are_ignored(docked, get):
    assert get("docking_events/", station="Mir", DOCKED="maybe")["count"] == 1


@pytest.mark.parametrize("search", ["a " * 33, "a" * 513, "a\x00"])
def test_a_search_beyond_all_measure_is_refused(search, client):
    response = client.get("/2.3.0/docking_events/", {"search": search})
    assert (response.status_code, list(response.json())) == (400, ["search"])


@pytest.mark.parametrize(
    "search", ["z " * 32, "z" * 512, "%", "_", "'; DROP TABLE docking_dockingevent; --", "\\", '"', "'"]
)
def test_a_search_is_only_ever_text(search, docked, get):
    assert get("docking_events/", search=search)["results"] == []


PAGES = {
    ("0", ""): (10, 0),
    ("-1", ""): (10, 0),
    ("x", "x"): (10, 0),
    ("", "-5"): (10, 0),
    ("3", "2"): (3, 2),
    ("1000", ""): (100, 0),
    ("9" * 30, ""): (100, 0),
    ("1" * 5000, ""): (10, 0),
}


@pytest.mark.parametrize(("limit", "offset"), PAGES)
def test_a_page_is_answered_whatever_limit_and_offset_are(limit, offset, get):
    events = [factories.docking_event(space_station_target__name="Mir").id for _ in range(12)]
    size, start = PAGES[limit, offset]
    page = get("docking_events/", limit=limit, offset=offset)
    assert [record["id"] for record in page["results"]] == events[start : start + size]
    assert page["count"] == 12


@pytest.mark.parametrize("ordering", ["net", "-net", "name", "-name"])
def test_pages_that_are_read_from_the_end_are_those_of_the_whole_list(ordering, get, monkeypatch):
    for number in range(23):
        net = None if number % 5 == 0 else datetime(2001, 1, 1 + number % 4, tzinfo=UTC)
        factories.row(Launch, name=f"{number % 7}", net=net)
    whole = [each["id"] for each in get("launches/", limit=100, ordering=ordering)["results"]]
    monkeypatch.setattr(pagination, "FAR", 0)
    for size in (1, 4, 23, 30):
        pages = [get("launches/", limit=size, offset=offset, ordering=ordering) for offset in range(0, 24, size)]
        assert [each["id"] for page in pages for each in page["results"]] == whole
        assert {page["count"] for page in pages} == {23}


def test_an_offset_beyond_the_last_row_answers_an_empty_page(docked, get):
    page = get("docking_events/", offset=99999999999999999999)
    assert (page["count"], page["results"], page["next"]) == (1, [], None)
