"""Records what is read for a response, and compares it with what was committed."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import local
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakValueDictionary

from django.db import connections

from spacedevs.db.connections import having, reading

from .statements import UNKNOWN, Reads, reads_of

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

OF_ROWS = "spacedevs.of_rows"  # the request's key if its response depends only on its address and on rows
BITS = 0xFFFF_FFFF  # of the digest of a row; two rows with the same one cost a response, never a change


class Change(NamedTuple):
    """A row that a commit inserted, updated or deleted, as i, u or d."""

    table: str
    action: str
    key: str | None  # None: it may be any row of the table
    columns: frozenset[str]  # of an update


class Footprint(NamedTuple):
    """What a response depends on: the statements are shared with other responses, and the rows are few bytes each."""

    statements: tuple[Reads, ...]
    rows: array[int]  # sorted digests of the rows shown

    def is_touched(self, change: Change) -> bool:
        """Whether the response may be another one after this change."""
        table, action, key, columns = change
        is_shown = False
        for each in self.statements:
            named = each.whole.get(table)
            if named is not None and (action != "u" or not columns.isdisjoint(named)):
                return True
            named = each.shown.get(table)
            is_shown |= named is not None and (action != "u" or not columns.isdisjoint(named))
        return is_shown and (key is None or self.has(digest(table, key)))

    def has(self, row: int) -> bool:
        place = bisect_left(self.rows, row)
        return place < len(self.rows) and self.rows[place] == row


def digest(table: str, key: object) -> int:
    """A number for a row; its key is given as the driver has it, or as the change log writes it."""
    return hash((table, str(key))) & BITS


class Recording:
    """What has been read so far."""

    def __init__(self) -> None:
        self.statements: set[Reads] = set()
        self.rows: defaultdict[str, set[Any]] = defaultdict(set)  # keys by table

    def footprint(self) -> Footprint | None:
        """The footprint of what was read; None if that depends on more. Who reads nothing was not seen reading."""
        if not self.statements or not all(each.is_known for each in self.statements):
            return None
        rows = {digest(table, key) for table, keys in self.rows.items() for key in keys}
        return Footprint(tuple(self.statements), array("I", sorted(rows)))


class Present(local):
    """The recording of this thread, if any."""

    recording: Recording | None = None


present = Present()
# Statements of which the render plan records the rows, as long as a plan or a footprint has what they depend on.
of_rows: WeakValueDictionary[str, Reads] = WeakValueDictionary()


@contextmanager
def recording() -> Iterator[Recording]:
    """Records what this thread reads in this context."""
    recorded = Recording()
    with having(present, recording=recorded):
        yield recorded


def note(execute: Callable[..., Any], sql: Any, parameters: Any, many: bool, context: dict[str, Any]) -> Any:
    """Django's wrapper around the execution of each statement."""
    note_statement(sql)
    return execute(sql, parameters, many, context)


def note_statement(sql: Any) -> None:
    """Records a statement; whoever executes one without Django's cursors calls this."""
    if (recorded := present.recording) is not None:
        recorded.statements.add(of_rows.get(sql) or reads_of(sql) if isinstance(sql, str) else UNKNOWN)


def watch(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Makes a connection record its statements. Who wraps statements for a while takes the last wrapper away again."""
    if note not in connection.execute_wrappers:
        connection.execute_wrappers.insert(0, note)


def is_watched() -> bool:
    """Whether the statements of the database that this thread reads from are recorded."""
    return note in connections[reading.alias].execute_wrappers
