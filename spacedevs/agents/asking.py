"""Has Django answer requests of the API in this process, as the tools need them."""

from __future__ import annotations

import sys
from functools import cache
from typing import Any
from urllib.parse import urlencode
from wsgiref.util import setup_testing_defaults

import orjson
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler

from spacedevs.db.connections import bound_statements

ROOT = f"/{settings.CURRENT_VERSION}/"
MOST_TOLD = 600  # characters of an error of the API


class Unanswerable(Exception):
    """A call that cannot be answered; the message says what to do instead."""


@cache
def django() -> WSGIHandler:
    """Django without limits, which count calls of tools, and without the response cache."""
    bound_statements()
    return WSGIHandler()


class Api:
    """The API as a tool asks it. In its answers, URLs of this server begin with their path, for agents may have come
    by another address than clients of the API."""

    def __init__(self) -> None:
        self.scheme = "https" if settings.TLS else "http"
        # One that is allowed: `*` is any, and a name after a dot is allowed itself.
        self.host = next((host.lstrip(".") for host in settings.ALLOWED_HOSTS if host != "*"), "localhost")
        self.origin = f'"{self.scheme}://{self.host}/'.encode()

    def get(self, path: str, **parameters: Any) -> Any:
        """The JSON at a path below the root of the API; raises Unanswerable if it is no success."""
        status, answer = self.ask(path, parameters)
        if status == 200:
            return answer
        told = orjson.dumps(answer).decode()[:MOST_TOLD]
        noun = path.partition("/")[0] if not path.startswith("config/") else path.strip("/")
        advice = {
            400: f"Call describe_endpoint with endpoint={noun!r} for its parameters.",
            404: "There is no such record or endpoint. Call search to find an id by a name.",
            503: "The database is busy; try again in a few seconds.",
        }
        raise Unanswerable(f"GET {ROOT}{path} answered {status}: {told} {advice.get(status, '')}".strip())

    def ask(self, path: str, parameters: dict[str, Any]) -> tuple[int, Any]:
        """The status and the JSON."""
        asked = {name: value for name, value in parameters.items() if value is not None}
        environ = {
            "PATH_INFO": f"{ROOT}{path}",
            "QUERY_STRING": urlencode(asked, doseq=True),
            "REQUEST_METHOD": "GET",
            "HTTP_HOST": self.host,
            "HTTP_ACCEPT": "application/json",
            "HTTP_X_FORWARDED_PROTO": self.scheme,
            "wsgi.url_scheme": self.scheme,
            "wsgi.errors": sys.stderr,
        }
        setup_testing_defaults(environ)
        said: list[str] = []
        response = django()(environ, lambda status, headers, *error: said.append(status))
        try:
            body = b"".join(response)
        finally:
            response.close()
        try:
            return int(said[0][:3]), orjson.loads(body.replace(self.origin, b'"/'))
        except ValueError:
            return int(said[0][:3]), {"detail": "The answer is not JSON."}
