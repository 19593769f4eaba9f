"""The dataset version: a token that changes with every commit that changes data.

Triggers on every data table change it in the writer's own transaction, so all writers count: the admin, a bulk update,
psql. A version never recurs, in this database or another.

SQLite has a single writer and only row triggers: each written row replaces the token in a single row. Other
connections see a transaction's writes at once, so for them the version changes once.

PostgreSQL has concurrent writers, which could deadlock over a single row. So no writer waits: the first statement of a
transaction inserts a token, and deletes those that no other transaction is deleting. The version is the set of all
tokens: one normally, a few while writers overlap. It always contains the token of the last commit, because only a
later commit can delete it.

Like a UUID of version 7, a token begins with its time: so the version also tells when the data last changed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from time import time as clock
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.core import checks
from django.db import DEFAULT_DB_ALIAS, Error, connections, transaction

from .connections import prepared
from .locks import Lock

if TYPE_CHECKING:
    import sqlite3

    import psycopg
    from django.db import models
    from django.db.backends.utils import CursorWrapper

TOKENS = "SELECT token FROM dataset_version"
PREPARED = b"dataset_version"  # the name of this statement where it is prepared
ASKED = "spacedevs.version"  # the request's key for the version that was read for it
READ = "spacedevs.read"  # and for the version of the snapshot of its response
# Earlier tokens contained no time; and the clocks of two servers may differ.
EARLIEST, DAY = 1_735_689_600, 86_400


class SQLite:
    """The version in SQLite: a row, and three triggers on each table."""

    fresh = "printf('%012X', CAST((julianday('now') - 2440587.5) * 86400000 AS integer)) || hex(randomblob(10))"
    table = (
        "CREATE TABLE IF NOT EXISTS dataset_version (id integer PRIMARY KEY CHECK (id = 1), token text NOT NULL)",
        f"INSERT OR IGNORE INTO dataset_version VALUES (1, {fresh})",  # noqa: S608
    )
    # Not an upsert, which would have no effect if INSERT OR IGNORE fired the trigger.
    raised = f"UPDATE dataset_version SET token = {fresh}"  # noqa: S608
    triggers = (
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'dataset/_version/_%' ESCAPE '/'"
    )
    trigger = f"CREATE TRIGGER {{name}} AFTER {{event}} ON {{table}} BEGIN {raised}; END"
    events = "INSERT", "UPDATE", "DELETE"

    @staticmethod
    def stands(cursor: CursorWrapper) -> bool:
        """Whether the version exists."""
        cursor.execute("SELECT count(*) FROM sqlite_master WHERE name = 'dataset_version'")
        return cursor.fetchone() == (1,) and cursor.execute(TOKENS).fetchone() is not None

    @classmethod
    def repairs(cls, cursor: CursorWrapper, tables: Iterable[str]) -> Iterator[tuple[str, str]]:
        """The statements that create or repair triggers, each with its table."""
        cursor.execute(cls.triggers)
        there, quote = dict(cursor.fetchall()), cursor.db.ops.quote_name
        for table in tables:
            for event in cls.events:
                name = f"dataset_version_{table}_{event.lower()}"
                wanted = cls.trigger.format(name=quote(name), event=event, table=quote(table))
                if there.get(name) != wanted:
                    yield table, f"DROP TRIGGER IF EXISTS {quote(name)}"
                    yield table, wanted

    @staticmethod
    def tokens(connection: sqlite3.Connection) -> list[str]:
        return [token for (token,) in connection.execute(TOKENS)]


class PostgreSQL:
    """The version in PostgreSQL: a table of tokens, a function, and one trigger on each table."""

    fresh = (
        "(lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0')"
        " || right(replace(gen_random_uuid()::text, '-', ''), 20))::uuid"
    )
    # A setting records that the transaction has changed the version; it ends with the transaction or with a savepoint
    # that is rolled back. Stricter isolation levels delete no token, because a concurrent deletion would be an error.
    body = f"""
        BEGIN
            IF current_setting('spacedevs.raised', true) IS DISTINCT FROM pg_current_xact_id()::text THEN
                PERFORM set_config('spacedevs.raised', pg_current_xact_id()::text, true);
                IF current_setting('transaction_isolation') = 'read committed' THEN
                    DELETE FROM %1$I.dataset_version WHERE token = ANY (
                        ARRAY(SELECT token FROM %1$I.dataset_version FOR UPDATE SKIP LOCKED));
                END IF;
                INSERT INTO %1$I.dataset_version VALUES ({fresh});
            END IF;
            RETURN NULL;
        END
    """  # noqa: S608
    table = (
        f"SELECT {Lock.DATASET_VERSION.taking()}",  # two processes may migrate at the same time
        "CREATE TABLE IF NOT EXISTS dataset_version (token uuid PRIMARY KEY)",
        f"INSERT INTO dataset_version SELECT {fresh} WHERE NOT EXISTS (SELECT FROM dataset_version)",  # noqa: S608
        # It runs with its owner's rights, so that every role that may write data can change the version.
        f"""
        DO $do$ BEGIN EXECUTE format($format$
            CREATE OR REPLACE FUNCTION raise_dataset_version() RETURNS trigger
                LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $${body}$$
        $format$, current_schema()); END $do$
        """,
    )
    function = """
        SELECT FROM pg_proc WHERE proname = 'raise_dataset_version' AND prosrc = format(%s, current_schema())
            AND pronamespace = current_schema()::regnamespace AND to_regclass('dataset_version') IS NOT NULL
    """
    raised = f"INSERT INTO dataset_version VALUES ({fresh})"  # noqa: S608
    # 60: AFTER, statement level, all four events
    triggers = """
        SELECT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
        WHERE tgname = 'dataset_version' AND tgtype = 60 AND tgenabled <> 'D'
            AND relnamespace = current_schema()::regnamespace
    """
    trigger = """
        CREATE OR REPLACE TRIGGER dataset_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION raise_dataset_version()
    """

    @classmethod
    def stands(cls, cursor: CursorWrapper) -> bool:
        """Whether the version exists, and the function is the current one."""
        cursor.execute(cls.function, [cls.body])
        if not cursor.rowcount:
            return False
        cursor.execute(TOKENS)
        return bool(cursor.rowcount > 0)

    @classmethod
    def repairs(cls, cursor: CursorWrapper, tables: Iterable[str]) -> Iterator[tuple[str, str]]:
        """The statements that create or repair triggers, each with its table."""
        cursor.execute(cls.triggers)
        there = {table for (table,) in cursor.fetchall()}
        for table in tables:
            if table not in there:
                yield table, cls.trigger.format(table=cursor.db.ops.quote_name(table))

    @classmethod
    def tokens(cls, connection: psycopg.Connection[Any]) -> list[str]:
        # Below psycopg's cursors, which take five times as long; a failure gives no rows.
        server, result = connection.pgconn, None
        # A failure would abort a transaction; and a pool may use another session, where the statement is not prepared.
        if server.transaction_status or connection.prepare_threshold is None:
            result = server.exec_(TOKENS.encode())
        else:
            if connection in prepared:
                result = server.exec_prepared(PREPARED, None)
            if not (result and result.ntuples):  # psycopg discards all prepared statements after a rollback
                server.prepare(PREPARED, TOKENS.encode())
                prepared[connection] = {}
                result = server.exec_prepared(PREPARED, None)
        return cls.tokens_in(result)

    @staticmethod
    def tokens_in(result: psycopg.pq.abc.PGresult) -> list[str]:
        return sorted((result.get_value(row, 0) or b"").decode() for row in range(result.ntuples))


KINDS: dict[str, type[SQLite] | type[PostgreSQL]] = {"sqlite": SQLite, "postgresql": PostgreSQL}


def current() -> str | None:
    """The version of the committed data; None if the database has none.

    Data that are read afterwards are at least as new, so a reader reads the version first."""
    connection = connections[DEFAULT_DB_ALIAS]
    kind = KINDS[connection.vendor]
    for _ in range(2):  # reconnects if the connection broke since its last use
        try:
            connection.ensure_connection()
            with connection.wrap_database_errors:
                tokens = kind.tokens(connection.connection)
        except Error:
            tokens = []
        if tokens or connection.in_atomic_block:
            break
        connection.close()
    return made_of(tokens)


def made_of(tokens: Iterable[str]) -> str | None:
    """The version from these tokens; None without tokens."""
    return ",".join(tokens) or None


def moment(version: str | None) -> datetime | None:
    """The time of a version, which is that of its newest token; None if unknown."""
    times = [
        int(each.replace("-", ""), 16) / 1000
        for each in re.findall(r"(?:^|,)([0-9A-Fa-f]{8}-?[0-9A-Fa-f]{4})", version or "")
    ]
    moments = [time for time in times if EARLIEST <= time <= clock() + DAY]
    return datetime.fromtimestamp(int(max(moments)), UTC) if moments else None


# Maintaining the triggers ------------------------------------------------------------------------


def data_models() -> dict[str, type[models.Model]]:
    """All models with data by their tables, including those of many-to-many relations."""
    found = [
        model for noun in settings.NOUNS for model in apps.get_app_config(noun).get_models(include_auto_created=True)
    ]
    return {model._meta.db_table: model for model in found if model._meta.managed}


def data_tables() -> set[str]:
    """All tables with data, including those of many-to-many relations."""
    return set(data_models())


def repairs(cursor: CursorWrapper) -> list[tuple[str, str]]:
    """The missing or wrong triggers: tables, and the statements that repair them."""
    tables = data_tables().intersection(cursor.db.introspection.table_names(cursor))
    return list(KINDS[cursor.db.vendor].repairs(cursor, sorted(tables)))


def keep_triggers(using: str, plan: Sequence[object] = (), **kwargs: Any) -> None:
    """After each migrate and at each start: repairs triggers, for example after SQLite recreated a table to alter it.

    It checks first, because writing would wait for other writers. Column changes in a migration fire no trigger, and
    missing triggers may have missed a change: so any repair also changes the version."""
    kind = KINDS[connections[using].vendor]
    with connections[using].cursor() as cursor:
        if kind.stands(cursor) and not repairs(cursor) and not plan:
            return
        with transaction.atomic(using):
            for statement in kind.table:
                cursor.execute(statement)
            for _, statement in repairs(cursor):
                cursor.execute(statement)
            cursor.execute(kind.raised)


def check_triggers(databases: Sequence[str] | None = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Reports data tables without triggers."""
    try:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            tables = sorted({table for table, _ in repairs(cursor)})
            is_new = not data_tables().intersection(cursor.db.introspection.table_names(cursor))
            stands = is_new or bool(tables) or KINDS[cursor.db.vendor].stands(cursor)
    except Error as error:
        return [checks.Warning(f"The triggers could not be checked: {error}", id="api.W001")]
    # Migrate runs this check with databases and repairs the triggers: an error would stop it.
    complaint, cure = checks.Warning if databases else checks.Error, "Run migrate to repair them."
    if tables:
        about = (
            f"Triggers are missing, so changes of these tables do not change the dataset version: {', '.join(tables)}."
        )
        return [complaint(about, hint=cure, id="api.E001")]
    about = "The dataset version is missing, or its trigger function is wrong."
    return [] if stands else [complaint(about, hint=cure, id="api.E002")]
