"""Thousands of connections of the stream of changes, by hand:

    python -m tests.bench.stream [CONNECTIONS]

It serves an empty database with the settings of the environment (DATABASE_URL, by default SQLite in a temporary
folder), opens the connections, commits some changes, and prints the memory of the process and how long after each
commit the last connection had it. The process and the connections share the machine."""

import asyncio
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.servers import free_port

ROOT = Path(__file__).parents[2]
COMMITS = 10


def begin(url, port):
    """The process of the stream on a migrated database."""
    environment = {**os.environ, "DATABASE_URL": url, "SPACEDEVS_STREAM_CONNECTIONS": "10000"}
    manage = [sys.executable, ROOT / "manage.py"]
    subprocess.run([*manage, "migrate", "--verbosity=0"], env=environment, check=True)
    return subprocess.Popen([*manage, "stream", "--port", str(port)], env=environment), environment


async def listen(port, told):
    """A connection; it notes when it gets an event."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /2.3.0/changes/stream/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    await writer.drain()
    try:
        while data := await reader.read(4096):
            if b"data: " in data:
                told.append(time.time())
            elif b"retry: " in data:
                told.append(None)
    finally:
        writer.close()


async def measure(number, port, process, commit):
    told = []
    tasks = []
    for count in range(number):
        tasks.append(asyncio.create_task(listen(port, told)))
        if count % 200 == 0:
            await asyncio.sleep(0.05)
    while told.count(None) < number:
        await asyncio.sleep(0.1)
    print(f"{number} connections, {memory(process)} MB")
    for _ in range(COMMITS):
        told.clear()
        began = await asyncio.to_thread(commit)
        while len(told) < number:
            await asyncio.sleep(0.02)
        delays = sorted(moment - began for moment in told)
        half, last = delays[number // 2], delays[-1]
        print(f"commit to half of them {half:.2f} s, to the last {last:.2f} s, {memory(process)} MB")
        await asyncio.sleep(0.3)
    for task in tasks:
        task.cancel()


def memory(process) -> int:
    """The proportional memory of a process and of its children, in MB."""
    pids = [process.pid, *map(int, Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split())]
    lines = (line for pid in pids for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines())
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) // 1024


def main(number=5000):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory() as folder:
        url = os.environ.get("DATABASE_URL") or f"sqlite:///{folder}/stream.sqlite3"
        port = free_port()
        process, environment = begin(url, port)
        os.environ.update(environment | {"DJANGO_SETTINGS_MODULE": "spacedevs.settings"})
        import django  # noqa: PLC0415

        django.setup()
        from agencies.models import AgencyType  # noqa: PLC0415

        def commit():
            AgencyType.objects.create(name=str(time.time()))
            return time.time()

        try:
            time.sleep(5)
            asyncio.run(measure(number, port, process, commit))
        finally:
            process.terminate()
            process.wait(20)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
