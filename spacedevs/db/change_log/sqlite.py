"""The triggers of the change log in SQLite: one for each table and event, which fires for each row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.db.backends.utils import names_digest

from spacedevs.db.paths import quoted

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper

    from .tables import LoggedTable

# The newest entry is never deleted, so numbers do not recur.
TABLES = (
    """
    CREATE TABLE IF NOT EXISTS change_log (
        number integer PRIMARY KEY,
        moment real NOT NULL DEFAULT ((julianday('now') - 2440587.5) * 86400),
        table_name text NOT NULL,
        action text NOT NULL,
        "key" text NOT NULL,
        columns text,
        owners text
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS change_log_state (
        id text NOT NULL, place text NOT NULL, pruned_transaction integer NOT NULL, pruned_number integer NOT NULL
    )
    """,
)
ARE_THERE = "SELECT count(*) = 2 FROM sqlite_master WHERE name IN ('change_log', 'change_log_state')"
PLACE = "''"
EMPTY = "DELETE FROM change_log"
# One transaction writes after the other, so all have the number 0, and what can be read is complete.
SETTLED = "1"
STATE = "0, coalesce((SELECT max(number) FROM change_log), 0), settled, 1"
HELD_BACK = "SELECT 0"
ENTRIES = 'SELECT 0, number, moment, table_name, action, "key", columns, owners FROM change_log'
AFTER, ORDER, BACKWARDS = "0 <= %s AND number > %s AND 0 < %s", "number", "number DESC"
OLD = """
    SELECT number FROM change_log WHERE number < coalesce(
        (SELECT min(number) FROM change_log WHERE moment >= %s), (SELECT max(number) FROM change_log)
    ) ORDER BY number LIMIT %s
"""
DELETE = f"DELETE FROM change_log WHERE number IN ({OLD}) RETURNING 0, number"  # noqa: S608
EVENTS = "INSERT", "UPDATE", "DELETE"
LISTING = "SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'change/_log/_%' ESCAPE '/'"


def triggers(table: LoggedTable, cursor: CursorWrapper) -> tuple[str, list[str]]:
    """The common beginning of the names of a table's triggers, and the statements that create them."""
    sql = statements(table)
    name = f"change_log_{names_digest(*sql, length=12)}"
    return name, [
        f"CREATE TRIGGER {name}_{number} AFTER {each}".replace("ON TABLE", f"ON {quoted(table.table)}", 1)
        for number, each in enumerate(sql)
    ]


def present(cursor: CursorWrapper) -> dict[str, str | None]:
    """By table, the common beginning of the names of its triggers; None if one is missing."""
    cursor.execute(LISTING)
    found: dict[str, list[str]] = {}
    for table, name in cursor.fetchall():
        found.setdefault(table, []).append(name.rpartition("_")[0])
    return {
        table: names[0] if len(names) == len(EVENTS) and len(set(names)) == 1 else None
        for table, names in found.items()
    }


def drops(cursor: CursorWrapper, name: str) -> Iterator[str]:
    """The statements that drop a table's triggers."""
    for number in range(len(EVENTS)):
        yield f"DROP TRIGGER IF EXISTS {name}_{number}"


def statements(table: LoggedTable) -> list[str]:
    """Event and body of each trigger."""
    key, columns = quoted(table.key), [*map(quoted, table.columns)]
    changed = " || ".join(
        f"CASE WHEN OLD.{column} IS NOT NEW.{column} THEN ',{name}' ELSE '' END"
        for name, column in zip(table.columns, columns, strict=True)
    )
    differs = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in columns) or "0"
    moved = f"OLD.{key} IS NOT NEW.{key}"
    changes = f"substr({changed}, 2)" if columns else "NULL"
    return [
        f"INSERT ON TABLE BEGIN {entry(table, 'i', 'NEW')} END",
        f"UPDATE ON TABLE WHEN {moved} OR {differs} BEGIN"
        f" {entry(table, 'd', 'OLD', where=moved)}"
        f" {entry(table, 'i', 'NEW', where=moved)}"
        f" {entry(table, 'u', 'NEW', 'OLD', columns=changes, where=f'NOT ({moved})')}"
        f"{values(table)} END",
        f"DELETE ON TABLE BEGIN {entry(table, 'd', 'OLD')} END",
    ]


def entry(table: LoggedTable, action: str, row: str, *others: str, columns: str = "NULL", where: str = "1") -> str:
    """The statement that logs a row."""
    return (
        f'INSERT INTO change_log (table_name, action, "key", columns, owners)'
        f" SELECT '{table.table}', '{action}', {row}.{quoted(table.key)}, {columns}, {owners(table, row, *others)}"
        f" WHERE {where};"
    )


def owners(table: LoggedTable, *rows: str) -> str:
    """The tables and keys of the owners of a row, or of a row before and after a change, as a JSON array of pairs."""
    if not table.owners:
        return "NULL"
    pairs = " UNION ".join(
        f"SELECT '{owner}' AS owner, CAST({row}.{quoted(column)} AS text) AS owner_key"
        for column, owner in table.owners
        for row in rows
    )
    return f"(SELECT json_group_array(json_array(owner, owner_key)) FROM ({pairs}) WHERE owner_key IS NOT NULL)"  # noqa: S608


def values(table: LoggedTable) -> str:
    """The statement that keeps the values of tracked columns before and after a change."""
    if not table.tracked:
        return ""
    pairs = " UNION ALL ".join(
        f"SELECT '{name}' AS name, {value('OLD', column, is_moment)} AS old, {value('NEW', column, is_moment)} AS now"
        for name, column, is_moment in table.tracked
    )
    difference = f"FROM ({pairs}) WHERE old IS NOT now"
    return (
        " INSERT INTO changes_valuechange (moment, table_name, key, before, after)"  # noqa: S608
        f" SELECT strftime('%Y-%m-%d %H:%M:%f', 'now'), '{table.table}', NEW.{quoted(table.key)}, before, after FROM"
        f" (SELECT json_group_object(name, old) AS before, json_group_object(name, now) AS after, count(*) AS number"
        f" {difference}) WHERE number;"
    )


def value(row: str, column: str, is_moment: bool) -> str:
    """A value for JSON; moments as in PostgreSQL's JSON, ISO 8601."""
    column = f"{row}.{quoted(column)}"
    return f"replace({column}, ' ', 'T') || '+00:00'" if is_moment else column
