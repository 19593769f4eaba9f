"""Requests that this server makes to others: bounded in time and in size, and sent only where they may go.

A name is looked up once. Every address that it leads to is checked, and the connection goes to one of those, so that
a second look-up cannot lead elsewhere. TLS still holds the certificate against the name."""

import socket
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from ipaddress import IPv4Address, ip_address, ip_network
from math import inf
from time import monotonic

import httpcore
import httpx
from django.conf import settings

SECONDS = 60  # of a whole request: redirects, and the last byte of the body
TIMEOUTS = httpx.Timeout(30, connect=10)  # of each step of it
UNICAST = ip_network("2000::/3")  # all of IPv6 that is given out to the world
NAT64 = ip_network("64:ff9b::/96")  # leads to the IPv4 address in its last four bytes


class Forbidden(Exception):
    """A name or an address that must not be asked."""


class Unreadable(Exception):
    """A body that is cut short, or packed in a way that nobody asked for."""


class Oversized(Exception):
    """A body of more bytes than were wanted."""


def anywhere(address: str) -> bool:
    """For servers that an operator has chosen, wherever they are."""
    return True


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the internet, and so does the one that it may carry inside."""
    found = ip_address(address)
    if found.version == 6:
        inside = found.ipv4_mapped or found.sixtofour or (found in NAT64 and IPv4Address(found.packed[-4:]))
        if inside:
            return is_public(str(inside))
        if found not in UNICAST:
            return False
    return found.is_global and not found.is_multicast


class Network(httpcore.NetworkBackend):
    """Opens connections to addresses that are allowed, none of which is used beyond the end of a request."""

    def __init__(self, is_allowed: Callable[[str], bool]):
        self.is_allowed, self.ends, self.backend = is_allowed, inf, httpcore.SyncBackend()

    def left(self, timeout: float | None, error: type[Exception]) -> float:
        """The seconds that a step may take."""
        seconds = self.ends - monotonic()
        if seconds <= 0:
            raise error("the answer took too long")
        return min(seconds, inf if timeout is None else timeout)

    def addresses(self, host, port) -> list[str]:
        """What a name leads to, all of which is allowed."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:  # no such name, or none that could be
            raise httpcore.ConnectError(str(error)) from error
        addresses = list(dict.fromkeys(address for *_, (address, *_) in found))
        for address in addresses:
            if not self.is_allowed(address):
                raise Forbidden(f"leads to {address}, which is not public")
        return addresses

    def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options: Iterable | None = None):
        failure = httpcore.ConnectError(f"{host} leads nowhere")
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
    """A connection whose every step ends when the request must."""

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
    """Asks other servers, one request at a time.

    Proxies of the environment are used where any address is allowed. Else they are not: a proxy looks names up
    itself, and nobody could say where it goes."""

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
            transport._pool._network_backend = self.network  # which httpx has no parameter for

    def close(self):
        self.http.close()

    @contextmanager
    def get(self, address, parameters=None) -> Iterator[httpx.Response]:
        """An answer whose body `body_of` has yet to read; raises httpx.HTTPError, httpx.InvalidURL or Forbidden."""
        self.network.ends = monotonic() + SECONDS
        with self.http.stream("GET", address, params=parameters or None) as response:
            yield response


def body_of(response: httpx.Response, most: int) -> bytes:
    """The body of an answer, unpacked; raises Oversized as soon as it has more bytes than `most`."""
    unpack = unpacker(response)
    body = bytearray()
    for piece in response.iter_raw():
        body += unpack.decompress(piece, most + 1 - len(body))
        if len(body) > most:
            raise Oversized(f"has more than {most} bytes")
    if not unpack.eof:
        raise Unreadable("is cut short")
    return bytes(body)


class Plain:
    """What unpacks a body that is not packed."""

    eof = True  # for httpx has counted the bytes, or met the last chunk

    @staticmethod
    def decompress(piece, most):
        return piece[:most]


class Gzip:
    """What unpacks a body that is, and never more of it at once than is wanted."""

    def __init__(self):
        self.stream = zlib.decompressobj(zlib.MAX_WBITS | 16)

    @property
    def eof(self):
        return self.stream.eof

    def decompress(self, piece, most):
        try:
            return self.stream.decompress(piece, most)
        except zlib.error as error:
            raise Unreadable(f"is no gzip: {error}") from error


def unpacker(response) -> Plain | Gzip:
    packing = response.headers.get("content-encoding", "").strip().lower()
    if packing in ("gzip", "x-gzip"):
        return Gzip()
    if packing in ("", "identity"):
        return Plain()
    raise Unreadable(f"is packed as {packing[:40]}, which nobody asked for")
