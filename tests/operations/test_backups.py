"""What was backed up comes back whole: into an empty system, and over another only when that is meant."""

import io
import os
import sqlite3
import stat
import tarfile

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection

from agencies.models import AgencyType
from spacedevs.api.endpoints import endpoints
from spacedevs.operations import backups
from tests import factories
from tests.postgres import path_for

pytestmark = pytest.mark.django_db(transaction=True)
postgres = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="is about PostgreSQL")
sqlite = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="is about SQLite")


@pytest.fixture(autouse=True)
def system(settings, tmp_path, monkeypatch):
    """Pictures of the test's own, and PostgreSQL's tools as old as the server, wherever they are."""
    settings.MEDIA_ROOT = tmp_path / "media"
    if connection.vendor == "postgresql":
        monkeypatch.setenv("PATH", path_for(os.environ["DATABASE_URL"]))


@pytest.fixture
def full(settings):
    """Every kind of row, an editor, and a picture."""
    factories.full_docking_event()
    for endpoint in endpoints().values():
        if not endpoint.queryset.exists():
            factories.row(endpoint.queryset.model)
    User.objects.create_user("editor", password="launch pad 39A")
    picture = settings.MEDIA_ROOT / "image" / "a.png"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"a picture")
    return picture


@pytest.fixture
def answers(client):
    """What every endpoint answers: its list, and its first row alone."""

    def ask():
        said = {}
        for path in endpoints():
            shown = client.get(f"/2.3.0/{path}/", {"limit": 100, "mode": "detailed"})
            said[path] = shown.content
            for row in shown.json()["results"][:1]:
                said[f"{path}/1"] = client.get(f"/2.3.0/{path}/{row['id']}/").content
        return said

    return ask


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
    assert restore(file).startswith("Restored what release ")
    assert answers() == before
    assert full.read_bytes() == b"a picture"
    assert User.objects.get().check_password("launch pad 39A")


def test_a_restored_system_can_be_edited_and_notices_it(full, tmp_path, client):
    file = backup(tmp_path / "backup.tar.gz")
    empty(full)
    restore(file)
    before = backups.versioning.current()
    kind = AgencyType.objects.create(name="new")
    assert AgencyType.objects.filter(pk=kind.pk).exists()
    assert backups.versioning.current() != before


def test_data_are_replaced_only_when_that_is_meant(full, answers, tmp_path):
    before = answers()
    file = backup(tmp_path / "backup.tar.gz")
    AgencyType.objects.create(name="later")
    (full.parent / "later.png").touch()
    with pytest.raises(CommandError, match="There are data here already"):
        restore(file)
    assert AgencyType.objects.filter(name="later").exists()
    restore(file, replace=True)
    assert answers() == before
    assert [path.name for path in full.parent.iterdir()] == ["a.png"]


def test_a_backup_is_read_by_its_owner_alone_and_never_half_there(tmp_path, monkeypatch):
    file = backup(tmp_path / "backup.tar.gz")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["backup.tar.gz"]
    with pytest.raises(CommandError, match="is there already"):
        backup(file)
    monkeypatch.setattr(tarfile.TarFile, "add", lambda *args: 1 / 0)
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
        ({"format": 2, "release": "9.0.0"}, "was made by a later release, 9.0.0"),
        ({"format": 1, "release": "1", "engine": "oracle"}, "The backup is of oracle and this is"),
        (
            {
                "format": 1,
                "release": "9.0.0",
                "engine": None,
                "migrations": ["docking.0001_initial", "docking.9999_x"],
            },
            "needs release 9.0.0 or a later one; here is no docking.9999_x",
        ),
    ],
    ids=["later format", "another engine", "later tables"],
)
def test_a_backup_that_does_not_fit_is_refused_before_anything_is_touched(about, complaint):
    about = {key: value or connection.vendor for key, value in about.items()}
    with pytest.raises(CommandError, match=complaint):
        backups.refuse_what_does_not_fit(about)


def test_what_is_no_backup_is_refused(tmp_path):
    file = tmp_path / "backup.tar.gz"
    file.write_text("nothing of the kind")
    with pytest.raises(CommandError, match="is no backup"):
        restore(file)


def test_a_backup_cannot_write_anywhere_else(tmp_path):
    with tarfile.open(tmp_path / "bad.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo("../outside"), io.BytesIO())
    with tarfile.open(tmp_path / "bad.tar") as tar, pytest.raises(CommandError, match="leads out of it"):
        backups.extract(tar, tmp_path / "folder")
    assert not (tmp_path / "outside").exists()


@postgres
def test_what_cannot_be_restored_leaves_all_as_it_was(full, answers, tmp_path):
    before = answers()
    damaged = tmp_path / "database"
    backups.PostgreSQL.dump(damaged)
    damaged.write_bytes(damaged.read_bytes()[:-20000])
    with pytest.raises(CommandError, match="pg_restore failed"):
        backups.PostgreSQL.load(damaged)
    assert answers() == before


@postgres
def test_what_an_interrupted_restore_left_aside_is_not_lost(full, tmp_path):
    file = backup(tmp_path / "backup.tar.gz")
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {backups.ASIDE}")
        try:
            with pytest.raises(CommandError, match="A restore was interrupted"):
                restore(file, replace=True)
        finally:
            cursor.execute(f"DROP SCHEMA {backups.ASIDE}")


@postgres
def test_tools_that_are_not_there_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(CommandError, match="pg_dump is not installed; Debian has it in postgresql-client"):
        backup(tmp_path / "backup.tar.gz")


@sqlite
def test_the_copy_of_the_database_is_one_file(tmp_path):
    AgencyType.objects.create(name="in it")
    backups.SQLite.dump(tmp_path / "copy")
    with sqlite3.connect(tmp_path / "copy") as copy:
        assert copy.execute("SELECT count(*) FROM agencies_agencytype WHERE name = 'in it'").fetchone() == (1,)
    copy.close()
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]
