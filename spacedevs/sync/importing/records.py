"""Imports responses of Launch Library 2 as rows: the inverse of rendering.

Everything that the API shows can be imported: the import walks a record along its serializer, each object in it
becomes a row with upstream's id, and all rows of one call are written in one transaction. A record sets only the
fields that it has; a new row needs all fields that are never null in the contract. An object that only has a name
becomes a row that is `KnownByName`."""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from django.db import transaction
from rest_framework import serializers

from spacedevs.api.registry import endpoints
from spacedevs.api.serializers import name_of
from spacedevs.statistics.imports import around_import

from .batch import Batch, Refused, Row
from .outcome import Outcome, Record, Refusal
from .ownership import Claims
from .recognise import UNRECOGNISED, object_of, recognise
from .walk import import_object
from .writer import write

if TYPE_CHECKING:
    from spacedevs.api.serializers import ResourceSerializer
    from spacedevs.api.views import Resource
    from spacedevs.db.paths import Key

    from .batch import Model


def records(name: str, answer: object, endpoint: type[Resource] | None = None) -> list[Record]:
    """The records of a response with their places: of a page, of an array, or the single one."""
    if isinstance(answer, dict) and isinstance(answer.get("results"), list):
        return [Record(f"{name}#/results/{i}", each, endpoint) for i, each in enumerate(answer["results"])]
    if isinstance(answer, list):
        return [Record(f"{name}#/{i}", each, endpoint) for i, each in enumerate(answer)]
    return [Record(f"{name}#", answer, endpoint)]


@contextmanager
def uncollected() -> Iterator[None]:
    """Suspends garbage collection: collected records are needed until the end, and reference counting frees them."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@uncollected()
def ingest(
    records: Sequence[Record],
    component: str | None = None,
    gone: Collection[tuple[Model, Key]] = (),
    complete: Collection[Model] = (),
) -> Outcome:
    """Imports records in one transaction; `gone` rows, deleted at the source, own nothing. An unknown name makes a new
    row, except of `complete` models.

    Unknown fields are ignored and counted. Raises Refused with all problems."""
    endpoints()  # the router imports every component
    batch = Batch(claims=Claims(gone=gone), complete=complete)
    for record in records:
        if shown := object_of(record, component):
            batch.kinds[record.place] = name_of(shown)
            take_object(batch, shown(), record.value, record.place)
        elif representation := recognise(batch, record, component):
            batch.kinds[record.place] = representation.Meta.model.__name__
            import_object(batch, representation, record.value, record.place)
    if batch.problems:
        raise Refused(batch.problems, batch.kinds)
    try:
        with transaction.atomic(), around_import(batch.rows) as affected:
            return Outcome(write(batch, affected), batch.unknown)
    except Refused as refused:
        raise Refused(refused.problems, batch.kinds) from refused


def ingest_each(
    records: Sequence[Record],
    component: str | None = None,
    gone: Collection[tuple[Model, Key]] = (),
    complete: Collection[Model] = (),
) -> Outcome:
    """Imports records without the invalid ones; each record is imported completely or not at all. See `ingest`."""
    outcome = Outcome()
    while records:
        try:
            outcome.add(ingest(records, component, gone, complete))
            break
        except Refused as refused:
            refusals = blame(records, refused)
        if not refusals:  # any of them may be the cause
            for half in (records[: len(records) // 2], records[len(records) // 2 :]):
                outcome.add(ingest_each(half, component, gone, complete))
            break
        outcome.refused += refusals
        outcome.rows.update((refusal.kind, "refused") for refusal in refusals)
        at_fault = {refusal.record.place for refusal in refusals}
        records = [record for record in records if record.place not in at_fault]
    return outcome


def blame(records: Sequence[Record], refused: Refused) -> list[Refusal]:
    """The invalid records; empty if unknown."""
    if len(records) == 1:
        return [Refusal(refused.kinds.get(records[0].place, UNRECOGNISED), records[0], refused.problems)]
    held = [(record, list(filter(record.holds, refused.problems))) for record in records]
    return [
        Refusal(refused.kinds.get(record.place, UNRECOGNISED), record, problems)
        for record, problems in held
        if problems
    ]


def take_object(batch: Batch, shown: serializers.Serializer[Any], value: object, place: str) -> None:
    """Collects the rows that an object shows, each like its own record; rows without a key replace the whole table."""
    if not isinstance(value, dict):
        batch.refuse(place, "Must be an object.")
        return
    names = shown.fields.keys() - {"response_mode"}
    batch.unknown.update((name_of(type(shown)), unknown) for unknown in value.keys() - shown.fields.keys())
    for name in names & value.keys():
        inside, field = f"{place}/{name}", shown.fields[name]
        if not isinstance(field, serializers.ListSerializer):
            take_object(batch, cast("serializers.Serializer[Any]", field), value[name], inside)
        elif not isinstance(value[name], list):
            batch.refuse(inside, "Must be an array.")
        else:
            component = cast("ResourceSerializer", field.child)
            taken = [take_shown(batch, component, each, f"{inside}/{i}") for i, each in enumerate(value[name])]
            if "id" not in component.fields:
                batch.replaced_tables[component.Meta.model] = cast(list[Row], taken)


def take_shown(batch: Batch, representation: ResourceSerializer, value: object, place: str) -> Key | Row | None:
    """A record in an object, in any mode."""
    if "id" in representation.fields:
        record = Record(place, value)
        return import_object(batch, recognise(batch, record, None) or type(representation), value, place)
    return import_object(batch, type(representation), value, place)
