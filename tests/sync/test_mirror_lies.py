"""Whatever an upstream answers, a mirror ends, and what others answer is copied."""

import gzip
import io
import json
import random
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import getitem
from uuid import uuid4

import httpx
import pytest
import stamina
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agencies.models import AgencyType, ProgramType
from spacedevs.dataset.models import Mirror, MirroredEndpoint, MirroredRow
from spacedevs.sync import outbound
from spacedevs.sync.mirroring import upstream_answers
from spacedevs.sync.mirroring.endpoint_reader import FRUITLESS
from spacedevs.sync.mirroring.mirror import Mirroring
from spacedevs.sync.mirroring.upstream import Budget, Unavailable, Upstream
from tests.support import factories

pytestmark = pytest.mark.django_db
BASE = "http://upstream.test/2.3.0"
LIE, TRUTH = "config/agency_types", "config/program_types"
DAY = 86_400


class Endless(Exception):
    """More was asked than any answer is worth."""


def json_answer(value, status=200, **headers):
    headers = {"content-type": "application/json", **{name.replace("_", "-"): text for name, text in headers.items()}}
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body))


def rows(first, number):
    return [{"id": key, "name": f"Type {key}"} for key in range(first, first + number)]


def page(results, count=None):
    return {"count": len(results) if count is None else count, "next": None, "previous": None, "results": results}


def slice_of(results, request, count=None):
    """A page of a list, as it was asked for."""
    asked = request.url.params
    start = int(asked["offset"])
    return json_answer(page(results[start : start + int(asked["limit"])], len(results) if count is None else count))


class Liar:
    """An upstream in this process: one list of it is true, and others answer as a test says. It has a clock."""

    def __init__(self, monkeypatch, most=100):
        self.answers, self.asked, self.waits, self.most = {}, [], [], most
        self.now = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
        self.answers[TRUTH] = lambda request: slice_of(rows(1, 250), request)
        self.answers[LIE] = lambda request: slice_of(rows(1, 3), request)
        monkeypatch.setattr("spacedevs.sync.mirroring.upstream.time", lambda: self.now)
        monkeypatch.setattr("spacedevs.sync.mirroring.upstream_answers.time", lambda: self.now)
        monkeypatch.setattr(
            "spacedevs.sync.mirroring.upstream.Budget.__init__.__defaults__", (0, self.wait, lambda text: None)
        )
        monkeypatch.setattr("spacedevs.sync.mirroring.upstream.Client", self.client)

    def client(self, headers):
        client = outbound.Client(headers=headers)
        client.http = httpx.Client(headers=headers, transport=httpx.MockTransport(self.answer))
        return client

    def wait(self, seconds):
        self.waits.append(seconds)
        self.now += seconds

    def answer(self, request):
        path = request.url.raw_path.decode().partition("?")[0]
        self.asked.append(path)
        if len(self.asked) > self.most:
            raise Endless
        path = path.removeprefix("/2.3.0/").rstrip("/")
        return self.answers.get(path, lambda request: json_answer({"detail": "Not found."}, 404))(request)


@pytest.fixture
def liar(monkeypatch):
    with stamina.set_testing(True, attempts=5, cap=True):
        yield Liar(monkeypatch)


def mirror(*endpoints, **options):
    """What a mirror said, line by line, and with which code it ended."""
    out = io.StringIO()
    try:
        options = {"budget": 0, "endpoints": list(endpoints or (LIE, TRUTH)), **options}
        call_command("mirror", "--from", BASE, stdout=out, stderr=out, **options)
        code = 0
    except CommandError as error:
        code = error.returncode
        out.write(str(error))
    return code, out.getvalue().splitlines()


def dripping():
    yield b'{"detail": "'
    while True:
        yield b"x" * 2**16


class Stream(httpx.SyncByteStream):
    def __init__(self, pieces):
        self.pieces = pieces

    def __iter__(self):
        yield from self.pieces()


def endless(status=200):
    return httpx.Response(status, headers={"content-type": "application/json"}, stream=Stream(dripping))


def packed(body, **headers):
    return json_answer(gzip.compress(body), content_encoding="gzip", **headers)


NONSENSE = {  # what one list answers, each time
    "500": lambda request: json_answer({}, 500),
    "404": lambda request: json_answer({}, 404),
    "a redirect": lambda request: json_answer({}, 302, location="http://elsewhere.test/"),
    "a redirect to nowhere": lambda request: json_answer({}, 302, location="http://[::1"),
    "HTML": lambda request: httpx.Response(200, headers={"content-type": "text/html"}, text="<html>"),
    "JSON cut short": lambda request: json_answer(b'{"count": 3, "resul'),
    "JSON in UTF-16": lambda request: json_answer(json.dumps(page([])).encode("utf-16")),
    "nothing": lambda request: json_answer(b""),
    "gzip cut short": lambda request: json_answer(gzip.compress(b'{"count": 0}')[:-6], content_encoding="gzip"),
    "no gzip": lambda request: json_answer(b"{}", content_encoding="gzip"),
    "what nobody asked it to pack": lambda request: json_answer(b"{}", content_encoding="br"),
    "no end": lambda request: endless(),
    "well packed blanks": lambda request: packed(b" " * 2**25),
    "many values": lambda request: json_answer(page([{"id": 1, "name": "", "x": [0] * 10**6}])),
    "many rows": lambda request: json_answer(page([0] * 1001)),
    "deep values": lambda request: json_answer(page([json.loads("[" * 100 + "]" * 100)])),
    "an array": lambda request: json_answer([]),
    "a number": lambda request: json_answer(7),
    "results that are none": lambda request: json_answer({"count": 1, "results": {}}),
    **{
        f"a count of {count}": lambda request, count=count: json_answer(page(rows(1, 3), count))
        for count in (-1, 10**12, 10**19, 10**30, 1.5, "3", None, True, [], {})
        if count is not None
    },
    "a count of null": lambda request: json_answer({"count": None, "results": rows(1, 3)}),
    "no count": lambda request: json_answer({"results": rows(1, 3)}),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_an_endpoint_that_answers_nonsense_is_told_in_a_line_and_stops_no_other(name, liar):
    liar.answers[LIE] = NONSENSE[name]
    code, told = mirror()
    assert [line for line in told if line.startswith(f"{LIE} failed, others continue: {BASE}/{LIE}/")]
    assert (code, told[-1][:17]) == (1, "Upstream fails: h")
    assert ProgramType.objects.count() == 250
    assert len(liar.asked) <= 5 + 4 + 3
    assert max(map(len, told)) < 1000


def test_an_endpoint_that_fails_for_good_keeps_no_other_from_its_next_round(liar):
    liar.answers[LIE] = NONSENSE["500"]
    mirror()
    liar.answers[TRUTH] = lambda request: slice_of(rows(1, 260), request)
    mirror()
    assert ProgramType.objects.count() == 260


def test_a_list_whose_last_page_fails_for_good_is_kept_up_to_date_but_for_that(liar):
    def but_the_last(request):
        return NONSENSE["500"](request) if int(request.url.params["offset"]) > 150 else slice_of(types, request)

    types, liar.answers[LIE], liar.most = rows(1, 250), but_the_last, 1000
    mirror(LIE)
    assert AgencyType.objects.count() == 199
    types[0]["name"] = "Renamed"
    for _ in range(FRUITLESS + 1):
        assert mirror(LIE)[0] == 1
    assert AgencyType.objects.get(pk=1).name == "Renamed"


def test_an_upstream_that_cannot_be_reached_is_asked_for_one_endpoint_only(liar):
    def refuse(request):
        raise httpx.ConnectError("Connection refused")

    liar.answers = {LIE: refuse, TRUTH: refuse}
    code, told = mirror()
    assert (code, liar.asked) == (1, [f"/2.3.0/{LIE}/"] * 5)
    assert told[-1] == f"Upstream fails: {BASE}/{LIE}/ is unreachable: Connection refused. {AGAIN}"


LISTS = {  # lists that do not hold what they say: what is read of them in the end, and how often they are asked
    "fewer rows than it counts": (lambda request: slice_of(rows(1, 14), request, 20), 14, 4),
    "many fewer rows than it counts": (lambda request: slice_of(rows(1, 14), request, 10**7), 14, 4),
    "no rows of those that it counts": (lambda request: json_answer(page([], 500)), 0, 2),
    "more rows than it counts": (lambda request: slice_of(rows(1, 150), request, 120), 150, 4),
    "the same page again and again": (lambda request: json_answer(page(rows(1, 100), 10**6)), 100, 28),
    "nothing but what it is refused for": (lambda request: json_answer(page(["x"] * 100, 10**6)), 0, 28),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_that_is_not_what_it_says_is_read_as_far_as_it_goes(name, liar):
    liar.answers[LIE], there, asked = LISTS[name]
    _, told = mirror()
    assert AgencyType.objects.count() == there
    assert len([path for path in liar.asked if LIE in path]) <= asked
    assert [line for line in told if line.endswith("; it will be read again in the next round.")]
    assert ProgramType.objects.count() == 250


def test_pages_that_always_begin_with_a_new_row_come_to_an_end(liar):
    numbers = iter(range(1, 10**9, 1000))
    liar.answers[LIE] = lambda request: json_answer(page(rows(next(numbers), 100), 10**6))
    _, told = mirror()
    assert [line for line in told if line.startswith(f"{LIE} listed ")]
    assert ProgramType.objects.count() == 250


IDS = [
    "x" * 300,
    "\0",
    "1\0",
    "../../../x",
    "1?a=b",
    "1#",
    "1/2",
    "",
    -1,
    10**18,
    10**19,
    1.0,
    True,
    None,
    [],
    {},
    "\u0661",
]


@pytest.mark.parametrize("key", IDS, ids=lambda key: ascii(key)[:20])
def test_an_id_that_no_row_can_have_is_refused_and_never_asked_for(key, liar):
    liar.answers[LIE] = lambda request: slice_of([*rows(1, 2), {"id": key, "name": "Odd"}], request)
    code, told = mirror()
    assert len([line for line in told if line.startswith("Refused: ")]) == 2  # when it is met, and at the end
    assert code == 2
    assert not AgencyType.objects.filter(name="Odd").exists()
    assert not MirroredRow.objects.exclude(key__regex="^[0-9]+$").exists()
    liar.answers[LIE] = lambda request: slice_of(rows(1, 2), request)
    assert mirror()[0] == 0
    assert all(path.startswith("/2.3.0/config/") for path in liar.asked)


def test_keys_that_an_earlier_release_has_noted_are_not_asked_for(liar):
    mirror(TRUTH)
    endpoint = MirroredEndpoint.objects.get(path=TRUTH)
    MirroredRow.objects.create(endpoint=endpoint, key="../../../x", sweep=0)
    liar.asked.clear()
    assert mirror(TRUTH)[0] == 0
    assert set(liar.asked) == {f"/2.3.0/{TRUTH}/"}
    assert not endpoint.rows.filter(key="../../../x").exists()


def test_a_row_that_another_record_is_answered_for_is_told_and_neither_here_nor_gone(liar):
    liar.answers[LIE] = lambda request: slice_of(rows(1, 3), request)
    mirror()
    liar.answers[LIE] = lambda request: slice_of(rows(2, 2), request)
    liar.answers[f"{LIE}/1"] = lambda request: json_answer({"id": 7, "name": "Another"})
    _, told = mirror()
    assert f"Refused: {LIE}/1: {BASE}/{LIE}/1/ answers another record: 7" in told
    assert set(AgencyType.objects.values_list("pk", flat=True)) == {1, 2, 3}
    assert not MirroredRow.objects.exclude(vanished=None).exists()


# How long to wait ---------------------------------------------------------------------------------

WAITS = {
    "120": 120,
    "0": 0,
    "99999999999999": DAY,
    "9" * 5000: DAY,
    "Fri, 31 Dec 9999 23:59:59 GMT": DAY,
    "Thu, 01 Jan 2026 00:02:00 GMT": 120,
    "Sat, 01 Jan 2000 00:00:00 GMT": 0,
    "-120": 60,
    "1e9": 60,
    "²": 60,
    "\u0661\u0662": 60,
    "soon": 60,
    "Fri, 31 Dec 99999 23:59:59 GMT": 60,
    "Mon, 00 Foo 0000 99:99:99 GMT": 60,
    "Wed, 01 Jan 0001 00:00:00 +2359": 60,
    "": 60,
}


@pytest.mark.parametrize("told", WAITS, ids=lambda told: told[:30])
def test_upstream_is_waited_for_as_it_says_but_for_no_more_than_a_day(told, liar):
    answers = iter([json_answer({}, 429, retry_after=told.encode())])
    liar.answers[LIE] = lambda request: next(answers, None) or slice_of(rows(1, 3), request)
    code, _ = mirror()
    assert (code, liar.waits) == (0, [WAITS[told]] if WAITS[told] else [])


def throttled(header=None):
    headers = {} if header is None else {"retry-after": header}
    return httpx.Response(429, headers=headers, stream=Stream(dripping))


@pytest.mark.parametrize("header", [None, "10"])
def test_a_throttled_answer_without_an_end_is_not_read(header, liar):
    answers = iter([throttled(header)])
    liar.answers[LIE] = lambda request: next(answers, None) or slice_of(rows(1, 3), request)
    assert mirror()[0] == 0
    assert liar.waits == [10 if header else 60]


def test_who_wants_to_be_left_alone_again_and_again_is_given_up_after_a_day(liar):
    liar.answers[LIE] = lambda request: json_answer({}, 429, retry_after="50000")
    code, told = mirror()
    assert (code, liar.waits) == (1, [50000])
    assert told[0] == "Waiting until 2026-01-01 13:53:20 UTC for the next request."
    assert told[-1].startswith(f"Upstream fails: {BASE}/{LIE}/?")
    assert told[-1].endswith(f" has refused requests for more than a day. {AGAIN}")


AGAIN = "Run this command again to resume."
KEPT = {"a clock that was ahead": 300 * DAY, "fourteen digits": 10**14, "nothing a clock knows": float("inf")}


@pytest.mark.parametrize("name", KEPT)
def test_what_was_kept_of_a_wait_that_cannot_be_is_not_waited_for(name, liar):
    ahead = liar.now + KEPT[name]
    state = {"blocked_until": ahead if name != "nothing a clock knows" else 1e300}
    Mirror.objects.create(base=BASE, calls=[ahead] * 50 if ahead < 1e14 else [], **state)
    assert mirror(budget=15)[0] == 0
    assert liar.waits == []


def test_moments_of_a_clock_that_was_ahead_keep_nothing_from_being_read(liar):
    mirror()
    ahead = timezone.now() + timedelta(days=300)
    MirroredEndpoint.objects.update(ended=ahead, full_ended=ahead, changes_from=ahead)
    with mirroring(liar, "launches") as run:
        state = run.readings[0].state
        state.ended = state.full_ended = state.changes_from = ahead
        assert run.readings[0].is_due
        run.readings[0].begin()
        assert state.since is None


@contextmanager
def mirroring(liar, *chosen):
    record = Mirror.objects.get_or_create(base=BASE)[0]
    with Upstream(BASE, "", Budget(record, 0, liar.wait)) as upstream:
        yield Mirroring(record, upstream, list(chosen))


def test_a_wait_is_forgotten_when_told(liar):
    Mirror.objects.create(base=BASE, blocked_until=liar.now + 5000, calls=[liar.now] * 20)
    assert mirror(forget_wait=True) == (0, [f"Forgot the waiting time and the counted requests of {BASE}."])
    assert liar.asked == []
    assert mirror(budget=15)[0] == 0
    assert liar.waits == []


LIMITS = {
    "a limit of none": {"your_request_limit": 0},
    "a limit below none": {"your_request_limit": -5},
    "no period": {"limit_frequency_secs": 0},
    "a period of a year": {"limit_frequency_secs": 365 * DAY},
    "use below none": {"current_use": -1},
    "a text": {"your_request_limit": "15"},
    "a fraction": {"your_request_limit": 1.5},
    "null": {"current_use": None},
    "truth": {"your_request_limit": True},
    "10^30": {"limit_frequency_secs": 10**30},
}
FAIR = {"your_request_limit": 300, "limit_frequency_secs": 3600, "current_use": 0}


@pytest.mark.parametrize("name", LIMITS)
def test_limits_that_cannot_be_are_told_and_left(name, liar):
    liar.answers["api-throttle"] = lambda request: json_answer(FAIR | LIMITS[name])
    code, told = mirror(token="x", budget=15)
    assert code == 0
    assert told[0].startswith(f"Upstream does not report its rate limit ({BASE}/api-throttle/ answers a ")
    assert told[0].endswith("); using 15 requests per hour.")
    assert ProgramType.objects.count() == 250


def test_calls_that_others_made_are_counted_as_far_as_they_matter(liar):
    liar.answers["api-throttle"] = lambda request: json_answer(FAIR | {"current_use": 30_000_000})
    assert mirror(token="x")[0] == 0
    assert liar.waits == [3600]
    assert len(Mirror.objects.get().calls) <= 300


# When it was answered, and what an upstream is called ------------------------------------------------


@pytest.mark.parametrize("date", ["Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "²", "soon", ""])
def test_changes_are_asked_for_since_a_moment_that_has_been(date, liar):
    moment = upstream_answers.moment(date)
    assert datetime(2000, 1, 1, tzinfo=UTC) <= moment <= datetime.now(UTC)


WRONG = {
    "no address": {"base": "upstream"},
    "another scheme": {"base": "ftp://upstream.test/"},
    "half a host": {"base": "http://[::1"},
    "a port that is none": {"base": "http://upstream.test:99999/"},
    "a query": {"base": f"{BASE}?a=b"},
    "too long": {"base": BASE + "x" * 500},
    "a token of two lines": {"token": "a\nb"},
    "a token that no header can hold": {"token": "ключ"},
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_an_address_or_a_token_is_told_in_a_line(name, liar):
    code, told = mirror(**WRONG[name])
    assert (code, len(told), liar.asked) == (2, 1, [])


@pytest.mark.parametrize("budget", ["-5", "1.5", "²", "x", "9" * 20])
def test_a_budget_is_a_number_of_calls(budget, liar):
    with pytest.raises(CommandError, match="is not a whole number of at least 0"):
        call_command("mirror", "--budget", budget)


def test_what_upstream_says_does_nothing_to_a_terminal(liar):
    liar.answers[LIE] = lambda request: slice_of([{"id": "\x1b[2J\n", "name": "\x9b\u2028"}], request)
    _, told = mirror()
    assert len([line for line in told if line.startswith("Refused: ")]) == 2
    assert not {"\x1b", "\x9b", "\u2028"} & set("".join(told))


# Anything at all -------------------------------------------------------------------------------------

ODD = st.sampled_from(
    [
        0,
        -1,
        1,
        2,
        14,
        2**31,
        2**63,
        10**19,
        1e300,
        True,
        None,
        "",
        "x",
        "\0",
        "\x1b",
        "1",
        "../x",
        [],
        {},
        [[]],
        [None],
    ]
)
JSON = st.recursive(
    ODD, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
)
RECORDS = st.fixed_dictionaries(
    {"id": st.integers(0, 9) | JSON, "name": st.text(max_size=8) | JSON},
    optional={"abbrev": JSON, "response_mode": JSON, "url": JSON, "x": JSON},
)
PAGES = st.fixed_dictionaries(
    {"count": st.integers(0, 9) | JSON, "results": st.lists(RECORDS | JSON, max_size=6) | JSON},
    optional={"next": JSON},
)
BODIES = (PAGES | RECORDS | JSON).map(lambda value: json.dumps(value).encode()) | st.binary(max_size=20)
TEXTS = st.sampled_from(["", *WAITS]).filter(lambda text: len(text) < 100)
ANSWERS = st.tuples(
    BODIES,
    st.sampled_from([200, 200, 200, 200, 200, 204, 302, 404, 410, 429, 500]),
    st.sampled_from(["application/json", "application/json; charset=utf-16", "text/html", ""]),
    st.fixed_dictionaries(
        {}, optional={"retry-after": TEXTS, "date": TEXTS, "location": TEXTS, "content-encoding": TEXTS}
    ),
)


def answer_of(body, status, kind, headers):
    headers = {name: text.encode() for name, text in {"content-type": kind, **headers}.items()}
    return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body))


@given(st.lists(ANSWERS, min_size=1, max_size=12))
@settings(
    max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_answers_make_a_mirror_raise_or_go_on_for_ever(liar, answers):
    given = iter(answers * 40)
    liar.asked, liar.waits = [], []
    liar.answers = {path: lambda request: answer_of(*next(given)) for path in (LIE, "config/orbits", "api-throttle")}
    liar.answers |= {f"{LIE}/{key}": liar.answers[LIE] for key in range(10)}
    with transaction.atomic():
        for _ in range(2):
            with mirroring(liar, LIE, "config/orbits") as run, suppress(Unavailable):
                run.upstream.learn_limits()
                run.once()
        connection.check_constraints()
        transaction.set_rollback(True)
    assert max(liar.waits, default=0) <= DAY


# Records that are nearly right ------------------------------------------------------------------------

ODD_VALUES = [
    *[
        0,
        -1,
        1,
        2**31,
        2**63,
        10**19,
        1e300,
        1.5,
        True,
        None,
        "",
        "x",
        "\0",
        "\x1b",
        "1",
        "../x",
        "x" * 3000,
        "\u0661",
    ],
    *["9999-12-31T23:59:59Z", "0001-01-01", "P999999999D", "2020-01-01T00:00:00+23:59", [], {}, [[]], [None], [{}]],
]


def places(value, place=()):
    """The ways to everything in an answer."""
    yield place
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in inside:
        yield from places(inner, (*place, name))


def spoiled(answer, chance):
    """An answer of which some values are others, missing, or those of another place."""
    answer = json.loads(json.dumps(answer))
    ways = [place for place in places(answer) if place]
    for *way, name in chance.sample(ways, chance.choice([1, 2, 5])):
        with suppress(LookupError, TypeError):  # what an earlier one has taken away
            inside = reduce(getitem, way, answer)
            odd = chance.choice([chance.choice(ODD_VALUES), reduce(getitem, chance.choice(ways), answer)])
            if chance.random() < 0.2:
                del inside[name]
            else:
                inside[name] = json.loads(json.dumps(odd))
    return answer


def test_no_records_make_a_mirror_raise_or_go_on_for_ever(liar, get):
    factories.docking_event()
    factories.launch()
    pages = {path: get(f"{path}/?mode=detailed") for path in ("docking_events", "launches", "agencies")}
    chance = random.Random(16)  # noqa: S311 - no secret is made here
    liar.answers = {path: lambda request, path=path: json_answer(spoiled(pages[path], chance)) for path in pages}
    for _ in range(12):
        liar.asked.clear()
        with transaction.atomic(), mirroring(liar, *pages) as run:
            run.once()
            connection.check_constraints()
            transaction.set_rollback(True)


def test_changes_that_are_not_what_they_say_are_asked_for_once_an_hour_and_leave_others_their_turn(liar):
    liar.answers["launches"] = lambda request: slice_of([{"id": str(uuid4())} for _ in range(3)], request, 9)
    with mirroring(liar, "launches") as run:
        reading, hours_ago = run.readings[0], timezone.now() - timedelta(hours=5)
        reading.state.ended = reading.state.full_ended = reading.state.changes_from = hours_ago
        assert reading.is_due
        reading.to_the_end()
        assert reading.state.ended == hours_ago  # for they did not come to an end
        assert not reading.is_due
