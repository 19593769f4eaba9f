"""What was backed up comes back whole: into an empty system, and over another only when that is meant."""

import io
import os
import sqlite3
import stat
import sys
from ast import literal_eval
from contextlib import closing

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection

from agencies.models import AgencyType
from spacedevs.db.change_log.reading import Expired, Log
from spacedevs.db.locks import Lock, held
from spacedevs.operations.backup import archives, backups, databases

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("system")]
postgres = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="is about PostgreSQL")
sqlite = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="is about SQLite")


def backup(file):
    call_command("backup", file, stdout=io.StringIO())
    return file


def restore(file, **options):
    out = io.StringIO()
    call_command("restore", file, stdout=out, **options)
    return out.getvalue()


def empty(picture):
    call_command("flush", interactive=False, verbosity=0)
    picture.unlink()
    picture.parent.rmdir()


def test_an_empty_system_answers_as_the_one_that_was_backed_up(full, answers, tmp_path):
    before = answers()
    file = backup(tmp_path / "backup.tar.gz")
    empty(full)
    assert answers() != before
    assert restore(file).startswith("Restored the backup of ")
    assert answers() == before
    assert full.read_bytes() == b"a picture"
    assert User.objects.get().check_password("launch pad 39A")


def test_a_restored_system_can_be_edited_and_notices_it(full, tmp_path, client):
    file = backup(tmp_path / "backup.tar.gz")
    empty(full)
    followed = Log.read()
    restore(file)
    with pytest.raises(Expired):  # whoever follows the changes has to read the restored data
        Log.read().position(followed.cursor(followed.now))
    before = backups.dataset_version.current()
    kind = AgencyType.objects.create(name="new")
    assert AgencyType.objects.filter(pk=kind.pk).exists()
    assert backups.dataset_version.current() != before


def test_data_are_replaced_only_when_that_is_meant(full, answers, tmp_path):
    before = answers()
    file = backup(tmp_path / "backup.tar.gz")
    AgencyType.objects.create(name="later")
    (full.parent / "later.png").touch()
    with pytest.raises(CommandError, match="The database contains data already"):
        restore(file)
    assert AgencyType.objects.filter(name="later").exists()
    restore(file, replace=True)
    assert answers() == before
    assert [path.name for path in full.parent.iterdir()] == ["a.png"]


def test_a_backup_is_read_by_its_owner_alone_and_never_half_there(tmp_path, monkeypatch):
    file = backup(tmp_path / "backup.tar.gz")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["backup.tar.gz"]
    with pytest.raises(CommandError, match="exists already"):
        backup(file)
    monkeypatch.setattr(archives, "put_in", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        backup(tmp_path / "another.tar.gz")
    assert [path.name for path in tmp_path.iterdir()] == ["backup.tar.gz"]


def test_a_folder_is_given_a_file_named_by_the_time(tmp_path):
    backup(tmp_path)
    (made,) = tmp_path.iterdir()
    assert made.match("spacedevs-*T*Z.tar.gz")


@pytest.mark.parametrize(
    ("about", "complaint"),
    [
        ({"format": 3, "release": "9.0.0"}, "is from a later release, 9.0.0"),
        ({"format": 1, "release": "1", "engine": "oracle"}, "The backup is from oracle, but this database is"),
        (
            {
                "format": 1,
                "release": "9.0.0",
                "engine": None,
                "migrations": ["docking.0001_initial", "docking.9999_x"],
            },
            "needs release 9.0.0 or later; this release lacks docking.9999_x",
        ),
    ],
    ids=["later format", "another engine", "later tables"],
)
def test_a_backup_that_does_not_fit_is_refused_before_anything_is_touched(about, complaint):
    about = {key: value or connection.vendor for key, value in about.items()}
    with pytest.raises(CommandError, match=complaint):
        backups.refuse_what_does_not_fit(about)


@postgres
def test_what_an_interrupted_restore_left_aside_is_not_lost(full, tmp_path):
    file = backup(tmp_path / "backup.tar.gz")
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {databases.ASIDE}")
        try:
            with pytest.raises(CommandError, match="A restore was interrupted"):
                restore(file, replace=True)
        finally:
            cursor.execute(f"DROP SCHEMA {databases.ASIDE}")


@postgres
def test_tools_that_are_not_there_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(CommandError, match="pg_dump is not installed; Debian has it in postgresql-client"):
        backup(tmp_path / "backup.tar.gz")


@sqlite
def test_the_copy_of_the_database_is_one_file(tmp_path):
    AgencyType.objects.create(name="in it")
    databases.SQLite.dump(tmp_path / "copy", backups.describe)
    with closing(sqlite3.connect(tmp_path / "copy")) as copy:
        assert copy.execute("SELECT count(*) FROM agencies_agencytype WHERE name = 'in it'").fetchone() == (1,)
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]


@sqlite
def test_a_damaged_database_is_told_when_it_is_backed_up(tmp_path, monkeypatch):
    def damage(file):
        file.write_bytes(file.read_bytes()[:-4096])
        raise archives.Damaged("Tree 7 page 9: btreeInitPage() returns error code 11")

    monkeypatch.setattr(databases.SQLite, "check", damage)
    with pytest.raises(CommandError, match="The database is damaged, so no backup was made: Tree 7"):
        backup(tmp_path / "backup.tar.gz")
    assert list(tmp_path.iterdir()) == []


def test_pictures_are_backed_up_wherever_links_lead(full, tmp_path, settings):
    """Also those that are one file by two names, which an archive would keep once and a link to it."""
    elsewhere = tmp_path / "elsewhere"
    settings.MEDIA_ROOT.rename(elsewhere)
    settings.MEDIA_ROOT.symlink_to(elsewhere)
    os.link(elsewhere / "image/a.png", elsewhere / "image/b.png")
    (elsewhere / "c.png").symlink_to(elsewhere / "image/a.png")
    file = backup(tmp_path / "backup.tar.gz")
    settings.MEDIA_ROOT = tmp_path / "another"
    call_command("flush", interactive=False, verbosity=0)
    restore(file)
    found = {path.name: path.read_bytes() for path in settings.MEDIA_ROOT.rglob("*.png")}
    assert found == dict.fromkeys(("a.png", "b.png", "c.png"), b"a picture")


def test_one_restore_is_at_work_at_a_time(tmp_path):
    with held(Lock.RESTORE), pytest.raises(CommandError, match="Another restore of this database is running"):
        restore(tmp_path / "backup.tar.gz")


@postgres
def test_tools_of_postgresql_connect_as_we_do_and_nobody_reads_how(monkeypatch):
    given = {"host": "h", "password": "p", "dbname": "d", "sslcert": "c", "options": "-c a=b", "prepare_threshold": 5}
    monkeypatch.setattr(connection, "get_connection_params", lambda: given)
    ask = "import os; print({n: v for n, v in os.environ.items() if n.startswith('PG')})"
    told = literal_eval(databases.PostgreSQL.run(sys.executable, "-c", ask))
    wanted = {"PGHOST": "h", "PGPASSWORD": "p", "PGDATABASE": "d", "PGSSLCERT": "c", "PGOPTIONS": "-c a=b"}
    assert told.items() >= wanted.items()
