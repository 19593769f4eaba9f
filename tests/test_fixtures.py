"""The sample data in fixtures/ agree with themselves, and every sentence in them is our own."""

import json
import re
from collections import Counter, defaultdict
from itertools import pairwise

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import transaction
from django.utils.text import slugify

from agencies.models import AgencyType, Country, ProgramType
from crew.models import AstronautRole, AstronautStatus, AstronautType
from docking.models import CHASERS, TARGETS, DockingEvent, DockingLocation
from events.models import EventType, NoticeType, RoadClosureStatus
from launches.models import (
    FirstStageType,
    LandingType,
    Launch,
    LaunchStatus,
    MissionType,
    NetPrecision,
    SpacecraftFlight,
    TimelineEventType,
)
from media_assets.models import ImageLicense, ImageVariantType, InfoURLType, Language, VidURLType
from places.models import CelestialBodyType, LandingLocation, Orbit, Pad
from stations.models import SpaceStation, SpaceStationStatus, SpaceStationType
from vehicles.models import LauncherStatus, PayloadType, Spacecraft, SpacecraftConfigType, SpacecraftStatus

FILES = sorted((settings.BASE_DIR / "fixtures").glob("*.json"))
OURS = 900001  # the first id that is not upstream's

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
    LandingType: "1 Autonomous Spaceport Drone Ship, 2 Return to Launch Site, 3 Ocean, 7 Destructive Reentry, "
    "900001 Parachute Landing, 900002 Horizontal Landing, 900003 Vertical Landing",
    MissionType: "1 Earth Science, 2 Planetary Science, 3 Astrophysics, 4 Heliophysics, 5 Human Exploration, "
    "6 Robotic Exploration, 7 Government/Top Secret, 8 Tourism, 9 Unknown, 10 Communications, 11 Resupply, "
    "12 Suborbital, 13 Test Flight, 14 Dedicated Rideshare, 15 Navigation",
    SpaceStationStatus: "1 Active, 2 De-Orbited, 3 Decommissioned",
    SpaceStationType: "2 Government, 3 Commercial",
    SpacecraftConfigType: "2 Capsule, 3 Spaceplane, 4 Cargo Resupply, 5 Mass Simulator, 6 Reuseable Upper Stage, "
    "7 Lander",
    SpacecraftStatus: "1 Active, 2 Retired, 4 Single Use, 900001 Destroyed",
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
RECORDED_EVENTS = {  # upstream's id: the port
    151: "Zvezda aft",
    634: "Rassvet nadir",
    635: "Harmony zenith",
    636: "Poisk zenith",
    637: "Unity nadir",
    638: "Zvezda aft",
    639: "Tianhe aft",
    641: "Tianhe nadir",
    642: "Prichal nadir",
}

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sample")]


@pytest.fixture(scope="module")
def sample(django_db_setup, django_db_blocker):
    """All fixtures, loaded once for this module and rolled back after it."""
    with django_db_blocker.unblock(), transaction.atomic():
        call_command("loaddata", *FILES, verbosity=0)
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


@pytest.mark.parametrize("model", LOOKUPS)
def test_a_lookup_has_the_documented_ids(model):
    assert ", ".join(f"{row.id} {row}" for row in model.objects.order_by("id")) == LOOKUPS[model]


def test_every_row_would_be_accepted_by_the_admin():
    for row in rows():
        row.full_clean(validate_unique=False, validate_constraints=False)


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


def test_recorded_dockings_keep_upstreams_ids():
    recorded = dockings().filter(id__lt=OURS)
    assert {event.id: event.docking_location.name for event in recorded} == RECORDED_EVENTS


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
        if flight.duration != (flight.mission_end - flight.launch.net if flight.mission_end else None)
    ]
    assert wrong == []


def test_a_ship_that_flew_once_was_in_space_and_docked_as_long_as_its_flight_says():
    wrong = []
    for ship in Spacecraft.objects.filter(flights_count=1, mission_ends_count=1):
        [flight] = ship.flights.all()
        docked = [event.departure - event.docking for event in flight.docking_events_chaser.all()]
        if ship.time_in_space != flight.duration:
            wrong.append((ship.name, "time in space"))
        if ship.time_docked not in (None, sum(docked[1:], docked[0]) if docked else None):
            wrong.append((ship.name, "time docked"))
    assert wrong == []


def test_ships_in_space_are_those_that_are_docked_now():
    docked = dockings().filter(departure=None).exclude(flight_vehicle_chaser=None)
    assert set(Spacecraft.objects.filter(in_space=True)) == {event.chaser.spacecraft for event in docked}


def test_a_pads_map_shows_its_coordinates():
    assert {pad.id: pad.map_url for pad in Pad.objects.all()} == {
        pad.id: f"https://www.google.com/maps?q={pad.latitude},{pad.longitude}" for pad in Pad.objects.all()
    }


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
    ours = [(row, getattr(row, "description", None) or "") for row in rows()]
    assert [str(row) for row, text in ours if text and (text in whole or runs(text) & parts)] == []
