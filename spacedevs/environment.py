"""How the settings read the environment, and make the folder and the key that a first start needs.

The settings import this, so it knows nothing of them."""

import re
import secrets
from contextlib import suppress
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

from . import files


class Environment(environ.FileAwareEnv):
    """The environment, which remembers what it was asked for: no other variable of ours means anything.

    What NAME_FILE names is read instead of NAME: so a secret need not stand in the environment. The library takes
    what it cannot read for false, and what begins with a dollar for the name of another variable."""

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
                raise ValueError(f"{value!r} is neither true nor false")
            return cls.flags[word]
        if cast is int:
            if not re.fullmatch("[0-9]+", word):
                raise ValueError(f"{value!r} is no whole number from 0 on")
            return int(word)
        return [part.strip() for part in value.split(",") if part.strip()] if cast is list else value


def made(path: Path, instead) -> Path:
    """A folder that must be there by now; where it cannot be made, whoever reads why is told what to name instead."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(f"{path}: {error.strerror}. {instead}") from None
    return path


def local_secret_key(folder: Path) -> str:
    """The key of this checkout, made at the first start, readable by its owner alone."""
    path = folder / "secret_key"
    if not path.exists():
        made(folder, "SPACEDEVS_SECRET_KEY gives the key itself, SPACEDEVS_VAR_DIR another folder to keep it in.")
        # Written aside and then put in place, so that no other process ever reads a key half made.
        aside = path.with_suffix(f".{secrets.token_hex(8)}")
        aside.touch(mode=0o600)
        aside.write_text(secrets.token_urlsafe(50))
        with suppress(FileExistsError):
            path.hardlink_to(aside)
        aside.unlink()
    files.make_private(path)
    return path.read_text()
