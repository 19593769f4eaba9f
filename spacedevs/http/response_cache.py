"""Conditional requests and the response cache; both depend on the dataset version.

A response is valid while the dataset version and the relevant parts of the request stay the same. Its ETag is a digest
of both: so a client that has it gets a 304 without rendering, and a process caches the response in memory. A response
is rendered in a snapshot (see `snapshots`) and cached under the version of that snapshot, which is newer than the one
of the request if a commit came in between. A response without a snapshot is sent and not cached.

A response that depends on the clock has an `Expires` header with the time of its next change. It is cached until then,
and this time is part of its ETag. Clients revalidate in any case, so the header is removed before sending.

A response with a Cache-Control header of its own is sent unchanged and not cached.

Pages that read no rows, such as the documentation and the OpenAPI document, change only with the release. They are
made and compressed once, and need no database."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
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
from .versions import roots
from .wsgi_errors import refuse

OVERHEAD = 2048  # bytes of a cached response besides its key and body
NEVER = float("inf")
RELEASE = "release"  # in place of a version: what changes only with the release
CONSTANT_MB = 8  # of each process at most, for such responses
IS_KEPT = "spacedevs.is_kept"  # the request's key for whether the response came from the cache
WAS_MADE = "spacedevs.was_made"  # the request's key for whether the response was rendered, even if it was not sent
HERE = {"content-length", "expires", "vary"}  # headers that this module sets
LISTENS_AT = "SERVER_NAME", "SERVER_PORT"
CLOCKS = 4  # allowed difference between the clocks of two servers, in seconds
REVALIDATED = {  # any cache may store the response and must revalidate it
    # nginx does not store responses with no-cache, unless an Expires in the past precedes it.
    "X-Accel-Expires": "@1",
    # With no-cache alone, Apache does not store responses to requests with a query.
    "Cache-Control": "public, no-cache, max-age=0",
}
SHARED = [*REVALIDATED.items(), ("Vary", "Accept, Accept-Encoding")]


# Cache keys --------------------------------------------------------------------------------------


def is_anonymous_read(environ) -> bool:
    """Whether a request is the same for all users; a response that depends on another cookie has a Vary header."""
    return (
        environ["REQUEST_METHOD"] in ("GET", "HEAD")
        and "HTTP_AUTHORIZATION" not in environ
        and settings.SESSION_COOKIE_NAME not in environ.get("HTTP_COOKIE", "")
    )


def addressed_by() -> tuple[str, ...]:
    """The parts of a request from which Django derives its host.

    With a Host header this excludes the server's own address, which differs between servers behind a balancer."""
    plain = "wsgi.url_scheme", "HTTP_HOST", "SCRIPT_NAME", "PATH_INFO"
    return *plain, *(settings.SECURE_PROXY_SSL_HEADER or ())[:1]


def constant_places() -> list[str]:
    """The paths below which all responses change only with the release."""
    return [reverse("documentation"), *(f"{root}{name}/" for root in roots().values() for name in ("schema", "docs"))]


http_date_of = lru_cache(maxsize=4)(http_date)


def release() -> str:
    """A digest of what determines responses besides the data, so that another release does not confirm old ETags."""
    return release_at(settings.MEDIA_URL, settings.STATIC_URL)


@cache
def release_at(*addresses) -> str:
    """The same, with files at these addresses."""
    folders = [Path(apps.get_app_config(noun).path) for noun in settings.NOUNS]
    files = [path for folder in (*folders, Path(__file__).parents[1]) for path in folder.rglob("*.*")]
    digest = blake2b(repr(addresses).encode(), digest_size=16)
    for path in (*sorted(files), *sorted(settings.BASE_DIR.glob("*.lock"))):
        if "__pycache__" not in path.parts:  # which other processes may be writing
            digest.update(path.read_bytes())
    return digest.hexdigest()


# Cached responses --------------------------------------------------------------------------------


class Answer(NamedTuple):
    """A cached response, ready to be sent."""

    etag: str
    headers: list
    body: bytes
    until: float  # seconds since 1970


def weight(key, answer) -> int:
    return len(answer.body) + sum(map(len, key)) + OVERHEAD


class Answers:
    """The cached responses of one version, up to a number of bytes; least recently used ones are removed first."""

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


# The middleware ----------------------------------------------------------------------------------


class ResponseCache:
    """WSGI middleware around Django's handler; others, such as throttling, wrap it in turn."""

    def __init__(self, application, version: Callable[[], str | None] = dataset_version.current):
        self.application = application
        self.version = version
        self.roots = tuple(roots().values())
        self.constant = tuple(constant_places())
        self.places = *self.roots, *map(reverse, settings.KEPT_PAGES), *self.constant
        self.release = release()
        self.addressed_by = addressed_by()
        self.answers = Answers(settings.RESPONSE_CACHE_MB * 2**20)
        self.constants = Answers(min(settings.RESPONSE_CACHE_MB, CONSTANT_MB) * 2**20)
        self.seen = None, 0

    def __call__(self, environ, start_response):
        if not environ.get("PATH_INFO", "").startswith(self.places):
            return self.application(environ, start_response)
        asked_at = time()
        version = self.version_for(environ)
        if version is None:
            return self.application(environ, unshared(start_response))
        return self.respond(environ, start_response, version, asked_at)

    def version_for(self, environ) -> str | None:
        """The version that a response depends on; None if it depends on more."""
        if not is_anonymous_read(environ):
            return None
        return RELEASE if environ.get("PATH_INFO", "").startswith(self.constant) else self.version()

    def store(self, version) -> Answers:
        """Where the responses of a version are kept."""
        return self.constants if version == RELEASE else self.answers

    def respond(self, environ, start_response, version, asked_at):
        modified = self.last_modified(version)  # before rendering, during which a commit may come
        key, answer, etag = self.known(environ, version)
        environ[IS_KEPT] = answer is not None
        if answer is None and not conditions.knows(environ, etag):
            read, status, headers, parts = self.ask(environ, version)
            until = expires(headers) if read and may_be_kept(status, headers) else 0
            if until <= time():  # also if the data changed during rendering, so that it may mix both versions
                unshared(start_response)(status, headers)
                return parts
            if read != version:
                version, modified = read, self.last_modified(read)
            etag = self.etag(version, key) if until == NEVER else self.etag(version, key, until)
            answer = make(etag, key[-1], headers, parts, until)
            self.store(version).put(version, key, answer)
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
        """The 304 or 412 response if it needs no rendering; otherwise None."""
        asked_at = time()
        version = self.version_for(environ)
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
        is_api = environ.get("PATH_INFO", "").startswith(self.roots)
        shown = CROSS_ORIGIN.items() if is_api else ()
        start_response("304 Not Modified", [("ETag", etag), *dated, *SHARED, *shown])
        return []

    def known(self, environ, version) -> tuple[tuple[str, ...], Answer | None, str]:
        """The key of a request, the cached response if any, and the ETag."""
        key = self.key(environ)
        answer = self.store(version).get(version, key)
        return key, answer, answer.etag if answer else self.etag(version, key)

    def key(self, environ) -> tuple[str, ...]:
        """The parts of a request that a response may depend on; the encoding comes last."""
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

    def last_modified(self, version) -> int | None:
        """The Last-Modified date of a version: some seconds after this process first saw it; None for a release.

        Triggers do not know when their transaction will commit, and two commits can fall into one second. But all
        responses of older versions were sent before this date, with older dates, even by a server whose clock is
        ahead of ours."""
        if version == RELEASE:
            return None
        seen = self.seen
        if seen[0] != version:
            seen = self.seen = version, int(time()) + 1 + CLOCKS
        return seen[1]

    def ask(self, environ, version) -> tuple[str | None, str, list, Iterable[bytes]]:
        """Django's response and the version that it read; None for a response without snapshot.

        A HEAD is sent to Django as a GET."""
        said, asked = [], {**environ, "REQUEST_METHOD": "GET", dataset_version.ASKED: version, conditions.LEFT: True}
        parts = self.application(asked, lambda *words: said.append(words))
        status, headers, *_ = said[-1]
        return asked.get(dataset_version.READ), status, headers, parts


def unshared(start_response):
    """A start_response for responses that must not be cached: it sets Cache-Control, unless the response has one."""

    def start(status, headers, *error):
        if not any(name.lower() == "cache-control" for name, _ in headers):
            headers = [*headers, ("Cache-Control", "no-store")]
        return start_response(status, headers, *error)

    return start


def holds(answer) -> bool:
    """Whether a response depends only on the version."""
    return answer is None or answer.until == NEVER


def date(modified: int | None, asked_at) -> list:
    """The date of a response."""
    return [("Last-Modified", http_date_of(modified))] if modified is not None and modified <= asked_at else []


def may_be_kept(status, headers) -> bool:
    """Whether a response is a success that depends only on its key."""
    said = {name.lower(): value for name, value in headers}
    varies = {name.strip().lower() for name in said.get("vary", "accept").split(",")}
    return (
        status.startswith("200 ")
        and not said.keys() & {"cache-control", "content-encoding", "set-cookie"}
        and varies <= {"accept", "accept-encoding"}
    )


def expires(headers) -> float:
    """When a response expires without any write, in seconds since 1970."""
    moment = dict(headers).get("Expires")
    return parse_http_date(moment) if moment else NEVER


def make(etag, encoding, headers, parts, until) -> Answer:
    """A response to cache, compressed once."""
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
