"""Replaces names by keys, and moves references from one key to another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, cast

from django.db import models

from spacedevs.api.models import KnownByName
from spacedevs.db.paths import column_of, link_columns

from .batch import Problem, Refused

if TYPE_CHECKING:
    from spacedevs.db.paths import Column, Key
    from spacedevs.statistics.imports import Affected

    from .batch import Batch, Model


def resolve_names(batch: Batch, affected: Affected) -> None:
    """Replaces names by keys: of a row in the batch or the database, otherwise of a new row."""
    keys: dict[tuple[Model, str], Key] = {}
    for model, rows in list(batch.rows.items()):
        if issubclass(model, KnownByName):
            names = {key: row.values.get("name") for key, row in rows.items()}
            make_room(model, names, affected)
            adopt(model, {name: key for key, name in names.items()}, affected)
    for model, places in batch.names.items():
        here = {row.values.get("name"): key for key, row in batch.rows[model].items()}
        # In descending order, so that the lowest known key remains if several rows have the same name.
        known = model._default_manager.filter(name__in=places).order_by("-pk").values_list("name", "pk")
        there: dict[str, int] = dict(sorted(known, key=lambda pair: pair[1] >= 0))
        lowest = lowest_key(model, batch.rows[model])
        for name, place in places.items():
            key = here.get(name, there.get(name))
            if key is None and model in batch.complete:
                raise Refused([Problem(place, f"Names a {model.__name__} that is not here: {name}")])
            if key is None:
                key = lowest = lowest - 1
                batch.row(model, key, place).values["name"] = name
            keys[model, name] = key
    for row, column, model, name in batch.named:
        row.values[column] = keys[model, name]


def lowest_key(model: Model, keys: Iterable[Key]) -> int:
    """The lowest key in the database or the batch; at most 0."""
    numbers = cast("Iterable[int]", keys)  # what is known by its name has no other keys
    lowest: int | None = model._default_manager.aggregate(lowest=models.Min("pk"))["lowest"]
    return min(0, *numbers, lowest or 0)


def make_room(model: Model, names: Mapping[Key, str | None], affected: Affected) -> None:
    """Gives local rows with provisional keys new ones, if another Softdock uses the same keys for other rows."""
    here = model._default_manager.filter(pk__in=[key for key in names if cast(int, key) < 0])
    lowest = lowest_key(model, names)
    for key, name in here.values_list("pk", "name"):
        if names[key] not in (None, name):
            lowest -= 1
            move(model, key, lowest, affected)


def adopt(model: Model, known: Mapping[str | None, Key], affected: Affected) -> None:
    """Gives rows with provisional keys the real keys from this batch."""
    here = model._default_manager.filter(pk__lt=0, name__in=[name for name in known if name])
    for key, name in list(here.values_list("pk", "name")):
        if known[name] != key:
            move(model, key, known[name], affected)


def move(model: Model, old: Key, new: Key, affected: Affected) -> None:
    """Changes the key of a row; if a row with this key exists, moves all references to it."""
    if not model._default_manager.filter(pk=new).exists():
        row = model._default_manager.get(pk=old)
        row.pk, row._state.adding = new, True
        row.save(force_insert=True)
    for relation in model._meta.related_objects:
        column: Column = relation.field
        if isinstance(relation, models.ManyToManyRel):
            through, _, there = link_columns(relation.field)
            column = column_of(through, there)
        repoint(column, column.model._default_manager.filter(**{column.attname: old}), new, affected)
    model._default_manager.filter(pk=old).delete()


def repoint(column: Column, rows: models.QuerySet[models.Model], to: Key | None, affected: Affected) -> None:
    """Changes a foreign key of rows; if there are none, no statement is executed, not even for the version."""
    if keys := list(rows.values_list("pk", flat=True)):
        with affected.by_column(column.model, column.attname, keys):
            rows.update(**{column.attname: to})
