"""What shared caches and balancers make of our answers: each is asked what a client asks."""

import json

import pytest

from spacedevs.http.conditions import FAILED

from . import caches
from .caches import CACHES, Missing, get, known

pytestmark = pytest.mark.production
KEEP = "nginx", "varnish", "apache", "squid"  # and ask again before each use; the others keep nothing
NOT_TOLD = ["squid"]  # it is answered 304, and sends its client the whole


@pytest.fixture(scope="module")
def servers():
    with caches.servers() as servers:
        yield servers


@pytest.fixture(scope="module", params=CACHES)
def cache(request, servers):
    """The name of a program, and the port at which it stands before two servers."""
    try:
        with caches.started(request.param, servers.ports) as port:
            yield request.param, port
    except Missing as what:
        pytest.skip(str(what))


def test_answers_pass_as_the_server_has_them_in_each_encoding_and_type(cache):
    name, port = cache
    assert [each for each in caches.wrong(port) if not (name in NOT_TOLD and each.startswith("no 304"))] == []


def test_who_keeps_an_answer_asks_each_time_and_is_told_that_nothing_changed(cache, servers):
    name, port = cache
    kept, passed = {"200": 0, "304": 5}, {"200": 5, "304": 0}
    assert caches.asked_of_servers(servers, port) == (kept if name in KEEP else passed)


def test_two_servers_know_what_either_has_sent(cache):
    name, port = cache
    assert known(port) == (0 if name in NOT_TOLD else 40)


def test_no_answer_is_older_than_the_last_commit(cache, servers):
    stale, answers = caches.stale(servers, cache[1])
    assert (stale, answers > 30) == (0, True)


def test_a_condition_that_fails_is_told_in_json(cache):
    name, port = cache
    status, headers, body = get(port, caches.PATH, {"If-Match": '"other"'})
    if name == "varnish":  # which asks for the whole itself
        assert status == 200
    else:
        assert (status, headers["Content-Type"], json.loads(body)) == (412, "application/json", {"detail": FAILED})


def test_every_kind_of_answer_is_known_to_either_server(servers):
    root = json.loads(get(servers.ports[0], "/2.3.0/")[2])
    listed = [f"/2.3.0/{name}/" for name in root if name != "api-throttle"]
    others = ["/2.3.0/", "/2.3.0/schema/", "/2.3.0/docs/", "/2.3.0/launches/?format=ics", "/2.3.0/events/?format=atom"]
    pages = ["/stations/", "/stations/4/", "/stations/timeline.svg", "/2.3.0/space_stations/4/now/"]
    pages += ["/static/site/site.css", "/2.3.0/launches/?format=api"]
    try:
        with caches.started("balancer", servers.ports) as port:
            asked = {path: known(port, path, 4) for path in (*listed, *others, *pages)}
    except Missing as what:
        pytest.skip(str(what))
    assert asked == dict.fromkeys(asked, 4)
