"""The triggers of the change log in PostgreSQL: a function and four statement triggers for each table.

One INSERT logs all rows of a statement. A function runs with the rights of its owner, so that every role that may
write data can write the log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.db.backends.utils import names_digest

from spacedevs.db.locks import Lock
from spacedevs.db.paths import quoted

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper

    from .tables import LoggedTable

NAME = "change_log_name"  # placeholder for the name of a function, which is a digest of its SQL

TABLES = (
    f"SELECT {Lock.CHANGE_LOG.taking()}",
    """
    CREATE TABLE IF NOT EXISTS change_log (
        transaction bigint NOT NULL,
        number bigint GENERATED ALWAYS AS IDENTITY,
        moment double precision NOT NULL,
        table_name text NOT NULL,
        action text NOT NULL,
        key text NOT NULL,
        columns text,
        owners text,
        PRIMARY KEY (transaction, number)
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS change_log_state (
        id text NOT NULL, place text NOT NULL, pruned_transaction bigint NOT NULL, pruned_number bigint NOT NULL
    )
    """,
    # Where the log is: another cluster, timeline or database numbers its transactions anew, and a restored table is
    # another table. Some providers do not let everyone read the first two.
    """
    CREATE OR REPLACE FUNCTION change_log_place() RETURNS text LANGUAGE plpgsql STABLE AS $$
        DECLARE log text := (SELECT oid FROM pg_database WHERE datname = current_database())
            || '.' || 'change_log'::regclass::oid;
        BEGIN
            RETURN log || '.' || (SELECT system_identifier FROM pg_control_system())
                || '.' || (SELECT timeline_id FROM pg_control_checkpoint());
        EXCEPTION WHEN insufficient_privilege THEN
            RETURN log;
        END
    $$
    """,
)
ARE_THERE = "SELECT to_regclass('change_log_state') IS NOT NULL AND to_regproc('change_log_place') IS NOT NULL"
PLACE = "change_log_place()"
EMPTY = "TRUNCATE change_log"
# Below are only transactions that have ended. A transaction of another database of the cluster writes nothing here, so
# it holds nothing back; the server tells of which database it is as long as it runs. A replica does not list running
# transactions, but knows the earliest.
SETTLED = """
    CASE WHEN pg_is_in_recovery() THEN pg_snapshot_xmin(pg_current_snapshot())::text::bigint ELSE (
        SELECT least(
            coalesce(min(running::text::bigint), pg_snapshot_xmax(pg_current_snapshot())::text::bigint),
            pg_current_xact_id_if_assigned()::text::bigint
        )
        FROM pg_snapshot_xip(pg_current_snapshot()) running
        WHERE NOT EXISTS (
            SELECT FROM pg_stat_activity JOIN pg_database ON pg_database.oid = datid
            WHERE backend_xid = running::xid AND pg_database.datname <> current_database()
        )
    ) END
"""
STATE = "settled, 0, settled, NOT EXISTS (SELECT FROM change_log WHERE transaction >= settled)"
HELD_BACK = f"""
    SELECT coalesce(extract(epoch FROM clock_timestamp()) - min(moment), 0) FROM change_log
    WHERE transaction >= {SETTLED}
"""  # noqa: S608
ENTRIES = "SELECT transaction, number, moment, table_name, action, key, columns, owners FROM change_log"
AFTER = "(transaction, number) > (%s, %s) AND transaction < %s"
ORDER, BACKWARDS = "transaction, number", "transaction DESC, number DESC"
OLD = f"""
    SELECT transaction, number FROM change_log WHERE transaction < least(
        {SETTLED}, (SELECT min(transaction) FROM change_log WHERE moment >= %s)
    ) ORDER BY transaction, number LIMIT %s
"""  # noqa: S608
DELETE = f"DELETE FROM change_log WHERE (transaction, number) IN ({OLD}) RETURNING transaction, number"  # noqa: S608

EVENTS = {
    "INSERT": "AFTER INSERT ON {} REFERENCING NEW TABLE AS now_rows",
    "UPDATE": "AFTER UPDATE ON {} REFERENCING OLD TABLE AS old_rows NEW TABLE AS now_rows",
    "DELETE": "AFTER DELETE ON {} REFERENCING OLD TABLE AS old_rows",
    "TRUNCATE": "BEFORE TRUNCATE ON {}",
}
LISTING = """
    SELECT relname, tgname, proname FROM pg_trigger
    JOIN pg_class ON pg_class.oid = tgrelid JOIN pg_proc ON pg_proc.oid = tgfoid
    WHERE proname LIKE 'change\\_log\\_%' AND tgenabled <> 'D' AND relnamespace = current_schema()::regnamespace
"""


def triggers(table: LoggedTable, cursor: CursorWrapper) -> tuple[str, list[str]]:
    """The name of a table's function, and the statements that create it with its triggers."""
    quote = cursor.db.ops.quote_name
    cursor.execute("SELECT current_schema()")
    sql = function(table, *map(quote, (cursor.fetchone()[0], table.table)))
    name = f"change_log_{names_digest(sql, length=12)}"
    statements = [sql.replace(NAME, name)]
    for event, rows in EVENTS.items():
        trigger = f"CREATE OR REPLACE TRIGGER change_log_{event.lower()} {rows.format(quote(table.table))}"
        statements.append(f"{trigger} FOR EACH STATEMENT EXECUTE FUNCTION {name}()")
    return name, statements


def present(cursor: CursorWrapper) -> dict[str, str | None]:
    """By table, the name of the function of its triggers; None if a trigger is missing."""
    cursor.execute(LISTING)
    found: dict[str, set[tuple[str, str]]] = {}
    for table, trigger, name in cursor.fetchall():
        found.setdefault(table, set()).add((trigger, name))
    wanted = {f"change_log_{event.lower()}" for event in EVENTS}
    return {
        table: next(iter(rows))[1]
        if {trigger for trigger, _ in rows} == wanted and len({name for _, name in rows}) == 1
        else None
        for table, rows in found.items()
    }


def drops(cursor: CursorWrapper, name: str) -> Iterator[str]:
    """The statements that drop a function and its triggers."""
    yield f"DROP FUNCTION IF EXISTS {name} CASCADE"


def function(table: LoggedTable, schema: str, quoted_table: str) -> str:
    """The function that logs all rows of a statement on this table."""
    old, now = f"o.{quoted(table.key)}", f"n.{quoted(table.key)}"
    insert = f"""
        INSERT INTO {schema}.change_log (transaction, moment, table_name, action, key, columns, owners)
        SELECT pg_current_xact_id()::text::bigint, extract(epoch FROM clock_timestamp()), '{table.table}'"""  # noqa: S608 - names of ours
    changed = ", ".join(
        f"CASE WHEN o.{column} IS DISTINCT FROM n.{column} THEN '{name}' END"
        for name, column in zip(table.columns, map(quoted, table.columns), strict=True)
    )
    return f"""
CREATE OR REPLACE FUNCTION {schema}.{NAME}() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog SET timezone = 'UTC' AS $change_log$ BEGIN
    IF TG_OP = 'INSERT' THEN {insert}, 'i', {now}::text, NULL, {owners(table, "n")}
        FROM now_rows n;
    ELSIF TG_OP = 'DELETE' THEN {insert}, 'd', {old}::text, NULL, {owners(table, "o")}
        FROM old_rows o;
    ELSIF TG_OP = 'TRUNCATE' THEN {insert}, 'd', {old}::text, NULL, {owners(table, "o")}
        FROM {schema}.{quoted_table} o;
    ELSE {insert}, CASE WHEN {old} IS NULL THEN 'i' WHEN {now} IS NULL THEN 'd' ELSE 'u' END,
            coalesce({now}, {old})::text, CASE WHEN {old} = {now} THEN difference.columns END,
            {owners(table, "o", "n")}
        FROM old_rows o FULL JOIN now_rows n ON {old} = {now}
        CROSS JOIN LATERAL (SELECT concat_ws(',', {changed or "NULL"}) AS columns) difference
        WHERE difference.columns <> '' OR {old} IS NULL OR {now} IS NULL;{values(table, schema)}
    END IF;
    RETURN NULL;
END $change_log$"""


def owners(table: LoggedTable, *rows: str) -> str:
    """The tables and keys of the owners of a row, or of a row before and after a change, as a JSON array of pairs."""
    if not table.owners:
        return "NULL"
    pairs = ", ".join(f"('{owner}', {row}.{quoted(column)}::text)" for column, owner in table.owners for row in rows)
    chosen = f"FROM (VALUES {pairs}) pair (owner, key) WHERE pair.key IS NOT NULL"
    return f"(SELECT json_agg(DISTINCT jsonb_build_array(pair.owner, pair.key))::text {chosen})"


def values(table: LoggedTable, schema: str) -> str:
    """The statement that keeps the values of tracked columns before and after a change."""
    if not table.tracked:
        return ""
    key = quoted(table.key)
    pairs = ", ".join(
        f"('{name}', to_jsonb(o.{quoted(column)}), to_jsonb(n.{quoted(column)}))" for name, column, _ in table.tracked
    )
    return f"""
        INSERT INTO {schema}.changes_valuechange (moment, table_name, key, before, after)
        SELECT clock_timestamp(), '{table.table}', n.{key}::text, difference.before, difference.after
        FROM old_rows o JOIN now_rows n ON o.{key} = n.{key}
        CROSS JOIN LATERAL (
            SELECT jsonb_object_agg(pair.name, pair.before) AS before, jsonb_object_agg(pair.name, pair.after) AS after
            FROM (VALUES {pairs}) pair (name, before, after) WHERE pair.before IS DISTINCT FROM pair.after
        ) difference
        WHERE difference.after IS NOT NULL;"""  # noqa: S608
