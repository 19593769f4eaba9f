"""The client for an upstream server: limits its requests, retries, and refuses implausible responses."""

from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property, partial
from time import sleep, time
from urllib.parse import urlsplit

import httpx
import stamina

from spacedevs.dataset.models import Mirror
from spacedevs.sync.outbound import Client, Forbidden, Oversized, Unreadable, body_of
from spacedevs.wording import counted

from . import upstream_answers as answers
from .upstream_answers import DAY, MAX_CALLS, Changes, Implausible, Overfull, Page

ATTEMPTS = 5
MAX_ANSWER_BYTES = 16 * 2**20  # decompressed size of a response, in bytes
MAX_REFUSAL_BYTES = 2**16  # size of a 429 response, whose text may tell how long to wait
SAVING = 60  # seconds between two savings of the requests, if their number is not limited
LIMIT, PERIOD = 15, 3600  # requests and seconds: Launch Library's limit for anonymous clients


class Passing(Exception):
    """A failure that may be temporary."""


class TooLarge(Passing):
    """The response is too large."""


class TooSlow(Passing):
    """The response did not arrive completely in time."""


class Throttled(Passing):
    """Upstream asked the client to wait."""


class Unreachable(Passing):
    """Upstream accepts no connection."""


class Rejected(Exception):
    """Upstream refuses this request permanently."""

    def __init__(self, address, status, location=""):
        super().__init__(f"{address} answers {status}{location and f', a redirect to {location[:200]}'}")
        self.status = status


class Unavailable(Exception):
    """Upstream does not answer anything for now."""


class Budget:
    """A limit of requests per time, counted in the database before each request; 0 means no limit.

    Stored moments may come from a wrong clock: impossible ones are ignored."""

    def __init__(self, mirror: Mirror, limit=LIMIT, wait: Callable[[float], None] = sleep, tell=lambda text: None):
        self.mirror, self.limit, self.period, self.wait, self.tell = mirror, limit, PERIOD, wait, tell
        self.saved = 0.0  # when the requests were last stored, in seconds since 1970

    def spend(self):
        """Waits until another request is allowed, and counts it."""
        while (seconds := self.seconds_to_wait()) > 0:
            until = datetime.fromtimestamp(time() + seconds, UTC)
            self.tell(f"Waiting until {until:%Y-%m-%d %H:%M:%S} UTC for the next request.")
            self.wait(seconds)
        self.count(1)

    def count(self, calls):
        self.mirror.calls = [*self.recent(), *[time()] * calls][-max(MAX_CALLS, self.limit) :]
        if self.limit or abs(time() - self.saved) >= SAVING:
            self.saved = time()
            self.mirror.save(update_fields=["calls"])

    @property
    def pace(self) -> float:
        """The seconds from one request to the next that use the limit up evenly; 0 without a limit."""
        return self.period / self.limit if self.limit else 0

    def has_room(self, calls) -> bool:
        """Whether this number of requests is allowed at once."""
        return self.seconds_to_wait() <= 0 and (not self.limit or len(self.recent()) + calls <= self.limit)

    def recent(self) -> list[float]:
        """The requests that still count."""
        now = time()
        return [moment for moment in self.mirror.calls if now - self.period < moment <= now]

    def seconds_to_wait(self) -> float:
        now, free = time(), 0
        if self.limit and len(recent := self.recent()) >= self.limit:
            free = recent[-self.limit] + self.period
        blocked = self.mirror.blocked_until
        return max(free, blocked if blocked <= now + DAY else 0) - now

    def block(self, seconds):
        """Stores the moment until which upstream wants no requests, also for restarts."""
        self.mirror.blocked_until = time() + seconds
        self.mirror.save(update_fields=["blocked_until"])

    def adopt(self, limits: answers.Limits):
        """Applies the limits that upstream reports, and counts requests of other clients."""
        self.limit, self.period = limits.calls, limits.period
        self.count(max(limits.spent - len(self.recent()), 0))


class Upstream:
    """A server that speaks Launch Library 2."""

    def __init__(self, base, token, budget: Budget):
        headers = {"Accept": "application/json"}
        if token:
            headers["Authorization"] = f"Token {token}"
        self.base, self.token, self.budget = base.rstrip("/"), token, budget
        self.client = Client(headers=headers)
        self.is_well = True  # whether the last request was answered: only then retries are worthwhile
        self.told_to_wait = 0  # seconds since the last response

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.client.close()
        if "beside" in self.__dict__:
            self.beside.client.close()

    @cached_property
    def beside(self) -> "Unbudgeted":
        """The same upstream for another thread, because a client makes one request at a time."""
        return Unbudgeted(self.base, self.token, self.budget)

    def page(self, path, **parameters) -> tuple[Page, datetime]:
        """A page of a list, and its time by upstream's clock."""
        return self.get(path, answers.a_page, **parameters)

    def object(self, path) -> dict:
        """An object that is neither a list nor a record."""
        return self.get(path, answers.an_object)[0]

    def record(self, path, key) -> dict | None:
        """A record; None if upstream does not have it."""
        try:
            return self.get(f"{path}/{key}", partial(answers.a_record, key=key))[0]
        except Rejected as rejected:
            if rejected.status == httpx.codes.NOT_FOUND:
                return None
            raise

    def cursor(self) -> str:
        """The cursor of now."""
        return self.get("changes", answers.the_changes)[0].cursor

    def changes(self, **parameters) -> Changes:
        """The changes since a cursor; one attempt, because a follower soon asks again."""
        return self.get("changes", answers.the_changes, attempts=1, **parameters)[0]

    def learn_limits(self):
        """Requests the rate limit; without an answer the default stays."""
        try:
            self.budget.adopt(self.get("api-throttle", answers.limits)[0])
        except (Passing, Rejected) as error:
            granted = f"{counted(self.budget.limit, 'request')} per hour" if self.budget.limit else "no limit"
            self.budget.tell(f"Upstream does not report its rate limit ({error}); using {granted}.")

    def statistics(self) -> str | None:
        """The source of statistics of an upstream Softdock; "" for other servers, None if unknown."""
        try:
            return self.get("dataset", answers.an_origin)[0]
        except Rejected:
            return ""
        except Passing:
            return None

    def get(self, path, parse: Callable, attempts=None, **parameters) -> tuple:
        """Requests a path; returns the result of `parse` and the time of the response.

        Raises Passing or Rejected if only this path may be the cause, Unavailable if upstream is."""
        address, attempts = f"{self.base}/{path}/", (attempts or ATTEMPTS) if self.is_well else 1
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
        """Translates errors of a response into our exceptions."""
        try:
            yield
        except (Implausible, Unreadable) as error:
            raise Passing(f"{address} answers {error}") from error
        except (Overfull, Oversized) as error:
            raise TooLarge(f"{address} sent too large a response: {error}") from error
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise Unreachable(f"{address} is unreachable: {error}") from error
        except httpx.TimeoutException as error:
            raise TooSlow(f"{address} did not answer in time") from error
        except (httpx.HTTPError, httpx.InvalidURL, Forbidden) as error:
            raise Passing(f"{address} did not answer: {error or type(error).__name__}") from error

    def check(self, response):
        status = response.status_code
        if status == httpx.codes.TOO_MANY_REQUESTS:
            self.throttle(response)
        if response.is_server_error:
            raise Passing(f"{response.url} answers {status}")
        if status != httpx.codes.OK:
            raise Rejected(response.url, status, response.headers.get("location", ""))
        if "json" not in response.headers.get("content-type", ""):
            raise Passing(f"{response.url} did not answer JSON")

    def throttle(self, response):
        """Waits as long as a response demands; gives up for now if the total exceeds a day."""
        header = response.headers.get("retry-after", "")
        try:
            words = b"" if header else body_of(response, MAX_REFUSAL_BYTES)
        except (Oversized, Unreadable):
            words = b""
        seconds = answers.wait(header, words)
        self.budget.block(seconds)
        self.told_to_wait += seconds
        if self.told_to_wait > DAY:
            raise Unavailable(f"{response.url} has refused requests for more than a day")
        raise Throttled(f"{response.url} refuses requests for {seconds:.0f} s")


class Unbudgeted(Upstream):
    """An upstream that is asked beside the regular requests, without retries. Nothing is stored: who asks counts."""

    asked = 0  # requests

    def get(self, path, parse: Callable, attempts=None, **parameters) -> tuple:
        self.asked += 1
        return self.ask(f"{self.base}/{path}/", parse, parameters)

    def throttle(self, response):
        raise Passing(f"{response.url} refuses requests")


def may_pass(error) -> bool | float:
    """Whether to retry, and after how long if the budget does not wait itself."""
    if isinstance(error, Throttled):
        return 0.0
    return isinstance(error, Passing) and not isinstance(error, TooLarge)


def complaint(base: str, token: str) -> str:
    """The problem of an upstream's URL or token; "" if both are valid."""
    try:
        parts = urlsplit(base)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and bool(httpx.URL(base).host)
        is_bare = not (parts.query or parts.fragment) and parts.port != 0
    except (ValueError, httpx.InvalidURL):
        is_address = is_bare = False
    if not (is_address and is_bare) or len(base) > Mirror._meta.get_field("base").max_length:
        return f"An upstream is a URL such as http://127.0.0.1:8001/2.3.0, not {base[:200]!r}."
    if not (token.isascii() and token.isprintable()):
        return "A token consists of printable ASCII characters."
    return ""
