"""Outgoing requests: limited in time and size, and only to allowed addresses.

A host name is resolved once. All its IP addresses are checked, and the connection uses one of them, so that a second
look-up cannot return another address. TLS still verifies the certificate for the host name."""

import socket
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from ipaddress import IPv4Address, ip_address, ip_network
from math import inf
from time import monotonic

import httpcore
import httpx
from django.conf import settings

SECONDS = 60  # for a whole request including redirects and body
TIMEOUTS = httpx.Timeout(30, connect=10)  # for each step of it
UNICAST = ip_network("2000::/3")  # all public IPv6 addresses
NAT64 = ip_network("64:ff9b::/96")  # contains an IPv4 address in its last four bytes


class Forbidden(Exception):
    """The host or address is not allowed."""


class Unreadable(Exception):
    """The body is truncated, or has an unexpected encoding."""


class Oversized(Exception):
    """The body is larger than allowed."""


def anywhere(address: str) -> bool:
    """Allows any address, for servers that the operator configured."""
    return True


def is_public(address: str) -> bool:
    """Whether an IP address is public, including an embedded IPv4 address."""
    found = ip_address(address)
    if found.version == 6:
        inside = found.ipv4_mapped or found.sixtofour or (found in NAT64 and IPv4Address(found.packed[-4:]))
        if inside:
            return is_public(str(inside))
        if found not in UNICAST:
            return False
    return found.is_global and not found.is_multicast


class Network(httpcore.NetworkBackend):
    """Opens connections only to allowed addresses, each for one request."""

    def __init__(self, is_allowed: Callable[[str], bool]):
        self.is_allowed, self.ends, self.backend = is_allowed, inf, httpcore.SyncBackend()

    def left(self, timeout: float | None, error: type[Exception]) -> float:
        """The timeout of a step in seconds."""
        seconds = self.ends - monotonic()
        if seconds <= 0:
            raise error("the response took too long")
        return min(seconds, inf if timeout is None else timeout)

    def addresses(self, host, port) -> list[str]:
        """The IP addresses of a host, all of them allowed."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:  # unknown or invalid name
            raise httpcore.ConnectError(str(error)) from error
        addresses = list(dict.fromkeys(address for *_, (address, *_) in found))
        for address in addresses:
            if not self.is_allowed(address):
                raise Forbidden(f"resolves to {address}, which is not public")
        return addresses

    def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options: Iterable | None = None):
        failure = httpcore.ConnectError(f"{host} has no address")
        for address in self.addresses(host, port):
            seconds = self.left(timeout, httpcore.ConnectTimeout)
            try:
                return Stream(
                    self.backend.connect_tcp(address, port, seconds, local_address, socket_options or ()), self
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


class Stream(httpcore.NetworkStream):
    """A connection with the deadline of its request."""

    def __init__(self, stream: httpcore.NetworkStream, network: Network):
        self.stream, self.network = stream, network

    def read(self, max_bytes, timeout=None):
        return self.stream.read(max_bytes, self.network.left(timeout, httpcore.ReadTimeout))

    def write(self, buffer, timeout=None):
        self.stream.write(buffer, self.network.left(timeout, httpcore.WriteTimeout))

    def close(self):
        self.stream.close()

    def start_tls(self, ssl_context, server_hostname=None, timeout=None):
        seconds = self.network.left(timeout, httpcore.ConnectTimeout)
        return Stream(self.stream.start_tls(ssl_context, server_hostname, seconds), self.network)

    def get_extra_info(self, info):
        return self.stream.get_extra_info(info)


class Client:
    """An HTTP client for one request at a time.

    It uses proxies from the environment only if any address is allowed: a proxy resolves names itself, so the address
    could not be checked."""

    def __init__(self, is_allowed=anywhere, headers=None, redirects=0):
        self.network = Network(is_allowed)
        self.http = httpx.Client(
            headers={"Accept-Encoding": "gzip", "User-Agent": settings.USER_AGENT, **(headers or {})},
            timeout=TIMEOUTS,
            follow_redirects=redirects > 0,
            max_redirects=redirects,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            transport=None if is_allowed is anywhere else httpx.HTTPTransport(),
        )
        for transport in filter(None, (self.http._transport, *self.http._mounts.values())):
            transport._pool._network_backend = self.network  # httpx has no parameter for this

    def close(self):
        self.http.close()

    def get(self, address, parameters=None) -> AbstractContextManager[httpx.Response]:
        """A response whose body `body_of` reads; raises httpx.HTTPError, httpx.InvalidURL or Forbidden."""
        return self.ask("GET", address, SECONDS, params=parameters or None)

    def post(self, address, body: bytes, headers, seconds) -> AbstractContextManager[httpx.Response]:
        """The response to a body; raises as `get` does."""
        return self.ask("POST", address, seconds, content=body, headers=headers)

    @contextmanager
    def ask(self, method, address, seconds, **about) -> Iterator[httpx.Response]:
        self.network.ends = monotonic() + seconds
        with self.http.stream(method, address, **about) as response:
            yield response


def body_of(response: httpx.Response, most: int) -> bytes:
    """The decompressed body of a response; raises Oversized as soon as it exceeds `most` bytes."""
    unpack = unpacker(response)
    body = bytearray()
    for piece in response.iter_raw():
        body += unpack.decompress(piece, most + 1 - len(body))
        if len(body) > most:
            raise Oversized(f"has more than {most} bytes")
    if not unpack.eof:
        raise Unreadable("is truncated")
    return bytes(body)


class Plain:
    """The decoder for a plain body."""

    eof = True  # httpx checks the length or the last chunk

    @staticmethod
    def decompress(piece, most):
        return piece[:most]


class Gzip:
    """The decoder for a gzipped body, which limits the decompressed size."""

    def __init__(self):
        self.stream = zlib.decompressobj(zlib.MAX_WBITS | 16)

    @property
    def eof(self):
        return self.stream.eof

    def decompress(self, piece, most):
        try:
            return self.stream.decompress(piece, most)
        except zlib.error as error:
            raise Unreadable(f"is not valid gzip: {error}") from error


def unpacker(response) -> Plain | Gzip:
    packing = response.headers.get("content-encoding", "").strip().lower()
    if packing in ("gzip", "x-gzip"):
        return Gzip()
    if packing in ("", "identity"):
        return Plain()
    raise Unreadable(f"has the unexpected encoding {packing[:40]}")
