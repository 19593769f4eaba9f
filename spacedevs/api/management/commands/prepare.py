"""Migrations, sample data, static files: what must be in place before serving, here and in a container."""

import hashlib
from contextlib import contextmanager, nullcontext
from pathlib import Path
from time import sleep

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import BaseCommand, call_command
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from spacedevs.api import statistics, triggers
from spacedevs.api.versioning import keep_triggers

UNUSED = ["redoc"]  # comes with Swagger UI; to compress it takes as long as all the rest
PATIENCE = "3s"  # that a migration waits for a table: whoever asks for the table meanwhile waits behind it
PAUSES = (1, 2, 5, 10, 20, 30)  # seconds, until it tries again
ADVISORY_LOCK = 230_000  # any number, as long as every process of ours takes the same


@contextmanager
def postgres_lock():
    """Let one process at a time prepare a database that several machines may share."""
    # On a connection of its own, for loaddata closes Django's; the lock ends with it, whatever happens.
    holder = connection.copy()
    try:
        with holder.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [ADVISORY_LOCK])
            yield
    finally:
        holder.close()


@contextmanager
def patience():
    """Lets no statement wait for a table for longer than a moment."""
    if connection.vendor != "postgresql":  # SQLite has one writer at a time, and a time-out of its own
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [PATIENCE])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")


def is_migrated():
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def static_sources():
    """A digest of the files that collectstatic would collect, and of how it would store them."""
    files = [
        f"{path} {stat.st_size} {int(stat.st_mtime)}"
        for finder in get_finders()
        for path, storage in finder.list(None)
        for stat in [Path(storage.path(path)).stat()]
    ]
    facts = [settings.STORAGES["staticfiles"]["BACKEND"], *sorted(files)]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()


class Command(BaseCommand):
    help = "Migrate the database, load the sample data when it is empty, and collect the static files."
    requires_system_checks = []  # migrate runs those that matter here

    def add_arguments(self, parser):
        parser.add_argument("--empty", action="store_true", help="load no sample data")
        only = parser.add_mutually_exclusive_group()
        only.add_argument("--static-only", action="store_true", help="leave the database alone")
        only.add_argument("--database-only", action="store_true", help="collect no static files")

    def handle(self, *, empty, static_only, database_only, **options):
        if not static_only:
            with postgres_lock() if connection.vendor == "postgresql" else nullcontext():
                self.migrate()
                if not empty:
                    self.load_samples()
        if not database_only:
            self.collect_static()

    def migrate(self):
        if is_migrated():
            # A migrate that was killed may have lost some, and another release makes others.
            triggers.install(DEFAULT_DB_ALIAS)
            keep_triggers(DEFAULT_DB_ALIAS)
        else:
            self.stdout.write("Migrating the database")
            self.migrate_in_use()

    def migrate_in_use(self):
        """Migrates while others read and write: gives way to them, and tries again."""
        for pause in (*PAUSES, None):
            try:
                with patience():
                    call_command("migrate", verbosity=0, interactive=False)
                return
            except OperationalError as error:
                if pause is None or "lock timeout" not in str(error):
                    raise
                self.stdout.write(f"Others use a table that has to change; trying again in {pause} s")
                sleep(pause)

    def load_samples(self):
        names = [path.name for folder in settings.FIXTURE_DIRS for path in sorted(Path(folder).glob("*.json"))]
        if names and statistics.is_empty():
            self.stdout.write("Loading the sample data")
            call_command("loaddata", *names, verbosity=0)  # facts alone
            statistics.recompute()

    def collect_static(self):
        # Collecting is slow (it compresses), so a stamp tells whether it was done; --clear removes the stamp first.
        stamp, sources = Path(settings.STATIC_ROOT) / "sources.sha256", static_sources()
        if not stamp.exists() or stamp.read_text() != sources:
            self.stdout.write("Collecting the static files")
            call_command("collectstatic", verbosity=0, interactive=False, clear=True, ignore_patterns=UNUSED)
            stamp.write_text(sources)
