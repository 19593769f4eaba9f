"""A server answers several requests at once, however many processes it has."""

import errno

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
