"""An upgrade finds a database in use, and old servers beside the new ones."""

import io
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.db import OperationalError, connection
from django_migration_linter import MigrationLinter

from spacedevs.db.models import PendingUpdate
from spacedevs.operations.management.commands import prepare
from spacedevs.statistics.registry import statistics
from tests.support import factories

BEFORE_THE_FIRST_RELEASE = "compute_what_depends_on_the_clock"  # they rename columns
# Old servers go on with a column that holds longer texts.
WIDENING = ["0002_let_descriptions_of_links_be_longer", "0005_let_descriptions_of_links_be_longer"]
OURS = {*django_settings.NOUNS, "limits", "api", "editing"}
postgres = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="is about PostgreSQL")


@postgres
@pytest.mark.django_db
def test_no_migration_breaks_the_servers_of_the_release_before(capsys):
    """They go on while it runs: nothing that they read goes, nothing that they do not write is required."""
    linter = MigrationLinter(
        str(django_settings.BASE_DIR),
        include_apps=OURS,
        ignore_name_contains=BEFORE_THE_FIRST_RELEASE,
        ignore_name=WIDENING,
        no_cache=True,
    )
    linter.lint_all_migrations()
    assert (linter.nb_total > 15, linter.has_errors) == (True, False), capsys.readouterr().out


@pytest.fixture
def reader():
    """Somebody who reads a table and does not end."""
    other = connection.copy()
    other.inc_thread_sharing()
    other.set_autocommit(False)
    with other.cursor() as cursor:
        cursor.execute("SELECT * FROM agencies_agencytype")
    yield other
    other.close()


@pytest.fixture
def migrating(monkeypatch):
    """A migration that changes a table; whoever waits for it does so shortly."""
    done = []

    def change(command, **options):
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE agencies_agencytype ALTER COLUMN name SET NOT NULL")
        done.append("migrate")

    monkeypatch.setattr(prepare, "call_command", change)
    monkeypatch.setattr(prepare, "PATIENCE", "50ms")
    return done


@postgres
@pytest.mark.django_db(transaction=True)
def test_a_migration_gives_way_to_those_who_read_and_tries_again(reader, migrating, monkeypatch):
    pauses = []

    def pause(seconds):
        pauses.append(seconds)
        if len(pauses) == 2:
            reader.rollback()

    monkeypatch.setattr(prepare, "sleep", pause)
    said = io.StringIO()
    prepare.Command(stdout=said).migrate_in_use()
    assert (pauses, migrating) == ([1, 2], ["migrate"])
    assert said.getvalue().count("Another process uses a table that must change") == 2
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",)


@postgres
@pytest.mark.django_db(transaction=True)
def test_a_migration_that_never_gets_its_turn_says_so(reader, migrating, monkeypatch):
    monkeypatch.setattr(prepare, "sleep", lambda seconds: None)
    with pytest.raises(OperationalError, match="lock timeout"):
        prepare.Command(stdout=io.StringIO()).migrate_in_use()
    assert migrating == []


renumber = import_module("spacedevs.api.migrations.0006_number_launches_of_one_time_alike")


@pytest.mark.django_db
@pytest.mark.parametrize(("launches", "noted"), [(0, set()), (2, set(renumber.CHANGED))])
def test_figures_that_a_release_computes_otherwise_are_computed_anew(launches, noted, derived):
    for _ in range(launches):
        factories.launch()
    PendingUpdate.objects.all().delete()
    renumber.note_what_changed(apps, SimpleNamespace(connection=connection))
    assert set(PendingUpdate.objects.values_list("kind", flat=True)) == noted
    assert noted <= {each.name for each in statistics()}
