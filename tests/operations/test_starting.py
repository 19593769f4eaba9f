"""A server begins, goes on and ends the same way, however its workers are started."""

import os
import re
import signal
import sys
from contextlib import contextmanager, suppress

import pytest

from tests.production.parts import Web, ended, free_port, get, until
from tests.support.sample import run

PAGE = "/2.3.0/api-throttle/"  # needs no table
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads of processes in /proc")


@contextmanager
def serving(tmp_path, method, workers):
    """A server whose Python starts processes this way, with so many workers; its metrics, and what it has said."""
    start = f"import multiprocessing\nmultiprocessing.set_start_method({method!r})\n"
    (tmp_path / "sitecustomize.py").write_text(start)
    environment = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/none.sqlite3",
        "PYTHONPATH": str(tmp_path),
        "PYTHONWARNINGS": "ignore",  # of static files that are not there
        "SPACEDEVS_ALLOWED_HOSTS": "api.example",  # 127.0.0.1 is added by the command alone
        "SPACEDEVS_METRICS_PORT": str(free_port()),
    }
    with (tmp_path / "said").open("wb") as log, ended(Web(environment, log, workers)) as (web,):
        web.metrics, web.said = int(environment["SPACEDEVS_METRICS_PORT"]), tmp_path / "said"
        until(lambda: get(web.port, PAGE)[0] == 200, "the server answers")
        yield web


def counted(web) -> int:
    """How many answers of 200 the metrics tell of."""
    with suppress(ConnectionRefusedError):  # that process may still be beginning
        told = get(web.metrics, "/metrics")[2].decode()
        return int(float(dict(re.findall(r'^spacedevs_responses_total\{status="(\d+)"\} (\S+)', told, re.M))["200"]))
    return 0


def assert_counts_together(web):
    answered = 1 + [get(web.port, PAGE)[0] for _ in range(5)].count(200)
    until(lambda: counted(web) == answered == 6, "all answers are counted")


def assert_ends_without_complaint(web):
    os.kill(web.process.pid, signal.SIGTERM)
    assert web.process.wait(30) == 0
    assert web.said.read_text().partition("creates a user")[2] == "\n"


def test_two_spawned_workers_answer_count_together_and_end(tmp_path):
    with serving(tmp_path, "spawn", 2) as web:
        assert_counts_together(web)
        assert_ends_without_complaint(web)


def test_a_spawned_worker_answers_and_makes_way_for_a_new_one(tmp_path):
    with serving(tmp_path, "forkserver", 1) as web:
        assert_counts_together(web)
        before = set(web.children())
        os.kill(web.process.pid, signal.SIGHUP)
        until(lambda: not before <= set(web.children()), "the old worker is gone")
        assert (len(before - set(web.children())), len(set(web.children()) - before)) == (1, 1)
        until(lambda: get(web.port, PAGE)[0] == 200, "the new worker answers")
        assert_ends_without_complaint(web)


NOT_BEFORE_ASKED = {  # what few requests need, by what asks for it
    "PIL": "an upload",
    "boto3": "an upload",
    "cryptography": "a webhook",
    "drf_spectacular.generators": "schema/",
    "httpx": "a webhook",
    "icalendar": "a calendar",
    "import_export.admin": "the admin",
    "launches.admin": "the admin",
    "launches.migrations": "a migration",
    "markdown": "a page",
    "prometheus_client": "the stream or the metrics",
    "pygments": "nothing",
    "requests": "nothing",
    "rest_framework.test": "nothing",
    "spacedevs.documentation.pages": "docs/",
    "spacedevs.versions.v220.table": "an older version",
}


def test_a_process_loads_what_few_requests_need_when_one_asks_for_it():
    said = run(sys.executable, "-W", "ignore", "-c", "import sys, spacedevs.wsgi; print(*sys.modules)")
    assert NOT_BEFORE_ASKED.keys() & set(said.split()) == set()


def test_a_process_for_sqlite_loads_no_driver_of_postgresql():
    lines = "import sys, spacedevs.wsgi; print('psycopg' in sys.modules)"
    assert run(sys.executable, "-W", "ignore", "-c", lines, DATABASE_URL="sqlite:///none.sqlite3") == "False\n"


@pytest.mark.parametrize("module", ["processes", "launching"])
def test_processes_that_serve_nothing_load_no_django(module):
    lines = f"import sys, spacedevs.operations.{module}; print('django' in sys.modules)"
    assert run(sys.executable, "-c", lines) == "False\n"


@pytest.mark.parametrize(
    ("chosen", "then"), [("", "fork"), ("multiprocessing.set_start_method('spawn')", "spawn")], ids=["none", "spawn"]
)
def test_workers_are_forked_unless_somebody_has_chosen_another_way(chosen, then):
    lines = ["import multiprocessing", "from spacedevs.operations import processes", chosen]
    lines += ["processes.choose_start_method()", "print(multiprocessing.get_start_method())"]
    assert run(sys.executable, "-c", "\n".join(lines)) == f"{then}\n"
