"""A server answers several requests at once, however many processes it has."""

import errno
import platform
import subprocess
import sys

import pytest

from spacedevs.operations import updates, workers
from spacedevs.operations.processes import threads


@pytest.mark.parametrize(("processes", "each"), [(1, 4), (2, 2), (3, 2), (64, 2)])
def test_one_process_has_four_threads_and_of_more_each_has_two(processes, each):
    assert threads(processes) == each


def test_a_worker_begins_also_where_it_may_have_no_group_of_its_own(monkeypatch, settings):
    def refuse():
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(workers.os, "setpgrp", refuse)
    for name in ("leave_ctrl_c_to_parent", "end_with_parent"):  # which are not for the process of the tests
        monkeypatch.setattr(workers, name, lambda *parent: None)
    monkeypatch.setattr(updates, "begin", lambda: None)
    assert callable(workers.load_application(["example.org"], 1))
    assert settings.ALLOWED_HOSTS == ["example.org"]


PINNED = """
import sys
from pathlib import Path

from spacedevs.operations.processes import return_memory

if sys.argv[1] == "returned":
    return_memory()


def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


bytearray(1_000_000)  # freed, so that smaller blocks come from the heap unless that was settled
before = resident()
large, small = [], []
for _ in range(200):
    large.append(bytearray(200_000))
    small.append(bytearray(600))  # between two large blocks, for as long as they live
large.clear()
print(resident() - before < 10_000_000)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="is about glibc")
@pytest.mark.parametrize("how", ["kept", "returned"])
def test_large_blocks_go_back_to_the_system(how):
    done = subprocess.run([sys.executable, "-c", PINNED, how], capture_output=True, text=True, check=True)
    assert done.stdout == {"kept": "False\n", "returned": "True\n"}[how]
