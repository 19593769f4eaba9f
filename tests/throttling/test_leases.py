"""Who asks again and again is let through in advance, and yet never more often than their limit."""

from threading import Semaphore

import pytest
import redis

from spacedevs.throttling import leases as module
from spacedevs.throttling.leases import Leases
from spacedevs.throttling.rates import Rate, Use
from spacedevs.throttling.redis_counter import RedisCounter

from .conftest import passed_by_two

RATE = Rate(100_000, 3600)


class Watched(RedisCounter):
    """Counts in Redis, and remembers what was wanted and given back."""

    def __init__(self, url):
        super().__init__(url)
        self.wanted, self.returned = [], []

    def grant(self, caller, rate, wanted):
        self.wanted.append(wanted)
        return super().grant(caller, rate, wanted)

    def give_back(self, caller, rate, number=1, wait=None):
        self.returned.append(number)
        super().give_back(caller, rate, number, wait)


@pytest.fixture
def moment(monkeypatch):
    """The time by which leases last: it stands still until a test sets it, or lets somebody sleep."""

    class Moment:
        now, passes = 1000.0, Semaphore(0)

        def sleep(self, seconds):
            self.passes.acquire()
            self.now += seconds

    moment = Moment()
    monkeypatch.setattr(module, "monotonic", lambda: moment.now)
    monkeypatch.setattr(module, "sleep", moment.sleep)
    return moment


@pytest.fixture
def kept(monkeypatch):
    """Leaves it to the test when what is left of leases is given back."""
    monkeypatch.setattr(Leases, "watch", lambda leases: None)


@pytest.fixture
def counter(redis_server):
    return Watched(redis_server.url)


@pytest.fixture
def leases(counter):
    """As a process has them, which lasts no longer than the test."""
    made = Leases(counter)
    yield made
    module.atexit.unregister(made.end)


def take(leases, times, rate=RATE):
    return [leases.take("a", rate) for _ in range(times)]


def test_who_is_busy_is_granted_twice_as_much_each_time(moment, kept, leases, counter):
    assert [use.used for use in take(leases, 1000)] == list(range(1, 1001))
    assert counter.wanted == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]
    assert counter.use("a", RATE) == Use(1023, 3600)


def test_who_asks_now_and_then_is_counted_each_time(moment, kept, leases, counter):
    for _ in range(5):
        take(leases, 1)
        moment.now += 0.05
    assert (counter.wanted, counter.returned) == ([1] * 5, [])


@pytest.mark.parametrize(("used", "granted"), [(0, 15), (40, 15), (936, 1), (999, 1), (1000, 0)])
def test_no_more_is_granted_at_once_than_a_part_of_what_is_left(used, granted, counter):
    rate = Rate(1000, 3600)
    for _ in range(used):
        counter.grant("a", rate, 1)
    assert counter.grant("a", rate, 1024)[:2] == (granted, used + granted)


def test_what_is_left_goes_back_by_itself(moment, leases, counter, monkeypatch):
    monkeypatch.setattr(Leases, "lasting", 0.1)  # as Redis has its own clock, by which no time goes by
    for used in (4, 8):
        take(leases, 4)  # of seven
        keeper = leases.keeper
        moment.passes.release()
        keeper.join()
        assert (leases.leases, leases.keeper, counter.use("a", RATE).used) == ({}, None, used)
    assert counter.returned == [3, 3]


def test_what_is_left_goes_back_when_the_process_ends(moment, kept, leases, counter):
    take(leases, 5)
    leases.end()
    assert counter.use("a", RATE).used == 5


def test_who_asks_how_much_they_have_used_is_told_right(moment, kept, leases):
    take(leases, 5)
    assert leases.use("a", RATE) == Use(5, 3600)


def test_what_is_given_back_is_taken_from_the_lease_again(moment, kept, leases, counter):
    take(leases, 7)
    leases.give_back("a", RATE)
    take(leases, 1)
    assert (counter.wanted, counter.returned) == ([1, 2, 4], [])


def test_a_lease_ends_with_the_period_of_the_caller(moment, kept, leases, counter):
    take(leases, 4)
    moment.now += 3600
    take(leases, 1)
    leases.end()
    assert (counter.wanted, counter.returned) == ([1, 2, 4, 1], [])


def test_nothing_goes_back_into_the_next_period(counter, redis_server):
    counter.grant("a", RATE, 1)
    redis.Redis.from_url(redis_server.url).pexpire("spacedevs:a:3600", 3_600_000)
    counter.give_back("a", RATE, 1, wait=2)
    assert counter.use("a", RATE).used == 1


def test_who_was_refused_is_not_asked_about_for_a_moment(moment, kept, leases, counter):
    rate = Rate(2, 3600)
    refused = Use(2, 3600, is_refused=True)
    assert take(leases, 5, rate) == [Use(1, 3600), Use(2, 3600), *[refused] * 3]
    assert len(counter.wanted) == 3
    leases.give_back("a", rate)
    assert take(leases, 2, rate) == [Use(2, 3600), refused]
    counter.give_back("a", rate)  # as another process does
    moment.now += 0.5
    assert take(leases, 1, rate) == [Use(2, 3600)]


def test_leases_of_which_nothing_is_left_are_forgotten(moment, kept, leases, monkeypatch):
    monkeypatch.setattr(module, "MAX_LEASES", 4)
    for caller in "abcdefghi":
        leases.take(caller, RATE)
    assert [caller for caller, _ in leases.leases] == ["i"]


def test_while_redis_is_down_nothing_is_kept(leases, redis_server):
    redis_server.terminate()
    redis_server.wait()
    assert (take(leases, 100), leases.leases) == ([None] * 100, {})


def test_a_connection_that_was_closed_is_opened_anew(leases, redis_server):
    rate = Rate(3, 3600)
    take(leases, 1, rate)
    redis.Redis.from_url(redis_server.url).client_kill_filter(_type="normal", skipme=True)
    redis.Redis.from_url(redis_server.url).script_flush()
    assert [use.is_refused for use in take(leases, 3, rate)] == [False, False, True]


def test_processes_that_flood_let_pass_no_more_than_the_limit(redis_server, tmp_path):
    passed = passed_by_two(tmp_path, 2500, "3000/hour", redis_server.url)
    assert passed <= 3000
    # All that was not let pass has gone back.
    assert RedisCounter(redis_server.url).use("address 192.0.2.1", Rate(3000, 3600)).used == passed
