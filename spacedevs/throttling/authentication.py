"""Identifies the caller: an IP address, or the owner of an API key."""

import ipaddress
from contextlib import suppress
from functools import lru_cache
from time import monotonic
from types import SimpleNamespace
from typing import NamedTuple

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.db.models.signals import post_delete, post_save
from rest_framework.authentication import TokenAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed

from .models import Key, digest
from .rates import Rate


class Caller(NamedTuple):
    """A caller: the name that is shown, the name that is counted, the limit, and whose it is (`address` or `key`)."""

    ident: str
    counted_as: str
    rate: Rate | None
    policy: str


def address_of(environ) -> str:
    """The client's IP address, as the outermost trusted proxy reported it."""
    direct = environ.get("REMOTE_ADDR", "")
    if not settings.PROXIES:
        return direct
    hops = [hop.strip() for hop in environ.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    return next((hop for hop in hops[-settings.PROXIES :] if is_address(hop)), direct)


def address_of_request(request) -> str:
    return address_of(request.META)


@lru_cache(maxsize=4096)
def is_address(text) -> bool:
    with suppress(ValueError):
        return bool(ipaddress.ip_address(text))
    return False


@lru_cache(maxsize=4096)
def counted_as(address) -> str:
    """An IPv4 address, or the network of an IPv6 address that usually belongs to one owner."""
    if ":" not in address or not is_address(address):
        return address
    number = ipaddress.IPv6Address(address.partition("%")[0])
    # A server that listens for both versions shows IPv4 addresses as IPv6 addresses.
    return str(number.ipv4_mapped or ipaddress.ip_network((number, 64), strict=False))


class Keys:
    """The API keys, cached for a second, so that a busy key costs no query per request."""

    remembered = 1  # second

    def __init__(self):
        self.forget()

    def forget(self, **kwargs):
        self.known = {}
        self.any = False, 0  # whether any key exists, and the end of the cache time

    def exist(self) -> bool:
        """Whether any key exists, including revoked ones."""
        found, until = self.any
        if until <= monotonic():
            found = self.ask(Key.objects.exists)
            self.any = found, monotonic() + self.remembered
        return found

    def get(self, token) -> Key | None:
        name = digest(token)
        key, until = self.known.get(name, (None, 0))
        if until <= monotonic():
            key = self.read(name)
            if key:
                self.known[name] = key, monotonic() + self.remembered
        return key

    def read(self, name) -> Key | None:
        key = self.ask(Key.objects.filter(digest=name, active=True).first)
        if key:
            with suppress(Error):  # the database may be read-only or locked
                key.note_use()
        return key

    @staticmethod
    def ask(question):
        """The result of a query; reconnects if the connection broke since its last use."""
        connection = connections[DEFAULT_DB_ALIAS]
        try:
            return question()
        except Error:
            if connection.in_atomic_block:
                raise
            connection.close()
            return question()


KEYS = Keys()
for signal in (post_save, post_delete):
    signal.connect(KEYS.forget, sender=Key)


class KeyAuthentication(TokenAuthentication):
    """Authenticates by `Authorization: Token …` or `Bearer …`.

    Without any keys it ignores tokens, because apps send those that upstream issued."""

    schemes = b"token", b"bearer"

    def authenticate(self, request):
        scheme = get_authorization_header(request).partition(b" ")[0].lower()
        if scheme not in self.schemes or not KEYS.exist():
            return None
        self.keyword = scheme.decode()
        return super().authenticate(request)

    def authenticate_header(self, request):
        return type(self).keyword

    def authenticate_credentials(self, token):
        key = KEYS.get(token)
        if not key:
            raise AuthenticationFailed("Invalid token.")
        return None, key


def key_of(environ) -> Key | None:
    """The key of a request; raises AuthenticationFailed for an unknown token."""
    sent = environ.get("HTTP_AUTHORIZATION")
    known = sent and KeyAuthentication().authenticate(SimpleNamespace(headers={"authorization": sent}))
    return known[1] if known else None


@lru_cache(maxsize=4096)
def someone(address, rate) -> Caller:
    return Caller(address, f"address {counted_as(address)}", Rate.of(rate), "address")


def caller_of(environ) -> Caller:
    key = key_of(environ)
    if key:
        return Caller(key.owner, f"key {key.pk}", key.limit(Rate.of(settings.THROTTLE_KEYS)), "key")
    return someone(address_of(environ), settings.THROTTLE_ANONYMOUS)
