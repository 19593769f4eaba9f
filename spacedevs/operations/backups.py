"""Backups: the database and the pictures in one file, and the way back into an empty system.

A backup is a tar of three things: what it is (backup.json), the database as its own tools copy it while it is in
use, and the files of var/media. Files are stored before a row names them and never change, so those that are copied
after the database hold all that it names."""

import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from spacedevs.api import versioning

FORMAT = 1  # of the file; a later release reads the earlier ones
ABOUT, DATABASE, MEDIA = "backup.json", "database", "media"
ASIDE = "replaced"  # the schema in which PostgreSQL keeps what is replaced until that is done

INTERRUPTED = (
    f"A restore was interrupted. What it was about to replace is in the schema {ASIDE}: "
    "let that take the place of the other again, or drop it."
)


def backup(target: Path) -> dict:
    """Writes a backup, whole or not at all; returns what it says of itself."""
    aside = target.with_name(f".{target.name}.{os.getpid()}")
    with TemporaryDirectory(dir=target.parent) as folder:
        about, copy = describe(), Path(folder, DATABASE)
        engine().dump(copy)
        Path(folder, ABOUT).write_text(json.dumps(about, indent=2))
        try:
            with tarfile.open(aside, "x:gz", compresslevel=4) as tar:
                os.chmod(aside, 0o600)  # it holds the digests of passwords and keys
                tar.add(Path(folder, ABOUT), ABOUT)  # the first, so that it is found at once
                tar.add(copy, DATABASE)
                if settings.MEDIA_ROOT.is_dir():
                    tar.add(settings.MEDIA_ROOT, MEDIA)
            aside.replace(target)
        finally:
            aside.unlink(missing_ok=True)
    return about


def describe() -> dict:
    return {
        "format": FORMAT,
        "release": settings.RELEASE,
        "made": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "engine": connection.vendor,
        "version": versioning.current(),
        "migrations": sorted(".".join(name) for name in MigrationRecorder(connection).applied_migrations()),
    }


def restore(source: Path, replace=False) -> dict:
    """Puts back what a backup holds, then brings it to this release."""
    with tarfile.open(source) as tar, TemporaryDirectory(dir=source.parent) as folder:
        extract(tar, Path(folder))
        about = json.loads(Path(folder, ABOUT).read_text())
        refuse_what_does_not_fit(about)
        if not replace:
            refuse_to_overwrite()
        engine().load(Path(folder, DATABASE))
        replace_media(Path(folder, MEDIA))
    connection.close()
    call_command("prepare", empty=True, database_only=True)
    return about


def extract(tar, folder):
    """Takes out plain files and nothing else, none of them to anywhere else."""
    for member in filter(tarfile.TarInfo.isfile, tar):
        target = (folder / member.name).resolve()
        if not target.is_relative_to(folder.resolve()):
            raise CommandError(f"{member.name} in the backup leads out of it.")
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            shutil.copyfileobj(tar.extractfile(member), file)


def refuse_what_does_not_fit(about):
    """Says why a backup cannot be restored here, before anything is touched."""
    if about["format"] > FORMAT:
        raise CommandError(f"The backup was made by a later release, {about['release']}.")
    if about["engine"] != connection.vendor:
        raise CommandError(
            f"The backup is of {about['engine']} and this is {connection.vendor}: "
            "take the data over by `export` there and `import_ll2` here."
        )
    loader = MigrationLoader(None)
    known = {".".join(name) for name in loader.disk_migrations}
    ahead = [name for name in about["migrations"] if name not in known and name.split(".")[0] in loader.migrated_apps]
    if ahead:
        raise CommandError(f"The backup needs release {about['release']} or a later one; here is no {ahead[0]}.")


def refuse_to_overwrite():
    """Stops before anything that somebody made is lost; tables may be missing, or of another release."""
    tables = connection.introspection.table_names()
    nouns = (model for noun in settings.NOUNS for model in apps.get_app_config(noun).get_models())
    there = (model for model in (get_user_model(), *nouns) if model._meta.db_table in tables)
    has_media = settings.MEDIA_ROOT.is_dir() and any(settings.MEDIA_ROOT.iterdir())
    if has_media or any(model._base_manager.exists() for model in there):
        raise CommandError("There are data here already; --replace lets the backup take their place.")


def replace_media(found: Path):
    """Puts the pictures where they belong; where that is a volume, its top stays."""
    settings.MEDIA_ROOT.mkdir(parents=True, exist_ok=True)
    for old in settings.MEDIA_ROOT.iterdir():
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    for new in found.iterdir() if found.is_dir() else ():
        shutil.move(new, settings.MEDIA_ROOT / new.name)


class SQLite:
    """By SQLite's own way to copy a database while it is written."""

    @staticmethod
    def dump(target):
        connection.ensure_connection()
        with connection.wrap_database_errors, closing(sqlite3.connect(target)) as copy:
            connection.connection.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, wherever it goes

    @staticmethod
    def load(source):
        connection.ensure_connection()
        with connection.wrap_database_errors, closing(sqlite3.connect(source)) as copy:
            copy.backup(connection.connection)


class PostgreSQL:
    """By pg_dump and pg_restore, which must be as new as the server."""

    @classmethod
    def dump(cls, target):
        cls.run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--file", str(target))

    @classmethod
    def load(cls, source):
        """All or nothing: what was there stays aside until its successor is whole."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT current_schema()")
            (schema,) = cursor.fetchone()
            owned = connection.ops.quote_name(schema)
            cursor.execute("SELECT FROM pg_namespace WHERE nspname = %s", [ASIDE])
            if cursor.rowcount:
                raise CommandError(INTERRUPTED)
            cursor.execute(f"ALTER SCHEMA {owned} RENAME TO {ASIDE}")
            cursor.execute(f"CREATE SCHEMA {owned}")
            move_extension(cursor, ASIDE, schema)
        connection.close()
        try:
            command = "--no-owner", "--no-privileges", "--no-comments", "--exit-on-error", "--single-transaction"
            cls.run("pg_restore", *command, str(source))
        except CommandError:
            with transaction.atomic(), connection.cursor() as cursor:
                move_extension(cursor, schema, ASIDE)
                cursor.execute(f"DROP SCHEMA {owned} CASCADE")
                cursor.execute(f"ALTER SCHEMA {ASIDE} RENAME TO {owned}")
            raise
        with connection.cursor() as cursor:
            cursor.execute(f"DROP SCHEMA {ASIDE} CASCADE")

    @staticmethod
    def run(tool, *arguments):
        about = connection.get_connection_params()
        known = "host", "port", "user", "password", "sslmode", "sslrootcert"
        environment = {f"PG{name.upper()}": str(about[name]) for name in known if about.get(name)}
        try:
            subprocess.run(
                [tool, "--dbname", about["dbname"], *arguments],
                env=os.environ | environment,
                check=True,
                capture_output=True,
                text=True,
            )
        except FileNotFoundError:
            raise CommandError(f"{tool} is not installed; Debian has it in postgresql-client.") from None
        except subprocess.CalledProcessError as error:
            said = " ".join(error.stderr.split()) or f"it ended with status {error.returncode}"
            raise CommandError(f"{tool} failed: {said}") from error


def move_extension(cursor, here, there):
    """The extension that finds words belongs to the database and not to the data."""
    schema_of = "SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'pg_trgm'"
    cursor.execute(f"SELECT FROM ({schema_of}) schemas (name) WHERE name = %s", [here])
    if cursor.rowcount:
        cursor.execute(f"ALTER EXTENSION pg_trgm SET SCHEMA {connection.ops.quote_name(there)}")


def engine():
    return {"sqlite": SQLite, "postgresql": PostgreSQL}[connection.vendor]
