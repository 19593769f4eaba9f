"""Each response to a counted request tells the caller their limit, and no other caller's."""

import pytest

from spacedevs.http.response_cache import ResponseCache
from spacedevs.throttling.file_counter import counter
from spacedevs.throttling.middleware import Throttle
from spacedevs.throttling.models import Key
from spacedevs.throttling.rates import Rate, Use, limit_headers
from tests.support.wsgi import Application, Asker

ME, OTHER = {"REMOTE_ADDR": "192.0.2.1"}, {"REMOTE_ADDR": "192.0.2.2"}


@pytest.fixture
def application():
    return Application()


@pytest.fixture(params=["file", "redis"])
def ask(request, application, settings, clock):
    """Asks behind a limit of three requests an hour, and is answered from memory as the server does."""
    settings.THROTTLE_ANONYMOUS = "3/hour"
    if request.param == "redis":
        settings.REDIS_URL = request.getfixturevalue("redis_server").url
    return Asker(Throttle(ResponseCache(application, lambda: "1")))


def told(answer):
    """The status, the policy, and what is left of it; the seconds are those of a whole window."""
    status, headers, _ = answer
    left, _, seconds = headers.get("RateLimit", "").partition(";t=")
    assert not seconds or 0 < int(seconds) <= int(headers["RateLimit-Policy"].rpartition("=")[2])
    return int(status[:3]), headers.get("RateLimit-Policy"), left


def test_an_address_is_told_what_is_left_also_when_nothing_is(ask):
    policy = '"address";q=3;w=3600'
    assert [told(ask(**ME)) for _ in range(4)] == [
        (200, policy, '"address";r=2'),
        (200, policy, '"address";r=1'),
        (200, policy, '"address";r=0'),
        (429, policy, '"address";r=0'),
    ]


def test_the_seconds_are_those_until_the_count_starts_again(application, settings, clock):
    settings.THROTTLE_ANONYMOUS = "2/hour"
    ask, found = Asker(Throttle(application)), []
    for _ in range(3):
        found.append(ask(**ME)[1])
        clock.now += 600.5
    assert [each["RateLimit"] for each in found] == [
        '"address";r=1;t=3600',
        '"address";r=0;t=3000',
        '"address";r=0;t=2399',
    ]
    assert found[2]["Retry-After"] == "2399"


def test_callers_are_told_their_own_limits_with_the_same_kept_response(ask, application):
    mine, others = [ask(**ME) for _ in range(2)], ask(**OTHER)
    assert [told(each)[2] for each in (*mine, others)] == ['"address";r=2', '"address";r=1', '"address";r=2']
    assert ({each[1]["ETag"] for each in (*mine, others)}, len(application.asked)) == ({mine[0][1]["ETag"]}, 1)


def test_a_304_that_costs_nothing_tells_so(ask):
    etag = ask(**ME)[1]["ETag"]
    free = [told(ask(HTTP_IF_NONE_MATCH=etag, **ME)) for _ in range(5)]
    ask(**ME), ask(**ME)
    over = told(ask(HTTP_IF_NONE_MATCH=etag, **ME))
    policy = '"address";q=3;w=3600'
    assert (free, over) == ([(304, policy, '"address";r=2')] * 5, (304, policy, '"address";r=0'))


def test_errors_and_head_tell_it_too(ask, application):
    head = told(ask(method="HEAD", **ME))
    application.status = "404 Not Found"
    assert [head, told(ask(query="a=b", **ME))] == [
        (200, '"address";q=3;w=3600', '"address";r=2'),
        (404, '"address";q=3;w=3600', '"address";r=1'),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(("rate", "otherwise"), [("5/minute", ""), ("", "5/minute"), ("5/minute", "9/hour")])
def test_a_key_has_a_policy_of_its_own(rate, otherwise, ask, settings):
    settings.THROTTLE_KEYS = otherwise
    key = Key(owner="A mirror", rate=rate)
    header = {"HTTP_AUTHORIZATION": f"Token {key.renew()}"}
    key.save()
    assert told(ask(**header, **ME)) == (200, '"key";q=5;w=60', '"key";r=4')
    assert told(ask(**ME))[2] == '"address";r=2'


@pytest.mark.django_db
def test_who_tries_tokens_is_told_how_many_more(ask, settings):
    settings.THROTTLE_FAILED = "2/hour"
    Key.objects.create(owner="A mirror", digest="d")
    assert [told(ask(HTTP_AUTHORIZATION=f"Token {n}", **ME)) for n in range(3)] == [
        (401, '"failures";q=2;w=3600', '"failures";r=1'),
        (401, '"failures";q=2;w=3600', '"failures";r=0'),
        (429, '"failures";q=2;w=3600', '"failures";r=0'),
    ]


@pytest.mark.django_db
def test_what_is_not_counted_tells_nothing(ask, application, settings):
    key = Key(owner="Without a limit")
    header = {"HTTP_AUTHORIZATION": f"Token {key.renew()}"}
    key.save()
    free = ask(**header), ask("/", **ME), ask(method="OPTIONS", **ME), ask("/2.3.0/api-throttle/", **ME)
    settings.THROTTLE_ANONYMOUS = ""
    assert [told(each)[1:] for each in (*free, ask(**ME))] == [(None, "")] * 5


def test_while_redis_is_down_nothing_is_told(application, settings):
    settings.THROTTLE_ANONYMOUS, settings.REDIS_URL = "3/hour", "redis://127.0.0.1:1/0"
    assert told(Asker(Throttle(application))(**ME)) == (200, None, "")


def test_what_is_reserved_in_redis_is_told_as_left(settings, redis_server):
    settings.REDIS_URL = redis_server.url
    rate = Rate(1000, 3600)
    uses = [counter().take("a", rate) for _ in range(20)]
    assert [limit_headers("address", rate, use)[1] for use in uses] == [
        ("RateLimit", f'"address";r={left};t=3600') for left in range(999, 979, -1)
    ]


def test_no_less_than_nothing_is_left():
    assert limit_headers("key", Rate(3, 60), Use(5, 0)) == [
        ("RateLimit-Policy", '"key";q=3;w=60'),
        ("RateLimit", '"key";r=0;t=0'),
    ]
