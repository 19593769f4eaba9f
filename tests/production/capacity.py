"""What one machine carries: python -m tests.production.capacity [--sqlite] [SCALE…], with SCALE 1x or 10x.

On the generated data of the benchmarks, which are made once and kept: a table of requests a second, one of memory, and
one of storage, as docs/capacity.md has them. Needs wrk. Who else uses the machine takes from what is measured."""

import argparse
import re
import subprocess
import sys
import warnings
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.databases import Postgres, Sqlite
from tests.bench.process import Process
from tests.bench.servers import granian, tool
from tests.bench.stale import connected

from .parts import Missing, Nginx, ended

APPLICATION = "spacedevs.wsgi:application"
SECONDS = 4  # of each measurement
WORKERS = 1, 2
UNKEPT = {"SPACEDEVS_RESPONSE_CACHE_MB": "0"}
PLAIN, PACKED = {}, {"Accept-Encoding": "gzip"}
SIZE = {  # launches and bytes
    "sqlite": "SELECT count(*), max(page_count * page_size) FROM launches_launch, pragma_page_count, pragma_page_size",
    "postgresql": "SELECT count(*), pg_database_size(current_database()) FROM launches_launch",
}
LIST, BASE = "/2.3.0/launches/?limit=100&mode=detailed", "/2.3.0/launches/?limit=10"


def asked(detail) -> list[tuple]:
    """What is measured: what it is called, the address, headers, and what the server is started with."""
    return [
        ("kept, one launch", detail, PACKED, {}),
        ("kept, page of 10 launches", BASE, PACKED, {}),
        ("kept, page of 100 detailed launches", LIST, PACKED, {}),
        ("made, one launch", detail, PLAIN, UNKEPT),
        ("made, page of 10 launches", BASE, PLAIN, UNKEPT),
        ("made, page of 100 detailed launches", LIST, PLAIN, UNKEPT),
    ]


def row(cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def table(*headings):
    print()
    row(headings)
    row(["---"] * len(headings))


def first_launch(url) -> str:
    with closing(Process({"DATABASE_URL": url})) as process:
        body = process.call("inside.get", "launches/?limit=1&mode=list")[2]
    return "/2.3.0/launches/" + re.search(rb'"id":\s?"([0-9a-f-]+)"', body)[1].decode() + "/"


def rate(port, path, headers) -> str:
    """How many answers a second wrk gets over eight connections."""
    told = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    command = [tool("wrk"), "-t1", "-c8", f"-d{SECONDS}s", "--timeout", "60s", *told]
    command.append(f"http://127.0.0.1:{port}{path}")
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in said, said
    return f"{float(re.search(r'Requests/sec: +([0-9.]+)', said)[1]):,.0f}"


def requests_a_second(url):
    table("answer", "bytes sent", *(f"a second, {number} workers" for number in WORKERS))
    for name, path, headers, about in asked(first_launch(url)):
        rates, size = [], 0
        for number in WORKERS:
            with granian(APPLICATION, path, number, DATABASE_URL=url, **about) as server:
                size = len(server.get(path, headers)[2])
                rates.append(rate(server.port, path, headers))
        row([name, f"{size:,}", *rates])
    through_nginx(url)


def through_nginx(url):
    """The same kept answer with nginx between."""
    path = first_launch(url)
    with ExitStack() as stack:
        server = stack.enter_context(granian(APPLICATION, path, WORKERS[-1], DATABASE_URL=url))
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="capacity-")))
        try:
            (nginx,) = stack.enter_context(ended(Nginx(folder, [server.port])))
        except Missing:
            return
        size = len(server.get(path, PACKED)[2])
        row(["kept, one launch, through nginx", f"{size:,}", "", rate(nginx.port, path, PACKED)])


def memory(url):
    """What a worker has taken at its most: after one answer, and after more pages than it keeps."""
    table("a worker that has answered", "MB")
    with granian(APPLICATION, BASE, 1, DATABASE_URL=url) as server:
        row(["one page", f"{server.peak():.0f}"])
        for offset in range(300):
            server.get(f"{LIST}&offset={offset}", PLAIN)
        row(["300 pages of 100 detailed launches, of which it keeps 64 MB", f"{server.peak():.0f}"])


def storage(urls):
    table("data", "launches", "database, MB", "MB for 1,000 launches")
    for scale, url in urls.items():
        with closing(connected(url)) as connection:
            launches, size = connection.execute(
                SIZE["sqlite" if url.startswith("sqlite") else "postgresql"]
            ).fetchone()
        row([scale, f"{launches:,}", f"{size / 2**20:,.0f}", f"{size / 2**20 / launches * 1000:.1f}"])


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.production.capacity")
    parser.add_argument("scales", nargs="*", default=["1x"], choices=["1x", "10x"])
    parser.add_argument("--sqlite", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    engine = Sqlite() if options.sqlite else Postgres()
    urls = {scale: engine.url(scale) for scale in options.scales}
    for scale, url in urls.items():
        print(f"\n{engine.name}, {scale}")
        requests_a_second(url)
        memory(url)
    print(f"\n{engine.name}")
    storage(urls)


if __name__ == "__main__":
    sys.exit(main())
