"""Secrets of receivers: made here, stored only encrypted.

The key of the encryption follows from SECRET_KEY. What an earlier key sealed can be opened while that key is among the
fallbacks. `cryptography` takes 9 MB, which only processes that use it should spend."""

from base64 import b64encode, urlsafe_b64encode
from secrets import token_bytes
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.crypto import salted_hmac

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

PREFIX, BYTES = "whsec_", 32


class Unopened(Exception):
    """None of the present keys sealed the secret."""


def new_secret() -> str:
    return f"{PREFIX}{b64encode(token_bytes(BYTES)).decode()}"


def seal(secret: str) -> str:
    return box().encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str:
    from cryptography.fernet import InvalidToken  # noqa: PLC0415 - see above

    try:
        return box().decrypt(sealed).decode()
    except InvalidToken:
        raise Unopened from None


def sealed_anew(sealed: str) -> str:
    """The same secret, sealed by the present key; raises Unopened."""
    return seal(unseal(sealed))


def box() -> "MultiFernet":
    from cryptography.fernet import Fernet, MultiFernet  # noqa: PLC0415 - see above

    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    derived = (salted_hmac("spacedevs.webhooks", "", secret=key, algorithm="sha256").digest() for key in keys)
    return MultiFernet([Fernet(urlsafe_b64encode(key)) for key in derived])
