"""Who is at a station now, in one answer."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.http import parse_http_date

from spacedevs.db import dataset_version
from tests.support import factories

pytestmark = pytest.mark.django_db

THEN = datetime(2024, 3, 5, 7, 28, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def now():
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def mir():
    return factories.space_station(name="Mir")


def port(station, name="Kvant", **facts):
    return factories.docking_location(spacestation=station, name=name, **facts)


def seat(name, role="Pilot", priority=1):
    return factories.seat(astronaut__name=name, role__role=role, role__priority=priority)


def arrive(station, ship="Soyuz TM-30", crew=(), **facts):
    flight = factories.spacecraft_flight(
        spacecraft__name=ship, spacecraft__spacecraft_config__name="Soyuz TM", onboard_crew=list(crew)
    )
    facts = {"docking": THEN, "docking_location__name": "Kvant", **facts}
    return factories.docking_event(space_station_target=station, flight_vehicle_chaser=flight, **facts)


def names(people):
    return [each["name"] for each in people]


def test_all_that_is_known_of_a_station_now(get, mir):
    commander, pilot = seat("Zalyotin", "Commander", 0), seat("Kaleri", "Engineer", 1)
    stay = arrive(mir, crew=[pilot, commander], docking_location__name="Core forward")
    free = port(mir, "Kristall", takes_ships=True)
    expedition = factories.expedition(name="EO-28", start=THEN, spacestation=mir)
    address = "http://testserver/2.3.0"
    assert get(f"space_stations/{mir.pk}/now/") == {
        "id": mir.pk,
        "url": f"{address}/space_stations/{mir.pk}/",
        "name": "Mir",
        "as_of": dataset_version.moment(dataset_version.current()).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "source": "own",
        "docked": [
            {
                "id": stay.pk,
                "url": f"{address}/docking_events/{stay.pk}/",
                "name": "Soyuz TM-30",
                "kind": "Soyuz TM",
                "docking": "2024-03-05T07:28:00Z",
                "docking_location": {"id": stay.docking_location_id, "name": "Core forward"},
            }
        ],
        "free": [{"id": free.pk, "name": "Kristall"}],
        "crew": [
            {
                "id": each.astronaut_id,
                "url": f"{address}/astronauts/{each.astronaut_id}/",
                "name": name,
                "role": role,
                "since": "2024-03-05T07:28:00Z",
                "came_with": "Soyuz TM-30",
            }
            for each, name, role in ((commander, "Zalyotin", "Commander"), (pilot, "Kaleri", "Engineer"))
        ],
        "active_expeditions": [
            {
                "id": expedition.pk,
                "url": f"{address}/expeditions/{expedition.pk}/",
                "name": "EO-28",
                "start": "2024-03-05T07:28:00Z",
                "end": None,
            }
        ],
    }


def test_who_has_left_or_is_still_to_come_is_not_there(get, mir, now):
    arrive(mir, "gone", departure=now - HOUR)
    arrive(mir, "leaves tomorrow", departure=now + 24 * HOUR)
    arrive(mir, "comes tomorrow", docking=now + 24 * HOUR)
    arrive(factories.space_station(), "elsewhere")
    assert names(get(f"space_stations/{mir.pk}/now/")["docked"]) == ["leaves tomorrow"]


def free(get, station):
    return {each["name"] for each in get(f"space_stations/{station.pk}/now/")["free"]}


def test_a_port_is_free_where_a_ship_was_in_the_four_years_before_the_last_one_came(get, mir):
    """By the station's own time: it is 2024, whatever the clock says."""
    years = timedelta(days=365)
    for name, docking, departure in (
        ("left at once", THEN, THEN + HOUR),
        ("left lately", THEN - 10 * years, THEN - 4 * years + HOUR),
        ("left long ago", THEN - 10 * years, THEN - 4 * years - HOUR),
        ("stays", THEN - 10 * years, None),
    ):
        arrive(mir, name, docking_location=port(mir, name), docking=docking, departure=departure)
    port(mir, "never used")
    assert free(get, mir) == {"left at once", "left lately"}


def test_a_port_where_a_module_stands_or_only_modules_were_is_not_free(get, mir):
    was_for_ships, is_for_modules = port(mir, "Nauka nadir"), port(mir, "Zvezda zenith")
    arrive(mir, docking_location=was_for_ships, departure=THEN + HOUR)
    for place, departure in ((was_for_ships, None), (is_for_modules, THEN + 2 * HOUR)):
        factories.docking_event(
            space_station_target=mir,
            docking_location=place,
            payload_flight_chaser__payload__name="Prichal",
            docking=THEN + HOUR,
            departure=departure,
        )
    assert free(get, mir) == set()


def test_what_an_editor_says_of_a_port_comes_before_what_follows(get, mir):
    arrive(mir, docking_location=port(mir, "closed", takes_ships=False), departure=THEN + HOUR)
    port(mir, "new", takes_ships=True)
    assert free(get, mir) == {"new"}


def test_where_no_ship_has_ever_docked_all_ports_are_free_but_those_that_an_editor_closed(get, mir):
    port(mir, "one"), port(mir, "two"), port(mir, "closed", takes_ships=False)
    arrive(factories.space_station())
    arrive(mir, docking_location__name="comes tomorrow", docking=datetime.now(UTC) + HOUR)
    assert free(get, mir) == {"one", "two", "comes tomorrow"}


def test_payloads_and_stations_dock_as_well(get, mir):
    payload = factories.docking_event(
        space_station_target=mir, payload_flight_chaser__payload__name="Kvant", docking=THEN
    )
    station = factories.docking_event(
        space_station_target=mir, space_station_chaser__name="Salyut", docking=THEN + HOUR
    )
    kind = payload.payload_flight_chaser.payload.type.name
    docked = get(f"space_stations/{mir.pk}/now/")["docked"]
    assert [(each["id"], each["name"], each["kind"]) for each in docked] == [
        (payload.pk, "Kvant", kind),
        (station.pk, "Salyut", "Space station"),
    ]


def test_crew_are_those_of_the_ships_that_are_there(get, mir):
    stays, left = seat("stays"), seat("left")
    arrive(mir, crew=[stays])
    arrive(mir, crew=[left], departure=THEN + HOUR)
    factories.expedition(spacestation=mir, start=THEN, crew=[stays, left])
    assert names(get(f"space_stations/{mir.pk}/now/")["crew"]) == ["stays"]


def test_crew_are_those_of_the_expeditions_where_no_ship_tells_its_own(get, mir):
    arrive(mir)
    factories.expedition(name="EO-28", spacestation=mir, start=THEN, crew=[seat("aboard")])
    factories.expedition(spacestation=mir, start=THEN, end=THEN + HOUR, crew=[seat("left")])
    (aboard,) = get(f"space_stations/{mir.pk}/now/")["crew"]
    assert (aboard["name"], aboard["came_with"]) == ("aboard", "EO-28")


def test_nobody_is_aboard_twice(get, mir):
    person = factories.astronaut(name="Krikalev")
    for hours in (2, 1):
        arrive(mir, str(hours), crew=[factories.seat(astronaut=person)], docking=THEN + hours * HOUR)
    (aboard,) = get(f"space_stations/{mir.pk}/now/")["crew"]
    assert (aboard["name"], aboard["came_with"], aboard["role"]) == ("Krikalev", "1", None)


def test_the_answer_is_kept_until_somebody_comes_or_goes(client, mir, now):
    def expires():
        response = client.get(f"/2.3.0/space_stations/{mir.pk}/now/")
        return "Expires" in response and parse_http_date(response["Expires"]) - int(now.timestamp())

    arrive(mir)
    arrive(factories.space_station(), departure=now + HOUR)
    assert expires() is False
    arrive(mir, departure=now + 5 * HOUR)
    assert expires() == 5 * 3600
    arrive(mir, docking=now + 4 * HOUR)
    assert expires() == 4 * 3600
    factories.expedition(spacestation=mir, start=THEN, end=now + 3 * HOUR)
    assert expires() == 3 * 3600


def test_it_takes_as_many_statements_for_many_as_for_one(get, mir):
    def statements():
        with CaptureQueriesContext(connection) as captured:
            get(f"space_stations/{mir.pk}/now/")
        return len(captured)

    arrive(mir, crew=[seat("one")])
    factories.expedition(spacestation=mir, start=THEN, crew=[seat("of an expedition")])
    few = statements()
    for n in range(5):
        arrive(mir, crew=[seat(f"{n}-{m}") for m in range(3)])
        factories.expedition(spacestation=mir, start=THEN, crew=[seat(f"of {n}")])
    assert statements() == few


def test_a_station_that_is_not_there_is_told_in_json(client):
    for path in ("space_stations/7/now/", "space_stations/07/now/", "space_stations/x/now/"):
        response = client.get(f"/2.3.0/{path}")
        assert (response.status_code, list(response.json())) == (404, ["detail"])


def test_it_has_a_page_for_people_and_knows_no_other_parameters(client, mir):
    page = client.get(f"/2.3.0/space_stations/{mir.pk}/now/", headers={"accept": "text/html"})
    assert "An addition of this server" in page.content.decode()
    strict = client.get(f"/2.3.0/space_stations/{mir.pk}/now/?strict=true&docked=true")
    assert (strict.status_code, list(strict.json())) == (400, ["docked"])
