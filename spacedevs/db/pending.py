"""What follows from a commit and is computed after it: figures of other rows, search texts of very many.

A commit notes what it leaves pending, as rows of PendingUpdate, so a crash loses nothing. It is done right after the
commit where that takes a moment. Where another writer is in the way, or it takes too long, the commit stands all the
same, and what is pending is done by whoever comes next: the next save or import, `recompute_statistics`, or a thread
of each worker that serves (see operations/updates.py).

Notes are deleted in the transaction that does what they say, and only those that it has read: what another commit
notes meanwhile stays. To do a thing twice is harmless: everything is computed anew from the rows that are there."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from math import inf
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias
from uuid import UUID

from django.db import Error, OperationalError, connection, transaction

from .connections import DEADLINE, waiting_at_most
from .locks import LOCK_NOT_AVAILABLE, Lock, Taken, file_beside_database, file_lock
from .models import PendingUpdate

if TYPE_CHECKING:
    from .paths import Key

log = logging.getLogger(__name__)
ALL = None  # in the place of a key: all rows
Keys: TypeAlias = "set[Key | None]"  # of rows, or ALL among them
MAX_KEYS = 1_000  # in one note; where more rows of a table are touched, all of it is computed anew
ROW_LOCK = 0.5  # seconds; less than PostgreSQL's deadlock_timeout, so that an editor in a deadlock is never the loser
LEFT = Event()  # set when this process has left something pending


class Limits(NamedTuple):
    """How long to wait for others who do the same, and how long a transaction may go on, in seconds."""

    turn: float
    work: float


AT_ONCE, PATIENT, IN_TURN = Limits(0.5, 2), Limits(5, inf), Limits(1, inf)


@dataclass(eq=False)
class Noted:
    """What a transaction has noted, to be done after its commit: keys by kind."""

    keys: dict[str, Keys] = field(default_factory=lambda: defaultdict(set))
    is_done: bool = False

    def __call__(self) -> None:
        """The change stands already, so whatever happens here is no error of whoever made it."""
        self.is_done = True
        settle(PATIENT if DEADLINE.at == inf else AT_ONCE)  # in a request, which somebody waits for

    @classmethod
    def waiting(cls) -> list[tuple[set[str], Noted]]:
        """Those of this transaction that last as long as what is written now, for no savepoint takes them back alone;
        each with the savepoints that it is within."""
        now = set(connection.savepoint_ids)
        return [  # type: ignore[misc]  # they are three: the stub lacks the last
            (within, noted)
            for within, noted, _ in connection.run_on_commit
            if isinstance(noted, cls) and not noted.is_done and within <= now
        ]


def note(updates: Mapping[str, Keys]) -> None:
    """Notes, in this transaction, what is to be computed, but for what it has noted already: keys by kind, ALL among
    them for all rows of a table. Has it done after the commit."""
    waiting = Noted.waiting()
    new: dict[str, Keys] = {}
    for kind, keys in updates.items():
        known: Keys = set().union(*(noted.keys[kind] for _, noted in waiting))
        if keys - known and ALL not in known:
            new[kind] = {ALL} if ALL in keys else keys - known
    if not new:
        return
    write_notes(new)
    here = [noted for within, noted in waiting if within == set(connection.savepoint_ids)] or [Noted()]
    for kind, keys in new.items():
        here[0].keys[kind] |= keys
    if not any(noted is here[0] for _, noted in waiting):
        transaction.on_commit(here[0])


def write_notes(updates: Mapping[str, Keys]) -> None:
    PendingUpdate.objects.bulk_create(
        PendingUpdate(kind=kind, keys=None if ALL in keys else as_json(keys)) for kind, keys in updates.items()
    )


def as_json(keys: Keys) -> str:
    # Both databases take a UUID that is written so.
    return json.dumps([key.hex if isinstance(key, UUID) else key for key in keys])


def count() -> int:
    return PendingUpdate.objects.count()


# Who does it ---------------------------------------------------------------------------------------

Step = Callable[[Limits], bool]  # does some of it, in one transaction; returns whether it has to be called again
STEPS: list[Step] = []


def step(function: Step) -> Step:
    STEPS.append(function)
    return function


def settle(limits: Limits = PATIENT) -> bool:
    """Does what is pending, in transactions that each do a bounded part of it; returns whether nothing is left.

    What others are doing just then is left to them. What the database refuses, as when somebody writes for longer than
    these limits allow, is left for later."""
    end = monotonic() + limits.work
    left = [do for do in STEPS if not take_step(do, limits, end)]
    if left:
        LEFT.set()
    return not left


def take_step(do: Step, limits: Limits, end: float) -> bool:
    """Does one kind of what is pending; returns whether nothing of it is left, as far as one can tell."""
    try:
        while PendingUpdate.objects.exists() and do(limits):
            if monotonic() > end:
                return False
    except Taken:
        return False
    except Error as error:
        log.warning("What follows from a change is left for later: %s", str(error).partition("\n")[0])
        return False
    return True


def settle_if_pending(**kwargs: Any) -> None:
    """Has done after the commit what triggers may have noted in it, or what others have left."""
    if PendingUpdate.objects.exists() and not Noted.waiting():
        transaction.on_commit(Noted())


@contextmanager
def turn(limits: Limits) -> Iterator[None]:
    """Lets one at a time do what is pending: on PostgreSQL this is a transaction, beside which the other reads what is
    committed by then. On SQLite nobody could write meanwhile, so it is none: see `done`.

    Raises Taken if others have not ended in time."""
    if connection.vendor == "postgresql":
        with transaction.atomic():
            take_turn(limits)
            yield
    else:
        with waiting_at_most(limits.turn), DEADLINE.within(limits.work), ExitStack() as stack:
            with suppress(OSError):  # where no file can be, two may compute the same, of whom one writes: see `done`
                stack.enter_context(file_lock(file_beside_database("pending"), seconds=limits.turn))
            yield


def take_turn(limits: Limits) -> None:
    with connection.cursor() as cursor:
        try:
            cursor.execute(TURN, [*map(milliseconds, (limits.turn, limits.work, ROW_LOCK))])
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) != LOCK_NOT_AVAILABLE:
                raise
            raise Taken from error


TURN = f"""
    SELECT set_config('lock_timeout', %s, true), set_config('statement_timeout', %s, true),
        {Lock.STATISTICS.taking()}, set_config('lock_timeout', %s, true)
"""


def milliseconds(seconds: float) -> str:
    """As PostgreSQL has them in its settings, where 0 is no limit."""
    return "0" if seconds == inf else f"{seconds * 1000:.0f}"


@contextmanager
def done(notes: Collection[PendingUpdate]) -> Iterator[None]:
    """A transaction that writes what was computed since these notes were read, and deletes them.

    Where they are not all there, somebody else has written meanwhile what may be newer: raises Taken."""
    with transaction.atomic():
        if PendingUpdate.objects.filter(pk__in=[each.pk for each in notes]).delete()[0] != len(notes):
            raise Taken
        yield
        for _, noted in Noted.waiting():  # as in a test, which commits nothing
            noted.keys.clear()
