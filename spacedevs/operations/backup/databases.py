"""Copies a database while it is in use, and replaces a database by a copy atomically."""

import os
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile

from django.core.management import CommandError
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction

from spacedevs.db.connections import is_shared
from spacedevs.db.snapshots import snapshot

from .archives import Damaged

try:
    from psycopg.pq import Conninfo
except ImportError:  # SQLite needs no driver of PostgreSQL
    Conninfo = None

# The environment variables for psycopg's options; other users could read the arguments of a process.
CONNECTION = Conninfo.get_defaults() if Conninfo else ()
ENVIRONMENT = {each.keyword.decode(): each.envvar.decode() for each in CONNECTION if each.envvar}
ASIDE = "replaced"  # the schema that keeps the old data in PostgreSQL until the new data have been verified
INTERRUPTED = f"A restore was interrupted. The old data are in the schema {ASIDE}: drop it, or rename it back."
POOLED = "DATABASE_URL points to a transaction pool; backup and restore need a direct connection."
BUSY = "Another process writes to the database: stop the server and the mirror first."


@contextmanager
def connected_to(file: Path):
    """Connects Django to an SQLite file that nobody else uses."""
    before = connections[DEFAULT_DB_ALIAS]
    there = before.copy()
    there.settings_dict |= {
        "NAME": str(file),
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "init_command": "PRAGMA synchronous=OFF"},
    }
    connections[DEFAULT_DB_ALIAS] = there
    try:
        yield
    finally:
        there.close()
        connections[DEFAULT_DB_ALIAS] = before


class SQLite:
    """Uses SQLite's backup function: one transaction, even while others use the database."""

    @classmethod
    def dump(cls, target: Path, describe: Callable[[], dict]) -> dict:
        """Copies the database; returns the description of the copy."""
        connection.ensure_connection()
        with connection.wrap_database_errors, closing(sqlite3.connect(target)) as copy:
            connection.connection.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # a single file
        try:
            cls.check(target)
        except Damaged as error:
            raise CommandError(f"The database is damaged, so no backup was made: {error}") from error
        with connected_to(target):
            return describe()

    @staticmethod
    def check(file):
        try:
            with closing(sqlite3.connect(file)) as copy:
                ((said,),) = copy.execute("PRAGMA quick_check(1)")
        except sqlite3.DatabaseError as error:
            said = error
        if said != "ok":
            raise Damaged(" ".join(str(said).split()))

    @classmethod
    @contextmanager
    def replacing(cls, source: Path):
        """Connects Django to the copy, which replaces the database if the body raises nothing."""
        cls.check(source)
        with connected_to(source):
            yield
        cls.overwrite(source)

    @classmethod
    def overwrite(cls, source):
        """Copies a whole database over Django's, in one transaction."""
        connection.ensure_connection()
        with connection.wrap_database_errors, closing(sqlite3.connect(source)) as copy:
            copy.backup(connection.connection, progress=cls.give_up)

    @staticmethod
    def give_up(status, remaining, total):
        """Stops waiting when the connection's timeout has passed; Python would wait forever."""
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise CommandError(BUSY)


class PostgreSQL:
    """Uses pg_dump, pg_restore and psql, which must not be older than the server."""

    plain = "--no-owner", "--no-privileges"

    @classmethod
    def dump(cls, target: Path, describe: Callable[[], dict]) -> dict:
        """Copies the current schema; returns the description of the copy."""
        with snapshot(), connection.cursor() as cursor:
            about = describe()
            cursor.execute("SELECT pg_export_snapshot(), quote_ident(current_schema())")
            shared, schema = cursor.fetchone()
            cursor.execute("SELECT FROM pg_extension WHERE extname = 'pg_trgm'")
            extension = ["--extension=pg_trgm"] * cursor.rowcount
            what = f"--snapshot={shared}", f"--schema={schema}", *extension
            cls.run("pg_dump", "--format=custom", *cls.plain, *what, f"--file={target}")
        return about

    @classmethod
    @contextmanager
    def replacing(cls, source: Path):
        """Replaces the database by the copy, and restores the database if the body raises."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_schema(), to_regnamespace(%s) IS NOT NULL", [ASIDE])
            schema, was_interrupted = cursor.fetchone()
            if was_interrupted:
                raise CommandError(INTERRUPTED)
            owned = connection.ops.quote_name(schema)
            room = f"ALTER SCHEMA {owned} RENAME TO {ASIDE}", f"CREATE SCHEMA {owned}"
            room += moved_extension(cursor, schema, to=schema)
        contents = cls.contents(source, schema)
        connection.close()
        cls.load(source, contents, room)
        try:
            yield
        except BaseException:
            connection.close()
            with transaction.atomic(), connection.cursor() as cursor:
                back = f"DROP SCHEMA {owned} CASCADE", f"ALTER SCHEMA {ASIDE} RENAME TO {owned}"
                for statement in (*moved_extension(cursor, schema, to=ASIDE), *back):
                    cursor.execute(statement)
            raise
        with connection.cursor() as cursor:
            cursor.execute(f"DROP SCHEMA {ASIDE} CASCADE")

    @classmethod
    def contents(cls, source, schema) -> str:
        """The entries of a dump to restore: all except the schema, which exists."""
        listed = cls.run("pg_restore", "--list", str(source)).splitlines()
        ours = [line.split() for line in listed if " TABLE " in line and " django_migrations " in line]
        if not ours:
            raise Damaged("its database has no table django_migrations")
        if (theirs := ours[0][4]) != schema:
            raise CommandError(f"The backup is from the schema {theirs}, but this is {schema}.", returncode=2)
        return "\n".join(line for line in listed if " SCHEMA - " not in line)

    @classmethod
    def load(cls, source: Path, contents: str, room):
        """Restores a dump in one transaction, after the given statements."""
        listed = source.with_name("contents")
        listed.write_text(contents)
        script = "pg_restore", *cls.plain, "--no-comments", f"--use-list={listed}", "--file=-", str(source)
        quietly = "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"
        with TemporaryFile("w+") as said:
            psql = cls.start("psql", *quietly, stdin=subprocess.PIPE, stdout=said, stderr=said)
            try:
                with suppress(BrokenPipeError), psql.stdin:  # psql has ended with a message
                    psql.stdin.write("".join(f"{statement};\n" for statement in ("BEGIN", *room)))
                    psql.stdin.flush()
                    cls.run(*script, stdout=psql.stdin)
                    psql.stdin.write("COMMIT;\n")  # without this, nothing was committed
            finally:
                if psql.wait():
                    said.seek(0)
                    raise CommandError(f"psql failed: {' '.join(said.read().split())}")

    @classmethod
    def run(cls, *command, stdout=subprocess.PIPE) -> str:
        process = cls.start(*command, stdout=stdout, stderr=subprocess.PIPE)
        out, said = process.communicate()
        if process.returncode:
            said = " ".join(said.split()) or f"it ended with status {process.returncode}"
            raise CommandError(f"{command[0]} failed: {said}")
        return out

    @classmethod
    def start(cls, *command, **files) -> subprocess.Popen:
        if is_shared(connection):  # because settings of a tool would affect others
            raise CommandError(POOLED)
        about = connection.get_connection_params()
        environment = {variable: str(about[name]) for name, variable in ENVIRONMENT.items() if about.get(name)}
        try:
            return subprocess.Popen(command, env=os.environ | environment, text=True, **files)
        except FileNotFoundError:
            raise CommandError(f"{command[0]} is not installed; Debian has it in postgresql-client.") from None


def moved_extension(cursor, here, to) -> tuple[str, ...]:
    """The statement that moves the extension pg_trgm to another schema before its schema is dropped.

    The extension belongs to the database, not to the data."""
    schema_of = "SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'pg_trgm'"
    cursor.execute(f"SELECT FROM ({schema_of}) schemas (name) WHERE name = quote_ident(%s)", [here])
    return (f"ALTER EXTENSION pg_trgm SET SCHEMA {connection.ops.quote_name(to)}",) * cursor.rowcount


KINDS = {"sqlite": SQLite, "postgresql": PostgreSQL}


def engine():
    return KINDS[connection.vendor]
