"""Parses responses of an upstream server, and accepts only plausible values.

Each function takes a response and returns its meaning. It raises Implausible for an unusable one, or uses a safe value
if there is one, for example for the time to wait."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from time import time

import orjson

from spacedevs.api.models import key_pattern
from spacedevs.statistics.origin import DERIVED, IMPORTED
from spacedevs.wording import counted

DAY = 86_400  # seconds: the longest accepted waiting time
UNTOLD_WAIT = 60  # seconds to wait if upstream does not say how long
MAX_ROWS = 10**7  # of a list
MAX_PAGE_ROWS = 1_000  # of these, on a page, whose limit is a tenth of that
MAX_CHANGES = 100_000  # of a response; one row may concern more records than were requested
MAX_CURSOR_LENGTH = 200  # characters
MAX_CALLS = 10_000  # the largest number of requests per period that is used
CONTAINERS = dict, list  # of parsed JSON, which has no subclasses of them
MOST_VALUES, DEEPEST = 10**6, 64  # values of a response, including objects and arrays; a page of launches has 100,000
HTTP_DATE = "%a, %d %b %Y %H:%M:%S GMT"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)  # before Launch Library existed


class Implausible(Exception):
    """The response is unusable; the message tells why."""


class Overfull(Exception):
    """The response has too many values."""


@dataclass(frozen=True)
class Page:
    """A page of a list, and upstream's count of the list."""

    count: int
    results: list


@dataclass(frozen=True)
class Change:
    """What became of a record: the path of its endpoint, its id (None for an object), and the record, if it is there
    and was requested."""

    path: str
    id: str | None
    is_deleted: bool
    record: dict | None


@dataclass(frozen=True)
class Changes:
    """Changes in their order, the cursor after them, and whether more can be requested at once."""

    cursor: str
    has_more: bool
    changes: list[Change]


@dataclass(frozen=True)
class Limits:
    """A rate limit: requests, seconds, and used requests."""

    calls: int
    period: int
    spent: int


def decoded(body: bytes) -> object:
    """The JSON of a response, limited in depth and number of values."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Implausible(f"invalid JSON: {error}") from error
    level, values = [answer] if type(answer) in CONTAINERS else [], 0
    for _ in range(DEEPEST):
        if not level:
            return answer
        values += sum(map(len, level))
        if values > MOST_VALUES:
            raise Overfull(f"more than {MOST_VALUES} values")
        level = [
            inner
            for each in level
            for inner in (each.values() if type(each) is dict else each)
            if type(inner) in CONTAINERS
        ]
    raise Implausible(f"JSON nested deeper than {DEEPEST} levels")


def whole(answer: dict, name: str, least: int, most: int) -> int:
    """A whole number within bounds."""
    value = answer.get(name)
    if type(value) is not int or not least <= value <= most:
        raise Implausible(f"a {name} of {shown(value)}")
    return value


def shown(value) -> str:
    """A value in a few characters."""
    text = orjson.dumps(value).decode()
    return text if len(text) <= 40 else f"{text[:40]}…"


def an_object(answer) -> dict:
    if not isinstance(answer, dict):
        raise Implausible(f"{shown(answer)} instead of an object")
    return answer


def a_page(answer) -> Page:
    results = an_object(answer).get("results")
    if not isinstance(results, list):
        raise Implausible("something other than a page of a list")
    if len(results) > MAX_PAGE_ROWS:
        raise Implausible(f"a page of {counted(len(results), 'row')}")
    return Page(whole(answer, "count", 0, MAX_ROWS), results)


def the_changes(answer) -> Changes:
    cursor, results = an_object(answer).get("cursor"), answer.get("results")
    is_cursor = isinstance(cursor, str) and cursor.isascii() and cursor.isprintable()
    if not (is_cursor and 0 < len(cursor) <= MAX_CURSOR_LENGTH):
        raise Implausible(f"a cursor of {shown(cursor)}")
    if not isinstance(results, list) or len(results) > MAX_CHANGES:
        raise Implausible("something other than changes")
    return Changes(cursor, answer.get("has_more") is True, [a_change(each) for each in results])


def a_change(value) -> Change:
    path, key, record = (an_object(value).get(name) for name in ("endpoint", "id", "record"))
    if not isinstance(path, str) or not isinstance(key, str | None):
        raise Implausible(f"a change of {shown(path)} {shown(key)}")
    is_deleted = value.get("action") == "deleted"
    return Change(path, key and key.lower(), is_deleted, record if isinstance(record, dict) else None)


def a_record(answer, key: str) -> dict:
    """The record with this key."""
    if str(an_object(answer).get("id")).lower() != key:
        raise Implausible(f"another record: {shown(answer.get('id'))}")
    return answer


def an_origin(answer) -> str:
    """The source of statistics that a Softdock reports."""
    origin = an_object(answer).get("statistics")
    if origin not in (DERIVED, IMPORTED):
        raise Implausible(f"statistics of {shown(origin)}")
    return origin


def limits(answer) -> Limits:
    """The rate limit of a token. Zero requests, or a period of more than a day, are implausible."""
    calls = whole(an_object(answer), "your_request_limit", 1, 2**63)
    period = whole(answer, "limit_frequency_secs", 1, DAY)
    spent = whole(answer, "current_use", 0, 2**63)
    return Limits(min(calls, MAX_CALLS), period, min(spent, calls, MAX_CALLS))


def key_of(model, record) -> str | None:
    """The key of a record, if it is valid for a row and in a URL."""
    value = record.get("id") if isinstance(record, dict) else None
    key = str(value).lower() if type(value) in (int, str) else ""
    return key if is_key(model, key) else None


def is_key(model, text: str) -> bool:
    return re.fullmatch(key_pattern(model), text) is not None


def moment(date: str) -> datetime:
    """The time of a response by upstream's clock, or by ours if that is earlier.

    Changes since then are requested later, so the earlier time misses nothing."""
    now = datetime.now(UTC)
    return min(max(http_date(date) or now, LONG_AGO), now)


def http_date(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, HTTP_DATE).replace(tzinfo=UTC)
    except ValueError:
        return None


def wait(header: str, body: bytes) -> float:
    """The seconds to wait from a 429 response, at most a day: from its header, otherwise from its text."""
    words = re.search(rb"([0-9]+) second", body)
    if re.fullmatch("[0-9]+", header):
        return a_day_at_most(header)
    if date := http_date(header):
        return min(max(date.timestamp() - time(), 0), DAY)
    return a_day_at_most(words[1].decode()) if words else UNTOLD_WAIT


def a_day_at_most(digits: str) -> int:
    return min(int(digits), DAY) if len(digits) < 10 else DAY
