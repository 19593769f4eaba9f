"""Every noun has a list and a page for each row, made of one declaration."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings

from agencies.models import Agency
from crew.models import Astronaut
from events.models import Spacewalk
from spacedevs.http.response_cache import ResponseCache
from spacedevs.pages.nouns import NOUNS
from spacedevs.pages.urls import ELSEWHERE
from tests.support import factories
from tests.support.wsgi import Asker

pytestmark = pytest.mark.django_db
THEN = datetime(2020, 5, 30, 19, 22, 45, tzinfo=UTC)
HERE = sorted({*NOUNS} - ELSEWHERE)


def test_every_declared_noun_has_its_addresses():
    assert sorted(NOUNS) == sorted(settings.NOUN_PAGES)
    assert {name for name, noun in NOUNS.items() if not noun.has_page} == ELSEWHERE


def test_a_person_has_flights_expeditions_and_spacewalks(words):
    seat = factories.seat(astronaut__name="Douglas Hurley", astronaut__bio="A pilot.", role__role="Commander")
    launch = factories.launch(name="Falcon 9 | Demo-2", net=THEN)
    factories.spacecraft_flight(launch=launch, spacecraft__name="Endeavour", launch_crew=[seat])
    station = factories.space_station(name="ISS")
    factories.expedition(name="Expedition 63", spacestation=station, start=THEN, crew=[seat])
    walk = Spacewalk.objects.create(
        name="EVA 1", start=THEN + timedelta(days=9), duration=timedelta(hours=6, minutes=1)
    )
    walk.crew.add(seat)
    text = words(f"/people/{seat.astronaut_id}/")
    assert text.startswith("People Douglas Hurley Douglas Hurley A pilot.")
    for told in (
        "Flights 1 Endeavour Commander, 30 May 2020",
        "Expeditions 1 Expedition 63 ISS",
        "Spacewalks 1 EVA 1 8 June 2020, 19:22 UTC, 6 h 1 min",
    ):
        assert told in text, told


def test_an_agency_has_its_launches_and_leads_to_all_of_them(client, words):
    agency = factories.row(Agency, name="SpaceX", total_launch_count=2, failed_launches=0)
    factories.launch(name="Falcon 9 | Demo-2", net=THEN, launch_service_provider=agency)
    factories.launch(
        name="Falcon 9 | Later", net=datetime.now(UTC) + timedelta(days=9), launch_service_provider=agency
    )
    page = client.get(f"/agencies/{agency.pk}/")
    assert [[row.title for row in page.context[side]] for side in ("ahead", "behind")] == [["Later"], ["Demo-2"]]
    assert f'"/launches/past/?lsp__id={agency.pk}"' in page.content.decode()
    assert "2 launches 0 failed" in words(f"/agencies/{agency.pk}/")


def test_a_docking_is_called_by_ship_station_and_port(words):
    stay = factories.docking_event(
        space_station_target=factories.space_station(name="ISS"),
        docking_location__name="Prichal nadir",
        flight_vehicle_chaser=factories.spacecraft_flight(spacecraft__name="Soyuz MS-29"),
        docking=THEN,
    )
    assert words(f"/dockings/{stay.pk}/").startswith("Dockings Soyuz MS-29 at ISS, Prichal nadir Soyuz MS-29 at ISS")


def test_what_is_known_of_most_stands_first_and_what_is_not_last(client):
    for name, number in (("Few", 1), ("Unknown", None), ("Many", 9)):
        factories.row(Agency, name=name, total_launch_count=number)
    assert [name for name, *_ in client.get("/agencies/").context["shown"]] == ["Many", "Few", "Unknown"]
    assert [name for name, *_ in client.get("/agencies/?ordering=name").context["shown"]] == ["Few", "Many", "Unknown"]


def test_a_query_of_the_api_works_on_a_list(client):
    for name in ("SpaceX", "ESA"):
        factories.row(Agency, name=name)
    assert [name for name, *_ in client.get("/agencies/?search=spacex").context["shown"]] == ["SpaceX"]


@pytest.mark.parametrize("name", sorted(NOUNS))
@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("search=%2500", 200),
        ("search=nothing-of-the-kind", 200),
        ("limit=x&offset=-1", 200),
        ("id=x", None),
        ("nothing=1", 200),
    ],
)
def test_a_strange_query_is_answered_by_a_page(client, name, query, status):
    response = client.get(f"/{name}/?{query}")
    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert response.status_code in ((200, 400) if status is None else (status,))


@pytest.mark.parametrize("name", HERE)
@pytest.mark.parametrize("key", ["0", "-1", "9" * 40, "x", "1.5", "%00"])
def test_a_row_that_is_not_there_is_not_found(client, name, key):
    response = client.get(f"/{name}/{key}/")
    assert (response.status_code, response["Content-Type"]) == (404, "text/html; charset=utf-8")


@pytest.mark.django_db(transaction=True)
def test_a_page_is_kept_until_what_it_shows_changes(django):
    person = factories.row(Astronaut, name="Douglas Hurley")
    ask = Asker(ResponseCache(django))
    (_, before, _), (_, kept, _) = ask(f"/people/{person.pk}/"), ask(f"/people/{person.pk}/")
    person.name = "Doug Hurley"
    person.save()
    _, after, page = ask(f"/people/{person.pk}/")
    assert before["ETag"] == kept["ETag"] != after["ETag"]
    assert b"Doug Hurley" in page
