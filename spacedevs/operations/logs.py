"""Log formats: one line for each message, with the request id and without secrets."""

import json
import logging
import os
import re
from contextvars import ContextVar
from functools import cache
from time import monotonic

from django.conf import settings
from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

HIDDEN = "***"
IN_ADDRESSES = re.compile(r"(?<=://)[^/\s@\"']*:[^/\s@\"']*@")  # user name and password in a URL
IN_HEADERS = re.compile(r"(?<=\b[Tt]oken )[0-9A-Za-z]{16,}")

request_id = ContextVar("request_id", default="")


@cache
def known_secrets() -> list[str]:
    """The secrets of this installation, plain and JSON-encoded."""
    passwords = [database.get("PASSWORD") for database in settings.DATABASES.values()]
    keys = [settings.SECRET_KEY, settings.UPSTREAM_TOKEN, os.environ.get("AWS_SECRET_ACCESS_KEY")]
    texts = {str(text) for text in (*passwords, *keys) if text}
    return sorted(texts | {json.dumps(text)[1:-1] for text in texts}, key=len, reverse=True)


def without_secrets(text) -> str:
    for secret in known_secrets():
        text = text.replace(secret, HIDDEN)
    return IN_HEADERS.sub(HIDDEN, IN_ADDRESSES.sub(f"{HIDDEN}@", text))


class Text(logging.Formatter):
    """Lines for people."""

    def format(self, record):
        about = request_id.get()
        return without_secrets(super().format(record) + (f" [request {about}]" if about else ""))


class Json(JsonFormatter):
    """Lines for programs, each an object."""

    def __init__(self):
        super().__init__(
            "%(levelname)s %(name)s %(message)s",
            rename_fields={"levelname": "level", "name": "logger"},
            reserved_attrs=[*RESERVED_ATTRS, "request"],  # Django's, whose text would repeat the path
            timestamp="time",
        )

    def format(self, record):
        if about := request_id.get():
            record.request_id = about
        return without_secrets(super().format(record))


class Seldom(logging.Filter):
    """Limits log lines about requests that Django refuses to one a minute of each kind, without traceback."""

    every = 60  # seconds
    longest = 300  # characters of client input
    hints = {"DisallowedHost": " If it is a name of this server, add it to SPACEDEVS_ALLOWED_HOSTS."}

    def __init__(self):
        super().__init__()
        self.told = {}

    def filter(self, record) -> bool:
        now, kind = monotonic(), record.name.rpartition(".")[2]
        if now - self.told.get(kind, -self.every) < self.every:
            return False
        self.told[kind] = now
        said = record.getMessage().partition(" You may need")[0][: self.longest]  # Django's advice to change a setting
        said = "".join(character if character.isprintable() else " " for character in said)
        record.msg, record.args = f"Refused: {said}{self.hints.get(kind, '')}", ()
        record.exc_info = record.exc_text = None
        return True
