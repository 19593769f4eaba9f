"""Requests to other servers: where they go, and where they end."""

import gzip
import socket
import ssl
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address

import httpcore
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from spacedevs.sync import outbound
from spacedevs.sync.outbound import Client, Forbidden, Network, Oversized, Unreadable, anywhere, body_of, is_public

PUBLIC = ["1.1.1.1", "8.8.8.8", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2002:101:101::1"]
NOT_PUBLIC = [
    *["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.1.1", "100.64.0.1", "0.0.0.1", "255.255.255.255"],
    *["192.0.2.1", "198.18.0.1", "203.0.113.1", "224.0.0.1", "240.0.0.1"],
    *["::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fec0::1", "ff02::1", "ff0e::1", "2001:db8::1", "::1.1.1.1"],
    *["::ffff:127.0.0.1", "::ffff:10.1.2.3", "64:ff9b::10.1.2.3", "64:ff9b:1::1", "2002:7f00:1::1", "2001:0:1::1"],
]


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_internet_is_public(address):
    assert is_public(address)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_any_other_address_is_not_nor_one_that_carries_it(address):
    assert not is_public(address)


# A server with a name ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server():
    """A server, and what it was asked for: by which name, and for what."""

    class Handler(BaseHTTPRequestHandler):
        asked, answers = [], {}

        def do_GET(self):
            self.asked.append((self.headers["Host"].partition(":")[0], self.path))
            status, headers, body = self.answers.get(self.path, (200, {}, b"here"))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            """Nothing: tests are quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        Handler.port = server.server_port
        yield Handler
        server.shutdown()


@pytest.fixture(autouse=True)
def forgotten(server):
    server.asked.clear()
    server.answers.clear()


@pytest.fixture
def names(monkeypatch):
    """What names lead to, each time they are looked up; the last of it from then on."""
    known, looked_up, real = {}, [], socket.getaddrinfo

    def look_up(host, port, *rest, **about):
        if host[0].isdigit():
            return real(host, port, *rest, **about)
        looked_up.append(host)
        if host not in known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        answers = known[host]
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr("socket.getaddrinfo", look_up)
    known["looked up"] = looked_up
    return known


@pytest.fixture
def connected(monkeypatch):
    """Has each connection lead to the server of the test, and notes where it was to go."""
    asked, real = [], socket.create_connection

    def connect(address, *rest, **more):
        asked.append(address[0])
        if ip_address(address[0]).is_multicast:
            raise OSError("Network is unreachable")
        return real(("127.0.0.1", address[1]), *rest, **more)

    monkeypatch.setattr("socket.create_connection", connect)
    return asked


@contextmanager
def client(is_allowed=is_public, **options):
    made = Client(is_allowed, **options)
    try:
        yield made
    finally:
        made.close()


def ask(address, is_allowed=is_public, most=1000, **options):
    with client(is_allowed, **options) as asking, asking.get(address) as response:
        return body_of(response, most)


def test_a_connection_goes_to_the_address_that_was_checked_though_the_name_leads_elsewhere_by_then(
    server, names, connected
):
    names["pictures.test"] = [["1.1.1.1"], ["127.0.0.1"]]
    assert ask(f"http://pictures.test:{server.port}/a.png") == b"here"
    assert (names["looked up"], connected) == (["pictures.test"], ["1.1.1.1"])
    assert server.asked == [("pictures.test", "/a.png")]


def test_a_name_that_leads_to_one_address_of_our_own_is_not_asked_at_all(server, names, connected):
    names["pictures.test"] = [["1.1.1.1", "10.1.2.3"]]
    with pytest.raises(Forbidden, match=r"^resolves to 10\.1\.2\.3, which is not public$"):
        ask(f"http://pictures.test:{server.port}/a.png")
    assert (connected, server.asked) == ([], [])


def test_a_redirect_is_checked_as_the_first_address_was(server, names, connected):
    names |= {"pictures.test": [["1.1.1.1"]], "inside.test": [["::ffff:10.1.2.3"]]}
    server.answers["/a.png"] = (302, {"Location": f"http://inside.test:{server.port}/b.png"}, b"")
    with pytest.raises(Forbidden, match=r"resolves to ::ffff:10\.1\.2\.3, which is not public"):
        ask(f"http://pictures.test:{server.port}/a.png", redirects=5)
    assert (connected, server.asked) == (["1.1.1.1"], [("pictures.test", "/a.png")])


def test_no_more_redirects_are_followed_than_were_allowed(server, names, connected):
    names["pictures.test"] = [["1.1.1.1"]]
    server.answers["/a.png"] = (302, {"Location": "/a.png"}, b"")
    with pytest.raises(httpx.TooManyRedirects):
        ask(f"http://pictures.test:{server.port}/a.png", redirects=5)
    assert len(server.asked) == 6


def test_the_next_address_of_a_name_is_tried_where_the_first_is_not_to_be_reached(server, names, connected):
    names["pictures.test"] = [["224.0.0.1", "1.1.1.1"]]
    assert ask(f"http://pictures.test:{server.port}/a.png", anywhere) == b"here"
    assert connected == ["224.0.0.1", "1.1.1.1"]


@pytest.mark.parametrize("host", ["nowhere.test", "a" * 64 + ".test"])
def test_a_name_that_leads_nowhere_is_an_error_of_the_connection(host, names):
    with pytest.raises((httpx.ConnectError, httpx.InvalidURL)):
        ask(f"http://{host}/")


def test_proxies_are_used_where_any_address_is_allowed_and_nowhere_else(server, names, connected, monkeypatch):
    names |= {"pictures.test": [["1.1.1.1"]], "proxy.test": [["10.1.2.3"]]}
    monkeypatch.setenv("HTTP_PROXY", f"http://proxy.test:{server.port}")
    ask(f"http://pictures.test:{server.port}/a.png")
    ask(f"http://pictures.test:{server.port}/a.png", anywhere)
    assert connected == ["1.1.1.1", "10.1.2.3"]


def test_no_cookie_is_kept(server, names, connected):
    names["pictures.test"] = [["1.1.1.1"]]
    server.answers["/"] = (200, {"Set-Cookie": "a=b; Path=/"}, b"")
    with client() as asking:
        for _ in range(2):
            with asking.get(f"http://pictures.test:{server.port}/") as response:
                assert "cookie" not in response.request.headers
        assert not asking.http.cookies


# TLS ------------------------------------------------------------------------------------------------


def certificate(name, folder):
    """A certificate for a name that vouches for itself, and its key, as files."""
    key, subject = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "certificate.pem").write_bytes(made.public_bytes(pem))
    (folder / "key.pem").write_bytes(private)
    return folder / "certificate.pem", folder / "key.pem"


@pytest.fixture
def tls(tmp_path, monkeypatch):
    """A port where somebody shows a certificate for pictures.test, and which names were asked for there."""
    public, private = certificate("pictures.test", tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(public))
    context, asked = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), []
    context.load_cert_chain(public, private)
    context.sni_callback = lambda connection, name, about: asked.append(name)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "4")
            self.end_headers()
            self.wfile.write(b"here")

        def log_message(self, *args):
            """Nothing: tests are quiet."""

    class Server(ThreadingHTTPServer):
        def finish_request(self, request, address):
            with context.wrap_socket(request, server_side=True) as secure:
                super().finish_request(secure, address)

        def handle_error(self, request, address):
            """Nothing: who does not trust us hangs up."""

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, asked
        server.shutdown()


def test_the_certificate_is_held_against_the_name_and_not_the_address(tls, names, connected):
    port, asked = tls
    names |= {"pictures.test": [["1.1.1.1"]], "others.test": [["1.1.1.1"]]}
    assert ask(f"https://pictures.test:{port}/") == b"here"
    with pytest.raises(httpx.ConnectError, match="Hostname mismatch"):
        ask(f"https://others.test:{port}/")
    assert (asked, connected) == (["pictures.test", "others.test"], ["1.1.1.1"] * 2)


# Time and size ---------------------------------------------------------------------------------------


class Dripping(httpcore.NetworkStream):
    """A connection of which a byte comes every ten seconds of a clock that nobody waits for."""

    def __init__(self, clock, head):
        self.clock, self.head, self.timeouts = clock, head, []

    def read(self, max_bytes, timeout=None):
        self.timeouts.append(timeout)
        self.clock[0] += 10
        if timeout < 10:
            raise httpcore.ReadTimeout
        head, self.head = self.head, b""
        return head or b"x"

    def write(self, buffer, timeout=None):
        """Takes anything."""

    def close(self):
        """Nothing is open."""

    def start_tls(self, ssl_context, server_hostname=None, timeout=None):
        return self

    def get_extra_info(self, info):
        return None


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"], ids=["head", "body"])
def test_an_answer_that_drips_ends_after_a_minute(scheme, head, names, monkeypatch):
    clock = [1000.0]
    names["slow.test"] = [["1.1.1.1"]]
    monkeypatch.setattr(outbound, "monotonic", lambda: clock[0])
    stream = Dripping(clock, head)
    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", lambda *about: stream)
    with pytest.raises(httpx.ReadTimeout):
        ask(f"{scheme}://slow.test/")
    assert clock[0] <= 1000 + outbound.SECONDS
    assert stream.timeouts == [30, 30, 30, 30, 20, 10][: len(stream.timeouts)]


def test_a_step_that_would_begin_after_the_end_is_not_taken(names, monkeypatch):
    network = Network(anywhere)
    network.ends = outbound.monotonic() - 1
    names["slow.test"] = [["1.1.1.1"]]
    with pytest.raises(httpcore.ConnectTimeout):
        network.connect_tcp("slow.test", 80)


LIMITED = {
    "plain": ({}, b"x" * 1001),
    "gzip": ({"Content-Encoding": "gzip"}, gzip.compress(b"x" * 1001)),
    "gzip of blanks without an end": ({"Content-Encoding": "GZIP"}, gzip.compress(b" " * 2**26)[:-100]),
}


@pytest.mark.parametrize("name", LIMITED)
def test_a_body_is_read_no_further_than_wanted(name, server, names, connected):
    names["pictures.test"] = [["1.1.1.1"]]
    server.answers["/"] = (200, *LIMITED[name])
    with pytest.raises(Oversized, match=r"^has more than 1000 bytes$"):
        ask(f"http://pictures.test:{server.port}/")


WHOLE = {"plain": ({}, b"x" * 1000), "gzip": ({"Content-Encoding": "x-gzip"}, gzip.compress(b"x" * 1000))}


@pytest.mark.parametrize("name", WHOLE)
def test_a_body_of_as_many_bytes_as_wanted_is_read(name, server, names, connected):
    names["pictures.test"] = [["1.1.1.1"]]
    server.answers["/"] = (200, *WHOLE[name])
    assert ask(f"http://pictures.test:{server.port}/") == b"x" * 1000


UNREADABLE = {
    "is truncated": ({"Content-Encoding": "gzip"}, gzip.compress(b"x" * 100)[:-9]),
    "is not valid gzip": ({"Content-Encoding": "gzip"}, b"x" * 100),
    "has the unexpected encoding br": ({"Content-Encoding": "br"}, b"x"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_body_that_cannot_be_unpacked_is_told(name, server, names, connected):
    names["pictures.test"] = [["1.1.1.1"]]
    server.answers["/"] = (200, *UNREADABLE[name])
    with pytest.raises(Unreadable, match=f"^{name}"):
        ask(f"http://pictures.test:{server.port}/")
