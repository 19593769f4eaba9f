"""The stream of changes as server-sent events: an ASGI application, because a thread for each connection is too much.

    GET /2.3.0/changes/stream/?endpoints=launches&since=CURSOR

Each event is a change as in `changes/`; its id is the cursor, and `url` is relative to this server. A client that
reconnects sends the last id as `Last-Event-ID` and gets what it missed. A comment every 15 seconds shows that the
connection lives; its id moves a filtered stream on."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from http import HTTPStatus
from urllib.parse import parse_qs

from django.conf import settings
from django.db import Error
from django.http.request import split_domain_port, validate_host
from prometheus_client import Counter, Gauge
from rest_framework.exceptions import AuthenticationFailed, Throttled, ValidationError

from spacedevs.db.change_log.reading import Expired
from spacedevs.throttling.authentication import Caller, caller_of
from spacedevs.throttling.file_counter import counter
from spacedevs.throttling.rates import limit_headers

from .broadcast import Broadcast, changes_since
from .views import CursorExpired, chosen_paths

HEARTBEAT = 15  # seconds
RETRY = 3_000  # milliseconds until a client reconnects
PATH = f"/{settings.CURRENT_VERSION}/changes/stream/"
KNOWN = {"endpoints", "format", "since", "strict"}
OPEN = Gauge("spacedevs_stream_connections", "Open connections of the stream.", multiprocess_mode="livesum")
SENT = Counter("spacedevs_stream_events", "Events sent to connections of the stream.")
COMMON = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"RateLimit, RateLimit-Policy, Retry-After"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
]
STREAMED = [*COMMON, (b"content-type", b"text/event-stream; charset=utf-8"), (b"x-accel-buffering", b"no")]


class Refused(Exception):
    """An answer instead of a stream: status, detail and headers."""

    def __init__(self, status: int, detail, **headers):
        self.status, self.detail, self.headers = status, detail, headers


class Stream:
    """The application; it begins to read the log when the server starts."""

    def __init__(self, allowed_hosts=None):
        self.hosts = settings.ALLOWED_HOSTS if allowed_hosts is None else allowed_hosts
        self.open = 0
        self.broadcast: Broadcast | None = None
        self.task: asyncio.Task | None = None

    def end(self) -> None:
        """Ends all connections: a server that stops would wait for them."""
        if self.broadcast:
            self.broadcast.end_all()

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            await self.live(receive, send)
        elif scope["type"] == "http":
            with suppress(asyncio.CancelledError):  # the server ends
                await self.answer(scope, receive, send)

    async def live(self, receive, send):
        """The start and the end of the server."""
        while True:
            kind = (await receive())["type"]
            if kind == "lifespan.startup":
                self.broadcast = Broadcast()
                self.task = asyncio.get_running_loop().create_task(self.broadcast.run())
            elif self.task:
                self.task.cancel()
            await send({"type": f"{kind}.complete"})
            if kind == "lifespan.shutdown":
                return

    async def answer(self, scope, receive, send):
        path = scope["path"]
        try:
            if scope["method"] not in ("GET", "HEAD"):
                raise Refused(405, f'Method "{scope["method"][:16]}" not allowed.', allow="GET")
            if path in ("/livez", "/readyz"):
                raise self.health(path)
            if path != PATH:
                raise Refused(404, "Not found.")
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
            asked = self.asked(scope, headers)
            limits = await self.broadcast.in_pool(admit, scope, headers)
            if scope["method"] == "HEAD":
                await start(send, 200, [*STREAMED, *limits])
                await send({"type": "http.response.body", "body": b""})
                return
            await self.stream(asked, limits, receive, send)
        except Refused as refused:
            await refuse(send, refused, scope["method"] == "HEAD")

    async def in_pool(self, function, *arguments):
        """Calls a function that blocks."""
        return await self.broadcast.in_pool(function, *arguments)

    def health(self, path) -> Refused:
        is_ready = self.broadcast.is_ready
        if path == "/livez":
            return Refused(200, {"live": True})
        return Refused(200 if is_ready else 503, {"ready": is_ready, "connections": self.open})

    def asked(self, scope, headers):
        """The paths and the cursor of a request."""
        domain, _ = split_domain_port(headers.get("host", ""))
        if not (domain and validate_host(domain, self.hosts)):
            raise Refused(400, "This server does not answer to this host name.")
        try:
            query = parse_qs(scope["query_string"].decode("ascii"), max_num_fields=20, errors="strict")
        except ValueError:
            raise Refused(400, "The query cannot be read.") from None
        if unknown := sorted(query.keys() - KNOWN):
            raise Refused(400, {unknown[0][:64]: ["Unknown parameter."]})
        try:
            paths = chosen_paths(",".join(query.get("endpoints", ())))
        except ValidationError as error:
            raise Refused(400, error.detail) from None
        if self.open >= settings.STREAM_CONNECTIONS:
            raise Refused(503, "The stream has no free connection.", **{"retry-after": "30"})
        cursor = headers.get("last-event-id") or query.get("since", [""])[-1]
        return paths, cursor

    async def stream(self, asked, limits, receive, send):
        """Sends what was missed, then what comes."""
        paths, cursor = asked
        broadcast = self.broadcast
        number, epoch = broadcast.number, broadcast.epoch  # from here on nothing is missed
        missed = await self.missed(cursor, paths) if cursor else None
        self.open += 1
        OPEN.set(self.open)
        gone = asyncio.ensure_future(disconnected(receive))
        try:
            await start(send, 200, [*STREAMED, *limits])
            await body(send, b"retry: %d\nid: %s\n\n" % (RETRY, (cursor or broadcast.cursor).encode()))
            while missed:
                events, cursor, has_more = missed
                await body(send, b"".join(events))
                SENT.inc(len(events))
                missed = await self.missed(cursor, paths) if has_more else None
            while not gone.done() and epoch == broadcast.epoch:
                more = asyncio.ensure_future(broadcast.more.wait())
                events = broadcast.after(number)
                if events is None:  # too slow; the client reconnects and reads from the database
                    break
                number += len(events)
                chosen = [event.data for event in events if paths is None or event.path in paths]
                if chosen:
                    await body(send, b"".join(chosen))
                    SENT.inc(len(chosen))
                done, _ = await asyncio.wait({gone, more}, timeout=HEARTBEAT, return_when=asyncio.FIRST_COMPLETED)
                if not done:
                    await body(send, b": still here\nid: %s\n\n" % broadcast.cursor.encode())
                more.cancel()
            if not gone.done():
                await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()
            self.open -= 1
            OPEN.set(self.open)

    async def missed(self, cursor, paths):
        try:
            return await self.broadcast.in_pool(changes_since, cursor, paths)
        except ValueError:
            raise Refused(400, {"since": ["This is not a cursor of `changes/`."]}) from None
        except Expired:
            raise Refused(410, CursorExpired.default_detail) from None
        except Error:
            raise Refused(503, "The database is unavailable.", **{"retry-after": "5"}) from None


def identify(scope, headers) -> Caller | None:
    """The caller, if there are limits or they sent a token; refuses an unknown token."""
    if not settings.THROTTLE_ANONYMOUS and "authorization" not in headers:
        return None
    environ = {f"HTTP_{name.replace('-', '_').upper()}": value for name, value in headers.items()}
    environ["REMOTE_ADDR"] = (scope.get("client") or ("",))[0]
    try:
        return caller_of(environ)
    except AuthenticationFailed as error:
        raise Refused(401, error.detail, **{"www-authenticate": "Token"}) from None
    except Error:
        raise Refused(503, "The database is unavailable.", **{"retry-after": "5"}) from None


def admit(scope, headers) -> list[tuple[bytes, bytes]]:
    """Counts a connection as a request of its caller, by the rate limits of the API; returns headers about them."""
    caller = identify(scope, headers)
    if caller is None or caller.rate is None:
        return []
    use = counter().take(caller.counted_as, caller.rate)
    told = limit_headers(caller.policy, caller.rate, use)
    if use and use.is_refused:
        wait = max(1, use.wait)
        raise Refused(429, Throttled(wait).detail, **{"retry-after": str(wait)}, **dict(told))
    return encoded(told)


def encoded(headers) -> list[tuple[bytes, bytes]]:
    """Headers as ASGI sends them."""
    return [(name.lower().encode(), value.encode()) for name, value in headers]


async def disconnected(receive):
    """Ends when the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def start(send, status, headers):
    await send({"type": "http.response.start", "status": status, "headers": headers})


async def body(send, data):
    await send({"type": "http.response.body", "body": data, "more_body": True})


async def refuse(send, refused, is_head):
    """Sends an error, or the state of this process, as JSON."""
    detail = refused.detail if isinstance(refused.detail, dict) else {"detail": refused.detail}
    data = json.dumps(detail).encode()
    headers = encoded(refused.headers.items())
    headers += [(b"content-type", b"application/json"), (b"content-length", str(len(data)).encode())]
    await start(send, HTTPStatus(refused.status), [*COMMON, *headers])
    await send({"type": "http.response.body", "body": b"" if is_head else data})
