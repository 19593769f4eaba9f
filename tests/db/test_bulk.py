"""Rows that are written many at a time have what Django would have written one by one."""

from datetime import UTC, datetime
from functools import partial

import pytest

from docking.models import CHASERS, TARGETS, DockingEvent
from spacedevs.dataset.models import Mirror, MirroredEndpoint, MirroredRow
from spacedevs.db.bulk import update, upsert
from spacedevs.db.dataset_version import data_models
from spacedevs.db.paths import column_of
from spacedevs.db.search.text import SearchText
from tests.support import factories

pytestmark = pytest.mark.django_db

MODELS = sorted(
    (model for model in data_models().values() if not model._meta.auto_created), key=lambda model: model._meta.label
)


def stored(model, columns):
    """The rows of a table by key."""
    names = [column.attname for column in columns]
    return {row.pk: {name: getattr(row, name) for name in names} for row in model._base_manager.all()}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_columns_of_every_kind_are_set_and_cleared(model):
    columns = [
        each for each in model._meta.concrete_fields if not each.primary_key and not isinstance(each, SearchText)
    ]
    make = factories.full_docking_event if model is DockingEvent else partial(factories.full, model)
    with_all, other = make(), factories.row(model)
    before = stored(model, columns)
    if optional := [column for column in columns if column.null and column.name not in (*TARGETS, *CHASERS)]:
        cleared = {column.attname: None for column in optional}
        update(model, optional, {with_all.pk: cleared})
        assert stored(model, columns) == before | {with_all.pk: before[with_all.pk] | cleared}
    shared = [column for column in columns if not column.unique]
    given = {column.attname: before[with_all.pk][column.attname] for column in shared}
    cleared = stored(model, columns)[with_all.pk]
    update(model, shared, {with_all.pk: given, other.pk: given})
    assert stored(model, columns) == before | {with_all.pk: cleared | given, other.pk: before[other.pk] | given}


def test_rows_with_a_unique_pair_are_inserted_or_set():
    endpoint = MirroredEndpoint.objects.create(mirror=Mirror.objects.create(base="http://127.0.0.1"), path="agencies")
    columns = [column_of(MirroredRow, name) for name in ("endpoint_id", "key", "sweep", "vanished", "is_wanted")]
    moment = datetime(2030, 1, 2, 3, 4, 5, 678, tzinfo=UTC)

    def put(*rows):
        upsert(columns[:2], columns[2:], [(endpoint.pk, *row) for row in rows])
        return list(MirroredRow.objects.order_by("key").values_list("key", "sweep", "vanished", "is_wanted"))

    first = [("1", 1, None, False), ("2", 1, moment, True)]
    assert put() == []
    assert put(*first) == first
    assert put(("2", 2, None, False), ("3", 2, moment, False)) == [
        first[0],
        ("2", 2, None, False),
        ("3", 2, moment, False),
    ]
