"""Which addresses messages may be sent to."""

from ipaddress import ip_address

import httpx
from django.conf import settings
from django.core.exceptions import ValidationError

from spacedevs.sync.outbound import anywhere, is_public

PORTS = range(1, 2**16)
PRIVATE = "Messages are sent only to public addresses, unless SPACEDEVS_WEBHOOK_ALLOW_PRIVATE allows others."


def rule():
    """What tells of an IP address whether it is allowed."""
    return anywhere if settings.WEBHOOK_ALLOW_PRIVATE else is_public


def is_address(text: str):
    """A validator: the absolute URL of a server, without a user, and on no inner network as far as it tells.

    The address that a name leads to is checked at each connection."""
    try:
        url = httpx.URL(text)
        is_plain = url.scheme in ("http", "https") and bool(url.host) and not url.userinfo
        is_plain &= url.port is None or url.port in PORTS
    except (httpx.InvalidURL, ValueError):
        is_plain = False
    if not is_plain or not text.isprintable() or " " in text:
        raise ValidationError("Enter the URL of a server, beginning with https:// or http://, without a user name.")
    if url.fragment:
        raise ValidationError("A URL for messages has no fragment (#…).")
    try:
        address = str(ip_address(url.host))
    except ValueError:  # a name
        return
    if not rule()(address):
        raise ValidationError(PRIVATE)
