"""Derived statistics: recomputed from rows, never incremented or decremented.

The `statistics.py` of the app that owns the source rows has a function for each table with statistics: a SELECT of
keys and correct values. A change affects the rows whose relations lead to the changed rows, before or after the
change. These are noted in its transaction and recomputed once after its commit (see pending.py): then all relevant
rows are visible, and the last of several concurrent recomputations is right. Only rows that differ are written, so
that the dataset version changes only if a response does.

Imported statistics skip all of this: they stay as upstream sent them."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from operator import attrgetter
from time import monotonic
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection, models, transaction

from spacedevs.db import pending
from spacedevs.db.locks import Lock
from spacedevs.db.models import PendingUpdate
from spacedevs.db.pending import ALL

from .origin import DERIVED, are_derived, choose
from .registry import Statistic, figures, running, statistics

if TYPE_CHECKING:
    from spacedevs.db.paths import Key
    from spacedevs.db.pending import Limits

# Recomputing ---------------------------------------------------------------------------------------

MAX_ROWS, MAX_SECONDS = 5_000, 1  # seconds, for a transaction after a commit, so that others do not wait long


@contextmanager
def recomputing() -> Iterator[None]:
    """A transaction that waits for other recomputations, and removes the notes that were pending before it."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT {Lock.STATISTICS.taking()}")
                cursor.execute(
                    "SET LOCAL enable_nestloop = off"
                )  # because the database may have no statistics about its rows yet
        with pending.done(notes()):
            yield


def recompute(tell: Callable[[Statistic, int], object] = lambda statistic, number: None) -> None:
    """Recomputes all statistics, and reports the number of wrong rows of each."""
    with recomputing():
        for each in statistics():
            tell(each, each.recompute())


def notes() -> list[PendingUpdate]:
    """The statistics with pending updates."""
    return list(PendingUpdate.objects.filter(kind__in=[each.name for each in statistics()]))


# From imported to derived -------------------------------------------------------------------------------


def derive_what_was_told() -> bool:
    """Switches from imported to derived statistics, unless this would change visible values.

    Running figures, which change every minute, are not compared."""
    if settings.STATISTICS:
        return are_derived()
    with suppress(Unconfirmed), recomputing():
        for each in statistics():
            keys = [key for key, *_ in each.wrong()]
            imported = each.model._default_manager.in_bulk(keys)
            each.recompute()  # all rows, because a row may depend on others of its table
            confirm(imported, each.model._default_manager.in_bulk(keys))
        choose(DERIVED)
    return are_derived()


class Unconfirmed(Exception):
    """An imported figure differs from the derived one."""


def confirm(imported: Mapping[Key, models.Model], derived: Mapping[Key, models.Model]) -> None:
    """Raises Unconfirmed if an imported figure of these rows differs from the derived one."""
    for key, row in derived.items():
        model: type[models.Model] = type(row)
        standing = {name for name in figures(model) - running(model) if not name.startswith("recorded_")}
        computed: Collection[str] = getattr(model._default_manager, "figures", ())
        clocked = () if getattr(row, "changes_at", None) else computed
        if any(getattr(row, name) != getattr(imported[key], name) for name in standing.union(clocked)):
            raise Unconfirmed


@pending.step
def recompute_pending(limits: Limits) -> bool:
    """Recomputes the noted rows, or the first part of them; returns whether there are more."""
    with pending.turn(limits):
        noted = notes()
        if noted and not are_derived():
            with pending.done(noted):
                return False
        begun = monotonic()
        due = [each for each in statistics() if any(note.kind == each.name for note in noted)]
        for number, each in enumerate(sorted(due, key=attrgetter("is_whole"))):
            if monotonic() > begun + MAX_SECONDS or (number and each.is_whole):
                return True  # another transaction, so that this part is not lost if the rest takes too long
            if not put_right(each, [note for note in noted if note.kind == each.name]):
                return True  # statistics that depend on these come later
        return False


def put_right(statistic: Statistic, noted: Collection[PendingUpdate]) -> bool:
    """Recomputes noted rows of a statistic, up to the limit; returns whether that was all."""
    keys = union(noted)
    wrong = statistic.wrong(keys, MAX_ROWS)
    is_all = len(wrong) < MAX_ROWS
    with pending.done(noted):
        statistic.put(wrong)
        if not is_all:
            pending.write_notes({statistic.name: keys or {ALL}})
    return is_all


def union(notes: Collection[PendingUpdate]) -> set[Any] | None:
    """The union of the keys of these notes; ALL if one of them says so."""
    written = [each.keys for each in notes if each.keys is not ALL]
    return ALL if len(written) < len(notes) else set().union(*map(json.loads, written))
