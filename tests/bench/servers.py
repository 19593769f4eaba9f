"""Servers of our own on free ports, the load on them, and what it costs them."""

import getpass
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep

from . import ROOT
from .measure import NotMeasured, Taken, Wrong

TICKS = os.sysconf("SC_CLK_TCK")
CONNECTIONS, WORKERS = 8, 2
NGINX = """
{user}
daemon off;
pid {folder}/nginx.pid;
worker_processes {workers};
events {{}}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    gzip_static on;
    default_type application/json;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        root {folder};
    }}
}}
"""


def tool(name):
    """The path of a program that a goal needs."""
    if path := shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin"):
        return path
    raise NotMeasured(f"{name} is not installed (Debian has a package)")


def need(*names):
    for name in names:
        tool(name)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def stat(pid):
    """The session of a process and the CPU ticks that it has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[3]), int(fields[11]) + int(fields[12])


class Server:
    """A running server: what it answers and what it uses."""

    def __init__(self, process, port):
        self.process, self.port = process, port

    def get(self, path, headers):
        """The status, the headers and the body of an answer."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def wait(self, path, seconds=120):
        """Until it answers; on a machine that does much else a start takes its time."""
        end = monotonic() + seconds
        while self.process.poll() is None and monotonic() < end:
            with suppress(OSError):
                return self.get(path, {})
            sleep(0.1)
        raise SystemExit(f"{' '.join(map(str, self.process.args))} does not answer.")

    def pids(self):
        """The processes of the server: the one that was started leads a session that is theirs alone."""
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if stat(folder.name)[0] == self.process.pid:
                    yield int(folder.name)

    def cpu(self):
        return sum(stat(pid)[1] for pid in self.pids()) / TICKS

    def peak(self):
        """The most memory, in MB, that one of its workers has held."""
        status = [Path(f"/proc/{pid}/status").read_text() for pid in self.pids() if pid != self.process.pid]
        return max(int(re.search(r"VmHWM:\s+(\d+)", text)[1]) for text in status) / 1024

    def drain(self, seconds=5):
        """Until it has nothing left to do."""
        end, before, used = monotonic() + seconds, None, self.cpu()
        while used != before and monotonic() < end:
            sleep(0.1)
            before, used = used, self.cpu()

    def end(self):
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def started(command, port, path, environment=os.environ, folder=ROOT):
    process = subprocess.Popen(command, cwd=folder, env=environment, start_new_session=True)
    server = Server(process, port)
    try:
        server.wait(path)
        yield server
    finally:
        server.end()


def granian(target, path, workers=WORKERS, **environment):
    """A WSGI application behind the server that an installation has."""
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.serve", target, str(port), str(workers)]
    quiet = {"PYTHONWARNINGS": "ignore:No directory at"}  # static files are not served here
    return started(command, port, path, os.environ | quiet | environment)


@contextmanager
def nginx(compressed):
    """nginx with one file, already compressed, at /page.json."""
    program, port = tool("nginx"), free_port()
    with TemporaryDirectory() as folder:
        user = f"user {getpass.getuser()};" if os.geteuid() == 0 else ""
        config = Path(folder) / "nginx.conf"
        config.write_text(NGINX.format(folder=folder, port=port, workers=WORKERS, user=user))
        config.with_name("page.json.gz").write_bytes(compressed)
        config.with_name("page.json").touch()
        with started([program, "-e", "stderr", "-p", folder, "-c", config], port, "/page.json") as server:
            yield server


def load(server, path, headers, seconds):
    """What a request takes while wrk asks as fast as it can, on the side of the server."""
    headers = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    command = [
        tool("wrk"),
        "-t1",
        f"-c{CONNECTIONS}",
        f"-d{seconds}s",
        *headers,
        f"http://127.0.0.1:{server.port}{path}",
    ]
    server.drain()
    before = server.cpu()
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if failed := re.search("Socket errors.*|Non-2xx.*", said):
        raise Wrong(failed[0])
    requests, rate = int(re.search(r"(\d+) requests in", said)[1]), float(re.search(r"Requests/sec:\s+(\S+)", said)[1])
    return [Taken(1 / rate, (server.cpu() - before) / requests)]
