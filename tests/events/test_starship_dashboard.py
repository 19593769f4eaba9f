"""The dashboard of Starship: one object, put together from what belongs to the program of that name."""

from datetime import timedelta

import pytest
from django.utils import timezone

from events.models import LiveStream, RoadClosure
from spacedevs.api.views import Endpoint
from spacedevs.sync.importing.records import ingest_each, records
from tests.support import factories

pytestmark = pytest.mark.django_db

NOW = timezone.now().replace(microsecond=0)
SOON, AGO = NOW + timedelta(days=9), NOW - timedelta(days=9)


@pytest.fixture
def program():
    return factories.program(name="SpaceX Starship")


@pytest.fixture
def world(program):
    """A launch and an event to come and two of each past, of the program; and as many of none."""
    rocket = factories.launcher_config(program=[program])
    for moment in (SOON, AGO, AGO - timedelta(days=1)):
        launch = factories.launch(net=moment, name=f"Starship at {moment:%d}", program=[program])
        event = factories.event(date=moment, name=f"Test at {moment:%d}", program=[program])
        factories.launch(net=moment)
        factories.event(date=moment)
    factories.spacecraft_flight(launch=launch, spacecraft__name="Ship 24")
    factories.spacecraft_flight(spacecraft__name="Dragon")
    factories.launcher(launcher_config=rocket, serial_number="B7")
    factories.launcher(serial_number="B1058")
    for about in ({"launch": launch}, {"event": event}, {"program": program}, {}):
        factories.update(comment=", ".join(about) or "nothing", **about)
    for made in (factories.road_closure, factories.notice, factories.live_stream):
        made()


def shown(rows, key):
    return [row[key] for row in rows]


@pytest.mark.usefixtures("world")
def test_it_shows_what_belongs_to_the_program(get):
    board = get("dashboard/starship/")
    assert board["response_mode"] == "normal"
    assert sorted(shown(board["updates"], "comment")) == ["event", "launch", "program"]
    assert shown(board["vehicles"], "serial_number") == ["B7"]
    assert shown(board["orbiters"], "name") == ["Ship 24"]
    assert [len(board[name]) for name in ("live_streams", "road_closures", "notices")] == [1, 1, 1]


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(("rows", "of"), [("launches", "Starship"), ("events", "Test")])
def test_what_is_to_come_and_what_was_stand_apart_the_nearest_first(rows, of, get):
    board = get("dashboard/starship/")
    assert shown(board["upcoming"][rows], "name") == [f"{of} at {SOON:%d}"]
    before = [AGO, AGO - timedelta(days=1)]
    assert shown(board["previous"][rows], "name") == [f"{of} at {moment:%d}" for moment in before]


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("mode", ["list", "normal", "detailed"])
def test_it_is_the_same_with_the_plan_and_without(mode, get, monkeypatch):
    planned = get("dashboard/starship/", mode=mode)
    monkeypatch.setattr(Endpoint, "planned", False)
    assert planned == get("dashboard/starship/", mode=mode)
    assert planned["response_mode"] == mode
    assert {launch["response_mode"] for launch in planned["previous"]["launches"]} == {mode}


@pytest.mark.usefixtures("world")
def test_it_changes_when_the_next_launch_is_due(client):
    expires = client.get("/2.3.0/dashboard/starship/")["Expires"]
    assert expires == f"{SOON:%a, %d %b %Y %H:%M:%S} GMT"


def test_an_empty_database_has_an_empty_dashboard(get):
    nothing = {"launches": [], "events": []}
    lists = ("updates", "live_streams", "road_closures", "notices", "vehicles", "orbiters")
    assert get("dashboard/starship/") == {
        "response_mode": "normal",
        **{name: [] for name in lists},
        "upcoming": nothing,
        "previous": nothing,
    }


# Taken in ----------------------------------------------------------------------------------------


def take(dashboard):
    return ingest_each(records("x", dashboard))


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("mode", ["list", "normal", "detailed"])
def test_a_recorded_dashboard_brings_what_it_shows(mode, get):
    shown = get("dashboard/starship/", mode=mode)
    LiveStream.objects.all().delete()
    RoadClosure.objects.update(title="Another")
    for became in ("created", "unchanged"):
        assert take(shown).rows["LiveStream", became] == 1
        assert get("dashboard/starship/", mode=mode) == shown


@pytest.mark.usefixtures("world")
def test_streams_that_a_dashboard_no_longer_shows_are_gone(get):
    shown = get("dashboard/starship/")
    take({**shown, "live_streams": []})
    assert get("dashboard/starship/") == {**shown, "live_streams": []}


def test_a_dashboard_at_fault_is_refused_with_all_that_is_wrong(get):
    wrong = {"upcoming": {"launches": 7}, "previous": [], "notices": {}, "live_streams": [{"title": "x"}], "mascot": 1}
    outcome = take({**get("dashboard/starship/"), **wrong})
    [refused] = outcome.refused
    assert sorted(map(str, refused.problems)) == [
        "x#/live_streams/0/image: Is missing.",
        "x#/live_streams/0/url: Is missing.",
        "x#/notices: Must be an array.",
        "x#/previous: Must be an object.",
        "x#/upcoming/launches: Must be an array.",
    ]
    assert refused.kind == "StarshipDashboardList"
    assert not LiveStream.objects.exists()
