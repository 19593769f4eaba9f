"""The process of the stream begins with a server, tells of its changes, and ends with it."""

import json
import os
import signal
import sys
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from tests.production.parts import Missing, Nginx, Running, Web, ended, free_port, get, manage, until
from tests.support.sample import new_database

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads of processes in /proc")

PATH = "/2.3.0/changes/stream/"
INSERT = "from agencies.models import AgencyType; AgencyType.objects.create(id={}, name='A')"


@pytest.fixture
def database(tmp_path):
    with new_database(tmp_path, migrated=True) as url:
        yield url


@contextmanager
def listening(port, **headers):
    """An open connection to the stream."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request("GET", PATH, headers={name.replace("_", "-"): value for name, value in headers.items()})
        with closing(connection.getresponse()) as response:
            yield response


def event(response):
    """The next event of a connection, by the names of its lines."""
    lines = {}
    while line := response.readline().decode():
        name, _, value = line.rstrip("\n").partition(": ")
        if line == "\n":
            return lines
        lines[name] = value
    raise AssertionError("The connection ended.")


def next_change(response):
    while "data" not in (found := event(response)):
        pass
    return json.loads(found["data"])


def write(url, number):
    manage("shell", "-v0", "-c", INSERT.format(number), DATABASE_URL=url)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_serve_has_a_stream_that_ends_with_it(database, tmp_path, method):
    start = f"import multiprocessing\nmultiprocessing.set_start_method({method!r})\n"
    (tmp_path / "sitecustomize.py").write_text(start)
    environment = {"DATABASE_URL": database, "PYTHONPATH": str(tmp_path)}
    with (tmp_path / "said").open("wb") as log, ended(Web(environment, log, workers=1)) as (web,):
        until(lambda: get(web.port, "/2.3.0/changes/")[0] == 200, "the server answers")
        status, headers, _ = get(web.port, PATH)
        port = urlsplit(headers["Location"]).port
        assert status == 307
        until(lambda: get(port, "/readyz")[0] == 200, "the stream is ready")
        with listening(port) as response:
            assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
            first = event(response)
            assert (first["retry"], first["id"].count("-")) == ("3000", 2)
            write(database, 7)
            change = next_change(response)
            assert (change["id"], change["action"]) == ("7", "created")
            os.kill(web.process.pid, signal.SIGTERM)
            assert web.process.wait(30) == 0
            assert "data" not in response.read().decode()
        with pytest.raises(ConnectionRefusedError):
            get(port, "/livez")
    assert (tmp_path / "said").read_text().partition("creates a user")[2] == "\n"


class Alone(Running):
    """`manage.py stream`, as the container has it."""

    def __init__(self, environment, port=None):
        port = port or free_port()
        super().__init__([sys.executable, "manage.py", "stream", "--port", str(port)], port, environment)
        until(lambda: get(port, "/readyz")[0] == 200, "the stream is ready")


def test_a_client_of_a_killed_stream_resumes_behind_nginx(database, tmp_path):
    environment = {"DATABASE_URL": database}
    stream = Alone(environment)
    with ended(stream), ended(before(stream, tmp_path)) as (nginx,):
        with listening(nginx.port) as response:
            event(response)
            write(database, 7)
            last = next_change(response)
            stream.kill()
        write(database, 8)
        with ended(Alone(environment, stream.port)), listening(nginx.port, last_event_id=last["cursor"]) as response:
            assert response.status == 200
            assert next_change(response)["id"] == "8"
            write(database, 9)
            assert next_change(response)["id"] == "9"


def before(stream, folder):
    """nginx before a stream."""
    try:
        return Nginx(folder, [free_port()], stream=stream.port)
    except Missing as missing:
        pytest.skip(str(missing))
