"""Fixtures that count requests: counters, a clock, and a Redis server for each test that needs one."""

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress

import pytest
from django.conf import settings as django_settings

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


def passed_by_two(folder, times, limit, redis_url) -> int:
    """How many requests pass of two processes that each ask so often at once, on four threads each."""
    told = {"DJANGO_SETTINGS_MODULE": "spacedevs.settings", "THROTTLE_ANONYMOUS": limit, "REDIS_URL": redis_url}
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.throttling.asking", folder, str(times)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | told,
            cwd=django_settings.BASE_DIR,
        )
        for _ in range(2)
    ]
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    return sum(int(process.communicate()[0]) for process in processes)
