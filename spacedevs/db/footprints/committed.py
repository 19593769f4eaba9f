"""What was committed since the last look, by the change log.

A look is one snapshot: it reads the version of the dataset, and all entries of the log that are visible now and were
not at the look before. PostgreSQL tells by the snapshot of that look which transactions these are; in SQLite a higher
number is a later one.

It is unclear what was committed if the log is another one, or its triggers are not those of this release or may have
been replaced, if a migration ran, if the server crashed and may have lost commits, if entries were deleted, or if
there are too many."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from django.db import DEFAULT_DB_ALIAS, Error, connections, models

from spacedevs.db.change_log import upkeep
from spacedevs.db.dataset_version import data_models
from spacedevs.db.snapshots import snapshot

from .lineage import CHANGES, Look
from .recording import Change

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper


Entry = tuple[str, str, Any, str | None]  # table, action, key, columns


class SQLite:
    """The position is the number of the newest entry, with what it says: a restored file may have another one."""

    PLACE = """
        SELECT id || ' ' || pruned_number || ' ' || (SELECT schema_version FROM pragma_schema_version) || ' '
            || (SELECT count(*) || ' ' || coalesce(max(id), 0) FROM django_migrations),
        coalesce((SELECT number || ' ' || moment || ' ' || table_name || ' ' || "key" FROM change_log
            ORDER BY number DESC LIMIT 1), '0') FROM change_log_state
    """
    ENTRIES = """
        SELECT table_name, action, "key", columns FROM change_log WHERE number > %s ORDER BY number LIMIT %s
    """
    IS_THERE = """
        SELECT number || ' ' || moment || ' ' || table_name || ' ' || "key" FROM change_log WHERE number = %s
    """

    @classmethod
    def entries(cls, cursor: CursorWrapper, position: str) -> list[Entry] | None:
        number = int(position.partition(" ")[0])
        if number:
            cursor.execute(cls.IS_THERE, [number])
            if cursor.fetchone() != (position,):
                return None
        cursor.execute(cls.ENTRIES, [number, CHANGES + 1])
        found: list[Entry] = cursor.fetchall()
        return found


class PostgreSQL:
    """The position is the snapshot: it names the transactions whose entries were visible.

    A crash may lose commits that were visible, and their numbers recur. It also loses the server's statistics. A
    failover begins another timeline."""

    PLACE = """
        SELECT concat_ws(' ', id, pruned_transaction, pruned_number, change_log_place(), pg_postmaster_start_time(),
            (SELECT stats_reset FROM pg_stat_bgwriter),
            CASE WHEN NOT pg_is_in_recovery() THEN left(pg_walfile_name(pg_current_wal_lsn()), 8) END,
            (SELECT concat(count(*), ' ', sum(xmin::text::bigint)) FROM pg_trigger
                WHERE tgname LIKE 'change\\_log\\_%%' OR tgname = 'dataset_version'),
            (SELECT concat(count(*), ' ', sum(xmin::text::bigint)) FROM pg_proc
                WHERE proname LIKE 'change\\_log\\_%%' OR proname = 'raise_dataset_version'),
            (SELECT concat(count(*), ' ', max(id)) FROM django_migrations)
        ), CASE WHEN NOT pg_is_in_recovery() THEN pg_current_snapshot()::text END
        FROM change_log_state
    """
    # Not visible in a snapshot are the transactions from its second number on, and those that it lists.
    ENTRIES = """
        SELECT table_name, action, key, columns FROM change_log
        WHERE transaction >= %s OR transaction = ANY(%s::bigint[]) LIMIT %s
    """

    @classmethod
    def entries(cls, cursor: CursorWrapper, position: str) -> list[Entry] | None:
        _, end, running = position.split(":")
        cursor.execute(cls.ENTRIES, [int(end), f"{{{running}}}", CHANGES + 1])
        found: list[Entry] = cursor.fetchall()
        return found


KINDS: dict[str, type[SQLite] | type[PostgreSQL]] = {"sqlite": SQLite, "postgresql": PostgreSQL}


def look(before: Look | None) -> Look | None:
    """The committed data now, and what changed since the look before; None if not even that is clear."""
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.in_atomic_block:  # which sees what it has not committed
        return None
    try:
        with snapshot() as version, connection.cursor() as cursor:
            return seen(cursor, version, before) if version else None
    except (Error, OSError):  # OSError: the file of the database is gone
        return None


def seen(cursor: CursorWrapper, version: str, before: Look | None) -> Look | None:
    kind = KINDS[cursor.db.vendor]
    cursor.execute(kind.PLACE, [])
    rows = cursor.fetchall()
    if len(rows) != 1 or None in rows[0]:
        return None
    place, position = rows[0]
    place = f"{place} {upkeep.place_of_file(cursor.db)}"
    if before is None or before.place != place:
        # What led here is unclear; what follows is clear only with all triggers.
        return Look(version, place, position, None) if upkeep.is_whole(cursor) else None
    entries = kind.entries(cursor, before.position)
    if entries is None or len(entries) > CHANGES:
        return Look(version, place, position, None)
    return Look(version, place, position, tuple(change(cursor.db.vendor, *each) for each in entries))


def change(vendor: str, table: str, action: str, key: object, columns: str | None) -> Change:
    # INSERT OR REPLACE of SQLite deletes rows that have the same value in a unique column, and no trigger tells.
    is_any = vendor == "sqlite" and action == "i" and table in replaceable()
    if action == "u" and not columns:
        action = "i"  # what changed is not said
    return Change(table, action, None if is_any else str(key), frozenset((columns or "").split(",")))


@cache
def replaceable() -> frozenset[str]:
    """The tables with unique columns besides the key."""
    return frozenset(table for table, model in data_models().items() if has_unique_columns(model))


def has_unique_columns(model: type[models.Model]) -> bool:
    options = model._meta
    return (
        any(getattr(each, "unique", False) and not each.primary_key for each in options.local_concrete_fields)
        or bool(options.unique_together)
        or any(isinstance(each, models.UniqueConstraint) for each in options.constraints)
    )
