"""A row may lack whatever may be null: one field after another is, and all that shows the row still does."""

import json

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
        editor = Client()
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
        self.sql = {}  # of an address: the statements of its answer
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

    def reads(self, address, model, *fields) -> bool:
        """Whether an answer may depend on a table, or on a field of it: what no statement names cannot change it."""
        if address not in self.sql:
            with CaptureQueriesContext(connection) as captured:
                self.client.get(address)
            self.sql[address] = [query["sql"] for query in captured]
        names = [model._meta.db_table, *(model._meta.get_field(name).column for name in fields)]
        # psycopg does not tell all that it sends: what it keeps for itself may name anything.
        return any(sql is None or all(f'"{name}"' in sql for name in names) for sql in self.sql[address])

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


def decides(endpoint, address, model, name) -> bool:
    """Whether a row without this field has no place at an address: it is a part of the table, or a feed."""
    if endpoint is None or endpoint.queryset.model is not model:
        return False
    edges = endpoint.part.edges if endpoint.part else ()
    return name in edges or (endpoint.feed and name == endpoint.feed.time and "format=" in address)


@pytest.mark.parametrize("model", [model for model in MODELS if NULLABLE[model]], ids=lambda model: model.__name__)
def test_a_row_that_lacks_a_field_is_shown_all_the_same(model, asked):
    before = {address: asked.shown(address) for address in asked.of(model)}
    assert {status for status, _ in before.values()} == {200}
    refused, different = set(), {}
    for name in NULLABLE[model]:
        assert model._base_manager.exclude(**{name: None}).exists(), f"no row has {name}"
        try:
            with transaction.atomic():
                model._base_manager.update(**{name: None})
                after = {address: asked.shown(address) for address in before if asked.reads(address, model, name)}
                transaction.set_rollback(True)
        except IntegrityError:
            refused.add(name)
            continue
        assert after or not HAS_PAGES, f"nothing shows {name}"
        for address, found in after.items():
            is_right = found == before[address] or decides(asked.about.get(address), address, model, name)
            if found[0] != 200 or not is_right:
                different[f"{name} at {address}"] = found
    assert (different, refused) == ({}, REFUSED.get(model, set()))
