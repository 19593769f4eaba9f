"""Asking an upstream: within its budget of calls, patiently, and believing nothing that it cannot mean."""

from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from time import sleep, time
from urllib.parse import urlsplit

import httpx
import stamina

from spacedevs.dataset.models import Mirror
from spacedevs.sync.outbound import Client, Forbidden, Oversized, Unreadable, body_of
from spacedevs.wording import counted

from . import upstream_answers as answers
from .upstream_answers import DAY, MAX_CALLS, Implausible, Overfull, Page

ATTEMPTS = 5
MAX_ANSWER_BYTES = 16 * 2**20  # bytes of an answer, unpacked
MAX_REFUSAL_BYTES = 2**16  # bytes of an answer that wants us to wait, in which words may say how long
LIMIT, PERIOD = 15, 3600  # calls in so many seconds, as Launch Library grants them to anyone


class Passing(Exception):
    """Something went wrong that may go right the next time."""


class TooLarge(Passing):
    """Upstream answers more at once than we hold."""


class TooSlow(Passing):
    """Upstream sends less in the time that it has than was asked for."""


class Throttled(Passing):
    """Upstream wants to be left alone for a while."""


class Unreachable(Passing):
    """Upstream takes no connection."""


class Rejected(Exception):
    """Upstream will not answer this, however often it is asked."""

    def __init__(self, address, status, location=""):
        super().__init__(f"{address} answers {status}{location and f', which leads to {location[:200]}'}")
        self.status = status


class Unavailable(Exception):
    """Upstream answers nothing at all for now."""


class Budget:
    """So many calls in so many seconds, counted in the database before they are made; 0 for as many as we like.

    What is kept there may be of a clock that was wrong: moments that cannot be are left out."""

    def __init__(self, mirror: Mirror, limit=LIMIT, wait: Callable[[float], None] = sleep, tell=lambda text: None):
        self.mirror, self.limit, self.period, self.wait, self.tell = mirror, limit, PERIOD, wait, tell

    def spend(self):
        """Waits until another call may be made, and counts it."""
        while (seconds := self.seconds_to_wait()) > 0:
            until = datetime.fromtimestamp(time() + seconds, UTC)
            self.tell(f"Waiting until {until:%Y-%m-%d %H:%M:%S} UTC for the next call.")
            self.wait(seconds)
        self.count(1)

    def count(self, calls):
        self.mirror.calls = [*self.recent(), *[time()] * calls][-max(MAX_CALLS, self.limit) :]
        self.mirror.save(update_fields=["calls"])

    def recent(self) -> list[float]:
        """The calls that still count."""
        now = time()
        return [moment for moment in self.mirror.calls if now - self.period < moment <= now]

    def seconds_to_wait(self) -> float:
        now, free = time(), 0
        if self.limit and len(recent := self.recent()) >= self.limit:
            free = recent[-self.limit] + self.period
        blocked = self.mirror.blocked_until
        return max(free, blocked if blocked <= now + DAY else 0) - now

    def block(self, seconds):
        """Makes no call for as long as upstream wants none, also after a restart."""
        self.mirror.blocked_until = time() + seconds
        self.mirror.save(update_fields=["blocked_until"])

    def adopt(self, limits: answers.Limits):
        """Keeps to the limits that upstream tells, and counts calls that others have made."""
        self.limit, self.period = limits.calls, limits.period
        self.count(max(limits.spent - len(self.recent()), 0))


class Upstream:
    """A server that speaks Launch Library 2."""

    def __init__(self, base, token, budget: Budget):
        headers = {"Accept": "application/json"}
        if token:
            headers["Authorization"] = f"Token {token}"
        self.base, self.budget = base.rstrip("/"), budget
        self.client = Client(headers=headers)
        self.is_well = True  # whether what was asked last has been answered: then patience is worth it
        self.told_to_wait = 0  # seconds, since it answered last

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.client.close()

    def page(self, path, **parameters) -> tuple[Page, datetime]:
        """A page of a list, and when it was answered by upstream's clock."""
        return self.get(path, answers.a_page, **parameters)

    def object(self, path) -> dict:
        """What is neither a list nor a record."""
        return self.get(path, answers.an_object)[0]

    def record(self, path, key) -> dict | None:
        """One record; None where upstream does not have it."""
        try:
            return self.get(f"{path}/{key}", partial(answers.a_record, key=key))[0]
        except Rejected as rejected:
            if rejected.status == httpx.codes.NOT_FOUND:
                return None
            raise

    def learn_limits(self):
        """Asks how many calls are granted; an upstream that does not tell grants what it always has."""
        try:
            self.budget.adopt(self.get("api-throttle", answers.limits)[0])
        except (Passing, Rejected) as error:
            granted = f"{counted(self.budget.limit, 'call')} an hour" if self.budget.limit else "no limit"
            self.budget.tell(f"Upstream tells no limits ({error}); keeping to {granted}.")

    def statistics(self) -> str | None:
        """Where the figures of a server like this one come from; "" for another, None if that cannot be told."""
        try:
            return self.get("dataset", answers.an_origin)[0]
        except Rejected:
            return ""
        except Passing:
            return None

    def get(self, path, parse: Callable, **parameters) -> tuple:
        """What was asked for as `parse` makes it of an answer, and when it was answered.

        Raises Passing or Rejected where this path alone may be at fault, Unavailable where it is upstream."""
        address, attempts = f"{self.base}/{path}/", ATTEMPTS if self.is_well else 1
        self.is_well = False
        try:
            for attempt in stamina.retry_context(
                on=may_pass, attempts=attempts, timeout=None, wait_initial=1, wait_max=60, wait_jitter=2
            ):
                with attempt:
                    self.budget.spend()
                    answer = self.ask(address, parse, parameters)
        except Unreachable as error:
            raise Unavailable(str(error)) from error
        except (Rejected, TooLarge):
            self.is_well = True
            raise
        self.is_well, self.told_to_wait = True, 0
        return answer

    def ask(self, address, parse, parameters) -> tuple:
        with self.asking(address), self.client.get(address, parameters) as response:
            self.check(response)
            answer = parse(answers.decoded(body_of(response, MAX_ANSWER_BYTES)))
            return answer, answers.moment(response.headers.get("date", ""))

    @contextmanager
    def asking(self, address):
        """Says in our words what can go wrong with an answer."""
        try:
            yield
        except (Implausible, Unreadable) as error:
            raise Passing(f"{address} answers {error}") from error
        except (Overfull, Oversized) as error:
            raise TooLarge(f"{address} answers more than we hold: {error}") from error
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise Unreachable(f"{address} cannot be reached: {error}") from error
        except httpx.TimeoutException as error:
            raise TooSlow(f"{address} does not answer in time") from error
        except (httpx.HTTPError, httpx.InvalidURL, Forbidden) as error:
            raise Passing(f"{address} does not answer: {error or type(error).__name__}") from error

    def check(self, response):
        status = response.status_code
        if status == httpx.codes.TOO_MANY_REQUESTS:
            self.throttle(response)
        if response.is_server_error:
            raise Passing(f"{response.url} answers {status}")
        if status != httpx.codes.OK:
            raise Rejected(response.url, status, response.headers.get("location", ""))
        if "json" not in response.headers.get("content-type", ""):
            raise Passing(f"{response.url} answers no JSON")

    def throttle(self, response):
        """Has the budget wait for as long as an answer wants; who wants more than a day in all is given up for now."""
        header = response.headers.get("retry-after", "")
        try:
            words = b"" if header else body_of(response, MAX_REFUSAL_BYTES)
        except (Oversized, Unreadable):
            words = b""
        seconds = answers.wait(header, words)
        self.budget.block(seconds)
        self.told_to_wait += seconds
        if self.told_to_wait > DAY:
            raise Unavailable(f"{response.url} wants no call, for more than a day by now")
        raise Throttled(f"{response.url} wants no call for {seconds:.0f} s")


def may_pass(error) -> bool | float:
    """Whether to ask the same again; after how long, where the budget will wait by itself."""
    if isinstance(error, Throttled):
        return 0.0
    return isinstance(error, Passing) and not isinstance(error, TooLarge)


def complaint(base: str, token: str) -> str:
    """What is wrong with the address of an upstream, or with the token that it knows us by; "" if nothing is."""
    try:
        parts = urlsplit(base)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and bool(httpx.URL(base).host)
        is_bare = not (parts.query or parts.fragment) and parts.port != 0
    except (ValueError, httpx.InvalidURL):
        is_address = is_bare = False
    if not (is_address and is_bare) or len(base) > Mirror._meta.get_field("base").max_length:
        return f"An upstream is an address like http://127.0.0.1:8001/2.3.0, not {base[:200]!r}."
    if not (token.isascii() and token.isprintable()):
        return "A token is of printable ASCII characters."
    return ""
