"""How a server ends: when it is told to, and when it is killed."""

import os
import signal
from contextlib import suppress

import pytest

from .parts import Web, ended, get, manage, until

pytestmark = pytest.mark.production


@pytest.fixture
def web(tmp_path):
    """A server of two workers, on a database that holds nothing."""
    database = {"DATABASE_URL": f"sqlite:///{tmp_path}/data.sqlite3"}
    manage("prepare", "--database-only", "--empty", **database)
    with ended(Web(database)) as (web,):
        yield web.until_ready()


def is_gone(port) -> bool:
    with suppress(ConnectionRefusedError):
        get(port, "/livez")
        return False
    return True


def test_a_server_that_is_told_to_end_does_so_without_complaint(web):
    os.kill(web.process.pid, signal.SIGTERM)
    assert web.process.wait(30) == 0
    assert is_gone(web.port)


def test_workers_end_with_the_process_that_started_them(web):
    os.kill(web.process.pid, signal.SIGKILL)
    until(lambda: is_gone(web.port), "nobody listens any more")
