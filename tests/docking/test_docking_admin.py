"""The form of a stay, and what an editor does to it on other pages."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from docking.models import DockingEvent, DockingLocation
from launches.models import SpacecraftFlight
from stations.models import SpaceStation
from tests.support.admin import page, said
from tests.support.factories import docking_event, docking_location, payload_flight, space_station, spacecraft_flight

pytestmark = pytest.mark.django_db


def day(number):
    return datetime(2024, 3, number, tzinfo=UTC)


@pytest.fixture
def mir():
    return space_station(name="Mir")


@pytest.fixture
def port(mir):
    return docking_location(name="Kristall", spacestation=mir)


def typed(stay_from, until=None, **relations):
    """What an editor types for a stay between these days of March."""
    times = {"docking_0": f"2024-03-{stay_from:02}", "docking_1": "00:00:00"}
    if until:
        times |= {"departure_0": f"2024-03-{until:02}", "departure_1": "00:00:00"}
    return {**times, **{name: row.pk for name, row in relations.items()}}


def complaints(editor, fields):
    """What the form says of the fields that an editor typed; nothing if it took them."""
    answer = editor.post(page(DockingEvent, "add"), fields)
    return answer.context["adminform"].form.errors if answer.status_code == 200 else {}


def offered(editor, **target):
    """The ports that the form of a stay offers."""
    field = {"app_label": "docking", "model_name": "dockingevent", "field_name": "docking_location"}
    answer = editor.get(reverse("admin:autocomplete"), {**field, **target}).json()
    return [port["text"] for port in answer["results"]]


def test_only_ports_of_the_target_are_offered(editor, port):
    ship, satellite = spacecraft_flight(), payload_flight()
    docking_location(name="Nose", spacecraft=ship.spacecraft.spacecraft_config)
    docking_location(name="Ring", payload=satellite.payload)
    docking_location(name="Zvezda", spacestation=space_station())
    assert offered(editor) == []
    assert offered(editor, space_station_target=port.spacestation_id) == ["Kristall (Mir)"]
    assert offered(editor, flight_vehicle_target=ship.pk) == [f"Nose ({ship.spacecraft.spacecraft_config})"]
    assert offered(editor, payload_flight_target=satellite.pk) == [f"Ring ({satellite.payload})"]
    assert offered(editor, space_station_target="no id") == []
    assert offered(editor, space_station_target=10**20) == []


def test_ports_that_take_ships_are_offered_first_and_alone_have_a_button(editor, mir):
    for name, facts in (("A", {"takes_ships": False}), ("B", {}), ("C", {"takes_ships": True})):
        docking_location(name=name, spacestation=mir, **facts)
    assert offered(editor, space_station_target=mir.pk) == ["B (Mir)", "C (Mir)", "A (Mir)"]
    ship = docking_event(space_station_target=mir, docking_location__name="D", docking=day(5), departure=day(6))
    assert offered(editor, space_station_target=mir.pk) == ["C (Mir)", "D (Mir)", "A (Mir)", "B (Mir)"]
    shown = editor.get(page(SpaceStation, "change", mir.pk)).text
    ports = {port.name: f"docking_location={port.pk}" in shown for port in DockingLocation.objects.all()}
    assert ports == {"A": False, "B": False, "C": True, "D": True}
    assert ship.docking_location.takes_ships is None


def test_port_of_another_target_is_refused(editor, mir):
    elsewhere = docking_location(spacestation=space_station())
    fields = typed(1, space_station_target=mir, docking_location=elsewhere, flight_vehicle_chaser=spacecraft_flight())
    assert complaints(editor, fields) == {"docking_location": ["This is not a port of Mir."]}


def test_departure_before_the_docking_is_refused(editor, mir, port):
    fields = typed(9, 8, space_station_target=mir, docking_location=port, flight_vehicle_chaser=spacecraft_flight())
    assert complaints(editor, fields) == {"departure": ["The departure is before the docking."]}


@pytest.mark.parametrize(
    ("stay_from", "until", "is_refused"),
    [(1, 5, False), (1, 6, True), (7, 8, True), (9, None, True), (10, None, False), (1, None, True)],
)
def test_second_ship_at_a_port_is_refused_with_the_name_of_the_first(editor, mir, port, stay_from, until, is_refused):
    first = docking_event(docking_location=port, docking=day(5), departure=day(10))
    ship = spacecraft_flight()
    fields = typed(stay_from, until, space_station_target=mir, docking_location=port, flight_vehicle_chaser=ship)
    named = f"{first.chaser} is docked there since 2024-03-05 00:00 UTC until 2024-03-10 00:00 UTC."
    assert complaints(editor, fields) == ({"docking_location": [named]} if is_refused else {})


def test_ship_at_two_ports_is_refused_with_the_place_of_the_first(editor, mir, port):
    docking_event(
        flight_vehicle_chaser=(ship := spacecraft_flight()),
        space_station_target__name="Tiangong",
        docking_location__name="Tianhe",
        docking=day(5),
    )
    fields = typed(7, space_station_target=mir, docking_location=port, flight_vehicle_chaser=ship)
    named = "It is docked at Tiangong, Tianhe, since 2024-03-05 00:00 UTC and has not departed."
    assert complaints(editor, fields) == {"flight_vehicle_chaser": [named]}


def test_ships_of_one_kind_share_the_name_of_a_port_but_not_the_port(editor):
    target = spacecraft_flight()
    nose = docking_location(spacecraft=target.spacecraft.spacecraft_config)
    docking_event(flight_vehicle_target=target, docking_location=nose, docking=day(5))
    sister = spacecraft_flight(spacecraft__spacecraft_config=nose.spacecraft)
    fields = typed(6, flight_vehicle_target=sister, docking_location=nose, payload_flight_chaser=payload_flight())
    assert complaints(editor, fields) == {}


def test_stay_is_corrected_without_meeting_itself(editor, port):
    stay = docking_event(docking_location=port, docking=day(5))
    fields = typed(
        5,
        6,
        docking_location=port,
        space_station_target=stay.target,
        flight_vehicle_chaser=stay.chaser,
    )
    assert editor.post(page(DockingEvent, "change", stay.pk), fields).status_code == 302
    stay.refresh_from_db()
    assert stay.departure == day(6)


def test_ship_is_undocked_now_from_the_page_of_the_station(editor, mir, port):
    stay = docking_event(docking_location=port, docking=day(5))
    station = page(SpaceStation, "change", mir.pk)
    undock = page(DockingEvent, "undock", stay.pk)
    assert f'formaction="{undock}"' in editor.get(station).text
    answer = editor.post(undock, headers={"referer": f"http://testserver{station}"})
    stay.refresh_from_db()
    assert (answer.status_code, answer.url) == (302, f"http://testserver{station}")
    assert stay.departure > day(5)
    assert f'formaction="{undock}"' not in editor.get(station).text


def test_undocking_leads_to_no_other_site(editor):
    stay = docking_event()
    answer = editor.post(page(DockingEvent, "undock", stay.pk), headers={"referer": "https://example.org/"})
    assert answer.url == page(DockingEvent, "change", stay.pk)


def test_undocking_is_asked_for_by_post_alone(editor):
    assert editor.get(page(DockingEvent, "undock", docking_event().pk)).status_code == 405


def test_those_chosen_in_the_list_are_undocked_now(editor):
    lasting, over = docking_event(docking=day(5)), docking_event(docking=day(5), departure=day(6))
    future = docking_event(docking=datetime(2999, 1, 1, tzinfo=UTC))
    chosen = {"action": "undock_now", "_selected_action": [lasting.pk, over.pk, future.pk]}
    answer = editor.post(page(DockingEvent, "changelist"), chosen, follow=True)
    departures = dict(DockingEvent.objects.values_list("pk", "departure"))
    assert departures[lasting.pk] is not None
    assert (departures[over.pk], departures[future.pk]) == (day(6), None)
    assert f"{future}: The departure is before the docking." in said(answer)


def test_page_of_a_station_shows_who_is_at_its_ports_since_when(editor, mir, port):
    docking_location(name="Kvant", spacestation=mir)
    docking_event(docking_location=port, docking=day(1), departure=day(4))
    stay = docking_event(docking_location=port, docking=day(5))
    (ports,) = (
        each
        for each in editor.get(page(SpaceStation, "change", mir.pk)).context["inline_admin_formsets"]
        if each.opts.model is DockingLocation
    )
    shown = {row.form.instance.name: [stay.pk for stay in row.form.instance.stays] for row in list(ports)[:2]}
    assert shown == {"Kristall": [stay.pk], "Kvant": []}


def test_empty_port_opens_the_form_with_station_port_and_time_filled_in(editor, mir, port):
    page_of_station = editor.get(page(SpaceStation, "change", mir.pk)).text
    link = f"{page(DockingEvent, 'add')}?space_station_target={mir.pk}&amp;docking_location={port.pk}"
    assert f'href="{link}"' in page_of_station
    form = editor.get(link.replace("&amp;", "&")).context["adminform"].form
    assert (form["space_station_target"].value(), form["docking_location"].value()) == (str(mir.pk), str(port.pk))
    assert form["docking"].value().microsecond == 0


def test_flight_opens_the_form_with_itself_for_chaser(editor):
    flight, other = spacecraft_flight(), spacecraft_flight()
    asked = {"action": "dock_at", "_selected_action": [flight.pk]}
    answer = editor.post(page(SpacecraftFlight, "changelist"), asked)
    assert answer.url == f"{page(DockingEvent, 'add')}?flight_vehicle_chaser={flight.pk}"
    answer = editor.post(page(SpacecraftFlight, "changelist"), {**asked, "_selected_action": [flight.pk, other.pk]})
    assert answer.url == page(SpacecraftFlight, "changelist")


def test_pages_of_stations_ask_no_more_for_many_ports_than_for_one(editor, mir, django_assert_max_num_queries):
    for number in range(20):
        docking_event(docking_location=docking_location(name=f"Port {number}", spacestation=mir), docking=day(5))
    with django_assert_max_num_queries(25):
        editor.get(page(SpaceStation, "change", mir.pk))
