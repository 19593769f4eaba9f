"""Figures that run are right when they are read, and no answer is kept for longer than it holds."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
from django.utils import timezone

from launches.models import LaunchStatus, SpacecraftFlight
from spacedevs.statistics.origin import choose
from spacedevs.statistics.recompute import derive_what_was_told, recompute
from tests.conftest import STARTED
from tests.support import factories
from vehicles.models import Spacecraft

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("derived")]

DAY = timedelta(days=1)
PLANNED = STARTED + 3 * DAY


@pytest.fixture
def up():
    """The flight of a ship that is in space since ten days and docked since eight, and will leave in three."""
    success = LaunchStatus.objects.create(id=3, name="Success")
    launch = factories.launch(net=STARTED - 10 * DAY, status=success)
    person = factories.seat()
    flight = factories.spacecraft_flight(launch=launch, onboard_crew=[person], launch_crew=[person])
    factories.docking_event(flight_vehicle_chaser=flight, docking=STARTED - 8 * DAY, departure=PLANNED)
    recompute()
    return flight


@pytest.fixture
def expires(client):
    """When an answer changes though nothing is written."""

    def ask(address, **parameters):
        response = client.get(f"/2.3.0/{address}", parameters)
        assert response.status_code == 200
        moment = response.get("Expires")
        return moment and parsedate_to_datetime(moment)

    return ask


def test_what_goes_on_is_as_long_as_it_has_lasted(up, get):
    ship = get(f"spacecraft/{up.spacecraft_id}/")
    assert (ship["in_space"], ship["time_in_space"], ship["time_docked"]) == (True, "P10D", "P8D")
    assert get(f"spacecraft_flights/{up.pk}/")["duration"] == "P10D"
    station = get("space_stations/", mode="detailed")["results"][0]
    assert (station["docked_vehicles"], station["onboard_crew"]) == (1, 1)
    assert station["docking_location"][0]["currently_docked"]["departure"] == f"{PLANNED:%Y-%m-%dT%H:%M:%SZ}"


def test_what_was_planned_has_not_happened_yet(up, get):
    up.mission_end = PLANNED
    up.save()
    recompute()
    ship = Spacecraft.objects.get()
    assert (ship.in_space, ship.time_in_space, ship.mission_ends_count) == (True, 10 * DAY, 0)
    assert len(get("docking_events/", docked="true")["results"]) == 1
    assert get("docking_events/", docked="false")["results"] == []


def test_what_has_ended_stands_still(up, get):
    up.mission_end = STARTED - DAY
    up.save()
    up.docking_events_chaser.update(departure=STARTED - 2 * DAY)
    recompute()
    ship = get(f"spacecraft/{up.spacecraft_id}/")
    assert (ship["in_space"], ship["time_in_space"], ship["time_docked"]) == (False, "P9D", "P6D")
    assert get("space_stations/", mode="detailed")["results"][0]["docked_vehicles"] == 0


def test_figures_that_run_are_not_asked_about_when_what_was_told_is_derived(up):
    choose("imported")
    Spacecraft.objects.update(in_space_since=None, recorded_in_space=True, recorded_time_in_space=9 * DAY)
    assert derive_what_was_told()
    assert Spacecraft.objects.get().time_in_space == 10 * DAY


def test_an_answer_that_shows_what_goes_on_holds_until_the_minute_ends(up, expires):
    minute = STARTED + timedelta(minutes=1)  # which stands still here
    assert expires(f"spacecraft/{up.spacecraft_id}/") == expires("docking_events/") == minute


def test_an_answer_that_shows_nothing_of_it_holds_for_longer(up, expires):
    other = factories.spacecraft(name="Vostok 1")
    recompute()
    assert expires(f"spacecraft/{other.pk}/") is None
    assert expires("agencies/") is None
    assert expires("spacecraft/", name="Vostok 1") is None


def test_what_is_ordered_or_chosen_by_it_changes_with_any_row(up, expires):
    other = factories.spacecraft(name="Vostok 1")
    recompute()
    asked = {"name": other.name}
    minute = STARTED + timedelta(minutes=1)
    assert expires("spacecraft/", in_space="false") == minute
    assert expires("spacecraft/", ordering="-time_docked", **asked) == minute
    assert expires("spacecraft/", ordering="-flights_count", **asked) is None


def test_stays_that_are_chosen_by_being_there_change_when_the_next_one_ends(up, expires):
    Spacecraft.objects.update(docked_since=None, in_space_since=None)
    SpacecraftFlight.objects.update(lifted_off=None)
    assert expires("docking_events/", docked="true") == PLANNED
    assert expires("space_stations/", mode="detailed") == PLANNED


def test_figures_that_run_can_be_chosen_and_ordered_by(up, get):
    other = factories.spacecraft()
    recompute()
    ids = [up.spacecraft_id, other.pk]
    assert [each["id"] for each in get("spacecraft/", ordering="-time_in_space")["results"]] == ids
    assert [each["id"] for each in get("spacecraft/", ordering="time_docked")["results"]] == ids[::-1]
    assert [each["id"] for each in get("spacecraft/", in_space="true")["results"]] == ids[:1]
    assert get("space_stations/", docked_vehicles__gte=1)["count"] == 1
    assert get("space_stations/", onboard_crew=0)["count"] == 0
    assert get("astronauts/", in_space="true")["count"] == 1


def test_what_was_told_of_a_figure_that_runs_stays_what_it_was(up, get):
    Spacecraft.objects.update(in_space_since=None, recorded_in_space=True, recorded_time_in_space=timedelta(hours=1))
    ship = get(f"spacecraft/{up.spacecraft_id}/")
    assert (ship["in_space"], ship["time_in_space"]) == (True, "PT1H")


def test_a_birthday_ends_an_answer_at_midnight(expires):
    factories.astronaut(date_of_birth=datetime(1934, 3, 9, tzinfo=UTC).date())
    midnight = (timezone.now() + DAY).replace(hour=0, minute=0, second=0, microsecond=0)
    assert expires("astronauts/") == midnight
    gagarin = factories.astronaut(name="Gagarin", date_of_death=datetime(1968, 3, 27, tzinfo=UTC).date())
    assert expires(f"astronauts/{gagarin.pk}/") is None
