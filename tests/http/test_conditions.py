"""Who names what they have, or what they ask about, is answered as RFC 9110 has it, whatever answers."""

import json
import os
from time import time
from urllib.parse import urlsplit
from wsgiref.headers import Headers

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils.http import http_date

from spacedevs.http import conditions, response_cache
from spacedevs.http.response_cache import ResponseCache
from spacedevs.http.static_files import StaticFiles
from spacedevs.sync.exporting import dump_views
from tests.support import factories
from tests.support.routes import RESOURCES
from tests.support.wsgi import BODY, Application, Asker

NOW, DATE = 1_800_000_100, 1_800_000_005
LATER, EARLIER, THEN, YET_TO_COME = (http_date(moment) for moment in (DATE + 10, DATE - 10, DATE, NOW + 10))
FAILED = {"detail": conditions.FAILED}


@pytest.fixture
def at(monkeypatch):
    """Sets the clock."""

    def set_clock(moment):
        for module in (response_cache, conditions):
            monkeypatch.setattr(module, "time", lambda: moment)

    set_clock(1_800_000_000)
    return set_clock


@pytest.fixture
def ask(at):
    """Asks a server that has had its answer for a while, and keeps it."""
    asker = Asker(ResponseCache(Application(), lambda: "1"))
    asker()
    at(NOW)
    return asker


JUDGED = [  # conditions, in which {} is the ETag; and what they are answered
    ({"IF_NONE_MATCH": "*"}, 304),
    ({"IF_NONE_MATCH": "{}"}, 304),
    ({"IF_NONE_MATCH": '"other"'}, 200),
    ({"IF_NONE_MATCH": "other"}, 200),
    ({"IF_NONE_MATCH": '*, "other"'}, 200),
    *[({"IF_NONE_MATCH": f"{weak}{{0:{end}}}"}, 304) for weak in ("", "W/") for end in ("gzip", "br", "zstd")],
    ({"IF_NONE_MATCH": '"other", {:gzip}'}, 304),
    ({"IF_NONE_MATCH": "{:other}"}, 200),
    ({"IF_MATCH": "*"}, 200),
    ({"IF_MATCH": '"other", {}'}, 200),
    ({"IF_MATCH": '"other"'}, 412),
    ({"IF_MATCH": "W/{}"}, 412),  # what was made anew on the way is another answer
    ({"IF_MATCH": "{:gzip}"}, 412),
    ({"IF_UNMODIFIED_SINCE": EARLIER}, 412),
    ({"IF_UNMODIFIED_SINCE": THEN}, 200),
    ({"IF_UNMODIFIED_SINCE": "yesterday"}, 200),
    ({"IF_MODIFIED_SINCE": EARLIER}, 200),
    ({"IF_MODIFIED_SINCE": THEN}, 304),
    ({"IF_MODIFIED_SINCE": YET_TO_COME}, 200),
    # The first of two that speak of the same counts; and what is asked for before what is known.
    ({"IF_MATCH": "{}", "IF_UNMODIFIED_SINCE": EARLIER}, 200),
    ({"IF_NONE_MATCH": '"other"', "IF_MODIFIED_SINCE": LATER}, 200),
    ({"IF_NONE_MATCH": "{}", "IF_MODIFIED_SINCE": EARLIER}, 304),
    ({"IF_MATCH": '"other"', "IF_NONE_MATCH": "{}"}, 412),
    ({"IF_MATCH": "{}", "IF_NONE_MATCH": "{}"}, 304),
    ({"IF_UNMODIFIED_SINCE": EARLIER, "IF_MODIFIED_SINCE": LATER}, 412),
    ({"IF_UNMODIFIED_SINCE": LATER, "IF_NONE_MATCH": "{}"}, 304),
]


class Tag(str):
    """An ETag that a proxy has written anew: '{:gzip}' has 'gzip' put after it."""

    def __format__(self, end):
        return f'{self[:-1]}-{end}"' if end else str(self)


def given(conditions_, etag) -> dict:
    return {f"HTTP_{name}": value.format(Tag(etag)) for name, value in conditions_.items()}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(("asked", "expected"), JUDGED)
def test_conditions_are_judged_in_their_order(asked, expected, method, ask):
    etag = ask()[1]["ETag"]
    status, headers, body = ask(method=method, **given(asked, etag))
    bodies = {200: BODY, 304: b"", 412: json.dumps(FAILED).encode()}
    assert (int(status[:3]), body) == (expected, bodies[expected] if method == "GET" else b"")
    about = {name: headers.get(name) for name in ("ETag", "Cache-Control", "Content-Type")}
    own = {"ETag": etag, "Cache-Control": "public, no-cache, max-age=0", "Content-Type": "application/json"}
    assert (
        about
        == own
        | {
            200: {},
            304: {"Content-Type": None},
            412: {"ETag": None, "Cache-Control": "no-store"},
        }[expected]
    )


@pytest.mark.parametrize("asked", [{"IF_NONE_MATCH": "*"}, {"IF_MATCH": '"x"'}, {"IF_UNMODIFIED_SINCE": EARLIER}])
@pytest.mark.parametrize("status", ["404 Not Found", "400 Bad Request", "503 Service Unavailable"])
def test_what_is_no_success_is_told_whatever_the_condition(asked, status, ask):
    ask.application.application.status = status
    assert ask("/2.3.0/nothing/", **given(asked, ""))[0] == status


@pytest.mark.parametrize("asked", [{"IF_MATCH": '"x"'}, {"IF_UNMODIFIED_SINCE": THEN}, {"IF_NONE_MATCH": "*"}])
def test_other_methods_have_no_conditions(asked, ask):
    assert ask(method="OPTIONS", **given(asked, ""))[0] == "200 OK"


def test_a_date_that_has_not_come_is_kept_to_all_the_same(at):
    ask = Asker(ResponseCache(Application(), lambda: "1"))
    before, after = ask(HTTP_IF_UNMODIFIED_SINCE=EARLIER), ask(HTTP_IF_UNMODIFIED_SINCE=THEN)
    assert (before[0], after[0]) == ("412 Precondition Failed", "200 OK")


# Two servers behind a balancer -------------------------------------------------------------------


@pytest.fixture
def servers(django, at):
    """Two servers of one database, which listen at different addresses; who asks names the balancer."""
    at(time())

    def server(address, port):
        ask = Asker(ResponseCache(django))
        return lambda *what, **about: ask(
            *what, SERVER_NAME=address, SERVER_PORT=port, HTTP_HOST="testserver", **about
        )

    return server("10.0.0.1", "8000"), server("10.0.0.2", "8001")


@pytest.mark.django_db
def test_two_servers_send_the_same_and_know_what_the_other_has_sent(servers):
    stay = factories.full_docking_event("space_station_target", "flight_vehicle_chaser")
    paths = [f"/2.3.0/{path}/" for path in (*RESOURCES, "schema", "docs", f"space_stations/{stay.target.pk}/now")]
    paths += ["/stations/", f"/stations/{stay.target.pk}/", "/stations/timeline.svg"]
    asked = [(path, "", {"HTTP_ACCEPT_ENCODING": "gzip"}) for path in paths]
    asked += [("/2.3.0/launches/", "limit=1", {"HTTP_ACCEPT": kind}) for kind in ("application/json", "text/html")]
    asked += [("/2.3.0/launches/", f"format={kind}", {"HTTP_ACCEPT_ENCODING": "br"}) for kind in ("ics", "atom")]
    differing, made_again = [], []
    for path, query, about in asked:
        answers = [server(path, query, **about) for server in servers]
        if answers[0] != answers[1] or answers[0][0] != "200 OK" or "ETag" not in answers[0][1]:
            differing.append((path, query, about))
            continue
        told = [server(path, query, HTTP_IF_NONE_MATCH=answers[0][1]["ETag"], **about)[0] for server in servers[::-1]]
        made_again += [(path, query, about)] * (told != ["304 Not Modified"] * 2)
    assert (differing, made_again) == ([], [])


# What is not kept --------------------------------------------------------------------------------


@pytest.fixture
def dump(tmp_path, settings, monkeypatch, transactional_db):
    settings.DUMP_ROOT = tmp_path / "dump"
    monkeypatch.setattr(dump_views.maker, "begin", lambda: None)
    dump_views.make()
    return reverse("dump")


@pytest.fixture
def picture(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path / "media"
    return default_storage.url(default_storage.save("a.png", ContentFile(b"a picture")))


@pytest.fixture
def static(tmp_path, settings):
    settings.STATIC_ROOT = tmp_path
    (tmp_path / "a.css").write_text("p { margin: 0 }")
    return "/static/a.css"


@pytest.fixture
def addresses(dump, picture, static):
    """One of each kind of what the response cache has no place for."""
    return dump, f"{dump}pads.jsonl.gz", "/2.3.0/dataset/", "/docs/", urlsplit(picture).path, static, "/admin/login/"


def asked_of(client, address, **about):
    response = client.get(address, **about)
    body = b"".join(response) if response.streaming else response.content
    response.close()
    return response.status_code, response.headers, body


def test_files_and_pages_judge_conditions_as_answers_do(addresses, client):
    found = {}
    for address in addresses:
        _, headers, _ = asked_of(client, address)
        asked = [{"IF_NONE_MATCH": "*"}, {"IF_MATCH": '"x"'}, {"IF_MATCH": "*"}, {"IF_NONE_MATCH": '"x"'}]
        if "ETag" in headers:
            asked += [{"IF_NONE_MATCH": '"x", W/{0:gzip}'}, {"IF_MATCH": "{}"}]
        if "Last-Modified" in headers:
            asked += [{"IF_UNMODIFIED_SINCE": http_date(0)}, {"IF_MODIFIED_SINCE": headers["Last-Modified"]}]
        etag = headers.get("ETag", "")
        answers = [asked_of(client, address, **given(each, etag)) for each in asked]
        bodies = {status: body for status, _, body in answers if status != 200}
        assert bodies == {304: b"", 412: json.dumps(FAILED).encode()}, address
        found[address] = [status for status, *_ in answers]
    dump, file, dataset, docs, media, static, login = addresses
    assert found == {
        dump: [304, 412, 200, 200, 304, 200],
        file: [304, 412, 200, 200, 304, 200],
        dataset: [304, 412, 200, 200],
        docs: [304, 412, 200, 200],
        media: [304, 412, 200, 200, 304, 200, 412, 304],
        static: [304, 412, 200, 200, 304, 412, 412, 304],  # its tag is a weak one, of which no two are the same
        login: [304, 412, 200, 200],
    }


def test_files_have_the_tags_that_they_have_on_any_server(db, client, tmp_path, settings):
    """Though each server collected them, or was given them, at a time of its own."""
    found = []
    for number in range(2):
        file = tmp_path / str(number) / "a.txt"
        file.parent.mkdir()
        file.write_text("the same")
        os.utime(file, (number, number))
        settings.MEDIA_ROOT = file.parent
        headers = Headers([])
        StaticFiles(None).add_cache_headers(headers, str(file), "/static/a.txt")
        found.append((asked_of(client, "/media/a.txt")[1]["ETag"], headers["ETag"]))
    assert found[0] == found[1]
