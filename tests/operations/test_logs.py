"""What is logged says which request it is about, and gives no secret away."""

import io
import json
import logging
import sys
from types import SimpleNamespace

import pytest

from spacedevs.operations import logs
from spacedevs.operations.request_log import Logged
from tests.support.wsgi import BODY, Application, Asker

SECRET = 'a "hidden" key\\'
SAID = {
    f"signed with {SECRET}": "signed with ***",
    "no database at postgres://someone:pa55@host:5432/name": "no database at postgres://***@host:5432/name",
    "no redis at redis://:pa55@host": "no redis at redis://***@host",
    "Authorization: Token 0123456789abcdef0123456789abcdef01234567": "Authorization: Token ***",
    "GET https://ll.example.org/2.3.0/?token=1": "GET https://ll.example.org/2.3.0/?token=1",
}


@pytest.fixture(autouse=True)
def known(settings):
    settings.SECRET_KEY = SECRET
    logs.known_secrets.cache_clear()
    yield
    logs.known_secrets.cache_clear()


def record(message, error=None, **extra):
    made = logging.makeLogRecord({"name": "spacedevs.x", "levelname": "ERROR", "msg": message, **extra})
    made.exc_info = error
    return made


@pytest.mark.parametrize(("said", "written"), SAID.items(), ids=range(len(SAID)))
def test_secrets_are_hidden(said, written):
    assert logs.Text().format(record(said)) == written
    assert json.loads(logs.Json().format(record(said)))["message"] == written


def test_tracebacks_give_no_secret_away():
    try:
        raise ValueError(SECRET)
    except ValueError:
        error = sys.exc_info()
    for written in (logs.Text().format(record("it failed", error)), logs.Json().format(record("it failed", error))):
        assert "ValueError: ***" in written
        assert "hidden" not in written


def test_a_line_for_programs_has_all_that_is_known():
    line = json.loads(logs.Json().format(record("it failed", status_code=500, request="<WSGIRequest>")))
    assert line.pop("time")
    assert line == {"level": "ERROR", "logger": "spacedevs.x", "message": "it failed", "status_code": 500}


@pytest.fixture
def refused(monkeypatch):
    """The lines that were written of refused requests; lets time pass."""
    handlers = logging.getLogger("django.security").handlers
    [(handler, seldom)] = [(each, its) for each in handlers for its in each.filters if isinstance(its, logs.Seldom)]
    written, clock = io.StringIO(), SimpleNamespace(now=1000.0)
    monkeypatch.setattr(logs, "monotonic", lambda: clock.now)
    monkeypatch.setattr(seldom, "told", {})
    monkeypatch.setattr(handler, "stream", written)
    return lambda: written.getvalue().splitlines(), clock


UNKNOWN_HOST = (
    "[ERROR] Refused: Invalid HTTP_HOST header: 'evil.example'. "
    "If it is a name of this server, add it to SPACEDEVS_ALLOWED_HOSTS."
)
REFUSED = {
    UNKNOWN_HOST: {"path": "/2.3.0/", "headers": {"host": "evil.example"}},
    "[ERROR] Refused: The number of GET/POST parameters exceeded settings.DATA_UPLOAD_MAX_NUMBER_FIELDS.": {
        "path": "/2.3.0/launches/?" + "&".join(["p=1"] * 1100)
    },
    "[ERROR] Refused: The joined path (/srv/x y) is located outside of the base path component (/srv/media)": {
        "path": "/media/..%2fx%1by"
    },
}


@pytest.mark.django_db
@pytest.mark.parametrize("line", REFUSED, ids=["host", "parameters", "path"])
def test_what_django_refuses_is_one_line_a_minute_of_each_kind(line, client, refused, settings):
    settings.MEDIA_ROOT = "/srv/media"
    lines, clock = refused
    for _ in range(3):
        assert client.get(**REFUSED[line]).status_code == 400
        client.get("/", headers={"host": "evil.example"})
    assert sorted(lines()) == sorted({line, UNKNOWN_HOST})
    clock.now += 60
    client.get(**REFUSED[line])
    assert lines()[-1] == line


def test_a_line_about_a_refused_request_is_short_and_names_the_setting(client, refused):
    lines, _ = refused
    client.get("/2.3.0/", headers={"host": "x" * 8000})
    (line,) = lines()
    assert len(line) < 400
    assert line.endswith("If it is a name of this server, add it to SPACEDEVS_ALLOWED_HOSTS.")


class Speaker(Application):
    """An application that logs while it answers."""

    def __call__(self, environ, start_response):
        self.lines = [logs.Text().format(record("within")), json.loads(logs.Json().format(record("within")))]
        return super().__call__(environ, start_response)


@pytest.fixture
def application():
    return Speaker()


@pytest.fixture
def ask(application):
    return Asker(Logged(application))


def test_lines_about_a_request_and_its_answer_have_one_name(ask, application):
    status, headers, body = ask()
    name = headers["X-Request-ID"]
    assert (status, body, len(name)) == ("200 OK", BODY, 32)
    assert application.lines[0] == f"within [request {name}]"
    assert application.lines[1]["request_id"] == name
    assert ask()[1]["X-Request-ID"] != name
    assert logs.Text().format(record("outside")) == "outside"


@pytest.mark.parametrize(
    ("proxies", "given", "is_taken"),
    [(1, "0a1b-2c", True), (0, "0a1b-2c", False), (1, "", False), (1, 'x"}\n{"y', False), (1, "x" * 65, False)],
    ids=["of our proxy", "of anyone", "none", "no name", "too long"],
)
def test_a_name_is_taken_from_our_proxy_alone(proxies, given, is_taken, ask, settings):
    settings.PROXIES = proxies
    name = ask(HTTP_X_REQUEST_ID=given)[1]["X-Request-ID"]
    assert (name == given, len(name) == 32) == (is_taken, not is_taken)


def test_each_request_has_a_line_if_that_is_wanted(ask, settings, caplog):
    caplog.set_level(logging.INFO, "spacedevs.requests")
    settings.PROXIES = 0
    for settings.LOG_REQUESTS in (False, True):
        ask(query="search=x", REMOTE_ADDR="192.0.2.1", HTTP_AUTHORIZATION="Token 0123456789abcdef0123")
    (line,) = [json.loads(logs.Json().format(each)) for each in caplog.records]
    assert line.pop("time")
    assert line.pop("milliseconds") >= 0
    assert line == {
        "level": "INFO",
        "logger": "spacedevs.requests",
        "message": "GET /2.3.0/launches/",
        "query": "search=x",
        "status": 200,
        "bytes": None,
        "address": "192.0.2.1",
    }
