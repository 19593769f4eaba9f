import socket
import subprocess
import time
from contextlib import contextmanager, suppress

import pytest

from spacedevs.throttling import file_counter
from spacedevs.throttling.authentication import KEYS


@pytest.fixture(autouse=True)
def counts(tmp_path, settings):
    """Counts of the test's own."""
    settings.LIMITS_DIR = tmp_path
    forget()
    yield
    forget()


def forget():
    """Lets no test find what a process remembers of another."""
    file_counter.counter.cache_clear()
    KEYS.forget()


@pytest.fixture
def clock(monkeypatch):
    """The time by which is counted, which a test may set."""
    clock = Clock()
    monkeypatch.setattr(file_counter, "time", clock)
    return clock


class Clock:
    now = 1_800_000_000.0

    def __call__(self):
        return self.now


@contextmanager
def running_redis(*arguments):
    """A Redis of the test's own on a free port, with what its configuration has beside that."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    try:
        server = subprocess.Popen(
            ["redis-server", *arguments, "--port", str(port), "--save", "", "--appendonly", "no"],  # noqa: S607 - wherever it is
            stdout=subprocess.DEVNULL,
        )
    except FileNotFoundError:
        pytest.skip("needs redis-server")
    try:
        while server.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.01)
        assert server.poll() is None, "redis-server has ended"
        server.url = f"redis://127.0.0.1:{port}/0"
        yield server
    finally:
        server.terminate()
        server.wait()


@pytest.fixture
def redis_server():
    """A Redis of the test's own, which it may stop."""
    with running_redis() as server:
        yield server
