"""A receiver of webhooks that answers as it is told to, and keeps what it received."""

import base64
import hashlib
import hmac
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

PATIENCE = 90  # seconds, on a machine that is busy with other things


class Message(NamedTuple):
    """A received request."""

    headers: dict  # names in lower case
    body: bytes

    @property
    def id(self):
        return self.headers["webhook-id"]

    @property
    def json(self):
        return json.loads(self.body)

    def is_signed_by(self, secret) -> bool:
        """Whether the signature is right, computed from the text of the specification."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = f"{self.id}.{self.headers['webhook-timestamp']}.".encode() + self.body
        wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        return self.headers["webhook-signature"] == f"v1,{wanted}"


class Receiver:
    """What was received, and the status and headers of the next answers; the last of them from then on."""

    def __init__(self):
        self.received, self.answers = [], [(204, {})]
        self.loses, self.has_lost = threading.Event(), threading.Event()

    def answer(self, *statuses, **headers):
        self.answers = [(status, headers) for status in statuses]

    def lose_one(self):
        """Waits for the next message, which it forgets and leaves without an answer until the sender ends."""
        self.has_lost.clear()
        self.loses.set()
        assert self.has_lost.wait(PATIENCE)

    def told(self):
        """What it was told: type and id of the records, in order."""
        return [(each.json["type"], each.json["data"]["id"]) for each in self.received]


@contextmanager
def receiving():
    """A receiver on a free port of this machine; its `url` leads to it."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if receiver.loses.is_set():
                receiver.loses.clear()
                receiver.has_lost.set()
                self.close_connection = not self.rfile.read(1)
                return
            receiver.received.append(Message({name.lower(): value for name, value in self.headers.items()}, body))
            status, headers = receiver.answers.pop(0) if len(receiver.answers) > 1 else receiver.answers[0]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            """Nothing: tests are quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
        yield receiver
        server.shutdown()
