"""Answers are kept until the data change, by us and by whoever asks."""

import gzip
from wsgiref.util import setup_testing_defaults

import brotli
import pytest
from django.core.servers.basehttp import get_internal_wsgi_application
from django.utils.http import http_date

from agencies.models import AgencyType
from spacedevs.db import dataset_version
from spacedevs.http import conditions, kept, response_cache
from spacedevs.http.headers import CROSS_ORIGIN
from spacedevs.http.negotiation import encoding, zstd
from spacedevs.http.response_cache import ResponseCache
from spacedevs.operations.health import Health
from spacedevs.router import RESOURCES
from spacedevs.throttling.middleware import Throttle
from tests.support import factories, routes
from tests.support.wsgi import BODY, JSON, Application, Asker, claiming

PAGE = "/2.3.0/launches/"
SHARED = {
    "Cache-Control": "public, no-cache, max-age=0",
    "X-Accel-Expires": "@1",
    "Vary": "Accept, Accept-Encoding",
}
DECODERS = {"": bytes, "gzip": gzip.decompress, "br": brotli.decompress, "zstd": zstd.decompress}


class Clock:
    now = 1_800_000_000.5

    def __call__(self):
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    clock = Clock()
    for module in (response_cache, conditions):
        monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def application():
    return Application()


@pytest.fixture
def version():
    """The version of a dataset, which a test may raise; and whether it can be told."""
    return ["1"]


@pytest.fixture
def process(application, version):
    """Starts a process that serves the application."""
    return lambda: Asker(ResponseCache(application, lambda: version[0]))


@pytest.fixture
def ask(process):
    return process()


# What is kept ------------------------------------------------------------------------------------


def test_an_answer_is_made_once_and_sent_as_it_was_made(ask, application):
    first, second = ask(), ask()
    (etag,) = {headers.pop("ETag") for _, headers, _ in (first, second)}
    assert first == second == ("200 OK", {**JSON, **SHARED, "Content-Length": str(len(BODY))}, BODY)
    assert (etag[0], etag[-1], len(etag)) == ('"', '"', 32)
    assert (len(application.asked), application.closed) == (1, 1)


def test_an_answer_is_made_anew_after_a_commit(ask, application, version):
    old = ask()
    version[0] = "2"
    application.body = [b"{}"]
    new = ask()
    assert (old[2], new[2]) == (BODY, b"{}")
    assert old[1]["ETag"] != new[1]["ETag"]


def test_an_answer_that_a_commit_overtook_is_not_kept_for_the_new_version(ask, application, version):
    def commit(environ, start_response):
        version[0] = "2"
        return Application.__call__(application, environ, start_response)

    ask.application.application = commit
    assert ask() == ask() == ask()
    assert len(application.asked) == 2


def test_a_late_answer_is_not_kept_for_a_version_that_others_have_asked_for_since(version):
    def answer(environ, start_response):
        asked = environ[dataset_version.READ] = environ[dataset_version.ASKED]
        if asked == "1":
            version[0] = "2"
            ask("/2.3.0/agencies/")
        start_response("200 OK", list(JSON.items()))
        return [asked.encode()]

    ask = Asker(ResponseCache(answer, lambda: version[0]))
    assert [ask()[2] for _ in range(3)] == [b"1", b"2", b"2"]


def test_an_answer_is_known_by_the_version_that_it_has_read(application, version):
    """A commit came in after the version was asked for and before anything was read."""

    def overtaken(environ, start_response):
        parts = application(environ, start_response)
        environ[dataset_version.READ] = version[0] = "2"
        return parts

    ask = Asker(ResponseCache(overtaken, lambda: version[0]))
    answers = [ask(), ask(), ask()]
    assert answers == answers[:1] * 3
    assert len(application.asked) == 2  # the first is kept for nobody: who knows which version came first?
    assert ask(HTTP_IF_NONE_MATCH=answers[0][1]["ETag"])[0] == "304 Not Modified"
    version[0] = "1"
    assert ask(HTTP_IF_NONE_MATCH=answers[0][1]["ETag"])[1]["ETag"] == answers[0][1]["ETag"]


def test_what_was_read_in_no_snapshot_is_sent_and_not_kept(application):
    def reading_anything(environ, start_response):
        parts = application(environ, start_response)
        del environ[dataset_version.READ]
        return parts

    ask = Asker(ResponseCache(reading_anything, lambda: "1"))
    assert [ask(), ask()] == [("200 OK", {**JSON, "Cache-Control": "no-store"}, BODY)] * 2
    assert (len(application.asked), application.closed) == (2, 2)


@pytest.mark.parametrize(("seconds", "made"), [(-1, 3), (0, 3), (1, 1)])
def test_what_the_clock_changed_while_it_was_made_is_not_kept(seconds, made, ask, application, clock):
    """Half of it may be from before, and others who were sooner have the same moment in their ETag."""
    clock.now = 1_800_000_000
    application.headers["Expires"] = http_date(clock.now + seconds)
    tagged = ["ETag" in ask()[1] for _ in range(3)]
    assert (tagged, len(application.asked)) == ([made == 1] * 3, made)


def test_what_the_clock_will_change_is_kept_until_then_and_made_anew(ask, application, clock):
    clock.now = 1_800_000_000
    application.headers["Expires"] = http_date(clock.now + 60)
    before, size = ask(), ask.application.answers.size
    clock.now += 59
    assert ask() == before
    clock.now += 1
    application.headers["Expires"] = http_date(clock.now + 60)
    assert ask(HTTP_IF_NONE_MATCH=before[1]["ETag"])[0] == "304 Not Modified"  # for it is the same after all
    assert (len(application.asked), ask.application.answers.size) == (2, size)
    clock.now += 60
    application.body = [b"{}"]
    assert ask(HTTP_IF_NONE_MATCH=before[1]["ETag"])[0] == "200 OK"


def is_unmade(ask, **environ) -> bool:
    """Whether an answer would have to be made to know if it is unchanged."""
    environ["PATH_INFO"] = PAGE
    setup_testing_defaults(environ)
    return ask.application.unchanged(environ, lambda *said: None) is None


def test_what_the_clock_will_change_has_no_date(ask, application, clock):
    """It changes though nothing is written, so no date of the version vouches for it."""
    application.headers["Expires"] = http_date(clock.now + 10_000)
    ask()
    clock.now += 5000
    since = {"HTTP_IF_MODIFIED_SINCE": http_date(clock.now)}
    status, headers, _ = ask(**since)
    assert (status, "Last-Modified" in headers) == ("200 OK", False)
    assert is_unmade(ask, **since)


CONDITIONS = {"HTTP_IF_NONE_MATCH": "*"}, {"HTTP_IF_MODIFIED_SINCE": http_date(1_800_004_000)}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_of_what_is_not_kept_nobody_says_that_it_is_unchanged(condition, ask, clock):
    """There may be nothing of that address."""
    ask("/2.3.0/agencies/")
    clock.now += 3000
    assert is_unmade(ask, **condition)
    ask()
    clock.now += 2000
    assert not is_unmade(ask, **condition)


DIFFERENCES = {
    "host": {"HTTP_HOST": "other.example"},
    "port": {"HTTP_HOST": "127.0.0.1:8000"},
    "scheme": {"wsgi.url_scheme": "https"},
    "script": {"SCRIPT_NAME": "/mirror"},
    "path": {"path": "/2.3.0/events/"},
    "query": {"query": "limit=1"},
    "format": {"query": "format=json"},
    "type": {"HTTP_ACCEPT": "text/html"},
    "indentation": {"HTTP_ACCEPT": "application/json; indent=4"},
    "encoding": {"HTTP_ACCEPT_ENCODING": "gzip"},
}


@pytest.mark.parametrize("name", DIFFERENCES)
def test_requests_that_may_be_answered_differently_are_told_apart(name, ask, application):
    etags = {ask()[1]["ETag"], ask(**DIFFERENCES[name])[1]["ETag"]}
    assert (len(etags), len(application.asked)) == (2, 2)


def test_the_scheme_that_a_trusted_proxy_tells_is_told_apart(process, settings, application):
    settings.SECURE_PROXY_SSL_HEADER = "HTTP_X_FORWARDED_PROTO", "https"
    ask = process()
    assert len({ask(HTTP_X_FORWARDED_PROTO=scheme)[1]["ETag"] for scheme in ("http", "https")}) == 2


ALIKE = [
    ({"HTTP_ACCEPT": "*/*"}, {"HTTP_ACCEPT": "application/json"}),
    ({"HTTP_ACCEPT_ENCODING": "gzip, deflate"}, {"HTTP_ACCEPT_ENCODING": "gzip"}),
    ({"query": "limit=1&offset=2&search=a&search=b"}, {"query": "search=a&offset=2&limit=1&search=b"}),
    ({"HTTP_USER_AGENT": "curl"}, {"HTTP_USER_AGENT": "wget"}),
    ({"HTTP_X_FORWARDED_HOST": "a.example"}, {"HTTP_X_FORWARDED_HOST": "b.example"}),
    (
        {"HTTP_HOST": "example.org", "SERVER_NAME": "10.0.0.1", "SERVER_PORT": "8000"},
        {"HTTP_HOST": "example.org", "SERVER_NAME": "10.0.0.2", "SERVER_PORT": "8001"},
    ),
    ({"HTTP_COOKIE": "csrftoken=x; theme=dark"}, {}),
]
NOT_ALIKE = [
    ({"query": "search=a&search=b"}, {"query": "search=b&search=a"}),
    ({"query": "a=1&%61=2"}, {"query": "%61=2&a=1"}),
    ({"query": "format=api&limit=1"}, {"query": "limit=1&format=api"}),
    ({"query": "%66ormat=api&limit=1"}, {"query": "limit=1&%66ormat=api"}),
    ({"query": "a=1&b=2", "HTTP_ACCEPT": "text/html"}, {"query": "b=2&a=1", "HTTP_ACCEPT": "text/html"}),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_requests_that_mean_the_same_share_an_answer(one, other, ask, application):
    assert ask(**one) == ask(**other)
    assert len(application.asked) == 1


@pytest.mark.parametrize(("one", "other"), NOT_ALIKE)
def test_an_order_that_may_mean_something_is_told_apart(one, other, ask):
    assert ask(**one)[1]["ETag"] != ask(**other)[1]["ETag"]


def test_a_head_is_answered_as_the_get_that_it_describes(ask, application):
    head, get = ask(method="HEAD"), ask()
    assert (head[:2], head[2]) == (get[:2], b"")
    assert [environ["REQUEST_METHOD"] for environ in application.asked] == ["GET"]


OF_ONE = [
    {"HTTP_COOKIE": "csrftoken=y; sessionid=x"},
    {"HTTP_AUTHORIZATION": "Token x"},
    {"method": "POST"},
    {"method": "OPTIONS"},
]


@pytest.mark.parametrize("request_", OF_ONE)
def test_what_is_not_asked_for_by_just_anyone_is_not_kept(request_, ask, application):
    expected = "200 OK", {**JSON, "Cache-Control": "no-store"}, BODY
    ask()
    assert [ask(**request_), ask(**request_)] == [expected, expected]
    assert (len(application.asked), application.closed) == (3, 3)


UNKEPT = [
    ("404 Not Found", {}),
    ("500 Internal Server Error", {}),
    ("301 Moved Permanently", {"Location": "/"}),
    ("206 Partial Content", {}),
    ("200 OK", {"Set-Cookie": "a=b"}),
    ("200 OK", {"Vary": "Accept, Cookie"}),
    ("200 OK", {"Content-Encoding": "gzip"}),
]


@pytest.mark.parametrize(("status", "headers"), UNKEPT)
def test_only_plain_successes_are_kept(status, headers, ask, application):
    application.status = status
    application.headers |= headers
    expected = status, {**JSON, **headers, "Cache-Control": "no-store"}, BODY
    assert [ask(), ask()] == [expected, expected]
    assert (len(application.asked), application.closed) == (2, 2)


def test_an_answer_that_says_how_long_it_holds_is_left_alone(ask, application):
    application.headers["Cache-Control"] = "max-age=60"
    expected = "200 OK", {**JSON, "Cache-Control": "max-age=60"}, BODY
    assert [ask(), ask(HTTP_COOKIE="sessionid=x"), ask()] == [expected] * 3
    assert len(application.asked) == 3


def test_what_is_not_the_api_is_left_alone(ask, application):
    assert [ask("/admin/"), ask("/admin/")] == [("200 OK", JSON, BODY)] * 2
    assert len(application.asked) == 2


def test_without_a_version_nothing_is_kept(ask, application, version):
    ask()
    version[0] = None
    assert ask() == ask() == ("200 OK", {**JSON, "Cache-Control": "no-store"}, BODY)
    assert len(application.asked) == 3


def test_a_failure_half_way_is_passed_on_and_not_kept(ask, application):
    def broken():
        yield b"{"
        raise OSError("gone")

    application.body = broken()
    with pytest.raises(OSError, match="gone"):
        ask()
    application.body = [BODY]
    assert ask()[2] == BODY
    assert application.closed == 2


def test_answers_stay_within_their_limit_and_the_least_wanted_go_first(process, application, settings):
    settings.RESPONSE_CACHE_MB = 1
    ask, body = process(), b"x" * 100_000
    application.body = [body]
    pages = [f"offset={n}" for n in range(12)]
    for page in pages:
        ask(query=page)
        ask(query=pages[0])
    answers = ask.application.answers
    assert sum(len(answer.body) for answer in answers.kept.values()) < answers.size <= 2**20
    left = [next(part for part in key if part.startswith("offset=")) for key in answers.kept]
    assert sorted(left) == sorted([pages[0], *pages[-9:]])
    assert len(application.asked) == len(pages)


def test_what_two_have_made_at_once_is_kept_once(ask, application):
    """Or its bytes would count twice, for as long as the version holds."""

    def answer(environ, start_response):
        if not application.asked:
            application.asked.append("the first")
            ask()
        return application(environ, start_response)

    ask.application.application = answer
    ask()
    answers = ask.application.answers
    assert len(application.asked) == 3
    assert answers.size == sum(kept.weight(*each) for each in answers.kept.items())


def test_an_answer_over_the_limit_is_sent_and_not_kept(process, application, settings):
    settings.RESPONSE_CACHE_MB = 1
    ask = process()
    ask(query="a")
    application.body = [b"x" * 2**20]
    assert ask(query="b")[2] == ask(query="b")[2] == application.body[0]
    ask(query="a")
    assert len(application.asked) == 3


# Encodings ---------------------------------------------------------------------------------------

LIKED = {
    "": "",
    "gzip": "gzip",
    "gzip, deflate": "gzip",
    "gzip, deflate, br": "br",
    "gzip, deflate, br, zstd": "zstd",
    "GZIP;q=1.0, br;q=0.5": "gzip",
    "gzip ; q=0.5 , br ; q=0": "gzip",
    "identity": "",
    "identity, gzip;q=0.5": "",
    "identity;q=0.5, gzip": "gzip",
    "*": "zstd",
    "*;q=0.1, gzip": "gzip",
    "zstd;q=0, *": "br",
    "deflate": "",
    "gzip;q=0": "",
    "gzip;q=x": "",
    "gzip;q=nan": "",
    "gzip;q=2, br;q=0.1": "br",
    "br;\tq=0.5, gzip;\tq=0.8": "gzip",
    ";;q=,,": "",
}


@pytest.mark.parametrize("accepted", LIKED)
def test_a_client_gets_the_encoding_that_it_likes(accepted):
    assert encoding(accepted) == LIKED[accepted]


@pytest.mark.parametrize("name", DECODERS)
def test_an_answer_is_compressed_once(name, ask, application):
    first, second = (ask(HTTP_ACCEPT_ENCODING=name) for _ in range(2))
    assert first == second
    assert (DECODERS[name](first[2]), len(application.asked)) == (BODY, 1)
    assert first[1].get("Content-Encoding", "") == name
    assert first[1]["Content-Length"] == str(len(first[2]))
    assert bool(name) == (len(first[2]) < len(BODY) / 2)


def test_every_encoding_has_an_etag_of_its_own(ask):
    assert len({ask(HTTP_ACCEPT_ENCODING=name)[1]["ETag"] for name in DECODERS}) == len(DECODERS)


def test_what_is_short_is_sent_as_it_is(ask, application):
    application.body = [b"{}"]
    _, headers, body = ask(HTTP_ACCEPT_ENCODING="gzip")
    assert (headers.get("Content-Encoding"), headers["Vary"], body) == (None, "Accept, Accept-Encoding", b"{}")


# Conditional requests ----------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', '"other",W/{} , "third"'])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_who_has_the_answer_is_told_so_by_every_process_which_makes_it_once(form, method, process, application):
    etag = process()(HTTP_ACCEPT_ENCODING="gzip")[1]["ETag"]
    elsewhere = process()
    has = {"method": method, "HTTP_ACCEPT_ENCODING": "gzip", "HTTP_IF_NONE_MATCH": form.format(etag)}
    answers = [elsewhere(**has), elsewhere(**has)]
    assert answers == [("304 Not Modified", {"ETag": etag, **SHARED, **CROSS_ORIGIN}, b"")] * 2
    assert len(application.asked) == 2


@pytest.mark.parametrize("name", DIFFERENCES)
def test_who_has_another_answer_gets_this_one(name, ask):
    etag = ask()[1]["ETag"]
    assert ask(**DIFFERENCES[name], HTTP_IF_NONE_MATCH=etag)[0] == "200 OK"


def test_who_has_an_older_answer_gets_the_new_one(ask, version, application):
    etag = ask()[1]["ETag"]
    version[0] = "2"
    application.body = [b"{}"]
    assert ask(HTTP_IF_NONE_MATCH=etag)[0] == "200 OK"


def test_who_has_an_answer_that_a_commit_did_not_change_is_told_so(ask, version, application):
    etag = ask()[1]["ETag"]
    version[0] = "2"
    assert ask(HTTP_IF_NONE_MATCH=etag)[0] == "304 Not Modified"
    assert len(application.asked) == 2


def test_other_headers_make_another_answer(process, application):
    etag = process()()[1]["ETag"]
    application.headers["Link"] = "</>; rel=self"
    assert process()(HTTP_IF_NONE_MATCH=etag)[0] == "200 OK"


def test_who_has_the_answer_of_another_release_gets_the_new_one(process, settings):
    etag = process()()[1]["ETag"]
    settings.STATIC_URL = "/elsewhere/"
    assert process()(HTTP_IF_NONE_MATCH=etag)[0] == "200 OK"


def test_with_the_cache_off_conditional_requests_are_answered(process, application, settings):
    settings.RESPONSE_CACHE_MB = 0
    ask = process()
    first, second = ask(HTTP_ACCEPT_ENCODING="br"), ask(HTTP_ACCEPT_ENCODING="br")
    assert (first, len(application.asked)) == (second, 2)
    assert ask(HTTP_ACCEPT_ENCODING="br", HTTP_IF_NONE_MATCH=first[1]["ETag"])[0] == "304 Not Modified"
    assert len(application.asked) == 3


DATE = 1_800_000_005  # of what was first seen as the clock begins


def test_an_answer_has_a_date_from_five_seconds_after_its_version_was_first_seen(ask, clock):
    ask()
    clock.now = DATE - 0.1
    assert "Last-Modified" not in ask()[1]
    clock.now = DATE
    assert ask()[1]["Last-Modified"] == http_date(DATE)
    clock.now += 1000
    assert ask()[1]["Last-Modified"] == http_date(DATE)


SINCE = {
    DATE - 1: "200 OK",
    DATE: "304 Not Modified",
    1_800_000_060: "304 Not Modified",
    1_800_000_200: "200 OK",  # is yet to come, and so is no date of an answer
}


@pytest.mark.parametrize("since", SINCE)
def test_who_gives_a_date_is_told_whether_there_was_a_commit_since(since, ask, clock):
    ask()
    clock.now += 100
    status, headers, body = ask(HTTP_IF_MODIFIED_SINCE=http_date(since))
    assert (status, bool(body)) == (SINCE[since], SINCE[since] == "200 OK")
    assert headers["Last-Modified"] == http_date(DATE)


@pytest.mark.parametrize("other", [{"HTTP_IF_NONE_MATCH": '"other"'}, {"HTTP_IF_MODIFIED_SINCE": "yesterday"}])
def test_a_date_counts_only_if_it_is_one_and_there_is_no_etag(other, ask, clock):
    ask()
    clock.now += 100
    assert ask(**{"HTTP_IF_MODIFIED_SINCE": http_date(clock.now), **other})[0] == "200 OK"


@pytest.mark.parametrize("ahead", [0, 4])
def test_two_commits_of_one_second_have_different_dates(ahead, process, version, clock):
    """Another server, which saw the first version earlier, may have sent it with a date until the commit; also one
    whose clock is ahead."""
    early, late = process(), process()
    clock.now += ahead
    while not (date := early()[1].get("Last-Modified")):
        clock.now += 0.1
    version[0] = "2"
    clock.now -= ahead
    late()
    clock.now += 100
    assert late(HTTP_IF_MODIFIED_SINCE=date)[0] == early(HTTP_IF_MODIFIED_SINCE=date)[0] == "200 OK"


def test_what_is_not_found_is_not_found_since_any_date(ask, application, clock):
    ask()
    clock.now += 100
    application.status = "404 Not Found"
    assert ask("/2.3.0/nothing/", HTTP_IF_MODIFIED_SINCE=http_date(clock.now))[0] == "404 Not Found"


# With Django behind it ---------------------------------------------------------------------------


@pytest.fixture
def start(django):
    """Starts a process that serves the API."""
    return lambda: Asker(ResponseCache(django))


HOST = {"HTTP_HOST": "testserver"}
ENDPOINTS = ["", *(f"{prefix}/" for prefix in routes.RESOURCES)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("endpoint", "accept"),
    [("schema/", "*/*"), *((endpoint, accept) for endpoint in ENDPOINTS for accept in ("*/*", "text/html"))],
)
def test_every_answer_is_without_cookies_and_can_be_kept(endpoint, accept, start):
    status, headers, body = start()(f"/2.3.0/{endpoint}", HTTP_ACCEPT=accept, **HOST)
    assert (status, "Set-Cookie" in headers) == ("200 OK", False)
    assert SHARED.items() <= headers.items()
    assert start()(f"/2.3.0/{endpoint}", HTTP_ACCEPT=accept, **HOST)[1:] == (headers, body)  # with the same ETag


@pytest.mark.django_db
@pytest.mark.parametrize("prefix", RESOURCES)
def test_the_order_of_parameters_changes_no_byte_of_json(prefix, django):
    for _ in range(3):
        factories.row(RESOURCES[prefix].queryset.model)
    ask = Asker(django)
    pairs = ["offset=1", "limit=1", "mode=list", "search=", "ordering=-id", "x=%7E", "x=~", "y=a+b"]
    answers = [
        ask(f"/2.3.0/{prefix}/", "&".join(order), HTTP_ACCEPT=accept, **HOST)
        for order in (pairs, [*pairs[:5][::-1], *pairs[5:]], [*pairs[5:], *pairs[:5]])
        for accept in ("*/*", "application/json")
    ]
    answers.append(ask(f"/2.3.0/{prefix}/", "&".join(pairs), **HOST))
    assert answers == answers[:1] * len(answers)
    assert answers[0][0] == "200 OK"


@pytest.mark.django_db(transaction=True)
def test_no_process_answers_with_what_was_before_the_last_commit(start, django):
    """And one that did not ask for the version would."""
    path = f"/2.3.0/config/agency_types/{AgencyType.objects.create(name='0').pk}/"
    processes = [start(), start()]
    control = Asker(ResponseCache(claiming(django), lambda: "the same for ever"))
    etags, stale = [None, None], {"ours": 0, "control": 0}
    for n in range(100):
        AgencyType.objects.update(name=str(n))
        for number, ask in enumerate(processes):
            status, headers, body = ask(path, HTTP_IF_NONE_MATCH=etags[number] or "", **HOST)
            etags[number] = headers["ETag"]
            stale["ours"] += status != "200 OK" or f'"name":"{n}"' not in body.decode()
            assert ask(path, HTTP_IF_NONE_MATCH=etags[number], **HOST)[0] == "304 Not Modified"
        stale["control"] += f'"name":"{n}"' not in control(path, **HOST)[2].decode()
    assert stale == {"ours": 0, "control": 99}


@pytest.mark.django_db
def test_errors_and_redirects_are_kept_by_nobody(start):
    ask = start()
    answers = {path: ask(path, **HOST)[:2] for path in ("/2.3.0/nothing/", "/2.3.0/launches")}
    assert {path: (status[:3], headers["Cache-Control"]) for path, (status, headers) in answers.items()} == {
        "/2.3.0/nothing/": ("404", "no-store"),
        "/2.3.0/launches": ("301", "no-store"),
    }


def test_the_server_asks_the_cache_first_after_who_may_ask():
    door = get_internal_wsgi_application()
    assert [type(door), type(door.application), type(door.application.application)] == [
        Health,
        Throttle,
        ResponseCache,
    ]


# What changes only with the release --------------------------------------------------------------


@pytest.mark.parametrize("path", ["/docs/", "/docs/filters/", "/2.3.0/schema/", "/2.3.0/docs/", "/2.2.0/schema/"])
def test_a_page_without_rows_is_made_once_a_release_and_needs_no_database(path, application, version):
    application.body = [b"A page. " * 1000]
    ask = Asker(ResponseCache(application, lambda: version[0]))
    first = ask(path, HTTP_ACCEPT_ENCODING="gzip")
    version[0] = "2"
    ask("/2.3.0/agencies/")
    version[0] = None
    assert ask(path, HTTP_ACCEPT_ENCODING="gzip") == first
    assert (first[1]["Content-Encoding"], "Last-Modified" in first[1]) == ("gzip", False)
    assert ask(path, HTTP_IF_NONE_MATCH=first[1]["ETag"], HTTP_ACCEPT_ENCODING="gzip")[0] == "304 Not Modified"
    assert [asked["PATH_INFO"] for asked in application.asked] == [path, "/2.3.0/agencies/"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/docs/", "/docs/reference/", "/2.3.0/schema/", "/2.3.0/docs/"])
def test_such_pages_are_kept_as_they_are_made(path, django):
    ask = Asker(ResponseCache(django, lambda: "1"))
    first = ask(path)
    assert (first[0], first[1].get("Cache-Control")) == ("200 OK", SHARED["Cache-Control"])
    assert ask(path) == first
    assert len(ask.application.constants.kept) == 1
