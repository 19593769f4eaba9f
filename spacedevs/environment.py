"""Reads the environment for the settings, and creates the folder and the key for a first start.

The settings import this module, so it does not use them."""

import re
import secrets
from contextlib import suppress
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

from . import files


class Environment(environ.FileAwareEnv):
    """The environment. It records the names that it is asked for, because all other names with our prefix are unknown.

    The file that NAME_FILE names replaces NAME, so that a secret need not be in the environment. The library alone
    would read invalid booleans as false, and a value with a leading dollar as the name of another variable."""

    known = set()
    flags = dict.fromkeys(("true", "yes", "on", "1"), True) | dict.fromkeys(("false", "no", "off", "0"), False)

    def get_value(self, var, cast=None, default=None, parse_default=False):
        self.known.add(var)
        value = self.ENVIRON.get(var)
        if value is None or (cast in (bool, int) and not value.strip()):
            return default
        try:
            return self.parse_value(value.rstrip("\r\n"), cast)
        except ValueError as error:
            raise ImproperlyConfigured(f"{var}: {error}.") from None

    @classmethod
    def parse_value(cls, value, cast):
        word = value.strip().lower()
        if cast is bool:
            if word not in cls.flags:
                raise ValueError(f"{value!r} is not true or false")
            return cls.flags[word]
        if cast is int:
            if not re.fullmatch("[0-9]+", word):
                raise ValueError(f"{value!r} is not a whole number of at least 0")
            return int(word)
        return [part.strip() for part in value.split(",") if part.strip()] if cast is list else value


def made(path: Path, instead) -> Path:
    """Creates a folder that is needed now; if that fails, the message names the setting to change."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(f"{path}: {error.strerror}. {instead}") from None
    return path


def local_secret_key(folder: Path) -> str:
    """The key of this checkout, created at the first start and readable only by its owner."""
    path = folder / "secret_key"
    if not path.exists():
        made(folder, "Set SPACEDEVS_SECRET_KEY to a key, or SPACEDEVS_VAR_DIR to another folder.")
        # Written atomically, so that no other process reads a partial key.
        aside = path.with_suffix(f".{secrets.token_hex(8)}")
        aside.touch(mode=0o600)
        aside.write_text(secrets.token_urlsafe(50))
        with suppress(FileExistsError):
            path.hardlink_to(aside)
        aside.unlink()
    files.make_private(path)
    return path.read_text()
