"""The sample data in fixtures/ agree with themselves, and every sentence in them is our own."""

import json
import re
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import transaction
from django.db.models import Max
from django.utils.text import slugify

from agencies.models import Agency, AgencyType, Country, Program, ProgramType
from crew.models import Astronaut, AstronautRole, AstronautStatus, AstronautType
from docking.models import CHASERS, TARGETS, DockingEvent, DockingLocation
from docking.occupancy import ports_for_ships
from events.models import Event, EventType, NoticeType, RoadClosure, RoadClosureStatus, Spacewalk
from launches.models import (
    FirstStage,
    FirstStageType,
    Landing,
    LandingType,
    Launch,
    LaunchStatus,
    MissionType,
    NetPrecision,
    SpacecraftFlight,
    TimelineEvent,
    TimelineEventType,
)
from media_assets.models import ImageLicense, ImageVariantType, InfoURLType, Language, VidURLType
from places.models import CelestialBodyType, LandingLocation, Location, Orbit, Pad
from spacedevs.statistics.recompute import recompute
from stations.models import Expedition, SpaceStation, SpaceStationStatus, SpaceStationType
from vehicles.models import (
    Launcher,
    LauncherConfig,
    LauncherStatus,
    PayloadType,
    Spacecraft,
    SpacecraftConfig,
    SpacecraftConfigType,
    SpacecraftStatus,
)

FILES = sorted((settings.BASE_DIR / "fixtures").glob("*.json"))
OURS = 900001  # the first id that is not upstream's
APPS = "agencies", "crew", "docking", "events", "launches", "media_assets", "places", "stations", "vehicles"
RECORDED = datetime(2026, 7, 15, 1, 21, tzinfo=UTC)  # what is docked, and who is in space, is as of then
NOT_FLOWN, FAILED = (1, 2, 5, 8), 4  # launch statuses
DEAD = 4, 5, 6, 11  # astronaut statuses
WORDS = "bio", "capability", "comment", "description", "details", "failreason", "history"

CONFIG = {
    "agency_types": AgencyType,
    "astronaut_roles": AstronautRole,
    "astronaut_statuses": AstronautStatus,
    "astronaut_types": AstronautType,
    "celestial_body_types": CelestialBodyType,
    "countries": Country,
    "docking_locations": DockingLocation,
    "event_types": EventType,
    "first_stage_types": FirstStageType,
    "image_licenses": ImageLicense,
    "image_variant_types": ImageVariantType,
    "infourl_types": InfoURLType,
    "landing_locations": LandingLocation,
    "landing_types": LandingType,
    "languages": Language,
    "launch_statuses": LaunchStatus,
    "launcher_statuses": LauncherStatus,
    "mission_types": MissionType,
    "net_precisions": NetPrecision,
    "notice_types": NoticeType,
    "orbits": Orbit,
    "payload_types": PayloadType,
    "program_types": ProgramType,
    "road_closure_statuses": RoadClosureStatus,
    "space_station_statuses": SpaceStationStatus,
    "spacecraft_configuration_types": SpacecraftConfigType,
    "spacecraft_statuses": SpacecraftStatus,
    "timeline_event_types": TimelineEventType,
    "vidurl_types": VidURLType,
}

LOOKUPS = {  # what SOURCES.md says of their ids
    AgencyType: "1 Government, 2 Multinational, 3 Commercial, 4 Educational, 5 Private, 6 Unknown",
    FirstStageType: "1 Core, 2 Strap-On Booster",
    LaunchStatus: "1 Go for Launch, 2 To Be Determined, 3 Launch Successful, 4 Launch Failure, 5 On Hold, "
    "6 Launch in Flight, 7 Launch was a Partial Failure, 8 To Be Confirmed, 9 Payload Deployed",
    LandingType: "1 Autonomous Spaceport Drone Ship, 2 Return to Launch Site, 3 Ocean, 4 Parachute Landing, "
    "6 Horizontal Landing, 7 Destructive Reentry, 8 Expended, 9 Vertical Landing, 10 Parafoil Landing",
    MissionType: "1 Earth Science, 2 Planetary Science, 3 Astrophysics, 4 Heliophysics, 5 Human Exploration, "
    "6 Robotic Exploration, 7 Government/Top Secret, 8 Tourism, 9 Unknown, 10 Communications, 11 Resupply, "
    "12 Suborbital, 13 Test Flight, 14 Dedicated Rideshare, 15 Navigation",
    NetPrecision: "0 Second, 1 Minute, 2 Hour, 3 Morning, 4 Afternoon, 5 Day, 6 Week, 7 Month, 8 Quarter 1, "
    "9 Quarter 2, 10 Quarter 3, 11 Quarter 4, 12 Year Half 1, 13 Year Half 2, 14 Year, 15 Fiscal Year, 16 Decade",
    SpaceStationStatus: "1 Active, 2 De-Orbited, 3 Decommissioned",
    SpaceStationType: "2 Government, 3 Commercial",
    SpacecraftConfigType: "2 Capsule, 3 Spaceplane, 4 Cargo Resupply, 5 Mass Simulator, 6 Reuseable Upper Stage, "
    "7 Lander",
    SpacecraftStatus: "1 Active, 2 Retired, 3 Destroyed, 4 Single Use",
}

SOVIET = RUSSIAN = [63]
STATIONS = {  # owners and ports
    "Salyut 1": (SOVIET, [27]),
    "Salyut 2": (SOVIET, []),
    "Salyut 3": (SOVIET, [26]),
    "Salyut 4": (SOVIET, [25]),
    "Salyut 5": (SOVIET, [22]),
    "Salyut 6": (SOVIET, [4, 9]),
    "Salyut 7": (SOVIET, [35, 36]),
    "Skylab": ([44], [28]),
    "Mir": (RUSSIAN, [6, 7, 8, 10, 11, 29, 37]),
    "International Space Station": (
        [16, 27, 37, 44, 63],
        [1, 2, 3, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 30, 38, 39, 40, 42],
    ),
    "Genesis I": ([140], []),
    "Genesis II": ([140], []),
    "Tiangong 1": ([17], [34]),
    "Tiangong 2": ([17], [31]),
    "Tiangong space station": ([88], [32, 33, 41]),
}
NAMED = {  # what a recorded answer calls a row of a table
    Agency: ("agency", "agencies", "launch_service_provider", "manufacturer", "operator", "owners"),
    Astronaut: ("astronaut",),
    LandingLocation: ("landing_location",),
    Launch: ("launch",),
    LauncherConfig: ("launcher_config", "configuration"),
    Orbit: ("orbit",),
    Program: ("program",),
}

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sample")]


@pytest.fixture(scope="module")
def sample(django_db_setup, django_db_blocker):
    """All fixtures, loaded once for this module and rolled back after it."""
    with django_db_blocker.unblock(), transaction.atomic():
        call_command("loaddata", *FILES, verbosity=0)
        recompute()
        yield
        transaction.set_rollback(True)


def rows():
    """Every row that the fixtures have put in."""
    models = {row["model"] for file in FILES for row in json.loads(file.read_text("utf-8"))}
    return [row for name in sorted(models) for row in apps.get_model(name).objects.all()]


def dockings():
    return DockingEvent.objects.select_related(
        "docking_location",
        *TARGETS,
        *CHASERS,
        *(f"{name}__launch" for name in (*TARGETS, *CHASERS) if "station" not in name),
    )


def launch_of(vehicle):
    return getattr(vehicle, "launch", None)  # a station has none


def overlaps(events):
    """Pairs of stays of which the second begins before the first has ended."""
    events = sorted(events, key=lambda event: event.docking)
    return [
        (first.id, second.id)
        for first, second in pairwise(events)
        if not first.departure or first.departure > second.docking
    ]


# The tables


def test_no_table_that_the_contract_lists_under_config_is_empty():
    assert [path for path, model in CONFIG.items() if not model.objects.exists()] == []


def test_every_lookup_that_the_contract_knows_is_here(contract):
    paths = {path.split("/")[3] for path in contract["paths"] if path.startswith("/2.3.0/config/")}
    assert set(CONFIG) == paths


def test_every_table_has_rows_so_that_every_endpoint_has_something_to_show():
    models = [model for app in APPS for model in apps.get_app_config(app).get_models()]
    assert [model._meta.label for model in models if not model.objects.exists()] == []


@pytest.mark.parametrize("model", LOOKUPS)
def test_a_lookup_has_the_documented_ids(model):
    assert ", ".join(f"{row.id} {row}" for row in model.objects.order_by("id")) == LOOKUPS[model]


def test_every_row_would_be_accepted_by_the_admin():
    for row in rows():
        row.full_clean(validate_unique=False, validate_constraints=False)


def test_every_address_is_one():
    wrong = []
    for row in rows():
        for field in row._meta.fields:
            value = getattr(row, field.name) if re.search(r"(url|link|image|wiki)$", field.name) else None
            if isinstance(value, str) and value and not re.fullmatch(r"https?://[!-~]+\.[!-~]+", value):
                wrong.append((row._meta.label, row.pk, field.name, value))
    assert wrong == []


def test_the_files_can_be_edited_by_hand():
    """Sorted, indented, not escaped, and small enough to read."""
    untidy = []
    for file in FILES:
        text = file.read_text("utf-8")
        data = json.loads(text)
        order = [(row["model"], row["pk"]) for row in data]
        if order != sorted(order) or "\\u" in text or not text.startswith('[\n {\n  "model": "'):
            untidy.append(file.name)
    assert untidy == []
    assert sum(file.stat().st_size for file in FILES) < 1_000_000


# Stations and their dockings


def test_all_fifteen_stations_have_their_owners_and_ports():
    assert {
        station.name: (
            [owner.id for owner in station.owners.order_by("id")],
            [port.id for port in station.docking_location.order_by("id")],
        )
        for station in SpaceStation.objects.all()
    } == STATIONS


def test_there_are_more_than_sixty_dockings():
    assert DockingEvent.objects.count() >= 60


def test_there_is_a_docking_of_every_kind_of_target_and_of_chaser():
    events = dockings()
    assert {name for event in events for name in TARGETS if getattr(event, name)} == set(TARGETS)
    assert {name for event in events for name in CHASERS if getattr(event, name)} == set(CHASERS)


def named(value, key=""):
    """All objects in a JSON value that have an id and a name, each with the key that it stands under."""
    for name, part in value.items() if isinstance(value, dict) else ((key, each) for each in value):
        if isinstance(part, dict | list):
            yield from named(part, name)
    if isinstance(value, dict) and isinstance(value.get("name"), str) and "id" in value:
        yield key, value


def test_what_a_recorded_answer_names_has_upstreams_id(shared):
    """So that a mirror or an import finds it."""
    answers = (json.loads(file.read_text("utf-8")) for file in shared.glob("golden*/*.json"))
    recorded = [pair for answer in answers for pair in named(answer)]
    assert len(recorded) > 10_000
    doubled = []
    for model, keys in NAMED.items():
        names = {row["name"] for key, row in recorded if key in keys}
        is_ours = {"pk__gte": OURS} if model is not Launch else {"slug__in": [slugify(name)[:50] for name in names]}
        for row in model.objects.filter(**is_ours):
            if str(row) in names and not (model is Launch and row.pk.version != 5):
                doubled.append((model.__name__, str(row)))
    assert doubled == []


def test_stations_count_the_vehicles_that_are_docked_now():
    now = Counter(dockings().filter(departure=None).values_list("space_station_target__name", flat=True))
    assert {station.name: station.docked_vehicles for station in SpaceStation.objects.all()} == {
        name: now[name] for name in STATIONS
    }


def test_nothing_docks_before_its_launch_or_leaves_before_it_docks_or_after_its_end():
    wrong = []
    for event in dockings():
        for vehicle in (event.target, event.chaser):
            launch, end = launch_of(vehicle), getattr(vehicle, "mission_end", None)
            if launch and launch.net >= event.docking:
                wrong.append((event.id, "before launch"))
            if end and not (event.departure and event.departure <= end):
                wrong.append((event.id, "after the end"))
        if event.departure and event.departure <= event.docking:
            wrong.append((event.id, "left before it came"))
    assert wrong == []


def test_a_port_belongs_to_what_is_docked_at():
    wrong = []
    for event in dockings():
        port, target = event.docking_location, event.target
        owner = {
            "space_station_target": lambda port=port: port.spacestation,
            "flight_vehicle_target": lambda port=port: port.spacecraft,
            "payload_flight_target": lambda port=port: port.payload,
        }[next(name for name in TARGETS if getattr(event, name))]()
        of_target = getattr(target, "payload", None) or target
        of_target = target.spacecraft.spacecraft_config if hasattr(target, "spacecraft") else of_target
        if owner != of_target:
            wrong.append((event.id, port.name))
    assert wrong == []


def test_the_ports_that_are_free_are_those_that_a_ship_could_take():
    taken = set(dockings().filter(departure=None).values_list("docking_location", flat=True))
    active = SpaceStation.objects.filter(status__name="Active")
    assert {
        station.name: [port.name for port in ports_for_ships(station.pk) if port.pk not in taken] for station in active
    } == {
        "International Space Station": ["Harmony forward", "Harmony nadir"],
        "Tiangong space station": ["Tianhe forward"],
    }


def test_no_port_holds_two_vehicles_at_once():
    stays = defaultdict(list)
    for event in dockings():
        stays[event.docking_location, event.target].append(event)
    assert [pair for events in stays.values() for pair in overlaps(events)] == []


def test_no_vehicle_is_docked_at_two_places_at_once():
    stays = defaultdict(list)
    for event in dockings():
        stays[event.chaser].append(event)
    assert [pair for events in stays.values() for pair in overlaps(events)] == []


# Launches and flights


def test_every_launch_is_complete_and_named_as_upstream_names_it():
    """Rocket | mission; a slug of at most 50 characters."""
    parts = "status", "net", "net_precision", "pad", "rocket", "launch_service_provider", "mission", "last_updated"
    wrong = []
    for launch in Launch.objects.select_related("rocket__configuration", "mission"):
        if missing := [part for part in parts if getattr(launch, part) is None]:
            wrong.append((launch.name, missing))
        elif launch.name != f"{launch.rocket.configuration.full_name} | {launch.mission.name}":
            wrong.append((launch.name, "name"))
        if launch.slug != slugify(launch.name)[:50]:
            wrong.append((launch.name, launch.slug))
    assert wrong == []


def test_a_flight_lasts_from_its_launch_to_its_end():
    wrong = [
        (flight.id, str(flight))
        for flight in SpacecraftFlight.objects.select_related("launch", "spacecraft")
        if flight.mission_end and flight.duration != flight.mission_end - flight.launch.net
    ]
    assert wrong == []


def test_a_ship_that_flew_once_was_in_space_and_docked_as_long_as_its_flight_says():
    wrong = []
    for ship in Spacecraft.objects.filter(flights_count=1, mission_ends_count=1):
        [flight] = ship.flights.all()
        docked = [event.departure - event.docking for event in flight.docking_events_chaser.all()]
        if ship.time_in_space != (timedelta() if flight.launch.status_id == FAILED else flight.duration):
            wrong.append((ship.name, "time in space"))
        if ship.time_docked != sum(docked, timedelta()):
            wrong.append((ship.name, "time docked"))
    assert wrong == []


def test_ships_in_space_are_those_that_are_docked_now():
    docked = dockings().filter(departure=None).exclude(flight_vehicle_chaser=None)
    assert set(Spacecraft.objects.filter(in_space=True)) == {event.chaser.spacecraft for event in docked}


def test_what_has_not_flown_is_still_to_come():
    """Every launch has a time that fits its status, and there are some to look forward to."""
    waiting = Launch.objects.filter(status__in=NOT_FLOWN)
    assert waiting.filter(net__lte=RECORDED).count() == 0
    assert Launch.objects.exclude(status__in=NOT_FLOWN).filter(net__gt=RECORDED).count() == 0
    assert waiting.values("net_precision").distinct().count() >= 6


def test_upcoming_does_not_run_dry_for_years():
    """As far ahead as agencies have announced."""
    ahead = Launch.objects.filter(status__in=NOT_FLOWN).values_list("net__year", flat=True)
    assert {*range(2026, 2032), 2035} <= {*ahead}
    assert len([year for year in ahead if year >= 2028]) >= 10


def test_a_plan_stands_at_the_end_of_the_time_that_was_announced():
    ends = {
        "Quarter 1": {3},
        "Quarter 2": {6},
        "Quarter 3": {9},
        "Quarter 4": {12},
        "Month": {*range(1, 13)},
        "Year Half 1": {6},
        "Year Half 2": {12},
        "Year": {12},
        "Fiscal Year": {3},
    }
    plans = Launch.objects.filter(status__in=NOT_FLOWN).exclude(net_precision__name="Day")
    wrong = [
        plan.name
        for plan in plans.select_related("net_precision")
        if (plan.net + timedelta(days=1)).day != 1 or plan.net.month not in ends[plan.net_precision.name]
    ]
    assert wrong == []


def test_a_window_holds_the_time_of_its_launch():
    wrong = [
        launch.name
        for launch in Launch.objects.exclude(window_start=None, window_end=None)
        if not launch.window_start <= launch.net <= launch.window_end
    ]
    assert wrong == []


def test_a_timeline_has_one_liftoff_at_zero_and_counts_down_before_it():
    timelines = defaultdict(list)
    for step in TimelineEvent.objects.select_related("type"):
        timelines[step.launch_id].append((step.type.abbrev, step.relative_time))
    assert len(timelines) >= 2
    for steps in timelines.values():
        assert [time for name, time in steps if name == "Liftoff"] == [timedelta()]
        assert [time for _, time in steps] == sorted(time for _, time in steps)


# Stages and landings


def test_only_what_tried_to_land_has_landed():
    """And a landing is of one thing."""
    wrong = []
    for landing in Landing.objects.select_related("firststage", "spacecraftflight", "payloadflight"):
        owners = [name for name in ("firststage", "spacecraftflight", "payloadflight") if hasattr(landing, name)]
        if len(owners) != 1:
            wrong.append((landing.id, owners))
        if landing.success is not None and not landing.attempt:
            wrong.append((landing.id, "success without an attempt"))
        if landing.attempt and landing.landing_location is None:
            wrong.append((landing.id, "where?"))
    assert wrong == []


def test_stages_count_their_flights_in_order():
    wrong = []
    for launcher in Launcher.objects.prefetch_related("first_stages__launch"):
        stages = sorted(launcher.first_stages.all(), key=lambda stage: stage.launch.net)
        numbers = [stage.launcher_flight_number for stage in stages]
        if numbers != sorted(set(numbers)) or [stage.reused for stage in stages] != [n > 1 for n in numbers]:
            wrong.append((launcher.serial_number, numbers))
        if max(numbers, default=0) > launcher.flights:
            wrong.append((launcher.serial_number, "more flights than it made"))
        times = [stage.launch.net for stage in stages]
        first, last = launcher.first_launch_date, launcher.last_launch_date
        if first and (min(times, default=first) < first or (1 in numbers and times[0] != first)):
            wrong.append((launcher.serial_number, "first launch"))
        if last and max(times, default=last) > last:
            wrong.append((launcher.serial_number, "last launch"))
        if launcher.flights > 1 and not launcher.flight_proven:  # which may be by flights that are not here
            wrong.append((launcher.serial_number, "proven"))
    assert wrong == []


def test_a_stage_turns_around_between_two_of_its_flights():
    for stage in FirstStage.objects.exclude(previous_flight=None):
        assert stage.previous_flight.first_stages.filter(
            launcher=stage.launcher, launcher_flight_number=stage.launcher_flight_number - 1
        ).exists()
        assert stage.previous_flight_date == stage.previous_flight.net
        assert stage.turn_around_time == stage.launch.net - stage.previous_flight.net


# Crews


def seats_of_flights():
    """Of each seat the flights that it went up, was aboard and came down in."""
    seats = defaultdict(lambda: {"launch_crew": [], "onboard_crew": [], "landing_crew": []})
    for flight in SpacecraftFlight.objects.select_related("launch").prefetch_related(
        "launch_crew", "onboard_crew", "landing_crew"
    ):
        for name in ("launch_crew", "onboard_crew", "landing_crew"):
            for seat in getattr(flight, name).all():
                seats[seat][name].append(flight)
    return seats


def test_who_goes_up_or_comes_down_is_aboard():
    wrong = []
    for seat, flights in seats_of_flights().items():
        if not {*flights["launch_crew"], *flights["landing_crew"]} <= set(flights["onboard_crew"]):
            wrong.append(str(seat))
    assert wrong == []


def test_nobody_goes_up_twice_in_one_seat_or_comes_down_before_going_up():
    wrong = []
    for seat, flights in seats_of_flights().items():
        ups, downs = {flight.launch for flight in flights["launch_crew"]}, flights["landing_crew"]
        if len(ups) > 1 or any(not flight.mission_end for flight in downs):
            wrong.append(str(seat))
        if any(up.net >= down.mission_end for up in ups for down in downs):
            wrong.append((str(seat), "down before up"))
    assert wrong == []


def test_nobody_is_in_two_flights_at_once():
    """By what the flights say, from launch to landing."""
    stays = defaultdict(list)
    for seat, flights in seats_of_flights().items():
        start = min((flight.launch.net for flight in flights["launch_crew"]), default=None)
        end = max((flight.mission_end for flight in flights["landing_crew"]), default=None)
        stays[seat.astronaut].append((start or end, end or start))
    wrong = []
    for astronaut, times in stays.items():
        wrong += [astronaut.name for one, two in pairwise(sorted(times)) if one[1] > two[0]]
    assert wrong == []


def test_those_in_space_are_aboard_ships_that_have_not_landed():
    aboard = {
        seat.astronaut
        for seat, flights in seats_of_flights().items()
        if any(flight.mission_end is None for flight in flights["onboard_crew"])
    }
    assert set(Astronaut.objects.filter(in_space=True)) == aboard
    assert len(aboard) == 13


def test_a_life_holds_its_flights():
    """Born before the first and alive until after the last, which the dates and the number of flights allow for."""
    wrong = []
    flown = defaultdict(list)
    for seat, flights in seats_of_flights().items():
        flown[seat.astronaut_id] += {flight.launch.net for flight in flights["launch_crew"]}
    for person in Astronaut.objects.all():
        times = sorted(flown[person.id])
        first, last = person.first_flight, person.last_flight
        if times and ((first or times[0]) > times[0] or (last or times[-1]) < times[-1]):
            wrong.append((person.name, "first or last flight"))
        if person.flights_count is not None and len(times) > person.flights_count:
            wrong.append((person.name, "flights"))
        dates = [time.date() for time in (first, last, *times) if time]
        if person.date_of_birth and dates and min(dates) < person.date_of_birth + timedelta(days=20 * 365):
            wrong.append((person.name, "born"))
        if person.date_of_death and dates and max(dates) > person.date_of_death:
            wrong.append((person.name, "died"))
        if person.date_of_death and person.status_id not in DEAD:
            wrong.append((person.name, "status"))
    assert wrong == []


def test_time_in_space_is_that_of_the_flights():
    times, seats = defaultdict(timedelta), seats_of_flights()
    for seat, flights in seats.items():
        for up in {flight.launch.net for flight in flights["launch_crew"]}:
            down = max((flight.mission_end for flight in flights["landing_crew"]), default=up)
            times[seat.astronaut] += down - up
    landed = Astronaut.objects.filter(in_space=False, flights_count__gt=0)
    assert len(times) > 100
    assert {person.name: person.time_in_space for person in landed} == {
        person.name: times[person] for person in landed
    }


def test_everybody_has_flown_as_often_as_their_seats_say_and_nobody_who_flew_is_said_not_to_have():
    """Who is in an expedition or a spacewalk was brought up by a flight that is here."""
    grounded = Astronaut.objects.filter(flights_count=0)
    seated = grounded.filter(seats__isnull=False).distinct()
    assert [person.name for person in seated] == []
    assert [person.name for person in grounded.filter(status__in=DEAD)] == []


def test_who_has_flown_longest_is_who_has():
    """Of his five flights all are here: 1110 days, 14 hours and 57 minutes, as is generally known."""
    longest = max(Astronaut.objects.all(), key=lambda person: person.time_in_space)
    assert (longest.name, longest.flights_count) == ("Oleg Kononenko", 5)
    assert abs(longest.time_in_space - timedelta(days=1110, hours=14, minutes=57)) < timedelta(minutes=5)


def test_a_crewed_ship_that_is_docked_has_a_crew():
    crewed = "Soyuz", "Shenzhou", "Crew Dragon", "Starliner"
    empty = [
        event.chaser.spacecraft.name
        for event in dockings().filter(departure=None).exclude(flight_vehicle_chaser=None)
        if event.chaser.spacecraft.name.startswith(crewed) and not event.chaser.onboard_crew.exists()
    ]
    assert empty == []


def test_stations_ended_after_their_last_visitor():
    ended = SpaceStation.objects.exclude(deorbited=None)
    last = dict(dockings().values_list("space_station_target").annotate(last=Max("departure")).order_by())
    assert [row.name for row in ended if row.pk in last and last[row.pk].date() > row.deorbited] == []
    assert {row.name: row.deorbited.year for row in ended}["Salyut 5"] == 1977


def test_expeditions_last_until_now_only_where_the_recording_says_so():
    assert {str(expedition) for expedition in Expedition.objects.filter(end=None)} == {"Expedition 74", "Shenzhou 23"}
    assert [str(row) for row in Expedition.objects.exclude(end=None) if row.end <= row.start] == []


def test_a_crew_of_an_expedition_is_in_space_during_it():
    flights, wrong = seats_of_flights(), []
    for expedition in Expedition.objects.prefetch_related("crew"):
        start, end = expedition.start, expedition.end or RECORDED
        for seat in expedition.crew.all():
            ups = [flight.launch.net for flight in flights.get(seat, {}).get("launch_crew", ())]
            downs = [flight.mission_end for flight in flights.get(seat, {}).get("landing_crew", ())]
            if any(up >= end for up in ups) or any(down <= start for down in downs):
                wrong.append((str(expedition), str(seat)))
    assert wrong == []


def test_expeditions_have_a_commander():
    wrong = [
        str(expedition)
        for expedition in Expedition.objects.exclude(crew=None).distinct()
        if not expedition.crew.filter(role__role__endswith="Commander").exists()
    ]
    assert wrong == []


def test_a_spacewalk_lasts_from_its_start_to_its_end_while_its_people_are_there():
    wrong = []
    for walk in Spacewalk.objects.select_related("expedition", "spacecraft_flight__launch"):
        if walk.duration != walk.end - walk.start or not timedelta() < walk.duration < timedelta(hours=10):
            wrong.append((walk.name, "duration"))
        if not walk.crew.exists():
            wrong.append((walk.name, "nobody"))
        expedition, flight = walk.expedition, walk.spacecraft_flight
        if expedition and not (expedition.start <= walk.start and walk.end <= (expedition.end or RECORDED)):
            wrong.append((walk.name, "expedition"))
        if expedition and expedition.spacestation != walk.spacestation:
            wrong.append((walk.name, "station"))
        if flight and not (flight.launch.net <= walk.start and walk.end <= (flight.mission_end or RECORDED)):
            wrong.append((walk.name, "flight"))
    assert wrong == []
    assert Spacewalk.objects.count() >= 12


# Events


def test_events_are_named_by_their_slugs_and_some_are_to_come():
    assert [str(event) for event in Event.objects.all() if event.slug != slugify(event.name)] == []
    assert Event.objects.filter(date__gt=RECORDED).count() >= 3
    assert Event.objects.filter(date__lte=RECORDED).count() >= 10


def test_roads_are_closed_for_less_than_a_day():
    closed = {str(row): row.window_end - row.window_start for row in RoadClosure.objects.all()}
    assert [name for name, time in closed.items() if not timedelta() < time < timedelta(days=1)] == []


# Places


def test_all_the_world_is_here():
    assert (Location.objects.count(), Pad.objects.count(), SpacecraftConfig.objects.count()) == (68, 247, 46)


def test_a_pads_map_shows_its_coordinates():
    mapped = Pad.objects.exclude(map_url=None)
    assert {pad.id: pad.map_url for pad in mapped} == {
        pad.id: f"https://www.google.com/maps?q={pad.latitude},{pad.longitude}" for pad in mapped
    }
    assert mapped.count() > 220


# The words


def words_of(text):
    return re.findall(r"[\w']+", text.lower())


def runs(text, length=8):
    words = words_of(text)
    return {tuple(words[start : start + length]) for start in range(len(words) - length + 1)}


def texts(value):
    """All strings in a JSON value."""
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for part in inner for text in texts(part)]


def test_no_description_is_upstreams(shared):
    """None equals a recorded text, nor has eight words in a row from one."""
    recorded = [
        text for file in (shared / "golden").glob("*.json") for text in texts(json.loads(file.read_text("utf-8")))
    ]
    whole, parts = set(recorded), set().union(*map(runs, recorded))
    ours = [(row, getattr(row, name, None) or "") for row in rows() for name in WORDS]
    assert [str(row) for row, text in ours if text and (text in whole or runs(text) & parts)] == []
