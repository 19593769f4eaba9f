"""Backup and restore of the database and the images, in one file.

The database's own tools copy it while it is in use. Images are copied after the database: since image files are stored
before a row names them and never change, the copy has all images that the rows name.

A restore changes nothing until the whole file is verified. It removes the old data only after the restored database,
migrated to this release, has answered. A restore that is killed before leaves the old data, afterwards the new
data."""

import filecmp
import os
import shutil
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from spacedevs.db import dataset_version
from spacedevs.db.change_log.upkeep import begin_anew
from spacedevs.db.locks import Lock, Taken, held
from spacedevs.wording import counted

from .archives import DATABASE, FORMAT, MEDIA, Damaged, files_of, pack, unpack
from .databases import engine


def backup(target: Path) -> dict:
    """Writes a backup atomically; returns its description."""
    with TemporaryDirectory(dir=target.parent) as folder:
        copy = Path(folder, DATABASE)
        about = engine().dump(copy, describe)
        pack(target, about, copy, settings.MEDIA_ROOT)
    return about


def describe() -> dict:
    """The description of a backup of the connected database."""
    return {
        "format": FORMAT,
        "release": settings.RELEASE,
        "made": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "engine": connection.vendor,
        "version": dataset_version.current(),
        "migrations": migrations(),
        "rows": {table: count(table) for table in sorted(tables_of_ours().intersection(tables()))},
    }


def migrations() -> list[str]:
    return sorted(".".join(name) for name in MigrationRecorder(connection).applied_migrations())


def tables() -> set[str]:
    return set(connection.introspection.table_names())


def tables_of_ours() -> set[str]:
    return {model._meta.db_table for model in apps.get_models(include_auto_created=True) if model._meta.managed}


def count(table) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608 - a name of a table
        return cursor.fetchone()[0]


def restore(source: Path, replace=False) -> dict:
    """Restores a backup and migrates it to this release; returns its description."""
    try:
        with held(Lock.RESTORE), TemporaryDirectory(dir=source.parent) as folder:
            if not replace:
                refuse_to_overwrite()
            about = unpack(source, Path(folder), refuse_what_does_not_fit)
            with replacing_media(Path(folder, MEDIA)), engine().replacing(Path(folder, DATABASE)):
                refuse_what_lacks(about)
                call_command("prepare", empty=True, database_only=True)
                begin_anew(DEFAULT_DB_ALIAS)  # whoever follows the changes has to read the restored data
                refuse_what_does_not_answer()
    except Taken:
        raise CommandError("Another restore of this database is running.") from None
    return about


def refuse_what_does_not_fit(about):
    """Refuses a backup that cannot be restored here, before anything changes."""
    if about["format"] > FORMAT:
        raise CommandError(f"The backup is from a later release, {about['release']}.", returncode=2)
    if about["engine"] != connection.vendor:
        raise CommandError(
            f"The backup is from {about['engine']}, but this database is {connection.vendor}: "
            "use `export` there and `import_ll2` here.",
            returncode=2,
        )
    loader = MigrationLoader(None)
    known = {".".join(name) for name in loader.disk_migrations}
    ahead = [name for name in about["migrations"] if name not in known and name.split(".")[0] in loader.migrated_apps]
    if ahead:
        about_it = f"The backup needs release {about['release']} or later; this release lacks {ahead[0]}."
        raise CommandError(about_it, returncode=2)


def refuse_to_overwrite():
    """Refuses to overwrite existing data; tables may be missing or from another release."""
    known = tables()
    nouns = (model for noun in settings.NOUNS for model in apps.get_app_config(noun).get_models())
    there = (model for model in (get_user_model(), *nouns) if model._meta.db_table in known)
    if files_of(settings.MEDIA_ROOT) or any(model._base_manager.exists() for model in there):
        raise CommandError("The database contains data already; use --replace to replace them.")


def refuse_what_lacks(about):
    """Compares a restored database with the description of its backup; format 1 has no row counts."""
    if missing := sorted({*about["migrations"]}.difference(migrations())):
        raise Damaged(f"its database lacks the migration {missing[0]}")
    there = tables()
    for table, number in about.get("rows", {}).items():
        if table not in there:
            raise Damaged(f"its database lacks the table {table}")
        if (found := count(table)) != number:
            raise Damaged(f"its database has {counted(found, 'row')} of {table}, not {number}")


def refuse_what_does_not_answer():
    """Checks that each table of this release can be read."""
    if missing := sorted(tables_of_ours() - tables()):
        raise Damaged(f"its database lacks the table {missing[0]}")
    for model in apps.get_models():
        list(model._base_manager.order_by()[:1])


@contextmanager
def replacing_media(found: Path):
    """Adds the restored images to the existing ones; removes the old ones after the body, or the new ones if it fails.

    So the images of both databases exist while the body replaces one by the other. Files do not normally change; one
    that differs from an existing file of the same name replaces it at the end."""
    root, new = settings.MEDIA_ROOT, files_of(found)
    root.mkdir(parents=True, exist_ok=True)
    added = []
    try:
        for name in new:
            if not (root / name).exists():
                added.append(name)
                put(new[name], root / name)
        yield
    except BaseException:
        for name in added:
            (root / name).unlink(missing_ok=True)
        raise
    for name in new.keys() - added:
        if not filecmp.cmp(new[name], root / name, shallow=False):
            put(new[name], root / name)
    for name, path in files_of(root).items():
        if name not in new:
            path.unlink()
    remove_empty(root)


def put(source: Path, target: Path):
    """Moves a file atomically, also from another disk."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    shutil.move(source, part)
    part.replace(target)


def remove_empty(folder: Path):
    """Removes empty folders below a folder."""
    for top, _, _ in os.walk(folder, topdown=False):
        if top != str(folder) and not os.listdir(top):
            os.rmdir(top)
