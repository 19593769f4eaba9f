"""Asking an upstream: within its budget of calls, patiently, and believing nothing that it cannot mean."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import sleep, time

import httpx
import orjson
import stamina

from .models import Mirror
from .statistics import DERIVED, IMPORTED

ATTEMPTS = 5
LARGEST = 64 * 2**20  # bytes of an answer, unpacked
UNTOLD_WAIT = 60  # seconds, where upstream does not say when it will answer again
LIMIT, PERIOD = 15, 3600  # calls in so many seconds, as Launch Library grants them to anyone
TIMEOUTS = httpx.Timeout(30, read=120)


class Passing(Exception):
    """Something went wrong that may go right the next time."""


class TooLarge(Passing):
    """Upstream answers more at once than we hold."""


class Throttled(Passing):
    """Upstream wants to be left alone for a while."""


class Rejected(Exception):
    """Upstream will not answer this, however often it is asked."""

    def __init__(self, address, status):
        super().__init__(f"{address} answers {status}")
        self.status = status


class Budget:
    """So many calls in so many seconds, counted in the database before they are made; 0 for as many as we like."""

    def __init__(self, mirror: Mirror, limit=LIMIT, wait: Callable[[float], None] = sleep, tell=lambda text: None):
        self.mirror, self.limit, self.period, self.wait, self.tell = mirror, limit, PERIOD, wait, tell

    def spend(self):
        """Waits until another call may be made, and counts it."""
        while (seconds := self.seconds_to_wait()) > 0:
            self.tell(f"Waiting until {datetime.fromtimestamp(time() + seconds):%H:%M:%S} for the next call.")
            self.wait(seconds)
        self.mirror.calls = [*self.recent(), time()]
        self.mirror.save(update_fields=["calls"])

    def recent(self) -> list[float]:
        """The calls that still count."""
        return [moment for moment in self.mirror.calls if moment > time() - self.period]

    def seconds_to_wait(self) -> float:
        free = 0
        if self.limit and len(recent := self.recent()) >= self.limit:
            free = recent[-self.limit] + self.period
        return max(free, self.mirror.blocked_until) - time()

    def block(self, seconds):
        """Makes no call for as long as upstream wants none, also after a restart."""
        self.mirror.blocked_until = time() + seconds
        self.mirror.save(update_fields=["blocked_until"])

    def adopt(self, throttle):
        """Keeps to the limits that upstream tells, and counts calls that others have made."""
        self.limit, self.period = throttle["your_request_limit"], throttle["limit_frequency_secs"]
        others = throttle["current_use"] - len(self.recent())
        self.mirror.calls = [*self.recent(), *[time()] * max(others, 0)]
        self.mirror.save(update_fields=["calls"])


class Upstream:
    """A server that speaks Launch Library 2."""

    def __init__(self, base, token, budget: Budget):
        headers = {"Accept": "application/json", "User-Agent": "spacedevs-server (mirror)"}
        if token:
            headers["Authorization"] = f"Token {token}"
        self.base, self.budget = base.rstrip("/"), budget
        self.client = httpx.Client(headers=headers, timeout=TIMEOUTS)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.client.close()

    def page(self, path, **parameters) -> tuple[dict, datetime]:
        """A page of a list, and when it was answered by upstream's clock."""
        page, moment = self.get(path, is_page, **parameters)
        return page, moment

    def object(self, path) -> tuple[dict, datetime]:
        """What is neither a list nor a record."""
        return self.get(path, is_object)

    def record(self, path) -> dict | None:
        """One record; None where upstream does not have it."""
        try:
            return self.get(path, is_record)[0]
        except Rejected as rejected:
            if rejected.status == httpx.codes.NOT_FOUND:
                return None
            raise

    def learn_limits(self):
        """Asks how many calls are granted; an upstream that does not tell grants what it always has."""
        try:
            self.budget.adopt(self.get("api-throttle", is_throttle)[0])
        except (Passing, Rejected, httpx.TransportError):
            return

    def statistics(self) -> str | None:
        """Where the figures of a server like this one come from; "" for another, None if that cannot be told."""
        try:
            return self.get("dataset", is_dataset)[0]["statistics"]
        except Rejected:
            return ""
        except (Passing, httpx.TransportError):
            return None

    def get(self, path, is_right, **parameters) -> tuple[dict, datetime]:
        for attempt in stamina.retry_context(
            on=may_pass, attempts=ATTEMPTS, timeout=None, wait_initial=1, wait_max=60, wait_jitter=2
        ):
            with attempt:
                self.budget.spend()
                return self.ask(f"{self.base}/{path}/", is_right, parameters)

    def ask(self, address, is_right, parameters):
        try:
            with self.client.stream("GET", address, params=parameters) as response:
                self.check(response)
                answer = orjson.loads(body_of(response))
        except (httpx.DecodingError, orjson.JSONDecodeError) as error:
            raise Passing(f"{address} answers what is no JSON: {error}") from error
        if not is_right(answer):
            raise Passing(f"{address} answers something else than was asked for")
        return answer, moment_of(response)

    def check(self, response):
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            seconds = told_wait(response)
            self.budget.block(seconds)
            raise Throttled(f"{response.url} wants no call for {seconds:.0f} s")
        if response.is_server_error:
            raise Passing(f"{response.url} answers {response.status_code}")
        if response.status_code != httpx.codes.OK:
            raise Rejected(response.url, response.status_code)
        if "json" not in response.headers.get("content-type", ""):
            raise Passing(f"{response.url} answers no JSON")


def may_pass(error) -> bool | float:
    """Whether to ask the same again; after how long, where the budget will wait by itself."""
    if isinstance(error, Throttled):
        return 0.0
    return isinstance(error, Passing | httpx.TransportError) and not isinstance(error, TooLarge)


def body_of(response) -> bytes:
    body = bytearray()
    for piece in response.iter_bytes():
        body += piece
        if len(body) > LARGEST:
            raise TooLarge(f"{response.url} answers more than {LARGEST} bytes")
    return bytes(body)


def told_wait(response) -> float:
    """For how many seconds a throttled answer says to wait: in its header, else in words."""
    told = response.headers.get("retry-after", "")
    if told.isdigit():
        return int(told)
    try:
        return max(parsedate_to_datetime(told).timestamp() - time(), 0)
    except ValueError:
        words = re.search(r"(\d+) second", response.read().decode(errors="replace"))
        return int(words[1]) if words else UNTOLD_WAIT


def moment_of(response) -> datetime:
    try:
        return parsedate_to_datetime(response.headers.get("date", "")).astimezone(UTC)
    except ValueError:
        return datetime.now(UTC)


def is_page(answer) -> bool:
    return (
        isinstance(answer, dict) and isinstance(answer.get("count"), int) and isinstance(answer.get("results"), list)
    )


def is_record(answer) -> bool:
    return isinstance(answer, dict) and "id" in answer


def is_object(answer) -> bool:
    return isinstance(answer, dict)


def is_dataset(answer) -> bool:
    return isinstance(answer, dict) and answer.get("statistics") in (DERIVED, IMPORTED)


def is_throttle(answer) -> bool:
    names = "your_request_limit", "limit_frequency_secs", "current_use"
    return isinstance(answer, dict) and all(isinstance(answer.get(name), int) for name in names)
