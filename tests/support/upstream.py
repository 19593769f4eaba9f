"""An upstream for tests: this server, on a database of its own, behind a door that can be told to misbehave.

python -m tests.support.upstream, with DATABASE_URL set, says on which port it listens. PUT /faults takes a list of
faults, one for each of the next requests (null for none); GET /asked tells what has been asked since then."""

import gzip
import json
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application

from .clocks import hold_minute

JSON = [("Content-Type", "application/json")]
SLOW = 1  # seconds


class Dropped(Exception):
    """The connection must be closed without a response."""


class Door:
    """Answers like the application, unless a fault was requested."""

    def __init__(self, application):
        self.application, self.faults, self.asked = application, [], []

    def __call__(self, environ, start_response):
        if environ["PATH_INFO"] == "/faults":
            self.faults = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
            self.asked = []
            return answer(start_response, "200 OK", b"{}")
        if environ["PATH_INFO"] == "/asked":
            return answer(start_response, "200 OK", json.dumps(self.asked).encode())
        self.asked.append(f"{environ['PATH_INFO']}?{environ['QUERY_STRING']}")
        environ.pop("HTTP_AUTHORIZATION", None)  # upstream accepts tokens that this server does not know
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, dict):
            name, value = next(iter(fault.items()))
            return getattr(self, name)(environ, start_response, value)
        return (getattr(self, fault) if fault else self.application)(environ, start_response)

    def body(self, environ):
        return b"".join(self.application(environ, lambda *head: None))

    def throttle(self, environ, start_response, seconds="0"):
        return answer(start_response, "429 Too Many Requests", b'{"detail": "x"}', ("Retry-After", str(seconds)))

    def throttle_in_words(self, environ, start_response):
        words = b'{"detail": "Request was throttled. Expected available in 0 seconds."}'
        return answer(start_response, "429 Too Many Requests", words)

    def error(self, environ, start_response):
        return answer(start_response, "503 Service Unavailable", b"{}")

    def drop(self, environ, start_response):
        raise Dropped

    def slow(self, environ, start_response):
        time.sleep(SLOW)
        return self.application(environ, start_response)

    def html(self, environ, start_response):
        start_response("200 OK", [("Content-Type", "text/html")])
        return [b"<html>Down for maintenance</html>"]

    def html_for_json(self, environ, start_response):
        return answer(start_response, "200 OK", b"<html>Down for maintenance</html>")

    def say(self, environ, start_response, what):
        return answer(start_response, "200 OK", json.dumps(what).encode())

    def other(self, environ, start_response):
        return answer(start_response, "200 OK", b'{"detail": "Welcome"}')

    def truncated(self, environ, start_response):
        body = self.body(environ)
        start_response("200 OK", [*JSON, ("Content-Length", str(len(body)))])
        return [body[: len(body) // 2]]

    def truncated_silently(self, environ, start_response):
        body = self.body(environ)
        return answer(start_response, "200 OK", body[: len(body) // 2])

    def bomb(self, environ, start_response):
        packed = gzip.compress(b" " * 2**23)
        return answer(start_response, "200 OK", packed, ("Content-Encoding", "gzip"))

    def sql(self, environ, start_response, statements):
        """Changes rows just before the response."""
        with closing(sqlite3.connect(settings.DATABASES["default"]["NAME"])) as database, database:
            database.executescript(statements)
        return self.application(environ, start_response)

    def minute(self, environ, start_response, moment):
        """Changes the held minute."""
        hold_minute(datetime.fromisoformat(moment))
        return self.application(environ, start_response)

    def missing(self, environ, start_response):
        return answer(start_response, "404 Not Found", b'{"detail": "Not found."}')

    def altered(self, environ, start_response, what):
        """Changes the first record of a page."""
        page = json.loads(self.body(environ))
        record = page["results"][0]
        record.update(what.get("with", {}))
        for name in what.get("without", ()):
            del record[name]
        return answer(start_response, "200 OK", json.dumps(page).encode())


def answer(start_response, status, body, *headers):
    start_response(status, [*JSON, ("Content-Length", str(len(body))), *headers])
    return [body]


class Handler(WSGIRequestHandler):
    def log_message(self, *args):
        """Logs nothing."""

    def handle(self):
        try:
            super().handle()
        except (Dropped, ConnectionError):
            self.connection.close()


class Upstream:
    """The commands of a test to the server."""

    def __init__(self, port, database: Path):
        self.url, self.port, self.database = f"http://127.0.0.1:{port}/2.3.0", port, database

    def ask(self, address, body=None):
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        path = urlsplit(address)
        connection.request("PUT" if body else "GET", f"{path.path}?{path.query}", body)
        return json.loads(connection.getresponse().read())

    def order(self, *faults):
        self.ask("/faults", json.dumps(faults))

    @property
    def asked(self):
        return self.ask("/asked")


def main():
    django.setup()
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    hold_minute(datetime.now(UTC))
    with make_server("127.0.0.1", 0, Door(get_wsgi_application()), handler_class=Handler) as server:
        server.handle_error = lambda *about: None
        print(server.server_port, flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
