"""Caches of others before our servers: those whose files the installation has, and those that the docs speak of.

`python -m tests.production.caches` prints what each does, for the table of docs/operations.md."""

import gzip
import json
import os
import re
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from time import sleep

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from tests.bench.stale import Station, connected

from . import FILES
from .parts import Missing, Nginx, Running, Web, ended, free_port, get, manage, program, until

DECODERS = {"": bytes, "gzip": gzip.decompress, "br": brotli.decompress, "zstd": zstd.decompress}
ACCEPTED = "", "identity", "gzip", "br", "zstd, br;q=0.5", "gzip, deflate, br, zstd"
PATH = "/2.3.0/space_stations/?limit=5"
READERS = 4
HAPROXY = """
defaults
    mode http
    timeout connect 2s
    timeout client 30s
    timeout server 60s
cache answers
    total-max-size 16
frontend web
    bind 127.0.0.1:{port}
    http-request del-header X-Forwarded-For
    http-request del-header X_Forwarded_For
    option forwardfor
    http-request cache-use answers
    http-response cache-store answers
    default_backend spacedevs
backend spacedevs
    balance roundrobin
    option httpchk GET /readyz
    retries 2
    option redispatch 1
{servers}
"""
APACHE = """
ServerRoot {folder}
ServerName localhost
PidFile {folder}/pid
ErrorLog {folder}/log
{user}
{modules}
Listen 127.0.0.1:{port}
CacheQuickHandler off
CacheRoot {folder}/kept
CacheEnable disk /
CacheStoreExpired On
ProxyPreserveHost On
<Proxy balancer://spacedevs>
{servers}
</Proxy>
ProxyPass / balancer://spacedevs/
"""
MODULES = (
    "mpm_event authz_core proxy proxy_http proxy_balancer lbmethod_byrequests slotmem_shm headers cache cache_disk"
)
SQUID = """
http_port 127.0.0.1:{port} accel no-vhost defaultsite=127.0.0.1:{port}
{servers}
http_access allow all
never_direct allow all
cache_effective_user proxy
cache_log {folder}/log
access_log none
pid_filename {folder}/pid
coredump_dir {folder}
shutdown_lifetime 1 seconds
pinger_enable off
"""


def until_listens(cache, name):
    until(lambda: socket.create_connection(("127.0.0.1", cache.port)).close() is None, f"{name} listens")
    return cache


def written(folder: Path, name, text) -> Path:
    (folder / name).write_text(text)
    return folder / name


# Each begins a program before the servers at these ports; its files go to an empty folder.


def nginx(folder, ports):
    return Nginx(folder, ports, keeps=True)


def balancer(folder, ports):
    return Nginx(folder, ports)


def varnish(folder, ports):
    text = (FILES / "varnish" / "default.vcl").read_text().replace('"8000"', f'"{ports[0]}"')
    port, file = free_port(), written(folder, "default.vcl", text)
    where = ["-n", folder / "state", "-f", file, "-a", f"127.0.0.1:{port}", "-s", "malloc,64m"]
    command = [program("varnishd"), "-F", *where, "-p", "http_gzip_support=off"]
    return until_listens(Running(command, port), "Varnish")


def caddy(folder, ports):
    port = free_port()
    text = (FILES / "caddy" / "Caddyfile").read_text().replace("launches.example.org", f"http://127.0.0.1:{port}")
    text = re.sub("(?<=reverse_proxy ).*(?= {)", " ".join(f"127.0.0.1:{each}" for each in ports), text)
    file = written(folder, "Caddyfile", f"{{\n\tadmin off\n}}\n{text}")
    places = {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    command = [program("caddy"), "run", "--config", file, "--adapter", "caddyfile"]
    return until_listens(Running(command, port, places), "Caddy")


def haproxy(folder, ports):
    port = free_port()
    servers = "\n".join(f"    server web{each} 127.0.0.1:{each} check inter 2s" for each in ports)
    file = written(folder, "haproxy.cfg", HAPROXY.format(port=port, servers=servers))
    return until_listens(Running([program("haproxy"), "-db", "-f", file], port), "HAProxy")


def apache(folder, ports):
    port = free_port()
    command = program("apache2")
    modules = "\n".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in MODULES.split())
    servers = "\n".join(f"BalancerMember http://127.0.0.1:{each}" for each in ports)
    (folder / "kept").mkdir()
    (folder / "kept").chmod(0o777)
    user = "User www-data\nGroup www-data" if os.geteuid() == 0 else ""
    text = APACHE.format(folder=folder, port=port, modules=modules, servers=servers, user=user)
    file = written(folder, "apache.conf", text)
    return until_listens(Running([command, "-D", "FOREGROUND", "-f", file], port), "Apache")


def squid(folder, ports):
    port = free_port()
    servers = "\n".join(
        f"cache_peer 127.0.0.1 parent {each} 0 no-query no-digest originserver round-robin name=web{each}"
        for each in ports
    )
    file = written(folder, "squid.conf", SQUID.format(folder=folder, port=port, servers=servers))
    return until_listens(Running([program("squid"), "-N", "-f", file], port), "Squid")


CACHES = {each.__name__: each for each in (balancer, nginx, varnish, caddy, haproxy, apache, squid)}


# What is asked -----------------------------------------------------------------------------------


class Servers:
    """Two servers of one database, and what they have answered."""

    def __init__(self, folder: Path, stack: ExitStack):
        self.url = f"sqlite:///{folder}/data.sqlite3"
        manage("prepare", DATABASE_URL=self.url)
        self.metrics, self.webs = [free_port(), free_port()], []
        for port in self.metrics:
            about = {"DATABASE_URL": self.url, "SPACEDEVS_PROXIES": "1", "SPACEDEVS_METRICS_PORT": str(port)}
            log = stack.enter_context((folder / f"{port}.log").open("ab"))
            (web,) = stack.enter_context(ended(Web(about, log, workers=1)))
            self.webs.append(web)
        for web in self.webs:
            web.until_ready()
        self.ports = [web.port for web in self.webs]

    def answered(self) -> dict[str, int]:
        """How many answers there were of each status."""
        found = {"200": 0, "304": 0}
        for port in self.metrics:
            told = get(port, "/metrics")[2].decode()
            for status, number in re.findall(
                r'^spacedevs_responses_total\{status="(\d+)"\} (\S+)', told, re.MULTILINE
            ):
                found[status] = found.get(status, 0) + int(float(number))
        return found


@contextmanager
def servers() -> Iterator[Servers]:
    with TemporaryDirectory(prefix="caches-") as folder, ExitStack() as stack:
        yield Servers(Path(folder), stack)


@contextmanager
def started(name, ports) -> Iterator[int]:
    """A cache before servers: the port at which it listens."""
    with TemporaryDirectory(prefix="cache-", ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o777)  # noqa: S103 - some write as a user of their own
        with ended(CACHES[name](Path(folder), ports)) as (cache,):
            yield cache.port


def plain(answer) -> bytes:
    """The body of an answer that must be a success."""
    status, headers, body = answer
    assert status == 200, (status, body)
    return DECODERS[headers.get("Content-Encoding", "")](body)


def wrong(port) -> list[str]:
    """What is not as the server itself would have it, for each encoding that is accepted."""
    found, expected = [], json.loads(plain(get(port, PATH)))
    for accepted in ACCEPTED * 2:
        asked = {"Accept-Encoding": accepted} if accepted else {}
        first = get(port, PATH, asked)
        if json.loads(plain(first)) != expected:
            found.append(f"another body for {accepted}")
        if first[1].get("Content-Encoding", "") not in (accepted or "identity").replace("identity", "") + " ":
            found.append(f"{first[1]['Content-Encoding']} for {accepted}")
        if b"<!doctype html" not in plain(get(port, PATH, asked | {"Accept": "text/html"}))[:100].lower():
            found.append(f"no page for {accepted}")
        if get(port, PATH, asked | {"If-None-Match": first[1]["ETag"]})[0] != 304:
            found.append(f"no 304 for {accepted}")
        head = get(port, PATH, asked, method="HEAD")
        if [head[1][name] for name in ("ETag", "Content-Length")] != [first[1]["ETag"], str(len(first[2]))]:
            found.append(f"HEAD is other than GET for {accepted}")
    return found


def asked_of_servers(servers, port, number=5) -> dict[str, int]:
    """What servers answer when one asks for the same so many times, after the first; by status."""
    path = f"{PATH}&offset=1"
    plain(get(port, path))
    before = servers.answered()
    for _ in range(number):
        plain(get(port, path))
    after = servers.answered()
    return {status: after[status] - before[status] for status in ("200", "304")}


def known(port, path=PATH, number=40) -> int:
    """How many of so many conditional requests are told that nothing has changed."""
    etag = get(port, path, {"Accept-Encoding": "gzip"})[1]["ETag"]
    asked = {"Accept-Encoding": "gzip", "If-None-Match": etag}
    return sum(get(port, path, asked)[0] == 304 for _ in range(number))


def stale(servers, port, seconds=6) -> tuple[int, int]:
    """How many answers lacked what was committed before they were asked for, and of how many."""
    with closing(connected(servers.url)) as connection, ThreadPoolExecutor(READERS) as pool:
        station, committed, is_over = Station(connection), [0], Event()
        station.rename("Number 0")

        def read():
            found = []
            while not is_over.is_set():
                least = committed[0]
                name = json.loads(plain(get(port, station.path, {"Accept-Encoding": "gzip"})))["name"]
                found.append(int(name.removeprefix("Number ")) < least)
            return found

        readers = [pool.submit(read) for _ in range(READERS)]
        try:
            for number in range(1, seconds * 20):
                station.rename(f"Number {number}")
                committed[0] = number
                sleep(0.05)
        finally:
            is_over.set()
        answers = [each for reader in readers for each in reader.result()]
        station.restore()
    return sum(answers), len(answers)


def main():
    with servers() as behind:
        for name in sys.argv[1:] or CACHES:
            try:
                with started(name, behind.ports) as port:
                    print(
                        name, wrong(port), asked_of_servers(behind, port), known(port), stale(behind, port), flush=True
                    )
            except (Missing, AssertionError) as what:
                print(name, what, flush=True)


if __name__ == "__main__":
    main()
