"""Who asks too much is told when to come back; who asks within their limits never notices."""

import os

import pytest
from django.utils.http import http_date

from spacedevs.http import conditions, response_cache
from spacedevs.http.response_cache import ResponseCache
from spacedevs.throttling import file_counter
from spacedevs.throttling.file_counter import FileCounter
from spacedevs.throttling.leases import Leases
from spacedevs.throttling.middleware import Throttle
from spacedevs.throttling.models import Key
from spacedevs.throttling.rates import Rate, Use
from spacedevs.throttling.redis_counter import RedisCounter
from tests.support.wsgi import BODY, Application, Asker

from .conftest import passed_by_two

ME, OTHER = {"REMOTE_ADDR": "192.0.2.1"}, {"REMOTE_ADDR": "192.0.2.2"}
HOST = {"HTTP_HOST": "testserver"}


def statuses(answers):
    return [int(status[:3]) for status, _, _ in answers]


def shared(answer):
    """An answer without what only its caller is told."""
    status, headers, body = answer
    return status, {name: value for name, value in headers.items() if not name.startswith("RateLimit")}, body


@pytest.fixture
def application():
    return Application()


@pytest.fixture
def ask(application, settings):
    """Asks an application that lets anyone ask three times an hour, and answers from memory as the server does."""
    settings.THROTTLE_ANONYMOUS = "3/hour"
    return Asker(Throttle(ResponseCache(application, lambda: "1")))


@pytest.fixture
def left(settings, client):
    """What the API says of how much a caller may still ask."""
    return lambda **environ: client.get("/2.3.0/api-throttle/", **environ).json()


# By address --------------------------------------------------------------------------------------


def test_without_limits_anyone_may_ask_for_ever(application):
    ask = Asker(Throttle(application))
    assert statuses(ask(**ME) for _ in range(100)) == [200] * 100


def test_who_is_over_the_limit_is_told_when_to_come_back(ask, clock):
    answers = [ask(**ME) for _ in range(3)]
    clock.now += 600.5
    status, headers, body = ask(**ME)
    assert statuses(answers) == [200] * 3
    assert (status, headers["Retry-After"], headers["Content-Type"], headers["Cache-Control"]) == (
        "429 Too Many Requests",
        "3000",
        "application/json",
        "no-store",
    )
    assert body == b'{"detail": "Request was throttled. Expected available in 3000 seconds."}'


def test_when_the_time_is_over_all_may_be_asked_again(ask, clock):
    def fill():
        return statuses(ask(**ME) for _ in range(4))

    first = fill()
    clock.now += 3599
    still = fill()
    clock.now += 1
    assert (first, still, fill()) == ([200, 200, 200, 429], [429] * 4, [200, 200, 200, 429])


def test_each_address_has_a_limit_of_its_own(ask):
    for _ in range(4):
        ask(**ME)
    assert statuses([ask(**ME), ask(**OTHER)]) == [429, 200]


def test_a_network_of_version_6_counts_as_one(ask):
    answers = [ask(REMOTE_ADDR=f"2001:db8::{n}") for n in range(1, 5)]
    assert statuses([*answers, ask(REMOTE_ADDR="2001:db8:0:1::1")]) == [200, 200, 200, 429, 200]


def test_addresses_of_version_4_are_told_apart_also_where_they_are_written_as_of_version_6(ask):
    answers = [ask(REMOTE_ADDR=f"::ffff:192.0.2.{n}") for n in range(1, 5)]
    assert statuses([*answers, *(ask(**ME) for _ in range(3))]) == [200] * 4 + [200, 200, 429]


def test_what_is_asked_is_told_by_address(ask, left, clock):
    assert left(**ME) == {
        "your_request_limit": 3,
        "limit_frequency_secs": 3600,
        "current_use": 0,
        "next_use_secs": 0,
        "ident": "192.0.2.1",
    }
    ask(**ME)
    assert (left(**ME)["current_use"], left(**ME)["next_use_secs"]) == (1, 0)
    for _ in range(5):
        ask(**ME)
    clock.now += 1000
    assert (left(**ME)["current_use"], left(**ME)["next_use_secs"], left(**OTHER)["current_use"]) == (3, 2600, 0)


def test_to_ask_what_is_left_takes_nothing_and_is_never_refused(ask):
    answers = [ask("/2.3.0/api-throttle/", **ME) for _ in range(10)] + [ask(**ME) for _ in range(4)]
    answers.append(ask("/2.3.0/api-throttle/", **ME))
    assert statuses(answers) == [200] * 13 + [429, 200]


@pytest.mark.parametrize("path", ["/admin/", "/static/api/page.css", "/"])
def test_what_is_not_the_api_is_not_counted(path, ask):
    assert statuses(ask(path, **ME) for _ in range(5)) == [200] * 5


def test_what_a_browser_asks_in_advance_is_not_counted(ask):
    assert statuses(ask(method="OPTIONS", **ME) for _ in range(5)) == [200] * 5


def test_errors_are_counted(ask, application):
    application.status = "404 Not Found"
    assert statuses(ask(**ME) for _ in range(4)) == [404, 404, 404, 429]


# Answers that the caller has already -------------------------------------------------------------


def test_an_answer_that_the_caller_has_takes_nothing(ask, left):
    etag = ask(**ME)[1]["ETag"]
    answers = [ask(HTTP_IF_NONE_MATCH=etag, **ME) for _ in range(10)]
    assert (statuses(answers), left(**ME)["current_use"]) == ([304] * 10, 1)


def test_who_is_over_the_limit_is_still_told_that_nothing_changed(ask, application):
    etag = ask(**ME)[1]["ETag"]
    for _ in range(3):
        ask(**ME)
    asked = len(application.asked)
    answers = [ask(HTTP_IF_NONE_MATCH=tag, **ME) for tag in (etag, '"other"', etag)]
    assert (statuses(answers), len(application.asked) - asked) == ([304, 429, 304], 0)


@pytest.mark.parametrize("asked", [{"HTTP_IF_NONE_MATCH": "*"}, {"HTTP_IF_MODIFIED_SINCE": http_date(1_800_000_100)}])
def test_who_has_an_answer_made_pays_for_it_though_it_is_not_sent(asked, ask, left, monkeypatch):
    """Else anyone could have any number of answers made."""
    for module in (response_cache, conditions):
        monkeypatch.setattr(module, "time", lambda: 1_800_000_000)
    ask(**OTHER)
    for module in (response_cache, conditions):
        monkeypatch.setattr(module, "time", lambda: 1_800_000_200)
    answers = [ask(query=f"offset={number}", **asked, **ME) for number in (1, 2, 2)]
    assert (statuses(answers), left(**ME)["current_use"]) == ([304] * 3, 2)


def test_over_the_limit_nothing_is_made_to_find_out_whether_it_changed(ask, application):
    for _ in range(3):
        ask(**ME)
    asked = len(application.asked)
    answer = ask(query="limit=1", HTTP_IF_MODIFIED_SINCE="Thu, 01 Jan 1970 00:00:00 GMT", **ME)
    assert (statuses([answer]), len(application.asked) - asked) == ([429], 0)


# Behind proxies ----------------------------------------------------------------------------------

FORWARDED = [  # proxies, what is written, who counts
    (0, "198.51.100.7", "192.0.2.1"),
    (1, "198.51.100.7", "198.51.100.7"),
    (1, "203.0.113.9, 198.51.100.7", "198.51.100.7"),
    (2, "203.0.113.9, 198.51.100.7", "203.0.113.9"),
    (2, "198.51.100.7", "198.51.100.7"),
    (2, "203.0.113.9, 203.0.113.8, 198.51.100.7", "203.0.113.8"),
    (1, "", "192.0.2.1"),
    (1, "nonsense", "192.0.2.1"),
    (1, "198.51.100.7, ' OR 1=1", "192.0.2.1"),
    (1, "2001:db8::1", "2001:db8::1"),
]


@pytest.mark.parametrize(("proxies", "written", "counted"), FORWARDED)
def test_what_is_written_down_counts_only_where_our_proxies_wrote_it(proxies, written, counted, ask, left, settings):
    settings.PROXIES = proxies
    forwarded = {"HTTP_X_FORWARDED_FOR": written, **ME}
    ask(**forwarded)
    told = left(**forwarded)
    assert (told["ident"], told["current_use"]) == (counted, 1)


def test_nobody_gets_a_new_limit_by_another_header(ask):
    answers = [ask(HTTP_X_FORWARDED_FOR=f"198.51.100.{n}", **ME) for n in range(4)]
    assert statuses(answers) == [200, 200, 200, 429]


# By key ------------------------------------------------------------------------------------------


def key(**values):
    """A key, and the header of who has it."""
    made = Key(**{"owner": "A mirror", **values})
    token = made.renew()
    made.save()
    return made, {"HTTP_AUTHORIZATION": f"Token {token}"}


@pytest.mark.django_db
def test_who_has_a_key_asks_by_its_limit_from_anywhere(ask, left):
    _, header = key(rate="5/minute")
    answers = [ask(**header, REMOTE_ADDR=f"192.0.2.{n}") for n in range(6)]
    assert statuses(answers) == [200] * 5 + [429]
    told = left(**header, **ME)
    assert 0 < told.pop("next_use_secs") <= 60
    assert told == {"your_request_limit": 5, "limit_frequency_secs": 60, "current_use": 5, "ident": "A mirror"}
    assert statuses([ask(**ME)]) == [200]


@pytest.mark.django_db
def test_a_key_without_a_limit_has_that_of_all_keys(ask, settings):
    settings.THROTTLE_KEYS = "4/hour"
    _, header = key()
    assert statuses(ask(**header, **ME) for _ in range(5)) == [200] * 4 + [429]


@pytest.mark.django_db
def test_where_keys_have_no_limit_those_with_one_ask_for_ever(ask):
    _, header = key()
    assert statuses(ask(**header, **ME) for _ in range(20)) == [200] * 20


@pytest.mark.django_db
def test_who_has_a_key_shares_the_answers_of_all_others(ask, application):
    _, header = key()
    mine, theirs = ask(**header, **ME), ask(**OTHER)
    assert (shared(mine), len(application.asked)) == (shared(theirs), 1)
    assert mine[1]["Cache-Control"] == "public, no-cache, max-age=0"


@pytest.mark.django_db
def test_the_owner_of_a_key_may_send_another_kind_of_credentials(ask):
    """Which say nothing to us, as to upstream."""
    assert statuses([ask(HTTP_AUTHORIZATION="Basic eDp5", **ME)]) == [200]


@pytest.mark.django_db
def test_a_key_may_be_sent_as_a_bearer_token(ask, left):
    _, header = key(rate="5/minute")
    token = header["HTTP_AUTHORIZATION"].removeprefix("Token ")
    assert left(HTTP_AUTHORIZATION=f"Bearer {token}", **ME)["ident"] == "A mirror"
    assert statuses([ask(HTTP_AUTHORIZATION=f"bearer {token}x", **ME)]) == [401]


BAD = {
    "Token x": "Invalid token.",
    f"Token {'f' * 40}": "Invalid token.",
    "token x": "Invalid token.",
    "Token": "Invalid token header. No credentials provided.",
    "Token a b": "Invalid token header. Token string should not contain spaces.",
    "Token \xff": "Invalid token header. Token string should not contain invalid characters.",
    "Token \x00": "Invalid token.",
    "Token ' OR 1=1": "Invalid token header. Token string should not contain spaces.",
}


@pytest.mark.django_db
@pytest.mark.parametrize("header", BAD)
@pytest.mark.parametrize("path", ["launches/", "api-throttle/", "nothing/"])
def test_a_token_that_is_none_of_ours_is_refused(header, path, ask):
    key()
    status, headers, body = ask(f"/2.3.0/{path}", HTTP_AUTHORIZATION=header, **ME)
    assert (status, headers["WWW-Authenticate"], headers["Cache-Control"]) == (
        "401 Unauthorized",
        "Token",
        "no-store",
    )
    assert body.decode() == f'{{"detail": "{BAD[header]}"}}'


@pytest.mark.django_db
@pytest.mark.parametrize("header", [*BAD, "Bearer x", "Bearer"])
def test_where_no_key_was_made_a_token_is_as_good_as_none(header, ask, left, application):
    """An app sends the token that upstream gave it."""
    assert [shared(ask(HTTP_AUTHORIZATION=header, **ME)), len(application.asked)] == [shared(ask(**ME)), 1]
    assert left(HTTP_AUTHORIZATION=header, **ME)["ident"] == left(**ME)["ident"] == ME["REMOTE_ADDR"]


@pytest.mark.django_db
def test_tokens_cost_the_database_nothing_where_there_are_no_keys(ask, django_assert_num_queries):
    ask(HTTP_AUTHORIZATION="Token x", **ME)
    with django_assert_num_queries(0):
        ask(HTTP_AUTHORIZATION="Token y", **ME)


@pytest.mark.django_db
def test_from_the_first_key_on_a_token_must_be_one(ask):
    before = ask(HTTP_AUTHORIZATION="Token x", **ME)
    made, _ = key()
    after = ask(HTTP_AUTHORIZATION="Token x", **ME)
    made.active = False
    made.save()
    assert statuses([before, after, ask(HTTP_AUTHORIZATION="Token x", **ME)]) == [200, 401, 401]


@pytest.mark.django_db
def test_django_refuses_the_same_tokens_in_the_same_words(client):
    key()
    response = client.get("/2.3.0/api-throttle/", HTTP_AUTHORIZATION="Token x")
    assert (response.status_code, response["WWW-Authenticate"], response.json()) == (
        401,
        "Token",
        {"detail": "Invalid token."},
    )


@pytest.mark.django_db
def test_tokens_are_not_tried_one_after_another(ask, settings):
    """Whatever else is limited; and who has a key is not refused for others at the same address."""
    settings.THROTTLE_ANONYMOUS, settings.THROTTLE_FAILED = "", "5/hour"
    _, header = key()
    answers = [ask(HTTP_AUTHORIZATION=f"Token {n}", **ME) for n in range(6)]
    others = [ask(**header, **ME), ask(**ME), ask(HTTP_AUTHORIZATION="Token x", **OTHER)]
    assert (statuses(answers), statuses(others)) == ([401] * 5 + [429], [200, 200, 401])


@pytest.mark.django_db
def test_a_revoked_key_is_refused_at_once(ask):
    made, header = key()
    before = ask(**header, **ME)
    made.active = False
    made.save()
    assert statuses([before, ask(**header, **ME)]) == [200, 401]


@pytest.mark.django_db
def test_a_busy_key_costs_the_database_nothing(ask, django_assert_num_queries):
    _, header = key()
    ask(**header, **ME)
    with django_assert_num_queries(0):
        assert statuses(ask(**header, **ME) for _ in range(10)) == [200] * 10


@pytest.mark.django_db
def test_the_use_of_a_key_is_noted_once_an_hour(ask):
    made, header = key()
    ask(**header, **ME)
    made.refresh_from_db()
    first = made.last_used
    ask(**header, **ME)
    made.refresh_from_db()
    assert (first is None, made.last_used) == (False, first)


@pytest.mark.django_db
def test_of_a_token_only_a_digest_is_kept():
    made, header = key()
    token = header["HTTP_AUTHORIZATION"].split()[1]
    stored = Key.objects.filter(pk=made.pk).values().get()
    assert [name for name, value in stored.items() if token in str(value)] == []
    assert len(token) == 40


# Counting ----------------------------------------------------------------------------------------


@pytest.fixture(params=["file", "redis"])
def counter(request, tmp_path):
    if request.param == "file":
        return FileCounter(tmp_path / "counts")
    return Leases(RedisCounter(request.getfixturevalue("redis_server").url))


def test_what_is_given_back_can_be_taken_again(counter):
    rate = Rate(2, 60)
    taken = [counter.take("a", rate) for _ in range(3)]
    counter.give_back("a", rate)
    again = [counter.take("a", rate) for _ in range(2)]
    told = [(use.used, use.is_refused) for use in (*taken, *again, counter.use("a", rate))]
    assert told == [(1, False), (2, False), (2, True), (2, False), (2, True), (2, False)]
    assert all(0 < use.wait <= 60 for use in (*taken, *again, counter.use("a", rate)))


def test_what_was_not_taken_cannot_be_given_back(counter):
    rate = Rate(1, 60)
    counter.give_back("a", rate)
    assert [counter.take("a", rate) for _ in range(2)] == [Use(1, 60), Use(1, 60, is_refused=True)]
    assert counter.use("b", rate) == Use(0, 0)


def test_a_file_with_room_for_few_forgets_who_is_over_soonest(tmp_path, clock, monkeypatch):
    monkeypatch.setattr(FileCounter, "places", 1)
    monkeypatch.setattr(FileCounter, "neighbours", 4)
    counter, rate = FileCounter(tmp_path / "counts"), Rate(9, 60)
    for name in "abcde":
        counter.take(name, rate)
        clock.now += 1
    assert [counter.use(name, rate).used for name in "abcde"] == [0, 1, 1, 1, 1]


@pytest.mark.parametrize("held", [0, 100, 3_000_000])
def test_counts_have_their_room_on_the_disk_from_the_start(held, tmp_path):
    """Or on a disk that is full, who counts would end by a signal."""
    path = tmp_path / "counts"
    path.touch()
    os.truncate(path, held)
    counter = FileCounter(path)
    stat = path.stat()
    assert stat.st_blocks * 512 >= len(counter.memory)
    assert stat.st_size == max(held, len(counter.memory))


def test_counts_outlive_the_process(tmp_path):
    rate = Rate(2, 60)
    FileCounter(tmp_path / "counts").take("a", rate)
    assert FileCounter(tmp_path / "counts").use("a", rate).used == 1


def test_a_clock_that_was_set_back_locks_nobody_out(tmp_path, clock):
    counter, rate = FileCounter(tmp_path / "counts"), Rate(1, 60)
    counter.take("a", rate)
    clock.now -= 86400
    assert [counter.take("a", rate) for _ in range(2)] == [Use(1, 60), Use(1, 60, is_refused=True)]


@pytest.mark.parametrize("where", ["file", "redis"])
def test_exactly_15_of_1000_pass_at_15_an_hour(where, tmp_path, request):
    """Asked by two processes at once, on four threads each."""
    url = request.getfixturevalue("redis_server").url if where == "redis" else ""
    assert passed_by_two(tmp_path, 500, "15/hour", url) == 15


def test_while_redis_is_down_nothing_is_limited(application, settings, redis_server, monkeypatch):
    settings.REDIS_URL, settings.THROTTLE_ANONYMOUS = redis_server.url, "1/hour"
    ask = Asker(Throttle(application))
    up = [ask(**ME) for _ in range(2)]
    redis_server.terminate()
    redis_server.wait()
    down = [ask(**OTHER) for _ in range(3)]
    assert (statuses(up), statuses(down), {body for _, _, body in down}) == ([200, 429], [200] * 3, {BODY})
    assert file_counter.counter().use("address 192.0.2.2", Rate(1, 3600)) == Use(0, 0)
