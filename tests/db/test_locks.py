"""A lock that one process holds at a time, whoever waits for it and however long."""

from threading import Timer

import pytest

from spacedevs.db import locks
from spacedevs.db.locks import Taken, file_lock


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
