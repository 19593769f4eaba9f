"""Search, and the text that is kept for it: right on both databases, whoever writes and in whatever order."""

import json
from functools import reduce
from operator import or_
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.apps.registry import Apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection, models

from spacedevs.db import pending
from spacedevs.db.search import pending_texts, sources, triggers
from spacedevs.db.search.text import SearchText
from spacedevs.router import RESOURCES
from spacedevs.sync.importing.records import ingest, records
from tests.support import factories

FIXTURES = sorted((settings.BASE_DIR / "fixtures").glob("*.json"))

pytestmark = pytest.mark.django_db

# What a word finds ------------------------------------------------------------------------------

NAMES = ["Kourou", "Élysée", "Байконур", "100 %", "under_score", "back\\slash", "two\nlines"]
FOUND = {
    "kourou": ["Kourou"],
    "OUR": ["Kourou"],
    "élysée": ["Élysée"],
    "ÉLYSÉE": ["Élysée"],
    "elysee": [],  # an accent only as typed
    "байконур": ["Байконур"],
    "БАЙК нур": ["Байконур"],
    "k байк": [],
    "%": ["100 %"],
    "_": ["under_score"],
    "\\": ["back\\slash"],
    "(": [],
    ".": [],
    '"two\nlines"': ["two\nlines"],
}


@pytest.mark.parametrize("words", FOUND)
@pytest.mark.parametrize("path", ["config/docking_locations", "docking_events"])
def test_a_word_is_found_in_any_case_and_is_only_ever_text(path, words, get):
    for name in NAMES:
        factories.docking_event(docking_location__name=name)
    page = get(f"{path}/", search=words)
    ports = [record.get("docking_location", record)["name"] for record in page["results"]]
    assert ports == FOUND[words]


def test_no_word_is_found_across_two_fields(get):
    factories.docking_event(docking_location__name="aft", flight_vehicle_chaser__spacecraft__name="er")
    assert get("docking_events/", search="after")["count"] == 0
    assert get("docking_events/", search='"aft\ner"')["count"] == 0
    assert get("docking_events/", search="aft er")["count"] == 1


KEPT = {
    path: text
    for path, resource in RESOURCES.items()
    if not resource.part and (text := SearchText.of(resource.queryset.model))
}


@pytest.mark.parametrize("path", KEPT)
def test_what_is_kept_is_what_the_endpoint_says_it_searches(path):
    assert set(KEPT[path].paths) == set(map(RESOURCES[path].path_of, RESOURCES[path].search_fields))


@pytest.mark.parametrize("path", KEPT)
def test_a_search_of_a_table_that_keeps_its_text_joins_no_other(path, client, django_assert_num_queries):
    with django_assert_num_queries(1) as captured:
        client.get(f"/2.3.0/{path}/", {"search": "nobody's name"})
    assert "JOIN" not in captured[0]["sql"]


def test_a_path_that_leads_to_no_text_is_an_error():
    def errors(*paths):
        field = SearchText(paths)
        field.set_attributes_from_name("search_text")
        field.model = KEPT["docking_events"].model
        return [error.msg for error in field.check()]

    assert errors("docking_location__name", "flight_vehicle_chaser__launch__program__name") == []
    assert errors("docking", "docking_location", "docking_location__nam", "docking__name") == [
        "'docking' is not the path of a text.",
        "'docking_location' is not the path of a text.",
        "'docking_location__nam' is not the path of a text.",
        "'docking__name' is not the path of a text.",
    ]


def plain(fields, word):
    """What a search asks where no text is kept."""
    return reduce(or_, (models.Q(**{f"{field}__icontains": word}) for field in fields))


@pytest.mark.parametrize("path", KEPT)
def test_the_kept_text_finds_what_its_fields_would(path):
    call_command("loaddata", *FIXTURES, verbosity=0)
    rows, fields = RESOURCES[path].queryset.all(), KEPT[path].paths
    names = {name for row in rows.values_list(*fields) for name in row if name}
    words = {part for name in names for part in (name, *name.split(), name[1:4].lower(), name[-2:].upper())}
    wrong = [
        word for word in words if set(rows.filter(search_text__holds=word)) != set(rows.filter(plain(fields, word)))
    ]
    assert len(words) > 100
    assert wrong == []


def test_what_is_taken_in_is_found(shared, get):
    answer = json.loads((shared / "golden" / "docking_event_151.json").read_text("utf-8"))
    for _ in range(2):
        ingest(records("recorded", answer))
        for name in (answer["docking_location"]["name"], answer["flight_vehicle_chaser"]["spacecraft"]["name"]):
            assert [record["id"] for record in get("docking_events/", search=name)["results"]] == [151]


# Who writes it ----------------------------------------------------------------------------------

registry = Apps(["tests"])


class Row(models.Model):
    name = models.CharField(max_length=50, null=True, db_column="Name")

    class Meta:
        abstract = True
        apps = registry
        app_label = "tests"

    def __str__(self):
        return self.name


class Port(Row):
    """Where ships lie."""


class Ship(Row):
    home = models.ForeignKey(Port, models.SET_NULL, null=True, related_name="ships")


class Voyage(Row):
    code = models.CharField(primary_key=True, max_length=50)
    ship = models.ForeignKey(Ship, models.SET_NULL, null=True, related_name="voyages")
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="parts")
    ports = models.ManyToManyField(Port, related_name="voyages")
    search_text = SearchText(
        ("name", "ship__name", "ship__home__name", "parent__name", "ports__name", "guests__ship__name", "fleets__name")
    )


class Guest(Row):
    voyage = models.ForeignKey(Voyage, models.CASCADE, related_name="guests")
    ship = models.ForeignKey(Ship, models.CASCADE, related_name="visits")


class Fleet(Row):
    voyages = models.ManyToManyField(Voyage, related_name="fleets")


TABLES = Port, Ship, Voyage, Guest, Fleet
EVERYTHING = SimpleNamespace(get_models=lambda: [*apps.get_models(), *TABLES])


@pytest.fixture(scope="module", params=[sources.AT_ONCE, 0], ids=["at once", "after the commit"])
def tables(request, django_db_setup, django_db_blocker):
    """The tables of this module, with their triggers, which change so many rows at once."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "AT_ONCE", request.param)
        with connection.schema_editor() as editor:
            for model in TABLES:
                editor.create_model(model)
        triggers.install(connection.alias, EVERYTHING)
        yield
        patch.undo()
        triggers.remove(connection.alias, plan=["drop tables"])
        with connection.schema_editor() as editor:
            for model in reversed(TABLES):
                editor.delete_model(model)
        triggers.install(connection.alias)


@pytest.fixture
def voyage(tables):
    """A voyage with something at the end of every path."""
    kiel, brest, _ = Port.objects.bulk_create(
        Port(pk=n, name=name) for n, name in enumerate(("Kiel", "Brest", "Faro"), 1)
    )
    sagres, belem = Ship(pk=1, name="Sagres", home=kiel), Ship(pk=2, name="Belem", home=brest)
    Ship.objects.bulk_create([sagres, belem])
    tour = Voyage.objects.create(code="T", name="Tour")
    voyage = Voyage.objects.create(code="A", name="Azores", ship=sagres, parent=tour)
    voyage.ports.add(brest)
    Guest.objects.create(pk=1, voyage=voyage, ship=belem)
    Fleet.objects.create(pk=1, name="Blue").voyages.add(voyage)
    settle()
    return voyage


def settle():
    """Does what triggers have noted."""
    known = triggers.triggers_of
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pending_texts, "triggers_of", lambda connection: known(connection, EVERYTHING))
        assert pending.settle()


def kept():
    """The texts of the voyages, by their codes, without empty lines."""
    return {
        code: set(filter(None, text.split("\n"))) for code, text in Voyage.objects.values_list("code", "search_text")
    }


def run(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def save(row, **values):
    vars(row).update(values)
    row.save()


def upsert(model, fields, *rows):
    model.objects.bulk_create(rows, update_conflicts=True, unique_fields=["pk"], update_fields=fields)


AT_FIRST = {"A": {"AZORES", "SAGRES", "KIEL", "TOUR", "BREST", "BELEM", "BLUE"}, "T": {"TOUR"}}
WRITES = {  # what is written, and what then is another for which voyages
    "nothing": (lambda row: None, {}),
    "the row itself is saved": (lambda row: save(row, name="Ålesund"), {"A": "-AZORES ÅLESUND"}),
    "a queryset is updated": (
        lambda row: Voyage.objects.update(name="Ring"),
        {"A": "-AZORES -TOUR RING", "T": "-TOUR RING"},
    ),
    "rows are updated in bulk": (
        lambda row: Voyage.objects.bulk_update([Voyage(pk="A", name="Ring", ship_id=2)], ["name", "ship"]),
        {"A": "-AZORES -SAGRES -KIEL RING"},
    ),
    "rows are created over others": (
        lambda row: upsert(Voyage, ["ship"], Voyage(pk="A", ship_id=2), Voyage(pk="N", name="New", ship_id=2)),
        {"A": "-SAGRES -KIEL", "N": "NEW BELEM BREST"},
    ),
    "the text itself is overwritten": (lambda row: save(row, search_text="Nonsense"), {}),
    "the text itself is emptied": (lambda row: Voyage.objects.update(search_text=""), {}),
    "a relation ends": (lambda row: Voyage.objects.update(ship=None), {"A": "-SAGRES -KIEL"}),
    "a related row is renamed": (lambda row: Ship.objects.filter(pk=1).update(name="Eagle"), {"A": "-SAGRES EAGLE"}),
    "related rows are renamed by hand": (
        lambda row: run("""UPDATE tests_ship SET "Name" = 'New ' || "Name" """),
        {"A": "-SAGRES -BELEM NEW=SAGRES NEW=BELEM"},
    ),
    "a related row loses its name": (lambda row: Ship.objects.filter(pk=1).update(name=None), {"A": "-SAGRES"}),
    "a row two steps away is renamed": (
        lambda row: Port.objects.filter(pk=1).update(name="Rota"),
        {"A": "-KIEL ROTA"},
    ),
    "a related row leads elsewhere": (lambda row: Ship.objects.update(home_id=3), {"A": "-KIEL FARO"}),
    "a row of the same table is renamed": (
        lambda row: save(row.parent, name="Cup"),
        {"A": "-TOUR CUP", "T": "-TOUR CUP"},
    ),
    "a row of a set is renamed": (lambda row: Port.objects.filter(pk=2).update(name="Rota"), {"A": "-BREST ROTA"}),
    "a set grows": (lambda row: row.ports.add(3), {"A": "FARO"}),
    "a set is emptied": (lambda row: row.ports.clear(), {"A": "-BREST"}),
    "a set is replaced": (lambda row: row.ports.set([3]), {"A": "-BREST FARO"}),
    "a row of a set is deleted": (lambda row: Port.objects.get(pk=2).delete(), {"A": "-BREST"}),
    "a set of the other side is emptied": (lambda row: Fleet.objects.get().voyages.clear(), {"A": "-BLUE"}),
    "a set of the other side grows": (lambda row: Fleet.objects.get().voyages.add("T"), {"T": "BLUE"}),
    "the other side is renamed": (lambda row: Fleet.objects.update(name="Red"), {"A": "-BLUE RED"}),
    "the other side is deleted": (lambda row: Fleet.objects.get().delete(), {"A": "-BLUE"}),
    "an owned row comes": (lambda row: Guest.objects.create(pk=2, voyage_id="T", ship_id=1), {"T": "SAGRES"}),
    "an owned row moves": (lambda row: Guest.objects.update(voyage_id="T"), {"A": "-BELEM", "T": "BELEM"}),
    "an owned row leads elsewhere": (lambda row: Guest.objects.update(ship_id=1), {"A": "-BELEM"}),
    "an owned row goes": (lambda row: Guest.objects.get().delete(), {"A": "-BELEM"}),
    "an owned row goes by cascade": (lambda row: Ship.objects.get(pk=2).delete(), {"A": "-BELEM"}),
    "rows come before those that they lead to": (
        lambda row: [
            Guest.objects.create(pk=2, voyage_id="L", ship_id=9),
            Voyage.objects.bulk_create(
                [Voyage(pk="L", name="Late", parent_id="M"), Voyage(pk="M", name="May", ship_id=9)]
            ),
            Ship.objects.create(pk=9, name="Dar", home_id=9),
            Port.objects.create(pk=9, name="Gdynia"),
        ],
        {"L": "LATE MAY DAR", "M": "MAY DAR GDYNIA"},
    ),
}
ON_POSTGRESQL = {
    "owned rows are truncated": (
        lambda row: run("SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE tests_guest"),
        {"A": "-BELEM"},
    ),
    "rows are copied in": (lambda row: copy("tests_guest (id, voyage_id, ship_id)", "2\tT\t1\n"), {"T": "SAGRES"}),
    "the path of the writer is another": (
        lambda row: run("""SET LOCAL search_path = ''; UPDATE public.tests_port SET "Name" = 'Rota' WHERE id = 2"""),
        {"A": "-BREST ROTA"},
    ),
}


def copy(target, lines):
    with connection.cursor() as cursor, cursor.copy(f"COPY {target} FROM STDIN") as stream:
        stream.write(lines)


def changed(texts, changes):
    """The texts after changes such as 'NEW -OLD TWO=WORDS'."""
    texts = {code: set(texts.get(code, ())) for code in texts.keys() | changes.keys()}
    for code, words in changes.items():
        for word in words.replace("=", "_").split():
            line = word.lstrip("-").replace("_", " ")
            texts[code].discard(line) if word.startswith("-") else texts[code].add(line)
    return texts


@pytest.mark.parametrize("write", [*WRITES, *ON_POSTGRESQL])
def test_a_text_is_right_when(write, voyage):
    if write in ON_POSTGRESQL and connection.vendor != "postgresql":
        pytest.skip("SQLite knows no such write")
    act, changes = {**WRITES, **ON_POSTGRESQL}[write]
    assert kept() == AT_FIRST
    act(voyage)
    run("SET LOCAL search_path = public") if connection.vendor == "postgresql" else None
    settle()
    assert kept() == changed(AT_FIRST, changes)
