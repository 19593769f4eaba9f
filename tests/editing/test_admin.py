"""The pages for data editors: first what all tables share, then what is a table's own."""

import os
import re
import subprocess
import sys
from itertools import cycle, islice

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agencies.models import MissionPatch
from crew.models import Astronaut, AstronautFlight
from docking.models import CHASERS, TARGETS, DockingEvent, DockingLocation
from launches.models import Launch, SpacecraftFlight
from media_assets.models import Image, ImageVariant
from stations.models import SpaceStation
from tests.support.admin import page
from tests.support.factories import (
    DOCKED,
    agency,
    docking_event,
    docking_location,
    full,
    image,
    image_variant,
    launch,
    row,
    space_station,
    spacecraft_flight,
)
from vehicles.models import Spacecraft

APPS = {
    "media_assets",
    "agencies",
    "places",
    "crew",
    "vehicles",
    "stations",
    "launches",
    "docking",
    "events",
}
ADMINS = {model: page for model, page in admin.site._registry.items() if model._meta.app_label in APPS}
FEW, MANY = 2, 18

pytestmark = pytest.mark.django_db
every_table = pytest.mark.parametrize("model", ADMINS, ids=lambda model: model._meta.label)


def listed(editor, model, **query):
    """The rows that a list shows."""
    return list(editor.get(page(model, "changelist"), query).context["cl"].result_list)


def party(name):
    """A row that can be the target or chaser of this name."""
    return row(DockingEvent._meta.get_field(name).related_model)


def connected(model, number):
    """Rows with all their relations; docking events of every kind of party in turn."""
    if model is not DockingEvent:
        return [full(model, row) for _ in range(number)]
    kinds = islice(cycle(zip(TARGETS, CHASERS, strict=True)), number)
    return [docking_event(**{name: party(name) for name in names}) for names in kinds]


def copies(rows, number):
    """More rows like these; only what belongs to one row alone is left out."""
    model = type(rows[0])
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    alike = [
        model(**{field.attname: getattr(row, field.attname) for field in fields if not field.one_to_one})
        for row in islice(cycle(rows), number)
    ]
    model._base_manager.bulk_create(alike)


def own_fields(model):
    """The id and what an editor can change, which is not what the database writes by itself."""
    fields = (*model._meta.fields, *model._meta.many_to_many)
    return {field.name for field in fields if field.editable or field.primary_key}


def test_every_table_has_pages():
    assert ADMINS.keys() == {model for model in apps.get_models() if model._meta.app_label in APPS}


@every_table
def test_pages_open(editor, model):
    pk = full(model, row).pk if model is not DockingEvent else docking_event().pk
    pages = {"changelist": (), "add": (), "change": (pk,), "history": (pk,), "delete": (pk,)}
    answers = {name: editor.get(page(model, name, *args)).status_code for name, args in pages.items()}
    assert answers == dict.fromkeys(pages, 200)


@every_table
def test_list_can_be_searched(editor, model):
    """By words that mean nothing and by the id, which is found wherever there is a search box."""
    pk = row(model).pk
    searched = bool(ADMINS[model].search_fields)
    assert [found.pk for found in listed(editor, model, q=str(pk))] == [pk]
    assert len(listed(editor, model, q="no such words")) == (0 if searched else 1)


@every_table
def test_list_takes_as_many_queries_for_many_rows_as_for_few(editor, model):
    def rows_and_queries():
        with CaptureQueriesContext(connection) as captured:
            rows = listed(editor, model)
        return len(rows), len(captured)

    few = connected(model, FEW)
    listed(editor, model)
    _, of_few = rows_and_queries()
    copies(few, MANY)
    rows, queries = rows_and_queries()
    assert (rows >= FEW + MANY, queries) == (True, of_few)


@every_table
def test_names_of_rows_come_with_the_rows(rf, django_assert_num_queries, model):
    connected(model, FEW)
    with django_assert_num_queries(1):
        assert all(str(shown) for shown in ADMINS[model].get_queryset(rf.get("/")))


@every_table
def test_form_shows_each_field_once(rf, model):
    shown = flatten_fieldsets(ADMINS[model].get_fieldsets(rf.get("/"), model()))
    declared = ADMINS[model].form.declared_fields.keys()
    read = {*ADMINS[model].readonly_fields, *ADMINS[model].totals}
    assert sorted(shown) == sorted(own_fields(model) | read | declared)


def by_editor(rf):
    """A request of somebody who has all permissions."""
    request = rf.get("/")
    request.user = User(is_active=True, is_superuser=True)
    return request


@every_table
def test_totals_are_not_typed(rf, model):
    form = ADMINS[model].get_form(by_editor(rf), model(), change=True)
    typed = own_fields(model) - {"id", *ADMINS[model].totals, *ADMINS[model].readonly_fields}
    assert form.base_fields.keys() == typed | ADMINS[model].form.declared_fields.keys()


def test_relation_is_found_by_typing(editor):
    flight = spacecraft_flight(spacecraft__name="Johannes Kepler ATV", launch__name="Ariane 5 ES")
    spacecraft_flight()
    field = {"app_label": "docking", "model_name": "dockingevent", "field_name": "flight_vehicle_chaser"}
    answer = editor.get(reverse("admin:autocomplete"), {**field, "term": "kepler"}).json()
    assert answer == {
        "results": [{"id": str(flight.pk), "text": "Johannes Kepler ATV (Ariane 5 ES)"}],
        "pagination": {"more": False},
    }


def form_of_docking_event(**parties):
    """What an editor types for a stay of these parties."""
    port = docking_location(spacestation=parties.get("space_station_target"))
    typed = {"docking_location": port, **parties}
    return {
        "docking_0": "2011-02-24",
        "docking_1": "15:59:19",
        **{name: made.pk for name, made in typed.items()},
    }


def test_editor_adds_a_docking_event(editor):
    station, flight = space_station(), spacecraft_flight()
    typed = form_of_docking_event(space_station_target=station, flight_vehicle_chaser=flight)
    answer = editor.post(page(DockingEvent, "add"), typed)
    assert answer.status_code == 302
    (event,) = DockingEvent.objects.all()
    assert (event.docking.isoformat(), event.departure) == ("2011-02-24T15:59:19+00:00", None)
    assert (event.target, event.chaser) == (station, flight)
    assert event.docking_location.spacestation == station


ONE_TARGET = "Choose one target: a station, a spacecraft flight or a payload flight."
ONE_CHASER = "Choose one chaser: a spacecraft flight, a payload flight or a station."
STATION, SHIP = "space_station_target", "flight_vehicle_chaser"


@pytest.mark.parametrize(
    ("named", "complaints"),
    [
        ([SHIP], [ONE_TARGET]),
        ([SHIP, STATION, "flight_vehicle_target"], [ONE_TARGET]),
        ([STATION], [ONE_CHASER]),
        ([STATION, SHIP, "payload_flight_chaser"], [ONE_CHASER]),
        ([], [ONE_TARGET, ONE_CHASER]),
    ],
)
def test_docking_event_needs_one_target_and_one_chaser(editor, named, complaints):
    parties = {name: party(name) for name in named}
    answer = editor.post(page(DockingEvent, "add"), form_of_docking_event(**parties))
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors == {"__all__": complaints}
    assert not DockingEvent.objects.exists()


def test_docking_event_is_found_by_ship_station_and_port(editor):
    event = docking_event(
        flight_vehicle_chaser__spacecraft__name="Johannes Kepler ATV",
        space_station_target__name="International Space Station",
        docking_location__name="Zvezda aft",
    )
    docking_event()
    for words in ("kepler", "international", "zvezda", "kepler zvezda"):
        assert listed(editor, DockingEvent, q=words) == [event]


def test_docking_event_names_its_station_once(editor):
    docking_event(docking_location__name="Kristall", space_station_target__name="Mir")
    (cells,) = editor.get(page(DockingEvent, "changelist")).context["results"]
    assert [re.sub("<[^>]*>", "", cell) for cell in cells][-2:] == ["Mir", "Kristall"]


def test_docking_events_are_parted_into_docked_and_departed(editor):
    departed, docked = docking_event(departure=DOCKED), docking_event()
    assert listed(editor, DockingEvent, docked="yes") == [docked]
    assert listed(editor, DockingEvent, docked="no") == [departed]


@pytest.mark.parametrize("words", ["johannes kepler", "ariane-5-es", "2011-007"])
def test_launch_is_found_by_name_slug_and_designator(editor, words):
    found = launch(
        name="Ariane 5 ES | Johannes Kepler ATV",
        slug="ariane-5-es-johannes-kepler-atv",
        launch_designator="2011-007",
    )
    launch()
    assert listed(editor, Launch, q=words) == [found]


def typed_rows(prefix, *rows):
    """What an editor types into the rows of an inline."""
    fields = {f"{prefix}-{number}-{name}": value for number, typed in enumerate(rows) for name, value in typed.items()}
    return {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": 0, **fields}


def key_of_owner(inline, model):
    """What leads from a row of an inline to the row of the page."""
    keys = {field.name: field for field in inline.model._meta.fields if field.related_model is model}
    return keys[inline.fk_name] if inline.fk_name else next(iter(keys.values()))


def no_rows(model):
    """The inlines of a form, left empty."""
    names = [key_of_owner(inline, model).remote_field.related_name for inline in ADMINS[model].get_inlines(None, None)]
    return {name: value for each in names for name, value in typed_rows(each).items()}


def test_station_is_added_with_its_ports(editor):
    ports = typed_rows("docking_location", {"name": "Zvezda aft"}, {"name": "Poisk"})
    assert editor.post(page(SpaceStation, "add"), {"name": "Mir", **ports}).status_code == 302
    assert list(DockingLocation.objects.values_list("spacestation__name", "name")) == [
        ("Mir", "Zvezda aft"),
        ("Mir", "Poisk"),
    ]


def test_image_shows_its_variants(editor):
    variant = image_variant(image=image())
    (variants,) = editor.get(page(Image, "change", variant.image.pk)).context["inline_admin_formsets"]
    assert list(variants.formset.queryset) == [variant]


def test_astronaut_shows_the_flights_of_each_seat(editor):
    seat = row(AstronautFlight)
    flight = spacecraft_flight(spacecraft__name="Soyuz TM-12", launch__name="Soyuz-U2")
    flight.launch_crew.add(seat)
    (seats,) = editor.get(page(Astronaut, "change", seat.astronaut.pk)).context["inline_admin_formsets"]
    shown, _ = seats  # after the rows there is an empty one
    cells = [field for fieldset in shown for line in fieldset for field in line]
    assert [cell.contents() for cell in cells if cell.is_readonly] == ["Soyuz TM-12 (Soyuz-U2)", ""]


TIMES = "net", "window_start", "window_end"


def test_launch_is_updated_when_it_is_saved(editor):
    times = {f"{name}_{part}": typed for name in TIMES for part, typed in enumerate(("2026-08-19", "10:30:15"))}
    facts = {"name": "Ariane 6", "slug": "ariane-6", "launch_service_provider": agency().pk, **times}
    answer = editor.post(page(Launch, "add"), {**facts, **no_rows(Launch)})
    assert answer.status_code == 302
    assert Launch.objects.get().last_updated is not None


def test_image_shows_where_it_is_used(editor):
    variant = image_variant(image=image())
    shown = launch(image=variant.image, name="Soyuz TM-12")
    read = editor.get(page(Image, "change", variant.image.pk)).context["adminform"].model_admin.shown_by(variant.image)
    assert read == f'<div><a href="{page(Launch, "change", shown.pk)}">Launch: Soyuz TM-12</a> (image)</div>'


def test_what_there_is_not_is_told_in_words(editor):
    lonely = image_variant(image=image()).image
    assert "Nothing yet." in editor.get(page(Image, "change", lonely.pk)).text
    for asked in (page(Image, "add"), page(ImageVariant, "add"), page(MissionPatch, "add")):
        assert '<div class="readonly">None</div>' not in editor.get(asked).text


def test_deletion_shows_what_goes_along_and_what_loses_its_link(editor):
    variant = image_variant(image=image())
    shown = launch(image=variant.image, name="Soyuz TM-12")
    asked = editor.get(page(Image, "delete", variant.image.pk))
    assert page(ImageVariant, "change", variant.pk) in asked.text
    assert f'<a href="{page(Launch, "change", shown.pk)}">Launch: Soyuz TM-12</a> (image)' in asked.context["losing"]


def test_deletion_of_what_others_need_is_refused_and_says_who(editor):
    flight = spacecraft_flight(launch__name="Soyuz TM-12")
    asked = editor.get(page(Spacecraft, "delete", flight.spacecraft.pk))
    assert [page(SpacecraftFlight, "change", flight.pk) in each for each in asked.context["protected"]] == [True]
    assert editor.post(page(Spacecraft, "delete", flight.spacecraft.pk), {"post": "yes"}).status_code == 200
    assert Spacecraft.objects.exists()


INLINES = [(model, inline) for model, pages in ADMINS.items() for inline in pages.get_inlines(None, None)]


@pytest.mark.parametrize(("model", "inline"), INLINES, ids=lambda each: each.__name__)
def test_short_tables_are_read_once_for_all_rows_of_an_inline(editor, model, inline):
    owner, shown = full(model, row), inline(model, admin.site)
    relations = {field.name: field.related_model for field in inline.model._meta.fields if field.is_relation}
    short = [relations[name] for name in relations.keys() - {*shown.get_autocomplete_fields(None)}]
    tables = [f'FROM "{each._meta.db_table}"' for each in short if each is not model]

    def queries():
        with CaptureQueriesContext(connection) as captured:
            editor.get(page(model, "change", owner.pk))
        return sum(table in query["sql"] for query in captured for table in tables)

    few = [full(inline.model, row, **{key_of_owner(inline, model).name: owner}) for _ in range(FEW)]
    of_few = queries()
    copies(few, FEW * 4)
    assert queries() == of_few


# What an editor has to fill ----------------------------------------------------------------------

NEVER_NULL = {  # what LL2 2.3.0 never answers as null, and our columns can lack; imported rows may
    "agencies.Program": {"type"},
    "crew.Astronaut": {"status", "type"},
    "events.Event": {"type"},
    "events.Update": {"created_on"},
    "launches.FirstStage": {"launcher"},
    "launches.Launch": {"launch_service_provider", "net", "window_end", "window_start"},
    "places.Location": {"celestial_body"},
    "places.Orbit": {"celestial_body"},
    "stations.Expedition": {"spacestation", "start"},
}


@every_table
def test_an_editor_has_to_say_what_the_contract_never_answers_as_null(model, rf):
    form = ADMINS[model].get_form(by_editor(rf))()
    columns = {column.name: column for column in model._meta.fields}
    lacking = {name for name, field in form.fields.items() if field.required and getattr(columns.get(name), "null", 0)}
    assert lacking - {"name"} == NEVER_NULL.get(model._meta.label, set())


@every_table
def test_what_has_a_name_is_saved_with_one(model, rf):
    form = ADMINS[model].get_form(by_editor(rf))()
    assert "name" not in form.fields or form.fields["name"].required


@every_table
def test_nothing_is_saved_by_an_empty_form(model, editor):
    opened = editor.get(page(model, "add"))
    if not any(field.required for field in opened.context["adminform"].form.fields.values()):
        pytest.skip("a row of this table is nothing but its relations")
    before = model._base_manager.count()
    response = editor.post(page(model, "add"), {"_save": "Save"} | management(opened))
    assert (response.status_code, model._base_manager.count()) == (200, before)
    assert response.context["adminform"].form.errors


def management(response) -> dict:
    """What a form says of its inlines, which have no rows."""
    formsets = [each.formset for each in response.context["inline_admin_formsets"]]
    return {f"{each.prefix}-{name}": 0 for each in formsets for name in ("TOTAL_FORMS", "INITIAL_FORMS")}


@pytest.mark.parametrize(("model", "name"), [(Astronaut, "bio"), (Spacecraft, "description")])
def test_what_the_contract_may_leave_empty_is_not_asked_for(model, name, editor):
    assert not editor.get(page(model, "add")).context["adminform"].form.fields[name].required


def test_all_pages_are_found_though_one_module_of_theirs_was_imported_first():
    found = [
        "import django; django.setup()",
        "import spacedevs.editing.admin",
        "from django.urls import reverse",
        "print(reverse('admin:limits_key_changelist'), reverse('admin:launches_launch_changelist'))",
    ]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "spacedevs.settings"}
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(found)], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["/admin/limits/key/", "/admin/launches/launch/"]
