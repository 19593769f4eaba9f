"""The orders of lists that recorded responses of 2.2.0 have and 2.3.0 does not."""

import json
from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest
from django.utils import timezone

from agencies.models import Agency, Program
from crew.models import AstronautFlight, AstronautRole
from events.models import Event, RoadClosure
from launches.models import Launch, SpacecraftFlight
from media_assets.models import InfoURL, VidURL
from spacedevs.api.serializers import ResourceSerializer
from spacedevs.api.views import Resource
from spacedevs.db.ordering import by_letters
from spacedevs.versions.v220 import flights, happenings, things
from tests.support import factories
from vehicles.models import Launcher, LauncherConfig, SpacecraftConfig

pytestmark = pytest.mark.django_db

row = factories.row


@pytest.fixture
def ask(client, monkeypatch):
    """The records of a list, or a record, asked of the render plan and of plain DRF, which must answer alike."""

    def ask(path, version="2.2.0"):
        planned = client.get(f"/{version}/{path}").json()
        with monkeypatch.context() as patch:
            patch.setattr(Resource, "planned", False)
            plain = client.get(f"/{version}/{path}").json()
        assert planned == plain
        return planned.get("results", planned)

    return ask


def shown(rows, key="name"):
    return [each[key] for each in rows]


# Texts by their letters ----------------------------------------------------------------------------

NAMES = (  # in order: spaces, punctuation, accents and case do not count, unless all else is equal
    "",
    "1worldspace",
    "Aerojet",
    "Aérospatiale",
    "Aevum",
    "AlYahSat",
    "A.M. Makarov",
    "amsat",
    "Angara 1.2",
    "Angara A5/Briz-M",
    "Ariane 5 ECA",
    "Ariane 5 ECA+",
    "Ariane 5 ES",
    "Shuttle\u2013Mir",
    "Zenit 2M",
    "Zenit-2SB",
    "Zéphyr",
    "ZERO",
    "Ωmega",
    "Орбита",
    "орбита 2",
    "中国",
)


def test_texts_are_ordered_by_their_letters():
    for name in reversed(NAMES):
        row(Agency, name=name)
    assert [*Agency.objects.order_by("name__by_letters").values_list("name", flat=True)] == [*NAMES]
    assert sorted({*NAMES}, key=by_letters) == [*NAMES]


HOSTILE = (  # dotless and dotted i, ligatures, fractions, separate accents, spaces and signs beyond ASCII
    *("\u0130stanbul", "I\u0131", "straße", "\ufb01n", "Ⅳ ½ ²", "e\u0301", "a\u00a0b\u3000c"),
    *("%s \\ ' \"", "\U0001d518\U0001f680", "\t\n", "한국"),
)


def test_the_database_and_python_see_the_same_letters():
    for name in (*HOSTILE, *NAMES):
        row(Agency, name=name)
    seen = dict(Agency.objects.values_list("name", "name__by_letters"))
    assert seen == {name: by_letters(name) for name in (*HOSTILE, *NAMES)}


# Lists -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "model"),
    [("agencies", Agency), ("config/launcher", LauncherConfig), ("config/spacecraft", SpacecraftConfig)],
)
def test_agencies_and_configurations_are_listed_by_name(path, model, ask):
    for name in ("Zenit", "Aérospatiale", "A.M. Makarov", "Aerojet", "zenit"):
        row(model, name=name)
    wanted = ["Aerojet", "Aérospatiale", "A.M. Makarov", "Zenit", "zenit"]
    for mode in ("normal", "detailed"):
        found = shown(ask(f"{path}/?mode={mode}&limit=100"))
        assert [name for name in found if name in wanted] == wanted
    assert shown(ask(f"{path}/?limit=2")) + shown(ask(f"{path}/?limit=100&offset=2")) == found
    assert shown(ask(f"{path}/?search=Aer&ordering=-name")) == ["Aerojet"]


@pytest.mark.parametrize("path", ["agencies", "launcher_configurations", "spacecraft_configurations"])
def test_lists_of_the_current_version_stay_in_the_order_of_their_ids(path, ask):
    model = {"agencies": Agency, "launcher_configurations": LauncherConfig}.get(path, SpacecraftConfig)
    for name in ("Zenit", "Ariane"):
        row(model, name=name)
    ids = shown(ask(f"{path}/?limit=100", version="2.3.0"), "id")
    assert ids == sorted(ids)


def test_what_an_agency_builds_is_ordered_by_name_and_the_newest_of_a_name_comes_first(ask):
    builder = row(Agency)
    for name in ("Vega-E", "Vega", "Vega-C", "Vega-C"):
        row(LauncherConfig, name=name, manufacturer=builder)
        row(SpacecraftConfig, name=name, agency=builder)
    record = ask(f"agencies/{builder.pk}/")
    for model, key in ((LauncherConfig, "launcher_list"), (SpacecraftConfig, "spacecraft_list")):
        old, new = model.objects.filter(name="Vega-C").order_by("pk").values_list("pk", flat=True)
        assert shown(record[key]) == ["Vega", "Vega-C", "Vega-C", "Vega-E"]
        assert shown(record[key][1:3], "id") == [new, old]


def test_agencies_of_programs_and_missions_are_ordered_by_name(ask):
    agencies = [row(Agency, name=name) for name in ("NASA", "Énergie", "Boeing")]
    launch = row(Launch, program=[row(Program, agencies=agencies)], mission__agencies=agencies)
    record = ask(f"launch/{launch.pk}/")
    assert shown(record["program"][0]["agencies"]) == ["Boeing", "Énergie", "NASA"]
    assert shown(record["mission"]["agencies"]) == ["Boeing", "Énergie", "NASA"]


def test_a_crew_is_ordered_by_the_priority_of_roles_and_loses_nobody(ask):
    flight = row(SpacecraftFlight)
    roles = {priority: row(AstronautRole, priority=priority) for priority in (4, 0, 1)}
    crew = [row(AstronautFlight, role=role) for role in (roles[4], None, roles[0], roles[1], roles[4])]
    last, _, commander, pilot, newest = (seat.pk for seat in crew)
    for seats in (flight.launch_crew, flight.landing_crew, flight.onboard_crew):
        seats.set(crew)
    record = ask(f"spacecraft/flight/{flight.pk}/")
    # 2.2.0 shows no crew member without a role, but its order must not lose one.
    for key in ("launch_crew", "onboard_crew", "landing_crew"):
        assert shown(record[key], "id") == [commander, pilot, newest, last, crew[1].pk]
        assert shown(ask(f"spacecraft/flight/{flight.pk}/", "2.0.0")[key], "id") == [seat.pk for seat in crew]


def test_links_are_ordered_by_priority_and_the_first_one_is_that_of_an_event(ask):
    links = [row(InfoURL, priority=priority, url=f"https://{priority}.example/") for priority in (10, 9, 10)]
    event = row(Event, info_urls=links)
    record = ask(f"event/{event.pk}/")
    assert shown(record["info_urls"], "priority") == [9, 10, 10]
    assert record["news_url"] == "https://9.example/"


def test_the_dashboard_shows_vehicles_by_serial_number_and_what_was_by_its_time(client):
    starship, now = row(Program, name="Starship"), timezone.now().replace(microsecond=0)
    for number in ("SN9", "Starhopper", "SN7.1", "SN10", "SN7", None):
        row(Launcher, serial_number=number, launcher_config__program=[starship])
    for days in (2, 1, *range(3, 13)):
        row(Event, name=f"{days}", date=now - timedelta(days=days), program=[starship])
        row(RoadClosure, title=f"{days}", window_start=now - timedelta(days=days))
    board = client.get("/2.2.0/dashboard/starship/").json()
    assert shown(board["vehicles"], "serial_number") == ["SN10", "SN7", "SN7.1", "SN9", "Starhopper", None]
    assert shown(board["previous"]["events"]) == [f"{days}" for days in range(12, 0, -1)]
    assert shown(board["road_closures"], "title") == [f"{days}" for days in range(10, 0, -1)]


# Recorded responses ------------------------------------------------------------------------------

RECORDED = {
    "agencies_detailed": things.AgencySerializerDetailed,
    "config_launcher_detailed": things.LauncherConfigDetail,
    "config_spacecraft_detailed": things.SpacecraftConfigurationDetail,
    "event_previous": happenings.Events,
    "launch_detailed_docked": flights.LaunchDetailed,
    "launch_detailed_notable": flights.LaunchDetailed,
    "launch_upcoming_detailed": flights.LaunchDetailed,
    "launch_upcoming_normal": flights.LaunchSerializerCommon,
    "spacestation_detailed": flights.SpaceStationDetailed,
    "v210_agencies_normal": things.Agency,
    "v210_program": things.Program,
}
LISTS = {  # a file may have pages that do not follow each other
    "agencies_detailed": 1,
    "config_launcher_detailed": 2,
    "config_spacecraft_detailed": 1,
    "v210_agencies_normal": 2,
}


def lists(serializer, records):
    """Each list within these records: what is in it, its order in 2.2.0, and its rows."""
    for record in records:
        for name, field in serializer().fields.items():
            child, inner = type(getattr(field, "child", field)), record.get(name)
            if inner and issubclass(child, ResourceSerializer):
                rows = inner if isinstance(inner, list) else [inner]
                yield child.Meta.model, serializer.orders.get(child.Meta.model), rows
                yield from lists(child, rows)


def misplaced(rows, order):
    """The neighbours that stand the other way round than this order has them."""
    terms = [term for term in order if term.strip("-") in rows[0] or "__" in term]
    return [(a, b) for a, b in pairwise([[value(each, term) for term in terms] for each in rows]) if a > b]


def value(record, term):
    for step in term.removeprefix("-").removesuffix("__by_letters").split("__"):
        record = record[step]
    return by_letters(record) if term.endswith("__by_letters") else -record if term.startswith("-") else record


def recorded(shared, file):
    told = json.loads((shared / f"golden-2.2.0/{file}.json").read_text("utf-8"))
    return told["results"] if isinstance(told, dict) else told


def test_recorded_lists_within_records_have_the_same_orders(shared):
    found, seen = {}, Counter()
    for file, serializer in RECORDED.items():
        for model, order, rows in lists(serializer, recorded(shared, file)):
            if order and len(rows) > 1:
                # Within a role the recordings have no rule: crews of expeditions and of launches differ.
                order = order[:1] if model is AstronautFlight else order
                seen[model] += 1
                found.update({(file, json.dumps(rows)): pairs} if (pairs := misplaced(rows, order)) else {})
    assert found == {}
    assert seen == {Agency: 110, AstronautFlight: 6, LauncherConfig: 14, SpacecraftConfig: 3, VidURL: 7}


@pytest.mark.parametrize(("file", "pages"), LISTS.items())
def test_recorded_lists_have_the_same_order(file, pages, shared):
    order = RECORDED[file].orders[RECORDED[file].Meta.model]
    assert len(misplaced(recorded(shared, file), order)) == pages - 1
