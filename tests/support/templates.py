"""A migrated database that test databases are copies of: to migrate takes longer than most test files do.

It is made once for each set of migrations and versions, and kept: on SQLite as a file in pytest's cache, on PostgreSQL
as a database of the server. In a copy, only what follows from migrations and also from models is made anew."""

import fcntl
import hashlib
import os
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.core.management.commands import migrate as migrations
from django.core.management.sql import emit_post_migrate_signal
from django.db.backends.signals import connection_created
from psycopg import sql

FOLDER = Path(settings.BASE_DIR, ".pytest_cache", "d", "databases")
MIGRATED_BY = ("django", "django-simple-history", "django-axes", "django-import-export")


def digest() -> str:
    """The inputs of the template: migrations, the code of triggers, and versions of libraries with migrations."""
    found = hashlib.sha256(repr([version(name) for name in MIGRATED_BY]).encode())
    makers = sorted(Path(settings.BASE_DIR, "spacedevs", "db").rglob("*.py"))
    for path in (*sorted(Path(settings.BASE_DIR).glob("**/migrations/*.py")), *makers):
        if ".venv" not in path.parts:
            found.update(path.read_bytes())
    return found.hexdigest()[:16]


def migrate(url):
    """Migrates a database in a separate process, because this one is connected to its test database."""
    command = [sys.executable, settings.BASE_DIR / "manage.py", "migrate", "--verbosity=0"]
    subprocess.run(command, env=os.environ | {"DATABASE_URL": url}, check=True)


class AfterMigration(migrations.Command):
    """Takes the place of `migrate` for a copy of the template, where nothing is left to migrate.

    Renews triggers, roles and permissions. To find out that there is nothing to migrate takes a second."""

    def handle(self, *arguments, verbosity, interactive, database, **options):
        emit_post_migrate_signal(verbosity, interactive, database)


@contextmanager
def one_at_a_time(path: Path):
    """Locks the creation of a template, for which other workers wait."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def sqlite_template() -> Path:
    """The template file for test databases on SQLite."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    template = FOLDER / f"{digest()}-{sqlite3.sqlite_version}.sqlite3"
    with one_at_a_time(FOLDER / "lock"):
        if not template.exists():
            new = template.with_suffix(".new")
            new.unlink(missing_ok=True)
            migrate(f"sqlite:///{new}")
            with closing(sqlite3.connect(new)) as connection:
                connection.execute(
                    "PRAGMA journal_mode = DELETE"
                )  # data in a write-ahead log would be missing in the copy
            new.rename(template)
    return template


def postgres_template(url: str) -> str:
    """The name of the template database on PostgreSQL."""
    name = f"spacedevs_template_{digest()}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])
        found = connection.execute("SELECT datistemplate FROM pg_database WHERE datname = %s", [name]).fetchone()
        if found != (True,):
            named = sql.Identifier(name)
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(named))  # incomplete
            connection.execute(sql.SQL("CREATE DATABASE {}").format(named))
            migrate(urlsplit(url)._replace(path=f"/{name}").geturl())
            connection.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE true ALLOW_CONNECTIONS false").format(named))
    return name


def begin_as_copy(template: Path):
    """Copies the template into the first SQLite database that Django connects to."""

    def fill(connection, **kwargs):
        connection_created.disconnect(fill)
        with closing(sqlite3.connect(template)) as source:
            source.backup(connection.connection)

    connection_created.connect(fill, weak=False)
