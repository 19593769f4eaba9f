"""Reads the log: positions, cursors and entries, in the order in which they can be followed."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

from django.db import DEFAULT_DB_ALIAS, connections, transaction

from spacedevs.db.connections import reading

from .upkeep import KINDS, place_of_file

BATCH = 2_000  # entries that are read by one statement


class Position(NamedTuple):
    """A place in the log: everything up to it was read."""

    transaction: int
    number: int


class Expired(Exception):
    """A cursor of another log, or one from before what was deleted: the reader has to begin again."""


@dataclass(frozen=True)
class Entry:
    """A changed row. `owners` are the tables and keys of rows that show it as their own."""

    position: Position
    moment: float  # seconds since 1970, UTC
    table: str
    action: str  # i, u or d: inserted, updated, deleted
    key: str
    columns: tuple[str, ...]
    owners: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Log:
    """The log as a transaction sees it."""

    id: str
    now: Position  # up to which all entries are complete
    settled: int  # entries of transactions from here on may be incomplete
    pruned: Position  # up to which entries were deleted
    is_whole: bool  # whether no entry waits for an open transaction

    @classmethod
    def read(cls) -> Log:
        """The present state of the log, in the database that this thread reads from."""
        connection = connections[reading.alias]
        kind = KINDS[connection.vendor]
        with connection.cursor() as cursor:
            cursor.execute(
                f"""SELECT id, {kind.PLACE} || %s, pruned_transaction, pruned_number, {kind.STATE}
                FROM change_log_state, (SELECT {kind.SETTLED} AS settled) read_up_to""",  # noqa: S608
                [place_of_file(connection)],
            )
            stored, place, *numbers, is_whole = cursor.fetchone()
        old_transaction, old_number, transaction, number, settled = map(int, numbers)
        digest = blake2b(f"{stored} {place}".encode(), digest_size=6).hexdigest()
        return cls(
            digest, Position(transaction, number), settled, Position(old_transaction, old_number), bool(is_whole)
        )

    def cursor(self, position: Position) -> str:
        """The text for a position."""
        return f"{self.id}-{position.transaction}-{position.number}"

    def position(self, cursor: str) -> Position:
        """The position of a cursor. Raises ValueError if it is no cursor, and Expired if it is of no use any more."""
        name, *numbers = cursor.split("-")
        if len(numbers) != 2 or not all(number.isascii() and number.isdigit() for number in numbers):
            raise ValueError(cursor)
        if max(map(len, numbers)) > 18 or len(name) != len(self.id):
            raise ValueError(cursor)
        position = Position(*map(int, numbers))
        if name != self.id or position < self.pruned:
            raise Expired
        return position

    def before(self, number: int) -> Position:
        """The position this number of entries ago, or the beginning of the log."""
        kind = KINDS[connections[reading.alias].vendor]
        with connections[reading.alias].cursor() as cursor:
            cursor.execute(
                f"{kind.ENTRIES} WHERE {kind.AFTER} ORDER BY {kind.BACKWARDS} LIMIT %s",
                [*self.pruned, self.settled, number + 1],
            )
            rows = cursor.fetchall()
        return Position(*rows[-1][:2]) if len(rows) > number else self.pruned

    def batch(self, after: Position, tables: Collection[str] | None = None) -> list[Entry]:
        """The complete entries after a position in their order, at most `BATCH`; with `tables`, only of these."""
        wanted = "" if tables is None else f"AND table_name IN ({', '.join(['%s'] * len(tables))})"
        if wanted and not tables:
            return []
        kind = KINDS[connections[reading.alias].vendor]
        with connections[reading.alias].cursor() as cursor:
            cursor.execute(
                f"{kind.ENTRIES} WHERE {kind.AFTER} {wanted} ORDER BY {kind.ORDER} LIMIT {BATCH}",
                [*after, self.settled, *(tables or ())],
            )
            return [entry(*row) for row in cursor.fetchall()]


def held_back() -> float:
    """The seconds for which an open transaction has held back committed changes of others; 0 if none wait."""
    connection = connections[reading.alias]
    with connection.cursor() as cursor:
        cursor.execute(KINDS[connection.vendor].HELD_BACK)
        return float(cursor.fetchone()[0])


def prune(before: float, using: str = DEFAULT_DB_ALIAS) -> Iterator[int]:
    """Deletes the entries from before a moment (seconds since 1970), in batches; yields the number of each.

    Entries of a long transaction stay until all of them are old. Each batch is a short transaction of its own, which
    locks nothing that a writer needs."""
    kind = KINDS[connections[using].vendor]
    while True:
        with transaction.atomic(using), connections[using].cursor() as cursor:
            cursor.execute(kind.DELETE, [before, BATCH])
            gone = cursor.fetchall()
            if gone:
                cursor.execute(
                    "UPDATE change_log_state SET pruned_transaction = %s, pruned_number = %s"
                    " WHERE (pruned_transaction, pruned_number) < (%s, %s)",
                    [*max(gone), *max(gone)],
                )
        yield len(gone)
        if len(gone) < BATCH:
            return


def entry(
    serial: int, number: int, moment: float, table: str, action: str, key: object, columns: str, owners: str
) -> Entry:
    """An entry from a row of the log."""
    pairs = json.loads(owners) if owners else ()
    return Entry(
        Position(serial, number),
        moment,
        table,
        action,
        str(key),
        tuple(columns.split(",")) if columns else (),
        tuple((table, key) for table, key in pairs),
    )
