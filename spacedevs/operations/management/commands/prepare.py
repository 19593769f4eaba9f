"""Migrations, sample data, static files: what must be in place before serving, here and in a container."""

import hashlib
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import sleep

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.management.commands import collectstatic
from django.core.management import BaseCommand, call_command
from django.core.management.commands import loaddata, migrate
from django.core.management.sql import emit_post_migrate_signal
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from spacedevs.dataset import sample
from spacedevs.db.dataset_version import keep_triggers
from spacedevs.db.locks import LOCK_NOT_AVAILABLE, Lock, file_lock, held
from spacedevs.db.search import triggers
from spacedevs.statistics import recompute, registry
from spacedevs.sync.progress import progress

UNUSED = ["redoc"]  # comes with Swagger UI; to compress it takes as long as all the rest
PATIENCE = "3s"  # that a migration waits for a table: whoever asks for the table meanwhile waits behind it
PAUSES = (1, 2, 5, 10, 20, 30)  # seconds, until it tries again
MARK = "prepared"  # stands among the migrations that were applied, as the app of one that is called by all of them


@contextmanager
def patience():
    """Lets no statement wait for a table for longer than a moment."""
    if connection.vendor != "postgresql":  # SQLite has one writer at a time, and a time-out of its own
        yield
        return
    with connection.execute_wrapper(patiently):
        yield


def patiently(execute, statement, parameters, many, context):
    """Runs a statement with a limit that ends with its transaction, and so is left behind in no session of a pool."""
    with transaction.atomic(savepoint=False):
        with connection.wrap_database_errors:
            connection.connection.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
        return execute(statement, parameters, many, context)


class Migrations:
    """What is to be applied, and a mark that is set when all of it was, and what follows it: permissions, groups."""

    def __init__(self):
        executor = MigrationExecutor(connection)
        leaves = executor.loader.graph.leaf_nodes()
        self.left = len(executor.migration_plan(leaves))
        self.recorder, self.name = executor.recorder, hashlib.sha256(repr(sorted(leaves)).encode()).hexdigest()[:16]

    def are_done(self) -> bool:
        return not self.left and (MARK, self.name) in self.recorder.applied_migrations()

    @transaction.atomic
    def mark(self):
        self.recorder.migration_qs.filter(app=MARK).delete()
        self.recorder.record_applied(MARK, self.name)


# Django's commands, which tell how far they have come ----------------------------------------------


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

    def log(self, msg, level=2):  # once for each file that is copied, and once for each that is compressed
        self.tell(1)


def sample_files() -> dict[str, int]:
    """The files of the sample data, by name, and their sizes."""
    return {
        path.name: path.stat().st_size
        for folder in settings.FIXTURE_DIRS
        for path in sorted(Path(folder).glob("*.json"))
    }


def static_files():
    return [Path(storage.path(path)) for finder in get_finders() for path, storage in finder.list(UNUSED)]


def static_sources(files) -> str:
    """A digest of the files that collectstatic would collect, and of how it would store them."""
    about = [f"{path} {stat.st_size} {int(stat.st_mtime)}" for path in files for stat in [path.stat()]]
    facts = [settings.STORAGES["staticfiles"]["BACKEND"], *sorted(about)]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()


class Command(BaseCommand):
    help = "Migrate the database, load the sample data when it is empty, and collect the static files."
    requires_system_checks = []  # migrate runs those that matter here

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
        migrations = Migrations()
        if migrations.are_done():
            # A migrate that was killed may have lost some, and another release makes others.
            triggers.install(DEFAULT_DB_ALIAS)
            keep_triggers(DEFAULT_DB_ALIAS)
            return
        if migrations.left:
            self.migrate_in_use(migrations.left)
        else:  # it was broken off after the last of them
            emit_post_migrate_signal(verbosity=0, interactive=False, db=DEFAULT_DB_ALIAS)
        migrations.mark()

    def migrate_in_use(self, number=1):
        """Migrates while others read and write: gives way to them, and tries again."""
        for pause in (*PAUSES, None):
            try:
                with progress(self.stdout, "Migrating the database", number) as tell, patience():
                    call_command(Migrate(tell), verbosity=0, interactive=False)
                return
            except OperationalError as error:
                if pause is None or getattr(error.__cause__, "sqlstate", None) != LOCK_NOT_AVAILABLE:
                    raise
                self.say(f"Others use a table that has to change; trying again in {pause} s")
                sleep(pause)

    def load_samples(self):
        """Loads facts and what follows from them, both or neither."""
        sizes = sample_files()
        if not (sizes and sample.is_wanted()):
            return
        with transaction.atomic():
            with progress(self.stdout, "Loading the sample data", sum(sizes.values())) as tell:
                call_command(LoadData(tell), *sizes, verbosity=0)
            with progress(self.stdout, "Computing its figures", len(registry.statistics())) as tell:
                recompute.recompute(tell=lambda statistic, number: tell(1))

    def collect_static(self):
        # Collecting is slow (it compresses), so a stamp tells whether it was done; --clear removes the stamp first.
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
            with progress(self.stdout, "Collecting the static files", 2 * len(files)) as tell:
                call_command(CollectStatic(tell), verbosity=0, interactive=False, clear=True, ignore_patterns=UNUSED)
            stamp.write_text(sources)
