from datetime import UTC, datetime
from functools import reduce

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils.html import strip_tags

from tests.support import factories

pytestmark = pytest.mark.django_db

NAMED_BY = {  # each field that is searched, and what must be called so
    "docking_location__name": {"docking_location__name": "Zvezda aft"},
    "flight_vehicle_chaser__spacecraft__name": {"flight_vehicle_chaser__spacecraft__name": "Zvezda aft"},
    "flight_vehicle_target__spacecraft__name": {"flight_vehicle_target__spacecraft__name": "Zvezda aft"},
    "payload_flight_chaser__payload__name": {"payload_flight_chaser__payload__name": "Zvezda aft"},
    "payload_flight_target__payload__name": {"payload_flight_target__payload__name": "Zvezda aft"},
    "space_station_chaser__name": {"space_station_chaser__name": "Zvezda aft"},
    "space_station_target__name": {"space_station_target__name": "Zvezda aft"},
}


def day(number):
    return datetime(2024, 3, number, tzinfo=UTC)


def ids(page):
    return [record["id"] for record in page["results"]]


@pytest.fixture
def stays():
    """Three stays: over, over, and lasting."""
    return [
        factories.docking_event(docking=day(1), departure=day(20)),
        factories.docking_event(docking=day(2), departure=day(10)),
        factories.docking_event(docking=day(3)),
    ]


BOUNDS = {"gt": [2], "gte": [1, 2], "lt": [0], "lte": [0, 1]}


@pytest.mark.parametrize("bound", BOUNDS)
def test_a_bound_on_the_docking_selects_and_excludes(bound, stays, get):
    page = get("docking_events/", **{f"docking__{bound}": "2024-03-02T00:00:00Z"})
    assert ids(page) == [stays[n].id for n in BOUNDS[bound]]


@pytest.mark.parametrize("relation", ["docking_location", "flight_vehicle_chaser", "space_station_target"])
def test_a_relation_selects_and_excludes(relation, stays, get):
    wanted = getattr(stays[1], relation)
    assert ids(get("docking_events/", **{f"{relation}__id": wanted.id})) == [stays[1].id]


@pytest.mark.parametrize(("docked", "wanted"), [("true", [2]), ("false", [0, 1])])
def test_a_vehicle_is_docked_until_it_departs(docked, wanted, stays, get):
    assert ids(get("docking_events/", docked=docked)) == [stays[n].id for n in wanted]


@pytest.mark.parametrize("field", NAMED_BY)
@pytest.mark.parametrize("words", ["Zvezda", "aft ZVEZ", "zvezda aft"])
def test_a_search_finds_every_word_in_each_field_in_any_case(field, words, stays, get):
    wanted = factories.docking_event(**NAMED_BY[field])
    assert ids(get("docking_events/", search=words)) == [wanted.id]


def test_a_search_wants_all_its_words(stays, get):
    factories.docking_event(docking_location__name="Zvezda aft")
    assert ids(get("docking_events/", search="Zvezda nadir")) == []


@pytest.mark.parametrize("field", NAMED_BY)
def test_what_was_renamed_is_found_by_its_new_name_alone(field, stays, get):
    event = factories.docking_event(**NAMED_BY[field])
    named = reduce(getattr, field.split("__")[:-1], event)
    type(named).objects.filter(pk=named.pk).update(name="Rassvet")
    assert ids(get("docking_events/", search="zvezda")) == []
    assert ids(get("docking_events/", search="rassvet")) == [event.id]


ORDERS = {
    "": [0, 1, 2],
    "docking": [0, 1, 2],
    "-docking": [2, 1, 0],
    "departure": [1, 0, 2],  # no departure sorts last, as in PostgreSQL,
    "-departure": [2, 0, 1],  # and first when turned round
    "-departure,docking": [2, 0, 1],
    "flight_vehicle_chaser": [0, 1, 2],  # is not one of the fields, so it is ignored
}


@pytest.mark.parametrize("ordering", ORDERS)
def test_an_order_is_kept(ordering, stays, get):
    assert ids(get("docking_events/", ordering=ordering)) == [stays[n].id for n in ORDERS[ordering]]


def test_rows_that_are_alike_come_by_id(get):
    alike = sorted(factories.docking_event(docking=day(1)).id for _ in range(3))
    assert ids(get("docking_events/", ordering="docking")) == alike
    assert ids(get("docking_events/", ordering="-docking")) == alike


def test_the_second_page_leads_back_and_on(stays, get):
    page = get("docking_events/", offset=1, limit=1, ordering="docking", mode="detailed")
    address = "http://testserver/2.3.0/docking_events/?limit=1&mode=detailed"
    assert (ids(page), page["next"], page["previous"]) == (
        [stays[1].id],
        f"{address}&offset=2&ordering=docking",
        f"{address}&ordering=docking",
    )


def test_the_last_page_leads_nowhere(stays, get):
    page = get("docking_events/", offset=2)
    assert (page["next"], page["previous"]) == (None, "http://testserver/2.3.0/docking_events/?limit=10")


def test_the_header_block_of_the_page_is_as_recorded(stays, client):
    page = client.get(f"/2.3.0/docking_events/{stays[0].id}/?format=api").content.decode()
    block = strip_tags(page.partition('<div class="request">')[2].partition('<div class="tools">')[0])
    assert [line.strip() for line in block.splitlines() if line.strip()] == [
        f"GET /2.3.0/docking_events/{stays[0].id}/?format=api",
        "HTTP 200 OK",
        "Allow: GET",
        "Content-Type: application/json",
        "Vary: Accept",
    ]


@pytest.mark.parametrize(
    "parties",
    [
        {"flight_vehicle_target": None, "space_station_target": None},
        {"flight_vehicle_chaser": None, "space_station_chaser": None},
    ],
    ids=["no target", "no chaser"],
)
def test_a_docking_has_a_target_and_a_chaser(parties):
    port = factories.docking_location()
    with pytest.raises(IntegrityError):
        factories.docking_event(docking_location=port, **parties)


@pytest.mark.parametrize("party", ["target", "chaser"])
def test_a_docking_has_no_second_target_or_chaser(party):
    with pytest.raises(IntegrityError):
        factories.docking_event(
            **{f"space_station_{party}": factories.space_station()},
            **{f"payload_flight_{party}": factories.payload_flight()},
        )


IMPOSSIBLE = {
    "departure": "The departure is before the docking.",
    "docking_location": "This is not a port of Mir.",
    "space_station_chaser": "Chaser and target are the same.",
}


@pytest.mark.parametrize("field", IMPOSSIBLE)
def test_an_editor_cannot_enter_an_impossible_docking(field):
    event = factories.docking_event(docking=day(2), space_station_target__name="Mir")
    if field == "departure":
        event.departure = day(1)
    elif field == "docking_location":
        event.docking_location = factories.docking_location()
    else:
        event.space_station_chaser, event.flight_vehicle_chaser = event.space_station_target, None
    with pytest.raises(ValidationError) as refused:
        event.full_clean()
    place = field if field in ("departure", "docking_location") else "__all__"
    assert refused.value.message_dict == {place: [IMPOSSIBLE[field]]}


def test_a_filter_that_was_written_as_a_number_stays_chosen_in_the_form(stays, client):
    page = client.get("/2.3.0/docking_events/?docked=1", HTTP_ACCEPT="text/html").content.decode()
    assert '<option value="true" selected>Yes</option>' in page


def test_a_name_in_a_page_is_never_markup(client):
    event = factories.docking_event(space_station_target__name="<script>alert(1)</script>")
    page = client.get(f"/2.3.0/docking_events/{event.id}/", HTTP_ACCEPT="text/html").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
