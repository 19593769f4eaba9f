"""Conditional requests and the response cache: both hang on the dataset version.

An answer holds for as long as the version, and all that it depends on in the request, stay what they are. So its
ETag is made of both: a client that has it is told so without rendering, and a process keeps it in memory. One that
has to be made is read in a snapshot, see `snapshots`, and kept and tagged under the version that this shows: where a
commit came in since it was asked for, that is another than the one that was looked for. What was read in none is
sent, and kept by nobody.

An answer that depends on the clock says by an `Expires` when it changes. It is kept until then, and its ETag is
made of that moment too. Clients ask again in any case, so the moment stays here.

What an answer says of itself comes first: with a Cache-Control of its own, as one that depends on the clock
should have, it is sent as it is and kept by nobody here."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import lru_cache
from hashlib import blake2b
from http import HTTPStatus
from pathlib import Path
from threading import Lock
from time import time
from typing import NamedTuple

from django.apps import apps
from django.conf import settings
from django.urls import reverse
from django.utils.http import http_date, parse_http_date

from spacedevs.db import dataset_version

from . import conditions
from .headers import CROSS_ORIGIN
from .negotiation import ENCODERS, WORTH_ENCODING, accepted_type, canonical, encoding
from .wsgi_errors import refuse

OVERHEAD = 2048  # bytes that a kept answer takes beside its key and body
NEVER = float("inf")
IS_KEPT = "spacedevs.is_kept"  # where a request has whether its answer was there
WAS_MADE = "spacedevs.was_made"  # where a request has that its answer was made, whether or not it was sent
HERE = {"content-length", "expires", "vary"}  # the headers that are made or kept here
LISTENS_AT = "SERVER_NAME", "SERVER_PORT"
CLOCKS = 4  # seconds by which the clocks of two servers may differ
REVALIDATED = {  # anyone may keep the answer, and asks before using it again
    # nginx keeps nothing that says no-cache, unless it has read before that it has run out, at a moment of 1970.
    "X-Accel-Expires": "@1",
    "Cache-Control": "public, no-cache, max-age=0",  # with no-cache alone, Apache keeps no answer to a query
}
SHARED = [*REVALIDATED.items(), ("Vary", "Accept, Accept-Encoding")]


# What an answer depends on -----------------------------------------------------------------------


def is_anonymous_read(environ) -> bool:
    """Whether anyone could have asked this; an answer that depends on another cookie says so in its Vary."""
    return (
        environ["REQUEST_METHOD"] in ("GET", "HEAD")
        and "HTTP_AUTHORIZATION" not in environ
        and settings.SESSION_COOKIE_NAME not in environ.get("HTTP_COOKIE", "")
    )


def addressed_by() -> tuple[str, ...]:
    """The parts of a request from which Django tells where it was sent to.

    The address at which a server listens is none of them where a Host is given: behind a balancer each has its own."""
    plain = "wsgi.url_scheme", "HTTP_HOST", "SCRIPT_NAME", "PATH_INFO"
    return *plain, *(settings.SECURE_PROXY_SSL_HEADER or ())[:1]


http_date_of = lru_cache(maxsize=4)(http_date)


def release() -> str:
    """A digest of what shapes the answers beside the data: another release must not vouch for the answers of this."""
    folders = [Path(apps.get_app_config(noun).path) for noun in settings.NOUNS]
    files = [path for folder in (*folders, Path(__file__).parents[1]) for path in folder.rglob("*.*")]
    digest = blake2b(repr((settings.MEDIA_URL, settings.STATIC_URL)).encode(), digest_size=16)
    for path in (*sorted(files), *sorted(settings.BASE_DIR.glob("*.lock"))):
        if "__pycache__" not in path.parts:  # where other processes may be writing
            digest.update(path.read_bytes())
    return digest.hexdigest()


# What is kept ------------------------------------------------------------------------------------


class Answer(NamedTuple):
    """An answer that is kept, ready to be sent."""

    etag: str
    headers: list
    body: bytes
    until: float  # seconds since 1970


def weight(key, answer) -> int:
    return len(answer.body) + sum(map(len, key)) + OVERHEAD


class Answers:
    """The answers of one version, up to so many bytes; what was not asked for the longest goes first."""

    def __init__(self, limit):
        self.limit = limit
        self.lock = Lock()
        self.begin(None)

    def begin(self, version):
        self.version, self.kept, self.size = version, OrderedDict(), 0

    def get(self, version, key) -> Answer | None:
        with self.lock:
            if version != self.version:
                self.begin(version)
            answer = self.kept.get(key)
            if answer and answer.until <= time():
                self.size -= weight(key, self.kept.pop(key))
                return None
            if answer:
                self.kept.move_to_end(key)
            return answer

    def put(self, version, key, answer):
        size = weight(key, answer)
        with self.lock:
            if version != self.version or key in self.kept or size > self.limit:
                return
            self.kept[key] = answer
            self.size += size
            while self.size > self.limit:
                self.size -= weight(*self.kept.popitem(last=False))


# The door ----------------------------------------------------------------------------------------


class ResponseCache:
    """Stands before Django's handler; what must come first, as throttling, is wrapped around it in turn."""

    def __init__(self, application, version: Callable[[], str | None] = dataset_version.current):
        self.application = application
        self.version = version
        self.root = reverse("api-root")
        self.places = self.root, *map(reverse, settings.KEPT_PAGES)
        self.release = release()
        self.addressed_by = addressed_by()
        self.answers = Answers(settings.RESPONSE_CACHE_MB * 2**20)
        self.seen = None, 0

    def __call__(self, environ, start_response):
        if not environ.get("PATH_INFO", "").startswith(self.places):
            return self.application(environ, start_response)
        asked_at = time()
        version = self.version() if is_anonymous_read(environ) else None
        if version is None:
            return self.application(environ, unshared(start_response))
        return self.respond(environ, start_response, version, asked_at)

    def respond(self, environ, start_response, version, asked_at):
        modified = self.last_modified(version)  # before an answer is made, which may take longer than the next commit
        key, answer, etag = self.known(environ, version)
        environ[IS_KEPT] = answer is not None
        if answer is None and not conditions.knows(environ, etag):
            read, status, headers, parts = self.ask(environ, version)
            until = expires(headers) if read and may_be_kept(status, headers) else 0
            if until <= time():  # also of what changed while it was made, and may be half of before and half of after
                unshared(start_response)(status, headers)
                return parts
            if read != version:
                version, modified = read, self.last_modified(read)
            etag = self.etag(version, key) if until == NEVER else self.etag(version, key, until)
            answer = make(etag, key[-1], headers, parts, until)
            self.answers.put(version, key, answer)
            environ[WAS_MADE] = True
        modified = modified if holds(answer) else None
        verdict = conditions.judge(environ, etag, modified)
        if verdict == HTTPStatus.NOT_MODIFIED:
            return self.not_modified(environ, start_response, etag, date(modified, asked_at))
        if verdict == HTTPStatus.PRECONDITION_FAILED:
            body = refuse(start_response, verdict, conditions.FAILED)
        else:
            start_response("200 OK", [*answer.headers, *date(modified, asked_at)])
            body = [answer.body]
        return body if environ["REQUEST_METHOD"] == "GET" else []

    def unchanged(self, environ, start_response) -> list | None:
        """The answer to a client that has what is there; None where it has not, or nobody knows without making it."""
        asked_at = time()
        version = self.version() if is_anonymous_read(environ) else None
        if version is None:
            return None
        _, answer, etag = self.known(environ, version)
        if answer is None and not conditions.knows(environ, etag):
            return None
        modified = self.last_modified(version) if holds(answer) else None
        if conditions.judge(environ, etag, modified) != HTTPStatus.NOT_MODIFIED:
            return None
        return self.not_modified(environ, start_response, etag, date(modified, asked_at))

    def not_modified(self, environ, start_response, etag, dated):
        is_api = environ.get("PATH_INFO", "").startswith(self.root)
        shown = CROSS_ORIGIN.items() if is_api else ()
        start_response("304 Not Modified", [("ETag", etag), *dated, *SHARED, *shown])
        return []

    def known(self, environ, version) -> tuple[tuple[str, ...], Answer | None, str]:
        """The key of a request, the answer if it is kept, and the ETag."""
        key = self.key(environ)
        answer = self.answers.get(version, key)
        return key, answer, answer.etag if answer else self.etag(version, key)

    def key(self, environ) -> tuple[str, ...]:
        """All of a request that an answer may depend on; the encoding comes last."""
        accept = accepted_type(environ)
        addressed_by = self.addressed_by if "HTTP_HOST" in environ else (*LISTENS_AT, *self.addressed_by)
        return (
            *[environ.get(name, "") for name in addressed_by],
            canonical(environ.get("QUERY_STRING", ""), accept),
            accept,
            encoding(environ.get("HTTP_ACCEPT_ENCODING", "")),
        )

    def etag(self, *about) -> str:
        about = repr((self.release, *about))
        return f'"{blake2b(about.encode(), digest_size=15).hexdigest()}"'

    def last_modified(self, version) -> int:
        """The date of what there is under a version: some seconds after this process first saw it.

        No trigger knows when its transaction will commit, nor tells a date two commits of one second apart. But
        what was sent under an older version was sent before this date, and with an older one: also by a server
        whose clock is ahead of ours."""
        seen = self.seen
        if seen[0] != version:
            seen = self.seen = version, int(time()) + 1 + CLOCKS
        return seen[1]

    def ask(self, environ, version) -> tuple[str | None, str, list, Iterable[bytes]]:
        """What Django answers, after the version that it has read; None for what was read in no snapshot.

        A HEAD is asked as the GET whose answer it describes."""
        said, asked = [], {**environ, "REQUEST_METHOD": "GET", dataset_version.ASKED: version, conditions.LEFT: True}
        parts = self.application(asked, lambda *words: said.append(words))
        status, headers, *_ = said[-1]
        return asked.get(dataset_version.READ), status, headers, parts


def unshared(start_response):
    """A start_response for answers that hold once: they say so, unless they say how long they hold."""

    def start(status, headers, *error):
        if not any(name.lower() == "cache-control" for name, _ in headers):
            headers = [*headers, ("Cache-Control", "no-store")]
        return start_response(status, headers, *error)

    return start


def holds(answer) -> bool:
    """Whether an answer changes with the version alone, as one does whose ETag a client could give."""
    return answer is None or answer.until == NEVER


def date(modified: int | None, asked_at) -> list:
    """The date of an answer, once it has come."""
    return [("Last-Modified", http_date_of(modified))] if modified is not None and modified <= asked_at else []


def may_be_kept(status, headers) -> bool:
    """Whether an answer is a plain success that depends on nothing but what its key holds."""
    said = {name.lower(): value for name, value in headers}
    varies = {name.strip().lower() for name in said.get("vary", "accept").split(",")}
    return (
        status.startswith("200 ")
        and not said.keys() & {"cache-control", "content-encoding", "set-cookie"}
        and varies <= {"accept", "accept-encoding"}
    )


def expires(headers) -> float:
    """Until when an answer holds as long as nothing is written, seconds since 1970."""
    moment = dict(headers).get("Expires")
    return parse_http_date(moment) if moment else NEVER


def make(etag, encoding, headers, parts, until) -> Answer:
    """An answer to keep, compressed once."""
    try:
        body = b"".join(parts)
    finally:
        if hasattr(parts, "close"):
            parts.close()
    headers = [header for header in headers if header[0].lower() not in HERE]
    if encoding and len(body) >= WORTH_ENCODING:
        body = ENCODERS[encoding](body)
        headers.append(("Content-Encoding", encoding))
    return Answer(etag, [*headers, ("Content-Length", str(len(body))), ("ETag", etag), *SHARED], body, until)
