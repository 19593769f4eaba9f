"""What the index asks editors to look at."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse

from crew.models import AstronautFlight
from docking.models import DockingEvent
from events.models import Spacewalk
from launches.models import LandingType, Launch, LaunchStatus, SpacecraftFlight
from media_assets.models import Image, ImageLicense
from stations.models import Expedition, SpaceStation
from tests.support.admin import page
from tests.support.factories import astronaut, docking_event, image, landing, launch, row, space_station
from vehicles.models import Spacecraft

pytestmark = pytest.mark.django_db
PAST, FUTURE = datetime(2024, 3, 4, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)


def index(client):
    return client.get(reverse("admin:index")).context["attention"]


def listed(client, address):
    return list(client.get(address).context["cl"].result_list)


def asked(editor, model, name):
    """The rows that one concern of the index leads to; none where the index says nothing of it."""
    address = f"{page(model, 'changelist')}?attention={name}"
    (concern,) = [each for each in index(editor) if each["address"] == address] or [None]
    rows = listed(editor, address)
    assert (concern["count"] if concern else 0) == len(rows)
    return rows


def test_nothing_needs_attention_where_nothing_is(editor):
    assert index(editor) == []
    assert "No problems found." in editor.get(reverse("admin:index")).text


def test_stays_of_ships_that_have_landed(editor):
    down = landing(type=row(LandingType), success=True)
    over = docking_event(flight_vehicle_chaser__mission_end=PAST)
    landed = docking_event(flight_vehicle_chaser__landing=down)
    docking_event(flight_vehicle_chaser__mission_end=FUTURE)
    docking_event(flight_vehicle_chaser__mission_end=PAST, departure=PAST)
    docking_event()
    assert set(asked(editor, DockingEvent, "landed")) == {over, landed}


def test_stays_that_began_before_the_launch_of_who_docks(editor):
    early = docking_event(flight_vehicle_chaser__launch__net=FUTURE, docking=PAST)
    docking_event(flight_vehicle_chaser__launch__net=PAST, docking=PAST)
    docking_event(flight_vehicle_chaser__launch__net=None, docking=PAST)
    assert asked(editor, DockingEvent, "too-early") == [early]


def test_ships_that_are_docked_and_not_in_space(editor):
    grounded = docking_event(flight_vehicle_chaser__spacecraft__recorded_in_space=False).flight_vehicle_chaser
    docking_event(flight_vehicle_chaser__spacecraft__recorded_in_space=True)
    docking_event(flight_vehicle_chaser__spacecraft__recorded_in_space=False, departure=PAST)
    assert asked(editor, Spacecraft, "not-in-space") == [grounded.spacecraft]


@pytest.mark.parametrize(
    ("model", "crew"),
    [
        (SpacecraftFlight, "launch_crew"),
        (SpacecraftFlight, "onboard_crew"),
        (SpacecraftFlight, "landing_crew"),
        (Expedition, "crew"),
        (Spacewalk, "crew"),
    ],
)
def test_crews_in_which_somebody_has_two_seats(model, crew, editor):
    person = astronaut()
    commander, same_person = (row(AstronautFlight, astronaut=person) for _ in range(2))
    other = row(AstronautFlight)
    wrong, right = row(model), row(model)
    getattr(wrong, crew).set([commander, same_person, other])
    getattr(right, crew).set([commander, other])
    assert asked(editor, model, "seated-twice") == [wrong]


def test_launches_that_are_past_their_time_and_still_go(editor):
    go, success = row(LaunchStatus, abbrev="Go"), row(LaunchStatus, abbrev="Success")
    overdue = launch(status=go, net=PAST)
    launch(status=go, net=FUTURE)
    launch(status=success, net=PAST)
    assert asked(editor, Launch, "overdue") == [overdue]


def test_stations_whose_figures_disagree_with_their_stays(editor):
    right, wrong, untold = (space_station(recorded_docked_vehicles=number) for number in (1, 2, None))
    space_station()
    for station in (right, wrong, untold):
        docking_event(space_station_target=station)
        docking_event(space_station_target=station, departure=PAST)
    assert set(asked(editor, SpaceStation, "miscounted")) == {wrong}


def test_stations_whose_figures_disagree_with_who_is_aboard(editor):
    """Somebody in two roles is one person; who was in a ship that has left is not there any more."""
    right, wrong, untold = (space_station(recorded_onboard_crew=number) for number in (2, 3, None))
    commander, engineer, gone = astronaut(), astronaut(), astronaut()
    for station in (right, wrong, untold):
        here = docking_event(space_station_target=station).flight_vehicle_chaser
        left = docking_event(space_station_target=station, departure=PAST).flight_vehicle_chaser
        here.onboard_crew.set(seat(each) for each in (commander, commander, engineer))
        left.onboard_crew.set([seat(gone)])
    assert asked(editor, SpaceStation, "crewed-otherwise") == [wrong]


def seat(of):
    return row(AstronautFlight, astronaut=of)


def test_images_whose_terms_nobody_knows(editor):
    unknown, nameless = row(ImageLicense, name="Unknown", priority=9), row(ImageLicense, name="")
    wanted = {image(license=unknown), image(license=nameless)}
    image()
    assert set(asked(editor, Image, "unlicensed")) == wanted


def test_one_row_is_told_in_the_singular(editor):
    image(license=row(ImageLicense, priority=9))
    assert index(editor)[0]["of"] == "image"


def test_who_edits_no_data_is_asked_nothing(client):
    image(license=row(ImageLicense, priority=9))
    admin = User.objects.create(username="boss", is_staff=True)
    admin.groups.add(Group.objects.get(name="admins"))
    client.force_login(admin)
    assert index(client) == []
