"""A row may lack whatever may be null: one field after another is, and all that shows the row still does."""

import json
from math import ceil, sqrt

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from docking.models import CHASERS, TARGETS, DockingEvent
from spacedevs.api.registry import endpoints
from spacedevs.api.render_plan.plan import plan
from spacedevs.dataset.models import Mirror, MirroredEndpoint
from tests.support import factories
from tests.support.world import rows_for_a_module

MODELS = [model for noun in settings.NOUNS for model in apps.get_app_config(noun).get_models()]
NULLABLE = {model: [field.name for field in model._meta.concrete_fields if field.null] for model in MODELS}
REFUSED = {DockingEvent: {*TARGETS, *CHASERS}}  # a stay has one of each, by a constraint
pytestmark = pytest.mark.django_db
# HTML is made of the same rows on every database, so it is asked for on one of them.
HAS_PAGES = connection.vendor == "sqlite"
ENTRY = {"ics": b"BEGIN:VEVENT", "atom": b"<entry>"}


@pytest.fixture(scope="module")
def asked(django_db_setup, django_db_blocker):
    """Rows with every field filled, of every table; and what is asked of these, by tables."""
    with rows_for_a_module(django_db_blocker):
        for model in MODELS:
            rows = model._base_manager
            if not rows.exists() or not all(rows.exclude(**{name: None}).exists() for name in NULLABLE[model]):
                factories.full(model)
        # So that no page looks for rows of the sample, to tell of when the data are.
        MirroredEndpoint.objects.create(mirror=Mirror.objects.create(base="https://upstream.example"), path="launches")
        editor = Client(raise_request_exception=False)  # so that a failure names its field
        editor.force_login(User.objects.create(username="editor", is_staff=True, is_superuser=True))
        yield Asked(editor)


def whole(model):
    """The key of a row that lacks the least."""
    rows = model._base_manager.values("pk", *NULLABLE[model])
    return min(rows, key=lambda row: sum(value is None for value in row.values()))["pk"]


class Asked:
    """The addresses that show rows, and what they are seen to show."""

    def __init__(self, client):
        self.client = client
        self.shapes, self.about = {}, {}  # of an address of the API: what is written there, and the endpoint
        self.first = {}  # of an address: what it shows while nothing is lacking, and the statements for that
        for path, endpoint in endpoints().items():
            modes = endpoint.modes or {"": endpoint.ladder[0]}
            written = {f"/2.3.0/{path}/?limit=100&mode={mode}": rung for mode, rung in modes.items()}
            if endpoint.part:  # whose rows are written as those of the whole table
                written = dict([written.popitem()])
            else:
                written[f"/2.3.0/{path}/{whole(endpoint.queryset.model)}/"] = endpoint.ladder[-1]
            self.shapes |= {address: set(plan(rung).order) for address, rung in written.items()}
            self.about |= dict.fromkeys(written, endpoint)
        self.read = ["/2.3.0/dashboard/starship/", *self.feeds(), *(self.pages() if HAS_PAGES else ())]

    def feeds(self):
        for path, endpoint in endpoints().items():
            for kind in ENTRY if endpoint.feed and not endpoint.part else ():
                address = f"/2.3.0/{path}/?format={kind}"
                self.about[address] = endpoint
                yield address

    def pages(self):
        """The pages for people: of all stations, of each, and of each ship."""
        stay = DockingEvent.objects.filter(flight_vehicle_chaser__spacecraft__gt=0, space_station_target__gt=0).first()
        station, ship = stay.target.pk, stay.flight_vehicle_chaser.spacecraft_id
        yield f"/2.3.0/space_stations/{station}/now/"
        for name, keys in [("stations", []), ("station", [station]), ("spacecraft", [ship])]:
            yield reverse(name, args=keys)
            yield reverse(f"{name}-timeline", args=keys)

    def at_first(self, address):
        """What an address shows while no row lacks a field, and the statements for that."""
        if address not in self.first:
            with CaptureQueriesContext(connection) as captured:
                shown = self.shown(address)
            self.first[address] = shown, [query["sql"] for query in captured]
        return self.first[address]

    def reads(self, address, model, *fields) -> bool:
        """Whether an answer may depend on a table, or on a field of it: what no statement names cannot change it."""
        _, statements = self.at_first(address)
        names = [model._meta.db_table, *(model._meta.get_field(name).column for name in fields)]
        # psycopg does not tell all that it sends: what it keeps for itself may name anything.
        return any(sql is None or all(f'"{name}"' in sql for name in names) for sql in statements)

    def of(self, model) -> list[str]:
        """All that shows the rows of a table; of what shows them alike, once."""
        own = [address for address, endpoint in self.about.items() if endpoint.queryset.model is model]
        seen = set().union(*(self.shapes.get(address, ()) for address in own))
        nested = []
        for address, shapes in self.shapes.items():
            if new := {shape for shape in shapes - seen if shape.model is model}:
                nested.append(address)
                seen |= new
        others = [address for address in self.read if self.reads(address, model)]
        pages = [f"{address}?format=api" for address in own if "?" not in address] + self.forms(model)
        return [*dict.fromkeys([*own, *nested, *others]), *(pages if HAS_PAGES else ())]

    def forms(self, model) -> list[str]:
        """The forms for editors: of a row itself, and of those with which it is edited."""
        ours = [page for owner, page in admin.site._registry.items() if owner in NULLABLE]
        return [
            reverse(f"admin:{page.opts.app_label}_{page.opts.model_name}_change", args=[whole(page.model)])
            for page in ours
            if model in (page.model, *(inline.model for inline in page.get_inlines(None, None)))
        ]

    def shown(self, address):
        """The status of an answer, and which rows it shows or how many."""
        response = self.client.get(address)
        found = response.status_code
        if "json" in response["Content-Type"]:
            told = json.loads(response.content)
            return found, {row["id"] for row in told["results"]} if "results" in told else told.get("id")
        marks = [response.content.count(mark) for kind, mark in ENTRY.items() if address.endswith(kind)]
        return found, marks or b"<h1" in response.content


def decide(names, model, address, asked) -> bool:
    """Whether a row without one of these fields has no place at an address: it is a part of the table, or a feed."""
    endpoint = asked.about.get(address)
    if endpoint is None or endpoint.queryset.model is not model:
        return False
    edges = endpoint.part.edges if endpoint.part else ()
    times = [endpoint.feed.time] if endpoint.feed and "format=" in address else []
    return not {*edges, *times}.isdisjoint(names)


def together(model, asked):
    """Fields whose lack on pages is looked at together, each time those far apart in the table: HTML is expensive.

    What decides whether a row is shown at all is looked at alone."""
    refused = REFUSED.get(model, ())
    alone = [
        name
        for name in NULLABLE[model]
        if name in refused or any(decide([name], model, address, asked) for address in asked.about)
    ]
    others = [name for name in NULLABLE[model] if name not in alone]
    rounds = ceil(sqrt(len(others)))
    return [[name] for name in alone] + [others[number::rounds] for number in range(rounds)]


def without(model, names, addresses, asked):
    """What these addresses show once no row has these fields."""
    with transaction.atomic():
        model._base_manager.update(**dict.fromkeys(names))
        shown = {
            address: asked.shown(address)
            for address in addresses
            if any(asked.reads(address, model, name) for name in names)
        }
        transaction.set_rollback(True)
    return shown


def different(model, names, before, asked):
    """What is not shown as before without these fields: one by one, if it can be told of which it is."""
    found = {
        address: shown
        for address, shown in without(model, names, before, asked).items()
        if shown[0] != 200 or (shown != before[address] and not decide(names, model, address, asked))
    }
    if not found or len(names) == 1:
        return {f"{name} at {address}": shown for address, shown in found.items() for name in names}
    again = {address: before[address] for address in found}
    of_one = [different(model, [name], again, asked) for name in names]
    return {key: shown for each in of_one for key, shown in each.items()} or {f"{names}": found}


@pytest.mark.parametrize("model", [model for model in MODELS if NULLABLE[model]], ids=lambda model: model.__name__)
def test_a_row_that_lacks_a_field_is_shown_all_the_same(model, asked):
    before = {address: asked.at_first(address)[0] for address in asked.of(model)}
    assert {status for status, _ in before.values()} == {200}
    pages = {address: shown for address, shown in before.items() if shown[1] is True}
    answers = {address: shown for address, shown in before.items() if address not in pages}
    refused, found = set(), {}
    for name in NULLABLE[model]:
        assert model._base_manager.exclude(**{name: None}).exists(), f"no row has {name}"
        shown = any(asked.reads(address, model, name) for address in before)
        assert shown or not HAS_PAGES, f"nothing shows {name}"
        try:
            found |= different(model, [name], answers, asked)
        except IntegrityError:
            refused.add(name)
    assert refused == REFUSED.get(model, set())
    for names in together(model, asked):
        if refused.isdisjoint(names):
            found |= different(model, names, pages, asked)
    assert found == {}
