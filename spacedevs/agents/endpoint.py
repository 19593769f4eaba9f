"""The address /mcp/ in the process of the stream: who may call, how often, and from which pages.

It imports the SDK of the protocol with the first request."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from spacedevs.changes.stream import COMMON, Refused, admit, identify, refuse

PATHS = "/mcp", "/mcp/"
MOST = 64 * 1024  # bytes of a request
PREFLIGHT = [
    (b"access-control-allow-headers", b"*, Authorization"),
    (b"access-control-allow-methods", b"POST"),
    (b"access-control-max-age", b"86400"),
]


class Agents:
    """The ASGI application for agents."""

    def __init__(self, allowed_hosts: list[str] | None, in_pool: Any):
        self.hosts = settings.ALLOWED_HOSTS if allowed_hosts is None else allowed_hosts
        self.in_pool = in_pool  # calls a function that blocks
        self.starting = asyncio.Lock()
        self.served: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            self.check_host(headers)
            if scope["method"] == "OPTIONS":
                await send({"type": "http.response.start", "status": 204, "headers": [*COMMON, *PREFLIGHT]})
                await send({"type": "http.response.body", "body": b""})
                return
            if scope["method"] != "POST":  # there are no sessions, and the server begins no conversation
                raise Refused(405, "Send messages of the Model Context Protocol with POST.", allow="POST")
            body = await read(receive)
            await self.in_pool(identify, scope, headers)
            limits = await self.in_pool(admit, scope, headers) if calls_tool(body) else []
        except Refused as refused:
            await refuse(send, refused, scope["method"] == "HEAD")
            return

        async def told(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *COMMON, *limits]}
            await send(message)

        await (await self.started())(scope, again(body, receive), told)

    def check_host(self, headers: Mapping[str, str]) -> None:
        """Refuses other host names, and pages of other hosts, which could reach a server in a private network by a
        name of their own (DNS rebinding)."""
        domain, _ = split_domain_port(headers.get("host", ""))
        if not (domain and validate_host(domain, self.hosts)):
            raise Refused(421, "This server does not answer to this host name.")
        origin = headers.get("origin")
        if origin is not None and not is_origin_of(origin, {*self.hosts, domain}):
            raise Refused(403, "Pages of this origin may not call tools here.")

    async def started(self) -> Any:
        """The server of the protocol, which is made for the first request."""
        async with self.starting:
            if self.served is None:
                protocol = await asyncio.to_thread(import_module, f"{__package__}.protocol")
                self.served = protocol.Http(protocol.server())
        return self.served


def is_origin_of(origin: str, hosts: set[str]) -> bool:
    """Whether a page of this origin belongs to one of these hosts; `*` stands for any host but no origin."""
    try:
        host = urlsplit(origin).hostname
    except ValueError:
        return False
    named = f"[{host}]" if host and ":" in host else host
    return bool(named and validate_host(named, [each for each in hosts if each != "*"]))


def calls_tool(body: bytes) -> bool:
    """Whether a message calls a tool: other messages only ask what there is, and do not count."""
    try:
        asked = json.loads(body)
    except ValueError:
        return False
    messages = asked if isinstance(asked, list) else [asked]
    return any(isinstance(each, dict) and each.get("method") == "tools/call" for each in messages)


async def read(receive: Any) -> bytes:
    """The body of a request; raises Refused if it is too large."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(400, "The request ended early.")
        body += message.get("body", b"")
        if len(body) > MOST:
            raise Refused(413, "The body is too large.")
        if not message.get("more_body"):
            return body


def again(body: bytes, receive: Any) -> Any:
    """A `receive` that gives this body first."""
    left = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Any:
        return left.pop() if left else await receive()

    return next_message
