"""Figures that follow from other rows: recomputed from these, never counted up or down.

The `statistics.py` of the app that owns the facts has a function for each table with figures: a SELECT of the keys
and of what the figures of these rows should be. What a change touches is found by the relations that lead from a row
with figures to the facts, asked before the change and after it, noted in its transaction, and recomputed once after
its commit (see pending.py): then every row that counts can be seen, and whoever comes last is right. Only rows that
differ are written, so that the version of the dataset moves when an answer does.

Where the figures are imported nothing of this is done: they stay what an upstream told."""

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

MAX_ROWS, MAX_SECONDS = 5_000, 1  # of a transaction after a commit: others do not wait for it long


@contextmanager
def recomputing() -> Iterator[None]:
    """A transaction that waits for others who recompute, after which nothing is pending that was before."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT {Lock.STATISTICS.taking()}")
                cursor.execute("SET LOCAL enable_nestloop = off")  # for the database may know nothing yet of its rows
        with pending.done(notes()):
            yield


def recompute(tell: Callable[[Statistic, int], object] = lambda statistic, number: None) -> None:
    """Puts all figures right, and tells of each statistic for how many rows its figures were wrong."""
    with recomputing():
        for each in statistics():
            tell(each, each.recompute())


def notes() -> list[PendingUpdate]:
    """Which figures are pending."""
    return list(PendingUpdate.objects.filter(kind__in=[each.name for each in statistics()]))


# From what was told to what follows ---------------------------------------------------------------------


def derive_what_was_told() -> bool:
    """Has figures that were imported follow from the rows from now on, unless others would be shown then.

    Those that run are others with each minute, and are not asked about."""
    if settings.STATISTICS:
        return are_derived()
    with suppress(Unconfirmed), recomputing():
        for each in statistics():
            keys = [key for key, *_ in each.wrong()]
            told = each.model._default_manager.in_bulk(keys)
            each.recompute()  # all, for a row may follow from others of its table
            confirm(told, each.model._default_manager.in_bulk(keys))
        choose(DERIVED)
    return are_derived()


class Unconfirmed(Exception):
    """A figure was told that does not follow from the rows."""


def confirm(told: Mapping[Key, models.Model], following: Mapping[Key, models.Model]) -> None:
    """Raises Unconfirmed where a figure of these rows does not follow as it was told."""
    for key, row in following.items():
        model: type[models.Model] = type(row)
        standing = {name for name in figures(model) - running(model) if not name.startswith("recorded_")}
        computed: Collection[str] = getattr(model._default_manager, "figures", ())
        clocked = () if getattr(row, "changes_at", None) else computed
        if any(getattr(row, name) != getattr(told[key], name) for name in standing.union(clocked)):
            raise Unconfirmed


@pending.step
def recompute_pending(limits: Limits) -> bool:
    """Recomputes what was noted, or the first part of it; returns whether there is more."""
    with pending.turn(limits):
        noted = notes()
        if noted and not are_derived():
            with pending.done(noted):
                return False
        begun = monotonic()
        due = [each for each in statistics() if any(note.kind == each.name for note in noted)]
        for number, each in enumerate(sorted(due, key=attrgetter("is_whole"))):
            if monotonic() > begun + MAX_SECONDS or (number and each.is_whole):
                return True  # another transaction, so that what is done is not lost if the rest takes too long
            if not put_right(each, [note for note in noted if note.kind == each.name]):
                return True  # what builds on these figures waits for them
        return False


def put_right(statistic: Statistic, noted: Collection[PendingUpdate]) -> bool:
    """Does what was noted of a statistic, for as many rows as may change at once; returns whether that was all."""
    keys = union(noted)
    wrong = statistic.wrong(keys, MAX_ROWS)
    is_all = len(wrong) < MAX_ROWS
    with pending.done(noted):
        statistic.put(wrong)
        if not is_all:
            pending.write_notes({statistic.name: keys or {ALL}})
    return is_all


def union(notes: Collection[PendingUpdate]) -> set[Any] | None:
    """The keys that these notes have together; ALL where one of them says so."""
    written = [each.keys for each in notes if each.keys is not ALL]
    return ALL if len(written) < len(notes) else set().union(*map(json.loads, written))
