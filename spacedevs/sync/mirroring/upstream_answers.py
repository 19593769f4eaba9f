"""What an upstream says of itself and of its rows: read in one place, and believed only within bounds.

Each function here takes what was answered, and returns what is meant by it. What nothing can be made of raises
Implausible; where there is a careful reading, as of how long to wait, that is taken instead."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from time import time

import orjson

from spacedevs.api.models import key_pattern
from spacedevs.statistics.origin import DERIVED, IMPORTED
from spacedevs.wording import counted

DAY = 86_400  # seconds: the longest that is waited because an upstream says so
UNTOLD_WAIT = 60  # seconds, where upstream does not say when it will answer again
MAX_ROWS = 10**7  # of a list
MAX_PAGE_ROWS = 1_000  # of these, on a page, whose limit is a tenth of that
MAX_CALLS = 10_000  # that are counted in a period; who grants more is asked so often
MOST_VALUES, DEEPEST = 10**6, 64  # of an answer: objects, arrays, and what they hold; a page of launches has 100,000
HTTP_DATE = "%a, %d %b %Y %H:%M:%S GMT"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)  # before there was a Launch Library


class Implausible(Exception):
    """An answer that nothing can be made of, and why."""


class Overfull(Exception):
    """An answer of more values than we hold at once."""


@dataclass(frozen=True)
class Page:
    """A page of a list, and how many rows upstream says that the list has."""

    count: int
    results: list


@dataclass(frozen=True)
class Limits:
    """How many calls are granted in how many seconds, and how many of them are spent."""

    calls: int
    period: int
    spent: int


def decoded(body: bytes) -> object:
    """The JSON of an answer, which is neither too deep nor too much to go through."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Implausible(f"what is no JSON: {error}") from error
    level, values = [answer], 0
    for _ in range(DEEPEST):
        level = [inner for each in level if isinstance(each, dict | list) for inner in inside(each)]
        values += len(level)
        if values > MOST_VALUES:
            raise Overfull(f"more than {MOST_VALUES} values")
        if not level:
            return answer
    raise Implausible(f"what is nested more than {DEEPEST} deep")


def inside(value: dict | list):
    return value.values() if isinstance(value, dict) else value


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
        raise Implausible(f"{shown(answer)}, which is no object")
    return answer


def a_page(answer) -> Page:
    results = an_object(answer).get("results")
    if not isinstance(results, list):
        raise Implausible("what is no page of a list")
    if len(results) > MAX_PAGE_ROWS:
        raise Implausible(f"a page of {counted(len(results), 'row')}")
    return Page(whole(answer, "count", 0, MAX_ROWS), results)


def a_record(answer, key: str) -> dict:
    """The record of this key."""
    if str(an_object(answer).get("id")).lower() != key:
        raise Implausible(f"another record: {shown(answer.get('id'))}")
    return answer


def an_origin(answer) -> str:
    """Where a server like this one says that its figures come from."""
    origin = an_object(answer).get("statistics")
    if origin not in (DERIVED, IMPORTED):
        raise Implausible(f"statistics of {shown(origin)}")
    return origin


def limits(answer) -> Limits:
    """What a token is granted. Nobody grants no calls at all, nor counts them over more than a day."""
    calls = whole(an_object(answer), "your_request_limit", 1, 2**63)
    period = whole(answer, "limit_frequency_secs", 1, DAY)
    spent = whole(answer, "current_use", 0, 2**63)
    return Limits(min(calls, MAX_CALLS), period, min(spent, calls, MAX_CALLS))


def key_of(model, record) -> str | None:
    """The key of a record, if it is one that a row here can have, and an address can end in."""
    value = record.get("id") if isinstance(record, dict) else None
    key = str(value).lower() if type(value) in (int, str) else ""
    return key if is_key(model, key) else None


def is_key(model, text: str) -> bool:
    return re.fullmatch(key_pattern(model), text) is not None


def moment(date: str) -> datetime:
    """When something was answered: by upstream's clock, unless that is ahead of ours.

    What has changed since then is asked for later, so the earlier of the two is the one that misses nothing."""
    now = datetime.now(UTC)
    return min(max(http_date(date) or now, LONG_AGO), now)


def http_date(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, HTTP_DATE).replace(tzinfo=UTC)
    except ValueError:
        return None


def wait(header: str, body: bytes) -> float:
    """For how many seconds, a day at most, a throttled answer says to wait: in its header, else in words."""
    words = re.search(rb"([0-9]+) second", body)
    if re.fullmatch("[0-9]+", header):
        return a_day_at_most(header)
    if date := http_date(header):
        return min(max(date.timestamp() - time(), 0), DAY)
    return a_day_at_most(words[1].decode()) if words else UNTOLD_WAIT


def a_day_at_most(digits: str) -> int:
    return min(int(digits), DAY) if len(digits) < 10 else DAY
