"""A Redis that answers, but does not count, is noticed before callers have no limits."""

import logging

import pytest
import redis
from django.core.exceptions import ImproperlyConfigured

from spacedevs.checks import refuse_faults
from spacedevs.operations.health import Health
from spacedevs.operations.metrics import Now
from spacedevs.throttling.file_counter import counter
from spacedevs.throttling.rates import Rate
from spacedevs.throttling.redis_counter import RedisCounter
from tests.support.wsgi import Application

from .conftest import running_redis

ALONE = {  # how a Redis that answers may be, and why it does not count
    "replicaof 127.0.0.1 1": "can't write against a read only replica",
    "maxmemory 1mb": "used memory > 'maxmemory'",
    "user default on nopass ~* &* +@all -eval -evalsha": "no permissions to run the 'evalsha' command",
    "user default on nopass ~* &* +@all -incrby": "can't run this command",
}


@pytest.fixture
def started(tmp_path):
    """Starts a Redis with a line of configuration; what it writes down is the test's own."""

    def start(line, *arguments):
        file = tmp_path / "redis.conf"
        file.write_text(f"{line}\n")
        return running_redis(str(file), *arguments, "--dir", str(tmp_path))

    return start


def told(settings, server):
    settings.REDIS_URL = server.url
    counter.cache_clear()
    (up,) = [each.samples[0].value for each in Now().collect() if each.name == "spacedevs_redis_up"]
    return Health(Application()).ready()[1]["redis"], up


@pytest.mark.django_db
@pytest.mark.parametrize("line", ALONE)
def test_a_redis_that_answers_but_cannot_count_is_not_ok(line, started, settings, caplog):
    with started(line) as server:
        assert told(settings, server) == ("down", 0)
        refuse_faults()  # for it may be mended while we run
        assert RedisCounter(server.url).grant("a", Rate(1, 60), 1) is None
    (first, *_) = [record.getMessage() for record in caplog.records]
    assert first.startswith("Rate limits are off while Redis fails: ")
    assert ALONE[line] in first


@pytest.mark.django_db
def test_a_redis_that_counts_is_ok_and_forgets_that_it_was_asked(redis_server, settings):
    assert told(settings, redis_server) == ("ok", 1)
    client = redis.Redis.from_url(redis_server.url)
    assert {key: client.get(key) for key in client.scan_iter()} == {b"spacedevs:health": b"0"}
    assert 0 < client.ttl("spacedevs:health") <= 60
    client.close()


@pytest.mark.django_db
def test_a_user_who_may_do_what_is_needed_and_no_more_is_enough(started, settings):
    with started("user default on nopass ~spacedevs:* +eval +evalsha +get +incrby +decrby +expire +pttl") as server:
        assert told(settings, server) == ("ok", 1)


@pytest.mark.django_db
@pytest.mark.parametrize(("mode", "line"), [("cluster", "cluster-enabled yes"), ("sentinel", "")])
def test_a_node_of_a_cluster_and_a_sentinel_are_refused_at_the_start(mode, line, started, settings, caplog):
    with started(line, *["--sentinel"] * (mode == "sentinel")) as server:
        assert told(settings, server) == ("down", 0)
        with pytest.raises(
            ImproperlyConfigured, match=f"REDIS_URL points to a Redis that runs as {mode}: rate limits need"
        ):
            refuse_faults()
    assert f"it runs as {mode}" in caplog.text


def test_the_cause_is_logged_once_a_minute(caplog, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr("spacedevs.throttling.redis_counter.monotonic", lambda: now[0])
    gone = RedisCounter("redis://127.0.0.1:1/0")
    with caplog.at_level(logging.WARNING):
        for seconds in range(0, 180, 5):
            now[0] = 1000.0 + seconds
            gone.grant("a", Rate(1, 60), 1)
            gone.answers()
    assert len(caplog.records) == 3
