"""nginx as the installation has it, before servers that stand for ours."""

import gzip
import json
import shutil
import socket
import subprocess
from contextlib import ExitStack
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from . import FILES
from .parts import GATEWAY, Missing, Nginx, ended, free_port, get, program, until

PACKED = gzip.compress(b'{"count": 0}' * 100)


class Server(BaseHTTPRequestHandler):
    """Answers what it was asked, compressed if that is wanted."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        length = int(self.headers.get("Content-Length", 0))
        told = {"headers": {name.lower(): value for name, value in self.headers.items()}, "path": self.path}
        body = json.dumps(told | {"body": len(self.rfile.read(length))}).encode()
        packed = "gzip" in self.headers.get("Accept-Encoding", "")
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Content-Type-Options", "nosniff")
        if packed:
            self.send_header("Content-Encoding", "gzip")
        body = PACKED if packed else body
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *args):
        """Says nothing."""


@pytest.fixture
def server(request):
    server = ThreadingHTTPServer(("127.0.0.1", 0), getattr(request, "param", Server))
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def asked(port, path="/2.3.0/", headers=(), **about):
    """An answer, of which no browser guesses what it is, whoever made it."""
    status, told, body = get(port, path, headers, **about)
    assert told.get_all("X-Content-Type-Options") == ["nosniff"]
    return status, told, body


@pytest.fixture
def start(tmp_path):
    """Starts nginx before servers at these ports, and returns how to ask it."""
    with ExitStack() as stack:

        def started(*ports):
            try:
                nginx = Nginx(tmp_path, ports)
            except Missing as what:
                pytest.skip(str(what))
            stack.enter_context(ended(nginx))
            ask = partial(asked, nginx.port)
            ask.port = nginx.port
            return ask

        yield started


@pytest.fixture
def ask(start, server):
    return start(server)


def told(answer):
    status, headers, body = answer
    assert (status, headers["Content-Type"]) == (200, "application/json")
    return json.loads(body)


def test_a_header_that_servers_would_take_for_another_is_dropped(ask):
    said = told(ask("/2.3.0/", {"X_Forwarded_For": "203.0.113.9", "x_forwarded-proto": "https"}))
    assert [name for name in said["headers"] if "_" in name] == []


def test_servers_are_told_who_asks_and_by_which_name(ask):
    given = {"Host": "ll.example.org", "X-Forwarded-For": "203.0.113.9", "X-Request-ID": "mine", "Accept": "x/y"}
    said = told(ask("/2.3.0/launches/?search=a%2Fb", given))
    assert said["path"] == "/2.3.0/launches/?search=a%2Fb"
    headers = said["headers"]
    assert (headers["host"], headers["x-forwarded-proto"], headers["accept"]) == ("ll.example.org", "http", "x/y")
    assert headers["x-forwarded-for"] == "203.0.113.9, 127.0.0.1"
    assert len(headers["x-request-id"]) == 32
    assert told(ask(headers={"X-Forwarded-Proto": "https"}))["headers"]["x-forwarded-proto"] == "https"


def test_what_servers_have_compressed_passes_as_it_is(ask):
    status, headers, body = ask(headers={"Accept-Encoding": "gzip"})
    assert (status, headers["Content-Encoding"], body) == (200, "gzip", PACKED)


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [("/2.3.0/", 65536, 200), ("/2.3.0/", 65537, 413), ("/admin/x/", 11 * 2**20, 200), ("/admin/x/", 13 * 2**20, 413)],
)
def test_a_body_that_is_too_large_is_refused_in_json(path, size, status, ask):
    found, _, body = ask(
        path, {"Content-Length": str(size)}, method="POST", body=b"x" * size if status == 200 else b""
    )
    expected = {"detail": "The body is too large."} if status == 413 else json.loads(body) | {"body": size}
    assert (found, json.loads(body)) == (status, expected)


def test_an_address_that_is_too_long_is_refused_in_json(ask):
    status, headers, body = ask(f"/2.3.0/?search={'x' * 20000}")
    assert (status, headers["Content-Type"]) == (414, "application/json")
    assert json.loads(body) == {"detail": "The URL is too long."}


@pytest.mark.parametrize("query", ['search="Saturn+V"', "search=<", "search=a>b"])
def test_an_address_that_servers_would_refuse_wordlessly_is_refused_in_json(query, ask):
    status, headers, body = ask(f"/2.3.0/launches/?{query}")
    assert (status, headers["Content-Type"], headers["Access-Control-Allow-Origin"]) == (400, "application/json", "*")
    assert json.loads(body) == {"detail": "Write quotation marks, < and > in a URL as %22, %3C and %3E."}
    assert ask("/2.3.0/launches/?search=%22Saturn+V%22%3C%3E")[0] == 200


def test_what_is_no_request_is_refused_in_json(ask):
    status, headers, body = ask("/2.3.0/%00")
    assert (status, headers["Content-Type"]) == (400, "application/json")
    assert json.loads(body) == {"detail": "Bad request."}


@pytest.mark.parametrize(
    ("path", "about", "status"),
    [
        ("/", {"method": "TRACE"}, 405),
        ("/media/a.png", {"headers": {"Range": "bytes=99-"}}, 416),
        ("/errors/x", {}, 404),
    ],
)
def test_no_browser_guesses_what_an_error_of_nginx_is(path, about, status, ask, tmp_path):
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "a.png").write_bytes(b"a picture")
    assert ask(path, **about)[0] == status


def test_without_a_server_clients_are_told_to_come_back(start):
    status, headers, body = start(free_port())()
    assert (status, headers["Content-Type"], headers["Retry-After"]) == (503, "application/json", "5")
    assert json.loads(body) == {"detail": "No server is available; try again in a moment."}


def test_a_server_that_is_away_is_passed_over(start, server):
    ask = start(free_port(), server)
    assert {ask()[0] for _ in range(20)} == {200}


def all_at_once(port, source, number, headers=()) -> list[bytes]:
    """So many answers, asked for in one breath."""
    said, lines = b"", "".join(f"{name}: {value}\r\n" for name, value in headers).encode()
    with socket.create_connection(("127.0.0.1", port), timeout=30, source_address=(source, 0)) as connection:
        connection.sendall((b"GET /media/a.png HTTP/1.1\r\nHost: localhost\r\n" + lines + b"\r\n") * number)
        while said.count(b"HTTP/1.1 ") < number:
            said += connection.recv(65536)
    return said.split(b"HTTP/1.1 ")[1:]


def test_who_asks_for_more_than_any_client_needs_is_refused_and_this_machine_is_not(start, server, tmp_path):
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "a.png").write_bytes(b"a picture")
    port = start(server).port
    answers = all_at_once(port, "127.0.0.2", 1200)
    assert {answer[:3] for answer in answers} == {b"200", b"429"}
    headers, _, body = next(answer for answer in answers if answer[:3] == b"429").partition(b"\r\n\r\n")
    assert {b"Content-Type: application/json", b"Retry-After: 1", b"X-Content-Type-Options: nosniff"} <= set(
        headers.split(b"\r\n")
    )
    assert json.loads(body) == {"detail": "Too many requests at once; try again in a moment."}
    assert {answer[:3] for answer in all_at_once(port, "127.0.0.1", 1200)} == {b"200"}


def test_clients_of_a_proxy_on_the_machine_of_the_containers_are_told_apart(start, server, tmp_path):
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "a.png").write_bytes(b"a picture")
    ask = start(server)
    of_one, of_two = ((("X-Forwarded-For", f"203.0.113.{number}"),) for number in (1, 2))
    assert {answer[:3] for answer in all_at_once(ask.port, GATEWAY, 1200, of_one)} == {b"200", b"429"}
    assert {answer[:3] for answer in all_at_once(ask.port, GATEWAY, 100, of_two)} == {b"200"}
    assert {answer[:3] for answer in all_at_once(ask.port, GATEWAY, 1200)} == {b"200"}
    assert told(ask(headers=of_one, source=GATEWAY))["headers"]["x-forwarded-for"] == f"203.0.113.1, {GATEWAY}"
    elsewhere = told(ask(headers=of_one, source="127.0.0.2"))
    assert elsewhere["headers"]["x-forwarded-for"] == "203.0.113.1, 127.0.0.2"


def test_pictures_come_from_the_volume_and_can_run_nothing(ask, tmp_path):
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "a.png").write_bytes(b"a picture")
    status, headers, body = ask("/media/a.png")
    assert (status, headers["Content-Type"], body) == (200, "image/png", b"a picture")
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert headers["Content-Security-Policy"] == "default-src 'none'"
    assert told(ask("/media/other.png"))["path"] == "/media/other.png"


def test_a_line_of_the_log_is_json_and_has_no_key(ask, tmp_path):
    ask("/2.3.0/launches/?search=\\", {"Authorization": "Token 0123456789abcdef", "User-Agent": 'a "client"'})
    log = tmp_path / "access.log"
    until(lambda: log.exists() and log.read_text(), "the line is there")
    line = json.loads(log.read_text())
    assert (line["path"], line["query"], line["status"]) == ("/2.3.0/launches/", "search=\\", 200)
    assert line["agent"] == 'a "client"'
    assert "0123456789abcdef" not in log.read_text()


def test_the_files_of_the_containers_are_read_by_an_nginx_as_new_as_theirs(tmp_path):
    try:
        nginx = program("nginx")
    except Missing as what:
        pytest.skip(str(what))
    version = subprocess.run([nginx, "-v"], capture_output=True, text=True, check=True).stderr
    if [int(part) for part in version.strip().rpartition("/")[2].split(" ")[0].split(".")] < [1, 27, 3]:
        pytest.skip("needs nginx 1.27.3, which looks names up again")
    shutil.copytree(FILES / "nginx", tmp_path / "nginx")
    command = [nginx, "-e", "stderr", "-p", tmp_path, "-t", "-c", tmp_path / "nginx" / "nginx.conf"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


class Limited(Server):
    """Answers what may be kept, with the limit of whoever asks."""

    def do_GET(self):
        is_known = self.headers.get("If-None-Match") == '"1"'
        self.send_response(304 if is_known else 200)
        for name, value in {"ETag": '"1"', "X-Accel-Expires": "@1", "Cache-Control": "public, no-cache"}.items():
            self.send_header(name, value)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("RateLimit", f'"address";r={self.headers.get("X-Left", 9)};t=60')
        self.send_header("RateLimit-Policy", '"address";q=9;w=60')
        if not is_known:
            self.send_header("Content-Length", "2")
        self.end_headers()
        if not is_known:
            self.wfile.write(b"{}")


@pytest.mark.parametrize("server", [Limited], indirect=True)
@pytest.mark.parametrize("keeps", [False, True])
def test_nobody_is_told_the_limit_of_who_asked_before(server, keeps, tmp_path):
    with ended(Nginx(tmp_path, [server], keeps=keeps)) as (nginx,):
        told = [asked(nginx.port, headers={"X-Left": str(left)}) for left in (8, 7, 6)]
    assert [(status, body) for status, _, body in told] == [(200, b"{}")] * 3
    first, *others = [(headers.get("RateLimit"), headers.get("RateLimit-Policy")) for _, headers, _ in told]
    own = [(f'"address";r={left};t=60', '"address";q=9;w=60') for left in (8, 7, 6)]
    assert (first, others) == (own[0], [(None, None)] * 2 if keeps else own[1:])


@pytest.mark.parametrize("path", ["/2.3.0/changes/stream/", "/mcp/", "/mcp"])
def test_the_stream_and_the_tools_for_agents_have_a_server_of_their_own(path, server, tmp_path):
    with ended(Nginx(tmp_path, [free_port()], stream=server)) as (nginx,):
        own = get(nginx.port, path)
        other = get(nginx.port, "/2.3.0/changes/")
    assert (own[0], json.loads(own[2])["path"], other[0]) == (200, path, 503)
