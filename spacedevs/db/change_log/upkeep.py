"""Creates the log and its triggers, and keeps both right."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Sequence
from types import ModuleType
from typing import TYPE_CHECKING

from django.db import connections, transaction

from . import postgresql, sqlite
from .tables import LoggedTable

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.utils import CursorWrapper

KINDS: dict[str, ModuleType] = {"sqlite": sqlite, "postgresql": postgresql}
# The functions that return what is logged of each table: which row belongs to which follows from serializers above.
logged: list[Callable[[], Sequence[LoggedTable]]] = []


def keep(using: str, tables: Sequence[LoggedTable]) -> None:
    """After each migrate and at each start: creates what is missing, and replaces triggers of another release.

    It checks first, because writing would wait for other writers. A log whose triggers were missing may lack changes,
    and in another place its positions mean nothing: so it gets a new id, and readers begin again."""
    connection = connections[using]
    kind = KINDS[connection.vendor]
    with connection.cursor() as cursor:
        if is_there(cursor) and not wrong(cursor, tables) and not has_moved(cursor):
            return
        with transaction.atomic(using):
            was_there = is_there(cursor)
            for statement in kind.TABLES:
                cursor.execute(statement)
            present = kind.present(cursor)
            for table, name, statements in wrong(cursor, tables):
                if present.get(table.table):
                    for statement in kind.drops(cursor, present[table.table]):
                        cursor.execute(statement)
                else:
                    was_there = False
                for statement in [*kind.drops(cursor, name), *statements]:
                    cursor.execute(statement)
            if not was_there or has_moved(cursor):
                begin_anew(using)


def is_whole(cursor: CursorWrapper) -> bool:
    """Whether the log is here and all data tables have the triggers of this release."""
    tables = [table for each in logged for table in each()]
    return bool(tables) and is_there(cursor) and not wrong(cursor, tables) and not has_moved(cursor)


def remove(using: str) -> None:
    """Drops all triggers before a migration of logged tables: databases cannot rename columns in triggers."""
    connection = connections[using]
    kind = KINDS[connection.vendor]
    with connection.cursor() as cursor:
        for name in set(filter(None, kind.present(cursor).values())):
            for statement in kind.drops(cursor, name):
                cursor.execute(statement)


def begin_anew(using: str) -> None:
    """Empties the log and gives it a new id: all earlier positions expire."""
    connection = connections[using]
    kind = KINDS[connection.vendor]
    with transaction.atomic(using), connection.cursor() as cursor:
        cursor.execute(kind.EMPTY)
        cursor.execute("DELETE FROM change_log_state")
        cursor.execute(
            f"INSERT INTO change_log_state VALUES (%s, {kind.PLACE} || %s, 0, 0)",  # noqa: S608
            [secrets.token_hex(6), place_of_file(connection)],
        )


def is_there(cursor: CursorWrapper) -> bool:
    """Whether the log exists and has an id."""
    cursor.execute(KINDS[cursor.db.vendor].ARE_THERE)
    if cursor.fetchone() != (1,):
        return False
    cursor.execute("SELECT count(*) FROM change_log_state")
    return bool(cursor.fetchone() == (1,))


def has_moved(cursor: CursorWrapper) -> bool:
    """Whether the log was made in another place than where it is now."""
    is_here = f"place = {KINDS[cursor.db.vendor].PLACE} || %s"
    cursor.execute(f"SELECT {is_here} FROM change_log_state", [place_of_file(cursor.db)])  # noqa: S608
    return bool(cursor.fetchone() != (1,))


def place_of_file(connection: BaseDatabaseWrapper) -> str:
    """The place of a database that is a file: a copy has another inode, and may be changed apart from the original."""
    if connection.vendor != "sqlite" or connection.is_in_memory_db():  # type: ignore[attr-defined]  # SQLite's has it
        return ""
    return str(os.stat(connection.settings_dict["NAME"]).st_ino)


def wrong(cursor: CursorWrapper, tables: Iterable[LoggedTable]) -> list[tuple[LoggedTable, str, list[str]]]:
    """The tables with missing or outdated triggers; for each, the name and the statements of the right ones."""
    kind = KINDS[cursor.db.vendor]
    present = kind.present(cursor)
    there = set(cursor.db.introspection.table_names(cursor))
    wanted = ((table, *kind.triggers(table, cursor)) for table in tables if table.table in there)
    return [each for each in wanted if present.get(each[0].table) != each[1]]
