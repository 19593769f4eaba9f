"""What a row was: kept for what editors do, and brought back."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import connection
from django.http import HttpRequest
from django.test.utils import CaptureQueriesContext
from simple_history.models import HistoricalRecords

from agencies.models import Agency
from docking.models import DockingEvent
from launches.models import Landing, Launch
from media_assets.models import Image, ImageVariant
from spacedevs.db.dataset_version import data_tables
from spacedevs.editing.history import many, revert, versions_of
from stations.models import SpaceStation
from tests.support.admin import page, said
from tests.support.factories import (
    agency,
    docking_event,
    docking_location,
    image,
    image_variant,
    row,
    space_station,
    spacecraft,
    spacecraft_flight,
)

pytestmark = pytest.mark.django_db
NO_PORTS = {"docking_location-TOTAL_FORMS": 0, "docking_location-INITIAL_FORMS": 0}


def save(client, station, **typed):
    """What an editor saves of a station, and no more than this."""
    owners = typed.pop("owners", station.owners.values_list("pk", flat=True))
    fields = {"name": station.name, "owners": [*owners], **NO_PORTS, **typed}
    answer = client.post(page(SpaceStation, "change", station.pk), fields)
    assert answer.status_code == 302, answer.context["errors"]
    station.refresh_from_db()


def told(row):
    """The versions of a row, the oldest first: who, what kind of change, and the name it had."""
    return [
        (str(version.history_user or ""), version.history_type, version.name)
        for version in reversed(versions_of(type(row), row.pk))
    ]


def back(client, row, number):
    """Makes a row what it was in this version, counted from the oldest."""
    version = versions_of(type(row), row.pk).reverse()[number]
    return client.post(page(type(row), "revert", row.pk, version.pk), follow=True)


def test_who_saves_a_row_keeps_also_what_they_found(editor):
    station = space_station(name="Mir")
    save(editor, station, name="Mir-2")
    assert told(station) == [("", "~", "Mir"), ("editor", "~", "Mir-2")]


def test_nobody_but_an_editor_leaves_versions():
    station = space_station(name="Mir")
    station.name = "Mir-2"
    station.save()
    assert told(station) == []


def test_what_others_wrote_in_between_is_kept_too(editor):
    station = space_station(name="Mir")
    save(editor, station, name="Mir-2")
    SpaceStation.objects.update(name="Mir-3")
    save(editor, station, name="Mir-4")
    assert told(station) == [("", "~", "Mir"), ("editor", "~", "Mir-2"), ("", "~", "Mir-3"), ("editor", "~", "Mir-4")]


def test_one_save_makes_one_version_whatever_it_changes(editor):
    station, owner = space_station(name="Mir"), agency()
    save(editor, station, name="Mir-2", owners=[owner.pk])
    assert [many(version) for version in reversed(versions_of(SpaceStation, station.pk))] == [
        {"owners": set()},
        {"owners": {owner.pk}},
    ]


def test_links_that_alone_were_changed_are_kept_whoever_changed_them(editor):
    station, first, second = space_station(name="Mir"), agency(), agency()
    save(editor, station, owners=[first.pk])
    station.owners.set([second])  # as an import does
    save(editor, station, owners=[])
    owners = [many(version)["owners"] for version in reversed(versions_of(SpaceStation, station.pk))]
    assert owners == [set(), {first.pk}, {second.pk}, set()]


def test_save_that_changes_nothing_makes_no_version(editor):
    station = space_station(name="Mir")
    save(editor, station, name="Mir-2")
    save(editor, station, name="Mir-2")
    assert len(told(station)) == 2


def test_row_is_added_in_one_version(editor):
    owner = agency()
    editor.post(page(SpaceStation, "add"), {"name": "Mir", "owners": [owner.pk], **NO_PORTS})
    station = SpaceStation.objects.get()
    assert told(station) == [("editor", "+", "Mir")]
    assert many(versions_of(SpaceStation, station.pk).get()) == {"owners": {owner.pk}}


def test_row_is_brought_back_with_all_it_was_related_to(editor):
    owner = agency()
    station = space_station(name="Mir", description="A station.")
    station.owners.set([owner])
    save(editor, station, name="Mir-2", owners=[], description="")
    answer = back(editor, station, 0)
    station.refresh_from_db()
    assert (station.name, station.description, [*station.owners.all()]) == ("Mir", "A station.", [owner])
    assert said(answer)[-1] == "Mir was restored."
    assert told(station)[-1] == ("editor", "~", "Mir")


def test_totals_stay_what_they_are(editor):
    station = space_station(name="Mir", recorded_docked_vehicles=1)
    save(editor, station, name="Mir-2")
    SpaceStation.objects.update(recorded_docked_vehicles=2)
    back(editor, station, 0)
    station.refresh_from_db()
    assert (station.name, station.recorded_docked_vehicles) == ("Mir", 2)


def test_nothing_is_brought_back_against_the_rules(editor):
    mir = space_station(name="Mir")
    port = docking_location(spacestation=mir, name="Kristall")
    first = docking_event(docking_location=port)
    editor.post(page(DockingEvent, "undock", first.pk))
    first.refresh_from_db()
    second = docking_event(docking_location=port, docking=first.departure)
    found = versions_of(DockingEvent, first.pk).last()
    answer = editor.post(page(DockingEvent, "revert", first.pk, found.pk), follow=True)
    first.refresh_from_db()
    assert first.departure is not None
    complaint = said(answer)[-1]
    assert complaint.startswith(f"{first} was not changed: {second.chaser} is docked there since")


def found(row, **changes):
    """The version that a row leaves when a request changes it."""
    HistoricalRecords.context.request = HttpRequest()
    try:
        for name, value in changes.items():
            setattr(row, name, value)
        row.save()
    finally:
        del HistoricalRecords.context.request
    return versions_of(type(row), row.pk).last()


def test_what_another_row_has_taken_since_is_not_given_to_two():
    flight = spacecraft_flight(landing=row(Landing))
    version = found(flight, landing=None)
    spacecraft_flight(landing_id=version.landing_id)
    with pytest.raises(ValidationError, match="already exists"):
        revert(version)


def test_a_row_that_must_have_one_of_several_is_not_brought_back_without():
    event = docking_event()
    gone = event.flight_vehicle_chaser
    version = found(event, flight_vehicle_chaser=spacecraft_flight())
    gone.delete()
    with pytest.raises(ValidationError, match="Choose one chaser"):
        revert(version)


def test_a_row_that_needs_one_that_is_gone_is_not_brought_back():
    event = docking_event()
    gone = event.docking_location
    version = found(event, docking_location=docking_location(spacestation=event.target))
    gone.delete()
    with pytest.raises(ValidationError, match="The docking location that it referred to no longer exists"):
        revert(version)


def test_deleted_row_is_brought_back(editor):
    owner = agency()
    station = space_station(name="Mir")
    station.owners.set([owner])
    editor.post(page(SpaceStation, "delete", station.pk), {"post": "yes"})
    assert not SpaceStation.objects.exists()
    (gone,) = editor.get(page(SpaceStation, "deleted")).context["gone"]
    editor.post(page(SpaceStation, "revert", station.pk, gone.kept.pk))
    returned = SpaceStation.objects.get()
    assert (returned.pk, returned.name, [*returned.owners.all()]) == (station.pk, "Mir", [owner])
    assert list(editor.get(page(SpaceStation, "deleted")).context["gone"]) == []


def test_deleted_rows_come_in_pages_whose_statements_do_not_grow_with_the_rows(editor, monkeypatch):
    monkeypatch.setattr("spacedevs.editing.history_admin.Versioned.versions_per_page", 3)
    stations = [space_station(name=f"Salyut {number}") for number in range(1, 6)]

    def delete(*rows):
        for station in rows:
            editor.post(page(SpaceStation, "delete", station.pk), {"post": "yes"})

    def shown(number):
        with CaptureQueriesContext(connection) as statements:
            answer = editor.get(page(SpaceStation, "deleted"), {"p": number})
        return [(version.name, str(version.user)) for version in answer.context["gone"]], len(statements)

    delete(stations[0])
    one, for_one = shown(1)
    delete(*stations[1:])
    first, for_three = shown(1)
    second, _ = shown(2)
    names = [[name for name, _ in rows] for rows in (one, first, second)]
    assert names == [["Salyut 1"], ["Salyut 5", "Salyut 4", "Salyut 3"], ["Salyut 2", "Salyut 1"]]
    assert len({user for _, user in one + first + second} - {"None"}) == 1
    assert for_three == for_one


def test_deleted_row_is_brought_back_without_what_has_gone_since(editor):
    shown = image()
    station = space_station(name="Mir", image=shown)
    editor.post(page(SpaceStation, "delete", station.pk), {"post": "yes"})
    Image.objects.all().delete()
    (gone,) = editor.get(page(SpaceStation, "deleted")).context["gone"]
    editor.post(page(SpaceStation, "revert", station.pk, gone.kept.pk))
    assert SpaceStation.objects.get().image is None


def test_what_is_deleted_along_with_a_row_is_kept(editor):
    variant = image_variant(image=image())
    editor.post(page(Image, "delete", variant.image.pk), {"post": "yes"})
    assert [version.history_type for version in versions_of(ImageVariant, variant.pk)] == ["-", "~"]


def test_history_tells_what_changed_in_words(editor):
    esa = agency(name="ESA")
    station = space_station(name="Mir")
    save(editor, station, name="Mir-2", owners=[esa.pk])
    last, found = editor.get(page(SpaceStation, "history", station.pk)).context["versions"]
    assert [(field.name, *words) for field, *words in last.changes] == [
        ("name", "Mir", "Mir-2"),
        ("owners", "", "ESA"),
    ]
    assert found.history_change_reason == "State before the first edit"


def test_history_tells_times_as_the_pages_do(editor):
    stay = docking_event(docking=datetime(1993, 1, 26, 7, 31, 17, tzinfo=UTC), departure=None)
    editor.post(page(DockingEvent, "undock", stay.pk))
    last, _ = editor.get(page(DockingEvent, "history", stay.pk)).context["versions"]
    stay.refresh_from_db()
    assert [words for _, *words in last.changes] == [["", f"{stay.departure:%Y-%m-%d %H:%M:%S} UTC"]]


@pytest.mark.parametrize(("model", "key"), [(SpaceStation, 1), (SpaceStation, "one"), (Launch, "one")])
def test_history_of_what_never_was_is_not_found(editor, model, key):
    assert editor.get(page(model, "history", key)).status_code == 404
    assert editor.post(page(model, "revert", key, 1)).status_code == 404


def test_who_may_only_look_brings_nothing_back(editor, client):
    station = space_station(name="Mir")
    save(editor, station, name="Mir-2")
    client.force_login(User.objects.create(username="guest", is_staff=True))
    assert back(client, station, 0).status_code == 403
    assert client.get(page(SpaceStation, "history", station.pk)).status_code == 403


def test_versions_are_no_data():
    assert not any(table.startswith("editing_") for table in data_tables())


def test_launch_keeps_its_key_and_its_search_text(editor):
    """The key is no number, and the search text is written by the database alone."""
    launch = Launch.objects.create(name="Soyuz", slug="soyuz")
    editor.post(page(Launch, "delete", launch.pk), {"post": "yes"})
    (gone,) = editor.get(page(Launch, "deleted")).context["gone"]
    editor.post(page(Launch, "revert", launch.pk, gone.kept.pk))
    assert Launch.objects.get(pk=launch.pk).search_text.strip() == "SOYUZ"


@pytest.mark.parametrize("row", [agency, spacecraft])
def test_pages_of_history_ask_a_few_questions(editor, row, django_assert_max_num_queries):
    made = row(name="A name")
    with django_assert_max_num_queries(12):
        editor.get(page(type(made), "history", made.pk))
    assert Agency.objects.exists()
