"""What counts as what, held against answers of Launch Library that were recorded."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.test import TestCase

from launches.models import Launch, LaunchStatus, Rocket
from places.models import Pad
from spacedevs.db import pending
from spacedevs.statistics.recompute import recompute
from spacedevs.sync.importing.records import ingest, records
from tests.support import factories
from vehicles.models import Spacecraft

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
WENT_UP = datetime(2020, 1, 1, tzinfo=UTC)
FATES = "attempted_landings", "successful_landings", "failed_landings"
LAUNCHES = "total_launch_count", "successful_launches", "failed_launches"
STATUS = {"to be determined": 2, "successful": 3, "failed": 4, "in flight": 6, "partly failed": 7, "deployed": 9}


@pytest.fixture(scope="module")
def recorded(shared):
    """The records of a file of recorded answers."""

    def read(name):
        found = json.loads((shared / "golden" / f"{name}.json").read_text("utf-8"))
        return found["results"] if isinstance(found, dict) and "results" in found else found

    return read


# What the recorded figures say of the definitions ------------------------------------------------------


def test_the_launches_of_a_location_are_those_of_its_pads(recorded):
    places = recorded("locations_detailed")
    summed = {place["id"]: sum(pad["total_launch_count"] for pad in place["pads"]) for place in places}
    assert {place["id"]: place["total_launch_count"] for place in places} == summed


def test_the_launches_from_a_body_are_those_of_its_locations(recorded):
    places = recorded("locations_detailed")
    for body in {place["celestial_body"]["id"]: place["celestial_body"] for place in places}.values():
        here = [place["total_launch_count"] for place in places if place["celestial_body"]["id"] == body["id"]]
        assert body["total_attempted_launches"] == sum(here)
        assert body["total_attempted_launches"] == body["successful_launches"] + body["failed_launches"]
        assert body["total_attempted_landings"] == body["successful_landings"] + body["failed_landings"]


def test_every_launch_and_landing_of_a_kind_of_ship_succeeded_or_failed(recorded):
    for kind in recorded("spacecraft_configurations_detailed"):
        assert kind["total_launch_count"] == kind["successful_launches"] + kind["failed_launches"], kind["name"]
        assert kind["attempted_landings"] == kind["successful_landings"] + kind["failed_landings"], kind["name"]


def test_the_figures_of_a_family_are_the_sums_of_those_of_the_kinds_that_name_it(recorded):
    families, sums = {}, {}
    for kind in recorded("spacecraft_configurations_detailed"):
        for family in kind["family"]:
            for name in ("spacecraft_flown", *LAUNCHES, *FATES):
                families[family["id"], name] = family[name]
                sums[family["id"], name] = sums.get((family["id"], name), 0) + kind[name]
    assert len(families) > 50
    assert families == sums


def test_a_pad_turns_around_where_two_were_launched(recorded):
    for pad in recorded("pads"):
        assert (pad["fastest_turnaround"] is None) == (pad["total_launch_count"] < 2), pad["name"]
        assert pad["orbital_launch_attempt_count"] <= pad["total_launch_count"]


def test_the_next_launch_from_a_pad_has_the_next_number(recorded):
    for number in (0, 1, 3, 4):
        launch = recorded(f"launch_normal_{number}")
        assert launch["pad_launch_attempt_count"] == launch["pad"]["total_launch_count"] + 1


def test_the_vehicles_docked_at_a_station_are_those_at_its_ports(recorded):
    stations = recorded("space_stations_detailed")
    docked = {each["id"]: sum(1 for port in each["docking_location"] if port["currently_docked"]) for each in stations}
    assert {each["id"]: each["docked_vehicles"] for each in stations} == docked
    assert sum(docked.values()) == 8


def test_the_second_atv_was_docked_and_in_space_as_long_as_was_recorded(shared, derived, get):
    record = json.loads((shared / "golden" / "docking_event_151.json").read_text("utf-8"))
    ingest(records("event", record))
    recompute()
    told, shown = record["flight_vehicle_chaser"], get("docking_events/151/")["flight_vehicle_chaser"]
    figures = "in_space", "time_in_space", "time_docked", "flights_count", "mission_ends_count", "fastest_turnaround"
    assert [shown["spacecraft"][name] for name in figures] == [told["spacecraft"][name] for name in figures]
    assert shown["spacecraft"]["time_docked"] == "P115DT23H46M41S"
    assert (shown["duration"], shown["turn_around_time"]) == (told["duration"], None) == ("P154DT2H8M58S", None)


def test_ships_that_were_docked_at_the_recording_run_on_from_there(recorded, derived, get):
    [station] = [each for each in recorded("space_stations_detailed") if each["id"] == 4]
    ingest(records("station", station))
    recompute()
    call_command("recompute_statistics", check=True)
    told = [port["currently_docked"] for port in station["docking_location"] if port["currently_docked"]]
    ships = Spacecraft.objects.in_bulk([each["flight_vehicle_chaser"]["spacecraft"]["id"] for each in told])
    shown = get("space_stations/4/")
    assert shown["docked_vehicles"] == station["docked_vehicles"] == len(told)
    # Of ships that flew once, all that is to be known is here.
    once = [each for each in told if each["flight_vehicle_chaser"]["spacecraft"]["flights_count"] == 1]
    assert len(once) == 5
    for each in once:
        ship = ships[each["flight_vehicle_chaser"]["spacecraft"]["id"]]
        assert ship.in_space
        assert (ship.flights_count, ship.mission_ends_count) == (1, 0)
        since = datetime.fromisoformat(each["docking"]) - datetime.fromisoformat(
            each["flight_vehicle_chaser"]["launch"]["net"]
        )
        assert ship.time_in_space - ship.time_docked == since


# What no recorded answer says ----------------------------------------------------------------------------


def launched(status, day=0, **facts):
    return factories.launch(net=WENT_UP + day * DAY, status_id=STATUS[status], **facts)


@pytest.fixture
def statuses(derived):
    for number in range(1, 10):
        LaunchStatus.objects.create(id=number, name=str(number))


@pytest.mark.parametrize(
    ("status", "figures"),
    [
        ("to be determined", (0, 0, 0, 1)),
        ("in flight", (1, 0, 0, 0)),
        ("successful", (1, 1, 0, 0)),
        ("deployed", (1, 1, 0, 0)),
        ("failed", (1, 0, 1, 0)),
        ("partly failed", (1, 0, 1, 0)),
    ],
)
def test_a_launch_counts_as_what_its_status_says(status, figures, statuses):
    made = launched(status, launch_service_provider=factories.agency())
    recompute()
    agency = made.launch_service_provider
    agency.refresh_from_db()
    assert tuple(getattr(agency, name) for name in (*LAUNCHES, "pending_launches")) == figures


@pytest.mark.parametrize(
    ("history", "streak"),
    [
        (["successful", "successful"], 2),
        (["successful", "partly failed"], 0),
        (["failed", "successful", "deployed", "in flight", "to be determined"], 2),
        ([], 0),
    ],
)
def test_a_failure_ends_a_streak_and_what_is_undecided_does_not(history, streak, statuses):
    agency = factories.agency()
    for day, status in enumerate(history):
        launched(status, day, launch_service_provider=agency)
    recompute()
    agency.refresh_from_db()
    assert agency.consecutive_successful_launches == streak


def test_a_year_begins_at_midnight_utc_and_plans_are_numbered_too(statuses):
    pad = factories.pad()
    days = [-1 / 64, 0, 1, 366]  # 2020 is a leap year
    made = [launched("successful", day, pad=pad) for day in days[:2]]
    made += [launched("to be determined", day, pad=pad) for day in days[2:]]
    recompute()
    found = Launch.objects.in_bulk([each.pk for each in made])
    numbers = [(found[e.pk].pad_launch_attempt_count, found[e.pk].pad_launch_attempt_count_year) for e in made]
    assert numbers == [(1, 1), (2, 1), (3, 2), (4, 1)]
    assert found[made[3].pk].pad_turnaround == 365 * DAY
    assert Pad.objects.get(pk=pad.pk).fastest_turnaround == timedelta(seconds=1350)  # of what has lifted off


def test_launches_of_one_time_share_the_highest_number_and_the_turnaround(statuses):
    pad = factories.pad(location__name="Cape")
    made = [launched("successful", 1, pad=pad)]
    made += [launched("to be determined", day, pad=pad) for day in (11, 11, 11, 20)]
    recompute()
    found = Launch.objects.in_bulk([each.pk for each in made])
    figures = [
        (
            each.orbital_launch_attempt_count_year,
            each.location_launch_attempt_count,
            each.pad_launch_attempt_count,
            each.pad_turnaround,
        )
        for each in map(found.get, [each.pk for each in made])
    ]
    assert figures == [(1, 1, 1, 0 * DAY), *[(4, 4, 4, 10 * DAY)] * 3, (5, 5, 5, 9 * DAY)]


def test_launches_of_one_time_are_no_fast_turnaround(statuses):
    pad = factories.pad()
    rocket = factories.row(Rocket)
    for day in (1, 1, 4, 4):
        launched("successful", day, pad=pad, rocket=factories.row(Rocket, configuration=rocket.configuration))
    recompute()
    for row in (pad, rocket.configuration):
        row.refresh_from_db()
        assert row.fastest_turnaround == 3 * DAY


@pytest.mark.parametrize("facts", [{"pad": None}, {"net": None}])
def test_the_turnaround_of_a_pad_is_never_null(facts, statuses):
    launch = factories.launch(**facts)
    recompute()
    launch.refresh_from_db()
    assert launch.pad_turnaround == 0 * DAY


@pytest.mark.parametrize(
    ("facts", "number"),
    [
        ({"mission__orbit__name": "Suborbital"}, None),
        ({"mission__orbit__name": "Low Earth Orbit"}, 1),
        ({"mission__orbit": None}, 1),
        ({}, 1),
    ],
)
def test_a_launch_is_orbital_unless_its_orbit_is_suborbital(facts, number, statuses):
    made = launched("successful", **facts)
    recompute()
    made.refresh_from_db()
    assert made.orbital_launch_attempt_count == number


def test_a_stage_has_a_flight_before_only_where_the_numbers_follow(statuses):
    booster = factories.launcher()
    first, second, fifth = (
        factories.first_stage(launcher=booster, launch=launched("successful", 10 * n), launcher_flight_number=n)
        for n in (1, 2, 5)
    )
    recompute()
    for stage in (first, second, fifth, booster):
        stage.refresh_from_db()
    assert [each.turn_around_time for each in (first, second, fifth)] == [None, 10 * DAY, None]
    assert second.previous_flight_id == first.launch_id
    assert (booster.flights, booster.fastest_turnaround) == (5, 10 * DAY)


def test_who_changes_ships_is_in_space_from_the_launch_of_one_to_the_landing_of_the_other(statuses):
    seat = factories.seat()
    up = factories.spacecraft_flight(launch=launched("successful"), launch_crew=[seat], mission_end=WENT_UP + 5 * DAY)
    down = factories.spacecraft_flight(
        launch=launched("successful", 3), onboard_crew=[seat], landing_crew=[seat], mission_end=WENT_UP + 9 * DAY
    )
    recompute()
    person = type(seat.astronaut).objects.get()
    assert (person.time_in_space, person.flights_count, person.landings_count) == (9 * DAY, 1, 1)
    assert not person.in_space
    assert [each.spacecraft.flights.count() for each in (up, down)] == [1, 1]


@pytest.mark.parametrize("days", [1, 5, 40, 390, -390])
def test_a_launch_that_moves_changes_the_numbers_of_those_that_it_passes_and_no_others(days, statuses):
    with TestCase.captureOnCommitCallbacks(execute=True):
        pad = factories.pad(location__name="Cape")
        made = [launched("successful", 100 * n, pad=pad) for n in range(9)]
    moved = Launch.objects.get(pk=made[4].pk)
    moved.net += days * DAY
    with TestCase.captureOnCommitCallbacks(execute=True):
        moved.save()
        [noted] = pending.PendingUpdate.objects.filter(kind="launches.Launch launch").values_list("keys", flat=True)
    assert "9999-" not in noted  # no part of the order up to its end
    numbers = "pad_launch_attempt_count", "pad_launch_attempt_count_year"
    stored = Launch.objects.order_by("net", "id").values_list(*numbers)
    years = [each.net.year for each in Launch.objects.order_by("net", "id")]
    assert list(stored) == [(n + 1, years[: n + 1].count(year)) for n, year in enumerate(years)]
