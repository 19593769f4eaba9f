"""Tables that grow are read in any order that they offer without being sorted first."""

from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection, models
from rest_framework.test import APIRequestFactory

from docking.models import DockingEvent
from launches.models import Launch
from spacedevs.api.filters.backends import TotalOrdering
from spacedevs.router import RESOURCES

GROWING = DockingEvent, Launch
LONGEST = 2704 // 4  # characters that fit into an index entry of PostgreSQL; no row shall be refused for its length

pytestmark = pytest.mark.django_db


def has_index(model, term):
    field = model._meta.get_field(term.lstrip("-"))
    return not field.primary_key and not (isinstance(field, models.CharField) and field.max_length > LONGEST)


ORDERS = [
    (path, sign + term)
    for path, resource in RESOURCES.items()
    if resource.queryset.model in GROWING
    for term in {*resource.ordering_fields, resource.queryset.model._meta.ordering[0]}
    if has_index(resource.queryset.model, term)
    for sign in ("", "-")
]


@pytest.mark.parametrize(("path", "term"), sorted(ORDERS))
def test_an_order_is_read_off_an_index(path, term):
    queryset = RESOURCES[path].queryset
    request = SimpleNamespace(query_params=APIRequestFactory().get("/", {"ordering": term}).GET)
    view = SimpleNamespace(ordering_fields=[term.lstrip("-")], path_of=RESOURCES[path].path_of)
    page = TotalOrdering().filter_queryset(request, queryset.all(), view).values("pk")[:10]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")  # the table is empty
    columns = [term.lstrip("-"), queryset.model._meta.pk.name]
    names = [index.name for index in queryset.model._meta.indexes if list(index.fields) == columns]
    assert [name for name in names if name in page.explain()] == names != []


@pytest.mark.parametrize("name", ["launch_name", "launch_slug", "vid_url_url"])
def test_texts_too_long_for_a_tree_have_a_hash_index(name):
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT amname FROM pg_class JOIN pg_am ON pg_am.oid = relam WHERE relname = %s", [name])
            assert cursor.fetchall() == [("hash",)]
        else:
            cursor.execute("SELECT sql LIKE '%%USING%%' FROM sqlite_master WHERE name = %s", [name])
            assert cursor.fetchall() == [(0,)]


def test_no_index_needs_an_app_that_is_not_installed():
    """Later versions of Django refuse to start with one: 6.1 does so for all classes of `django.contrib.postgres`."""
    indexes = [index for model in apps.get_models() for index in model._meta.indexes]
    assert {type(index).__module__ for index in indexes} == {"django.db.models.indexes", "spacedevs.db.models"}
