"""Pending updates: statistics of other rows, and search texts if there are many, computed after a commit.

A commit notes its pending updates as rows of PendingUpdate, so a crash loses nothing. They are processed right after
the commit if that is quick. If another writer blocks them or they take too long, the commit stands, and somebody else
processes them: the next save or import, `recompute_statistics`, or a thread of each worker (operations/updates.py).

The transaction that processes notes deletes exactly those that it has read; notes of other commits stay. Processing an
update twice is harmless, because everything is recomputed from the present rows."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from math import inf
from threading import Event, local
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias
from uuid import UUID

from django.db import Error, OperationalError, connection, transaction

from .connections import DEADLINE, having, waiting_at_most
from .locks import LOCK_NOT_AVAILABLE, Lock, Taken, file_beside_database, file_lock
from .models import PendingUpdate

if TYPE_CHECKING:
    from .paths import Key

log = logging.getLogger(__name__)
ALL = None  # instead of keys: all rows
Keys: TypeAlias = "set[Key | None]"  # of rows, or ALL among them
MAX_KEYS = 1_000  # keys of a note; if more rows of a table are affected, the whole table is recomputed
ROW_LOCK = 0.5  # seconds; less than PostgreSQL's deadlock_timeout, so that in a deadlock the editor's transaction wins
LEFT = Event()  # set if this process has left pending updates


class Limits(NamedTuple):
    """Time limits in seconds: for waiting for other processes, and for a transaction."""

    turn: float
    work: float


AT_ONCE, PATIENT, IN_TURN = Limits(0.5, 2), Limits(5, inf), Limits(1, inf)


class Postponing(local):
    """Whether this thread leaves pending what its commits note."""

    is_on = False


POSTPONING = Postponing()


@contextmanager
def postponed() -> Iterator[None]:
    """Leaves what the commits of this context note pending, so that `settle` can process all of it once afterwards.

    Others may process a part earlier. If this process dies, the notes stay, as after any other commit."""
    with having(POSTPONING, is_on=True):
        yield


@dataclass(eq=False)
class Noted:
    """The notes of a transaction: keys by kind."""

    keys: dict[str, Keys] = field(default_factory=lambda: defaultdict(set))
    is_done: bool = False

    def __call__(self) -> None:
        """Runs after the commit; failures here are logged and are no error of the change."""
        self.is_done = True
        if not POSTPONING.is_on:
            settle(PATIENT if DEADLINE.at == inf else AT_ONCE)  # in a request, so the client waits

    @classmethod
    def waiting(cls) -> list[tuple[set[str], Noted]]:
        """The notes of this transaction that no savepoint can roll back without the present writes, with their
        savepoints."""
        now = set(connection.savepoint_ids)
        return [  # type: ignore[misc]  # they are three: the stub lacks the last
            (within, noted)
            for within, noted, _ in connection.run_on_commit
            if isinstance(noted, cls) and not noted.is_done and within <= now
        ]


def note(updates: Mapping[str, Keys]) -> None:
    """Adds pending updates to this transaction, except for those already noted, and processes them after the commit.
    `keys` are by kind; ALL means all rows of a table."""
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
    # Both databases accept this format of UUIDs.
    return json.dumps([key.hex if isinstance(key, UUID) else key for key in keys])


def count() -> int:
    return PendingUpdate.objects.count()


# Processing ----------------------------------------------------------------------------------------

Step = Callable[[Limits], bool]  # processes a part in one transaction; returns whether it must be called again
STEPS: list[Step] = []


def step(function: Step) -> Step:
    STEPS.append(function)
    return function


def settle(limits: Limits = PATIENT) -> bool:
    """Processes pending updates in transactions of limited size; returns whether none is left.

    It skips what other processes are working on, and leaves for later what the database refuses, for example because
    another writer exceeds the time limits."""
    end = monotonic() + limits.work
    left = [do for do in STEPS if not take_step(do, limits, end)]
    if left:
        LEFT.set()
    return not left


def take_step(do: Step, limits: Limits, end: float) -> bool:
    """Processes pending updates of one kind; returns whether none seems to be left."""
    try:
        while PendingUpdate.objects.exists() and do(limits):
            if monotonic() > end:
                return False
    except Taken:
        return False
    except Error as error:
        log.warning("Updates after a change were postponed: %s", str(error).partition("\n")[0])
        return False
    return True


def settle_if_pending(**kwargs: Any) -> None:
    """Processes after the commit what its triggers may have noted, and what others have left."""
    if PendingUpdate.objects.exists() and not Noted.waiting():
        transaction.on_commit(Noted())


@contextmanager
def turn(limits: Limits) -> Iterator[None]:
    """Serialises processing. On PostgreSQL this is a transaction, and the next process reads the data committed
    before. On SQLite it is no transaction, because that would block all writers: see `done`.

    Raises Taken if another process does not finish in time."""
    if connection.vendor == "postgresql":
        with transaction.atomic():
            take_turn(limits)
            yield
    else:
        with waiting_at_most(limits.turn), DEADLINE.within(limits.work), ExitStack() as stack:
            with suppress(
                OSError
            ):  # without a writable folder two processes may compute the same, but only one writes: see `done`
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
    """In PostgreSQL's format, where 0 means no limit."""
    return "0" if seconds == inf else f"{seconds * 1000:.0f}"


@contextmanager
def done(notes: Collection[PendingUpdate]) -> Iterator[None]:
    """A transaction that writes the results for these notes and deletes them.

    Raises Taken if any of them is missing, because another process may have written newer results."""
    with transaction.atomic():
        if PendingUpdate.objects.filter(pk__in=[each.pk for each in notes]).delete()[0] != len(notes):
            raise Taken
        yield
        for _, noted in Noted.waiting():  # for example in a test without commits
            noted.keys.clear()
