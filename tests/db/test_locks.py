"""A lock that one process holds at a time, whoever waits for it and however long."""

from pathlib import Path
from threading import Timer

import pytest
from django.conf import settings
from django.db import connection

from spacedevs.db import locks
from spacedevs.db.locks import Lock, Taken, file_lock

ROOT = Path(settings.BASE_DIR)
postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no advisory locks")


@pytest.mark.parametrize("seconds", [0, 0.1])
def test_a_lock_that_is_not_let_go_in_time_is_taken(seconds, tmp_path):
    with file_lock(tmp_path / "lock"), pytest.raises(Taken), file_lock(tmp_path / "lock", seconds=seconds):
        pass


def test_a_lock_that_is_let_go_in_time_is_had(tmp_path, monkeypatch):
    first, pauses = file_lock(tmp_path / "lock"), []
    first.__enter__()
    monkeypatch.setattr(locks, "sleep", lambda pause: pauses.append(pause) or first.__exit__(None, None, None))
    with file_lock(tmp_path / "lock", seconds=60):
        assert pauses == [locks.PAUSE]


def test_who_says_that_it_waits_waits_without_end(tmp_path):
    first, said = file_lock(tmp_path / "lock"), []
    first.__enter__()

    def wait():
        said.append("waiting")
        Timer(0.1, first.__exit__, [None, None, None]).start()

    with file_lock(tmp_path / "lock", wait):
        assert said == ["waiting"]


def test_every_advisory_lock_is_named_in_one_module():
    naming = {
        str(path.relative_to(ROOT))
        for folder in ("spacedevs", *settings.NOUNS)
        for path in (ROOT / folder).rglob("*.py")
        if "hashtext(" in (text := path.read_text("utf-8")) or "pg_advisory" in text
    }
    assert naming == {"spacedevs/db/locks.py"}


@postgresql
@pytest.mark.django_db
def test_no_two_advisory_locks_have_the_same_number():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT hashtext(name)) FROM unnest(%s::text[]) AS name", [list(map(str, Lock))])
        assert cursor.fetchone() == (len(Lock),)


@postgresql
@pytest.mark.django_db
@pytest.mark.parametrize(("shared", "at_once"), [(False, False), (False, True), (True, False), (True, True)])
def test_an_advisory_lock_is_taken_as_it_is_asked_for(shared, at_once):
    taken = "SELECT mode FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {Lock.MIRROR.taking(shared=shared, at_once=at_once)}")
        cursor.execute(taken)
        assert cursor.fetchall() == [("ShareLock" if shared else "ExclusiveLock",)]
