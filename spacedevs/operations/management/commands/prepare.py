"""Prepares the server: migrations, sample data, static files."""

import hashlib
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import sleep

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.management.commands import collectstatic
from django.core.management import BaseCommand, call_command
from django.core.management.commands import loaddata, migrate
from django.core.management.sql import emit_post_migrate_signal
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from spacedevs.changes.apps import keep_log
from spacedevs.dataset import sample
from spacedevs.db.change_log import upkeep
from spacedevs.db.dataset_version import keep_triggers
from spacedevs.db.locks import LOCK_NOT_AVAILABLE, Lock, file_lock, held
from spacedevs.db.search import triggers
from spacedevs.http.response_cache import release
from spacedevs.operations.health import names, unapplied
from spacedevs.statistics import recompute, registry
from spacedevs.sync.progress import progress

UNUSED = ["redoc"]  # part of Swagger UI; compressing it takes as long as everything else
PATIENCE = "3s"  # how long a migration waits for a table; others queue behind it meanwhile
PAUSES = (1, 2, 5, 10, 20, 30)  # seconds until the next attempt
# The apps of markers among the applied migrations. The name of the first is a digest of all of them, that of the
# second one of the release and of the schema that it has put right.
MARK, RIGHT = "prepared", "right"
SCHEMA = {  # all that migrations and our triggers have made, as text
    "sqlite": "SELECT type, name, sql FROM sqlite_master ORDER BY type, name",
    "postgresql": """
        SELECT md5(coalesce(string_agg(line, chr(10) ORDER BY line), '')) FROM (
            SELECT concat(pg_get_triggerdef(oid), ' ', tgenabled) FROM pg_trigger WHERE NOT tgisinternal
            UNION ALL SELECT proname || prosrc FROM pg_proc WHERE pronamespace = current_schema::regnamespace
            UNION ALL SELECT concat(relname, ' ', attname, ' ', atttypid, attnotnull)
                FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
                WHERE relnamespace = current_schema::regnamespace AND attnum > 0 AND NOT attisdropped
        ) lines (line)
    """,
}


@contextmanager
def patience():
    """Limits how long a statement waits for a table."""
    if connection.vendor != "postgresql":  # SQLite has a single writer and a timeout of its own
        yield
        return
    with connection.execute_wrapper(patiently):
        yield


def patiently(execute, statement, parameters, many, context):
    """Runs a statement with a limit for its transaction only, so that pooled sessions keep no trace of it."""
    with transaction.atomic(savepoint=False):
        with connection.wrap_database_errors:
            connection.connection.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
        return execute(statement, parameters, many, context)


class Migrations:
    """The migrations to apply, and a marker that is set when they and their follow-ups (permissions, groups) are
    done."""

    def __init__(self):
        executor = MigrationExecutor(connection)
        leaves = executor.loader.graph.leaf_nodes()
        self.left = unapplied(executor)
        self.recorder, self.name = executor.recorder, hashlib.sha256(repr(sorted(leaves)).encode()).hexdigest()[:16]

    def are_done(self) -> bool:
        return not self.left and (MARK, self.name) in self.recorder.applied_migrations()

    def mark(self):
        mark(MARK, self.name)


@transaction.atomic
def mark(app, name):
    recorder = MigrationRecorder(connection)
    recorder.migration_qs.filter(app=app).delete()
    recorder.record_applied(app, name)


def fingerprint() -> str | None:
    """A digest of this release and of all that it prepares in the database; None for one without a change log.

    While it is the one that was noted after the last preparation, there is nothing to check. The check imports all
    migrations, and writes all triggers to compare them with what is there: that takes as long as half a start."""
    with connection.cursor() as cursor:
        if not upkeep.is_there(cursor) or upkeep.has_moved(cursor):
            return None
        cursor.execute(SCHEMA[connection.vendor])
        schema = cursor.fetchall()
    applied = MigrationRecorder(connection).migration_qs.exclude(app=RIGHT).order_by("app", "name")
    facts = django.__version__, release(), sorted(names()), schema, [*applied.values_list("app", "name")]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def is_right() -> bool:
    """Whether nothing changed since the last preparation."""
    found = fingerprint()
    return bool(found) and MigrationRecorder(connection).migration_qs.filter(app=RIGHT, name=found).exists()


# Django's commands with progress -------------------------------------------------------------------


class Migrate(migrate.Command):
    def __init__(self, tell):
        super().__init__()
        self.tell = tell

    def migration_progress_callback(self, action, migration=None, fake=False):
        self.tell(action == "apply_success")


class LoadData(loaddata.Command):
    def __init__(self, tell):
        super().__init__()
        self.tell = tell

    def load_label(self, fixture_label):
        super().load_label(fixture_label)
        self.tell(sample_files()[fixture_label])


class CollectStatic(collectstatic.Command):
    def __init__(self, tell):
        super().__init__()
        self.tell = tell

    def log(self, msg, level=2):  # called once for each copied file and once for each compressed file
        self.tell(1)


def sample_files() -> dict[str, int]:
    """The files of the sample data by name, with their sizes."""
    return {
        path.name: path.stat().st_size
        for folder in settings.FIXTURE_DIRS
        for path in sorted(Path(folder).glob("*.json"))
    }


def static_files():
    return [Path(storage.path(path)) for finder in get_finders() for path, storage in finder.list(UNUSED)]


def static_sources(files) -> str:
    """A digest of the files to collect and of the storage settings."""
    about = [f"{path} {stat.st_size} {int(stat.st_mtime)}" for path in files for stat in [path.stat()]]
    facts = [settings.STORAGES["staticfiles"]["BACKEND"], *sorted(about)]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()


class Command(BaseCommand):
    help = "Migrate the database, load the sample data when it is empty, and collect the static files."
    requires_system_checks = []  # migrate runs the relevant checks
    has_worked = False  # whether anything was left to do, for which it loaded what a server does not need

    def add_arguments(self, parser):
        parser.add_argument("--empty", action="store_true", help="do not load the sample data")
        only = parser.add_mutually_exclusive_group()
        only.add_argument("--static-only", action="store_true", help="do not touch the database")
        only.add_argument("--database-only", action="store_true", help="do not collect static files")

    def handle(self, *, empty, static_only, database_only, **options):
        if not static_only:
            with held(Lock.PREPARE, partial(self.say, "Another process is preparing this database; waiting for it")):
                self.migrate()
                if not empty:
                    self.load_samples()
        if not database_only:
            self.collect_static()

    def say(self, text):
        self.stdout.write(text)
        self.stdout.flush()

    def migrate(self):
        if is_right():
            keep_triggers(DEFAULT_DB_ALIAS)  # also of what is no schema: the row of the version
            return
        self.put_right()
        if found := fingerprint():
            mark(RIGHT, found)

    def put_right(self):
        """Applies migrations, or checks what they have made."""
        self.has_worked = True
        migrations = Migrations()
        if migrations.are_done():
            # A killed migrate may have lost some, and another release has others.
            triggers.install(DEFAULT_DB_ALIAS)
            keep_triggers(DEFAULT_DB_ALIAS)
            keep_log(DEFAULT_DB_ALIAS)
            return
        if migrations.left:
            self.migrate_in_use(migrations.left)
        else:  # it was interrupted after the last migration
            emit_post_migrate_signal(verbosity=0, interactive=False, db=DEFAULT_DB_ALIAS)
        migrations.mark()

    def migrate_in_use(self, number=1):
        """Migrates while others read and write: gives way to them and retries."""
        for pause in (*PAUSES, None):
            try:
                with progress(self.stdout, "Migrating the database", number) as tell, patience():
                    call_command(Migrate(tell), verbosity=0, interactive=False)
                return
            except OperationalError as error:
                if pause is None or getattr(error.__cause__, "sqlstate", None) != LOCK_NOT_AVAILABLE:
                    raise
                self.say(f"Another process uses a table that must change; retrying in {pause} s")
                sleep(pause)

    def load_samples(self):
        """Loads the sample data and computes their statistics, in one transaction."""
        sizes = sample_files()
        if not (sizes and sample.is_wanted()):
            return
        self.has_worked = True
        with transaction.atomic():
            with progress(self.stdout, "Loading the sample data", sum(sizes.values())) as tell:
                call_command(LoadData(tell), *sizes, verbosity=0)
            with progress(self.stdout, "Computing statistics", len(registry.statistics())) as tell:
                recompute.recompute(tell=lambda statistic, number: tell(1))

    def collect_static(self):
        # Collecting is slow because it compresses, so a stamp records that it is done; --clear removes the stamp
        # first.
        root = Path(settings.STATIC_ROOT)
        files, stamp = static_files(), root / "sources.sha256"
        sources = static_sources(files)

        def is_done():
            return stamp.exists() and stamp.read_text() == sources

        if is_done():
            return
        root.mkdir(parents=True, exist_ok=True)
        waiting = "Another process is collecting the static files; waiting for it"
        with file_lock(root.with_name(f"{root.name}.lock"), partial(self.say, waiting)):
            if is_done():
                return
            self.has_worked = True
            with progress(self.stdout, "Collecting the static files", 2 * len(files)) as tell:
                call_command(CollectStatic(tell), verbosity=0, interactive=False, clear=True, ignore_patterns=UNUSED)
            stamp.write_text(sources)
