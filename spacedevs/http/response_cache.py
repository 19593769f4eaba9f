"""Conditional requests and the response cache; both depend on the committed data.

Each request reads the dataset version. A response is kept while the version stays the same, and beyond: until a commit
touches a row that it shows, or a column by which its rows were found (see `spacedevs.db.footprints`). Of a response
that depends on more than its address and rows nobody knows what touches it, so the next commit drops it.

A response is rendered in a snapshot (see `snapshots`) and belongs to the version of that snapshot, which is newer than
the one of the request if a commit came in between. A response without a snapshot is sent and not kept.

The ETag is a digest of the content and of the relevant parts of the request. So a response that is rendered again and
is the same keeps its ETag, in every process, and a client that has it gets a 304.

A response that depends on the clock has an `Expires` header with the time of its next change, and is kept until then.
Clients revalidate in any case, so the header is removed before sending.

A response with a Cache-Control header of its own is sent unchanged and not cached.

Pages that read no rows, such as the documentation and the OpenAPI document, change only with the release. They are
made and compressed once, and need no database."""

from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from hashlib import blake2b, sha256
from http import HTTPStatus
from pathlib import Path
from time import time

from django.apps import apps
from django.conf import settings
from django.urls import reverse
from django.utils.http import http_date, parse_http_date

from spacedevs.db import dataset_version
from spacedevs.db.footprints.committed import look
from spacedevs.db.footprints.lineage import Lineage
from spacedevs.db.footprints.recording import OF_ROWS, Footprint, recording

from . import conditions
from .headers import CROSS_ORIGIN
from .kept import NEVER, Answer, Answers
from .negotiation import ENCODERS, WORTH_ENCODING, accepted_type, canonical, encoding
from .versions import roots
from .wsgi_errors import refuse

RELEASE = "release"  # in place of a version: what changes only with the release
CONSTANT_MB = 8  # of each process at most, for such responses
IS_KEPT = "spacedevs.is_kept"  # the request's key for whether the response came from the cache
WAS_MADE = "spacedevs.was_made"  # the request's key for whether the response was rendered, even if it was not sent
HERE = {"content-length", "expires", "vary"}  # headers that this module sets
# Its directives are those of a set: in another order in each process. It changes with the release and the path alone.
UNTAGGED = {"content-security-policy"}
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


# The middleware ----------------------------------------------------------------------------------


class ResponseCache:
    """WSGI middleware around Django's handler; others, such as throttling, wrap it in turn."""

    def __init__(self, application, version: Callable[[], str | None] | None = None):
        self.application = application
        self.version = version or dataset_version.current
        self.roots = tuple(roots().values())
        self.constant = tuple(constant_places())
        self.places = *self.roots, *map(reverse, settings.KEPT_PAGES), *self.constant
        self.home = reverse("home")
        self.release = release()
        self.addressed_by = addressed_by()
        limit = settings.RESPONSE_CACHE_MB * 2**20
        # Of versions from elsewhere the change log does not tell what changed.
        self.answers = Answers(limit, Lineage(None if version else look))
        self.constants = Answers(min(limit, CONSTANT_MB * 2**20), Lineage())
        self.seen = None, 0

    def __call__(self, environ, start_response):
        path = environ.get("PATH_INFO", "")
        if not path.startswith(self.places) and path != self.home:
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
        store = self.store(version)
        version = store.lineage.at(version)
        modified = self.last_modified(version)  # before rendering, during which a commit may come
        key, answer, etag = self.known(environ, version)
        environ[IS_KEPT] = answer is not None
        if answer is None and not conditions.knows(environ, etag):
            with recording() as read:
                status, headers, parts, told = self.ask(environ, version)
                at = told.get(dataset_version.READ)
                until = expires(headers) if at and may_be_kept(status, headers) else 0
                if until <= time():  # also if the data changed during rendering, so that it may mix both versions
                    unshared(start_response)(status, headers)
                    return parts if environ["REQUEST_METHOD"] == "GET" else emptied(parts)
                body = joined(parts)
            footprint = read.footprint() if OF_ROWS in told and store.limit else None
            if at != version:
                version, modified = at, self.last_modified(at)
            answer = self.make(key, headers, body, until, modified, version, footprint)
            store.put(key, answer)
            environ[WAS_MADE] = True
        if answer is not None:
            etag, modified = answer.etag, answer.modified if answer.until == NEVER else None
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
        """The 304 response if it needs no rendering; otherwise None."""
        asked_at = time()
        version = self.version_for(environ)
        if version is None:
            return None
        version = self.store(version).lineage.at(version)
        _, answer, etag = self.known(environ, version)
        if answer is None and not conditions.knows(environ, etag):
            return None
        modified = answer.modified if answer and answer.until == NEVER else None
        if conditions.judge(environ, etag, modified) != HTTPStatus.NOT_MODIFIED:
            return None
        return self.not_modified(environ, start_response, etag, date(modified, asked_at))

    def not_modified(self, environ, start_response, etag, dated):
        is_api = environ.get("PATH_INFO", "").startswith(self.roots)
        shown = CROSS_ORIGIN.items() if is_api else ()
        start_response("304 Not Modified", [("ETag", etag), *dated, *SHARED, *shown])
        return []

    def known(self, environ, version) -> tuple[tuple[str, ...], Answer | None, str]:
        """The key of a request, the kept response if any, and the ETag; empty if it takes rendering to know it."""
        key = self.key(environ)
        answer = self.store(version).get(version, key, time())
        if answer:
            return key, answer, answer.etag
        return key, None, self.etag(RELEASE, key) if version == RELEASE else ""

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

    def make(self, key, headers, body, until, modified, version, footprint: Footprint | None) -> Answer:
        """A response to keep, compressed once."""
        encoding = key[-1]
        headers = [header for header in headers if header[0].lower() not in HERE]
        if encoding and len(body) >= WORTH_ENCODING:
            body = ENCODERS[encoding](body)
            headers.append(("Content-Encoding", encoding))
        if version == RELEASE:  # needs no look at the content
            etag = self.etag(RELEASE, key)
        else:
            told = sorted(header for header in headers if header[0].lower() not in UNTAGGED)
            etag = self.etag(key, told, sha256(body).digest())
        headers = [*headers, ("Content-Length", str(len(body))), ("ETag", etag), *SHARED]
        return Answer(etag, headers, body, until, modified, version, footprint)

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

    def ask(self, environ, version) -> tuple[str, list, Iterable[bytes], dict]:
        """Django's response, and the request with what Django noted there: the version that it read in a snapshot.

        A HEAD is sent to Django as a GET."""
        said, asked = [], {**environ, "REQUEST_METHOD": "GET", dataset_version.ASKED: version, conditions.LEFT: True}
        parts = self.application(asked, lambda *words: said.append(words))
        status, headers, *_ = said[-1]
        return status, headers, parts, asked


def unshared(start_response):
    """A start_response for responses that must not be cached: it sets Cache-Control, unless the response has one."""

    def start(status, headers, *error):
        if not any(name.lower() == "cache-control" for name, _ in headers):
            headers = [*headers, ("Cache-Control", "no-store")]
        return start_response(status, headers, *error)

    return start


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


def joined(parts) -> bytes:
    try:
        return b"".join(parts)
    finally:
        emptied(parts)


def emptied(parts) -> list:
    """No parts, and these closed."""
    if hasattr(parts, "close"):
        parts.close()
    return []
