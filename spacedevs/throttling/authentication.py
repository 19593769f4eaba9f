"""Who asks: an address, or the owner of a key."""

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
    """Who asks, as they are called and as they are counted, and how much they may."""

    ident: str
    counted_as: str
    rate: Rate | None


def address_of(environ) -> str:
    """Where a request came from: what the outermost of our proxies wrote down, as there is no trust beyond it."""
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
    """An address, or of version 6 the network that its owner has as a whole."""
    if ":" not in address or not is_address(address):
        return address
    number = ipaddress.IPv6Address(address.partition("%")[0])
    # Where a server listens for both versions, one of version 4 is written as one of version 6.
    return str(number.ipv4_mapped or ipaddress.ip_network((number, 64), strict=False))


class Keys:
    """The keys, each remembered for so long that a busy one costs no question to the database."""

    remembered = 1  # second

    def __init__(self):
        self.forget()

    def forget(self, **kwargs):
        self.known = {}
        self.any = False, 0  # whether there is any key, and until when that is remembered

    def exist(self) -> bool:
        """Whether there is any key, be it revoked."""
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
            with suppress(Error):  # a database that cannot be written, or not now, can be read
                key.note_use()
        return key

    @staticmethod
    def ask(question):
        """What a query finds; a connection that broke since it was last used is opened anew."""
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
    """Knows the owner of a key by `Authorization: Token …`, or `Bearer …`.

    Where there are no keys it looks at no token: apps send the one that upstream gave them."""

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
    """The key that a request came with; raises AuthenticationFailed for a token that is none of ours."""
    sent = environ.get("HTTP_AUTHORIZATION")
    known = sent and KeyAuthentication().authenticate(SimpleNamespace(headers={"authorization": sent}))
    return known[1] if known else None


@lru_cache(maxsize=4096)
def someone(address, rate) -> Caller:
    return Caller(address, f"address {counted_as(address)}", Rate.of(rate))


def caller_of(environ) -> Caller:
    key = key_of(environ)
    if key:
        return Caller(key.owner, f"key {key.pk}", key.limit(Rate.of(settings.THROTTLE_KEYS)))
    return someone(address_of(environ), settings.THROTTLE_ANONYMOUS)
