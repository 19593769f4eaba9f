"""The version of the dataset: a token that is another after every commit that touched the data.

Triggers on every data table raise it in the writer's own transaction, so whoever writes is counted:
the admin, a bulk update, psql. A version that has been is never again, in this database or another.

SQLite has one writer at a time, and no trigger for a whole statement: each row puts a new token in the
one row there is. What a transaction wrote is seen at once, so the version that others see moves once.

PostgreSQL has many writers at a time, and two that wait for one row can wait for each other. So none
waits: the first statement of a transaction adds a token, and takes away those that nobody else is taking
away just then. The version is all the tokens there are: one at rest, a few while writers overlap. Whoever
committed last, theirs is among them, for only a later commit can take it away.

A token begins with the time at which it was made, as a UUID of version 7 does: so the version also tells when the data
were last changed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from time import time as clock
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from django.apps import apps
from django.conf import settings
from django.core import checks
from django.db import DEFAULT_DB_ALIAS, Error, connections, transaction

from .locks import Lock

if TYPE_CHECKING:
    import sqlite3

    import psycopg
    from django.db.backends.utils import CursorWrapper

TOKENS = "SELECT token FROM dataset_version"
ASKED = "spacedevs.version"  # where a request has the version that was asked for it
READ = "spacedevs.read"  # and the one of the snapshot that its answer was read in
# Tokens of before 2025 had no time in them; and the clocks of two servers may differ.
EARLIEST, DAY = 1_735_689_600, 86_400


class SQLite:
    """What SQLite needs: a row, and three triggers on each table."""

    fresh = "printf('%012X', CAST((julianday('now') - 2440587.5) * 86400000 AS integer)) || hex(randomblob(10))"
    table = (
        "CREATE TABLE IF NOT EXISTS dataset_version (id integer PRIMARY KEY CHECK (id = 1), token text NOT NULL)",
        f"INSERT OR IGNORE INTO dataset_version VALUES (1, {fresh})",  # noqa: S608
    )
    # No upsert: it would be ignored where the statement that fired the trigger is an INSERT OR IGNORE.
    raised = f"UPDATE dataset_version SET token = {fresh}"  # noqa: S608
    triggers = (
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'dataset/_version/_%' ESCAPE '/'"
    )
    trigger = f"CREATE TRIGGER {{name}} AFTER {{event}} ON {{table}} BEGIN {raised}; END"
    events = "INSERT", "UPDATE", "DELETE"

    @staticmethod
    def stands(cursor: CursorWrapper) -> bool:
        """Whether there is a version."""
        cursor.execute("SELECT count(*) FROM sqlite_master WHERE name = 'dataset_version'")
        return cursor.fetchone() == (1,) and cursor.execute(TOKENS).fetchone() is not None

    @classmethod
    def repairs(cls, cursor: CursorWrapper, tables: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Statements, each with its table, that put every trigger right that is not."""
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
    """What PostgreSQL needs: a table of tokens, a function, and one trigger on each table."""

    fresh = (
        "(lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0')"
        " || right(replace(gen_random_uuid()::text, '-', ''), 20))::uuid"
    )
    # That it has raised the version is kept in a setting that ends with the transaction, or with the savepoint that
    # is rolled back. Under stricter isolation it takes no token away: one that is gone by then would be an error.
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
        f"SELECT {Lock.DATASET_VERSION.taking()}",  # two may migrate at once
        "CREATE TABLE IF NOT EXISTS dataset_version (token uuid PRIMARY KEY)",
        f"INSERT INTO dataset_version SELECT {fresh} WHERE NOT EXISTS (SELECT FROM dataset_version)",  # noqa: S608
        # It has its owner's rights, so that whoever may write data can raise the version.
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
    # 60: after the statement, of all four kinds
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
        """Whether there is a version, and the function that raises it is ours."""
        cursor.execute(cls.function, [cls.body])
        if not cursor.rowcount:
            return False
        cursor.execute(TOKENS)
        return bool(cursor.rowcount > 0)

    @classmethod
    def repairs(cls, cursor: CursorWrapper, tables: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Statements, each with its table, that put every trigger right that is not."""
        cursor.execute(cls.triggers)
        there = {table for (table,) in cursor.fetchall()}
        for table in tables:
            if table not in there:
                yield table, cls.trigger.format(table=cursor.db.ops.quote_name(table))

    prepared: WeakSet[psycopg.Connection[Any]] = WeakSet()  # the connections that were told the statement

    @classmethod
    def tokens(cls, connection: psycopg.Connection[Any]) -> list[str]:
        # Below psycopg's cursors, which take five times as long; what fails has no rows.
        server, result = connection.pgconn, None
        # A failure would end a transaction; and a pool may give what follows to a session that was told nothing.
        if server.transaction_status or connection.prepare_threshold is None:
            result = server.exec_(TOKENS.encode())
        else:
            if connection in cls.prepared:
                result = server.exec_prepared(b"dataset_version", None)
            if not (result and result.ntuples):  # psycopg has every statement forgotten after a rollback
                server.prepare(b"dataset_version", TOKENS.encode())
                cls.prepared.add(connection)
                result = server.exec_prepared(b"dataset_version", None)
        return cls.tokens_in(result)

    @staticmethod
    def tokens_in(result: psycopg.pq.abc.PGresult) -> list[str]:
        return sorted((result.get_value(row, 0) or b"").decode() for row in range(result.ntuples))


KINDS: dict[str, type[SQLite] | type[PostgreSQL]] = {"sqlite": SQLite, "postgresql": PostgreSQL}


def current() -> str | None:
    """The version of what is committed now; None where the database cannot tell.

    Whatever is read afterwards is at least as new: a reader asks for the version first."""
    connection = connections[DEFAULT_DB_ALIAS]
    kind = KINDS[connection.vendor]
    for _ in range(2):  # a connection that broke since it was last used is opened anew
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
    """The version that these tokens are; None for none."""
    return ",".join(tokens) or None


def moment(version: str | None) -> datetime | None:
    """When a version came to be, which is when the last of its tokens was made; None where none tells."""
    times = [
        int(each.replace("-", ""), 16) / 1000
        for each in re.findall(r"(?:^|,)([0-9A-Fa-f]{8}-?[0-9A-Fa-f]{4})", version or "")
    ]
    told = [time for time in times if EARLIEST <= time <= clock() + DAY]
    return datetime.fromtimestamp(int(max(told)), UTC) if told else None


# Keeping the triggers ----------------------------------------------------------------------------


def data_tables() -> set[str]:
    """Every table that holds data, those of many-to-many relations among them."""
    models = [
        model for noun in settings.NOUNS for model in apps.get_app_config(noun).get_models(include_auto_created=True)
    ]
    return {model._meta.db_table for model in models if model._meta.managed}


def repairs(cursor: CursorWrapper) -> list[tuple[str, str]]:
    """What is wrong with the triggers: tables, and the statements that put them right."""
    tables = data_tables().intersection(cursor.db.introspection.table_names(cursor))
    return list(KINDS[cursor.db.vendor].repairs(cursor, sorted(tables)))


def keep_triggers(using: str, plan: Sequence[object] = (), **kwargs: Any) -> None:
    """After each migrate, and at each start: puts right what lacks, as where SQLite made a table anew to alter it.

    It looks first, for whoever writes waits for others who do. What a migration does to columns fires no trigger, and
    what lacked may have missed a change: so whatever there was to do raises the version."""
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
    """Complains of data tables whose changes nobody would notice."""
    try:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            tables = sorted({table for table, _ in repairs(cursor)})
            is_new = not data_tables().intersection(cursor.db.introspection.table_names(cursor))
            stands = is_new or bool(tables) or KINDS[cursor.db.vendor].stands(cursor)
    except Error as error:
        return [checks.Warning(f"The triggers could not be looked at: {error}", id="api.W001")]
    # Migrate asks with databases, and is the cure: an error would stop it.
    complaint, cure = checks.Warning if databases else checks.Error, "Run migrate: it puts them back."
    if tables:
        about = f"No trigger raises the dataset version when these tables change: {', '.join(tables)}."
        return [complaint(about, hint=cure, id="api.E001")]
    about = "The dataset version is missing, or what the triggers do is not what they should."
    return [] if stands else [complaint(about, hint=cure, id="api.E002")]
