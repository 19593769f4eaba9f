"""A server answers several requests at once, however many processes it has."""

import pytest

from spacedevs.operations.processes import threads


@pytest.mark.parametrize(("workers", "each"), [(1, 4), (2, 2), (3, 2), (64, 2)])
def test_one_process_has_four_threads_and_of_more_each_has_two(workers, each):
    assert threads(workers) == each
