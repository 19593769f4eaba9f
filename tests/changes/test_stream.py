"""The stream tells each connection what changes, and what it missed while it was away."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import pytest
from django.db import DEFAULT_DB_ALIAS, connections

from agencies.models import AgencyType
from spacedevs.changes import broadcast, stream
from spacedevs.changes.stream import Stream
from spacedevs.db.change_log import upkeep
from spacedevs.db.change_log.reading import Log

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("database")]

PATIENCE = 30  # seconds after which a test fails instead of waiting for ever


class Connection:
    """A client of the application: what it gets, in order."""

    def __init__(self, app, path="/2.3.0/changes/stream/", query="", method="GET", **headers):
        headers = {"host": "testserver", **{name.replace("_", "-"): value for name, value in headers.items()}}
        self.scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("192.0.2.1", 4711),
        }
        self.sent, self.left = asyncio.Queue(), asyncio.Event()
        self.task = asyncio.ensure_future(app(self.scope, self.receive, self.send))
        self.text = ""

    async def receive(self):
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        await self.sent.put(message)

    async def next(self):
        return await asyncio.wait_for(self.sent.get(), PATIENCE)

    async def status(self):
        return (await self.next())["status"]

    async def answer(self):
        """Status and JSON of an answer that is no stream."""
        return await self.status(), json.loads((await self.next())["body"])

    async def until(self, number):
        """This number of events, as JSON."""
        events = []
        while len(events) < number:
            self.text += (await self.next())["body"].decode()
            *whole, self.text = self.text.split("\n\n")
            events += [json.loads(each.partition("data: ")[2]) for each in whole if "data: " in each]
        return events

    async def ended(self):
        """Waits until the application closes the connection; returns what came before."""
        said = b""
        while True:
            message = await self.next()
            said += message.get("body", b"")
            if message["type"] == "http.response.body" and not message.get("more_body"):
                return said.decode()

    async def leave(self):
        self.left.set()
        await asyncio.wait_for(self.task, PATIENCE)


@asynccontextmanager
async def running(**facts):
    """An application that has begun to read the log."""
    app, said = Stream(["testserver"]), asyncio.Queue()
    orders = asyncio.Queue()
    await orders.put({"type": "lifespan.startup"})
    task = asyncio.ensure_future(app({"type": "lifespan"}, orders.get, said.put))
    assert await said.get() == {"type": "lifespan.startup.complete"}
    while not app.broadcast.is_ready:
        await asyncio.sleep(0.01)
    try:
        yield app
    finally:
        app.end()
        await orders.put({"type": "lifespan.shutdown"})
        await task
        app.broadcast.thread.submit(connections.close_all)
        for pool in (app.broadcast.thread, app.broadcast.catching_up):
            pool.shutdown()


def played(scene):
    """Runs a test of connections, in a thread: a browser of other tests may have a loop that runs in this one."""

    async def bounded():
        await asyncio.wait_for(scene(), 2 * PATIENCE)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(bounded())).result()


async def in_thread(function):
    """Calls a function that uses the database."""
    return await asyncio.to_thread(broadcast.alone, function)


async def add(number):
    await in_thread(lambda: AgencyType.objects.create(id=number, name="A"))


def newest_cursor():
    log = Log.read()
    return log.cursor(log.now)


async def cursor():
    return await in_thread(newest_cursor)


def ids(events):
    return [(event["endpoint"], event["id"], event["action"]) for event in events]


def test_a_change_reaches_all_connections_that_asked_for_it():
    async def scene():
        async with running() as app:
            everything, types = Connection(app), Connection(app, query="endpoints=config/agency_types")
            other = Connection(app, query="endpoints=launches,agencies")
            assert [await each.status() for each in (everything, types, other)] == [200, 200, 200]
            now = app.broadcast.cursor  # other databases of the cluster move that of a new reading on
            assert [(await each.next())["body"].decode() for each in (everything, types, other)] == [
                f"retry: 3000\nid: {now}\n\n"
            ] * 3
            await add(7)
            [event] = await everything.until(1)
            assert {**event, "moment": ""} == {
                "endpoint": "config/agency_types",
                "id": "7",
                "url": "/2.3.0/config/agency_types/7/",
                "action": "created",
                "moment": "",
                "fields_changed": [],
                "cursor": event["cursor"],
            }
            assert await types.until(1) == [event]
            assert app.open == 3
            await everything.leave()
            assert (app.open, other.sent.empty()) == (2, True)

    played(scene)


@pytest.mark.parametrize("where", ["last_event_id", "since"])
def test_a_client_that_was_away_gets_what_it_missed(where, monkeypatch):
    monkeypatch.setattr(broadcast, "AT_ONCE", 2)

    async def scene():
        before = await cursor()
        for number in range(7, 12):
            await add(number)
        async with running() as app:
            asked = {"query": f"since={before}"} if where == "since" else {"last_event_id": before}
            away = Connection(app, **asked)
            assert await away.status() == 200
            assert [event["id"] for event in await away.until(5)] == ["7", "8", "9", "10", "11"]
            await add(12)
            assert [event["id"] for event in await away.until(1)] == ["12"]

    played(scene)


def test_a_connection_shows_that_it_lives_and_moves_a_filtered_one_on(monkeypatch):
    monkeypatch.setattr(stream, "HEARTBEAT", 0.2)

    async def scene():
        async with running() as app:
            other = Connection(app, query="endpoints=launches")
            await other.status()
            await other.next()
            before = app.broadcast.cursor
            await add(7)
            while True:
                said = (await other.next())["body"].decode()
                after = app.broadcast.cursor
                if after != before and said == f": still here\nid: {after}\n\n":
                    break
                assert said.startswith(": still here\nid: ")

    played(scene)


REFUSED = {
    "another path": ({"path": "/2.3.0/changes/"}, 404, {"detail": "Not found."}),
    "another method": ({"method": "POST"}, 405, {"detail": 'Method "POST" not allowed.'}),
    "another host": ({"host": "evil.example"}, 400, {"detail": "This server does not answer to this host name."}),
    "no host": ({"host": ""}, 400, {"detail": "This server does not answer to this host name."}),
    "no cursor": ({"query": "since=x"}, 400, {"since": ["This is not a cursor of `changes/`."]}),
    "an odd cursor": ({"last_event_id": "\x00\xff"}, 400, {"since": ["This is not a cursor of `changes/`."]}),
    "an unknown endpoint": ({"query": "endpoints=x"}, 400, {"endpoints": ["Unknown endpoint: x."]}),
    "an unknown parameter": ({"query": "mode=list"}, 400, {"mode": ["Unknown parameter."]}),
    "odd bytes": ({"query": "since=%ff%fe"}, 400, {"detail": "The query cannot be read."}),
    "too many": (
        {"query": "&".join(f"a{number}=1" for number in range(99))},
        400,
        {"detail": "The query cannot be read."},
    ),
    "an expired cursor": ({"query": "since=0123456789ab-1-2"}, 410, {"detail": stream.CursorExpired.default_detail}),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_a_fault_is_told_instead_of_a_stream(fault):
    async def scene():
        asked, status, detail = REFUSED[fault]
        async with running() as app:
            assert await Connection(app, **asked).answer() == (status, detail)
            assert app.open == 0

    played(scene)


def test_a_full_server_says_so(settings):
    settings.STREAM_CONNECTIONS = 1

    async def scene():
        async with running() as app:
            assert await Connection(app).status() == 200
            assert await Connection(app).answer() == (503, {"detail": "The stream has no free connection."})

    played(scene)


def test_a_connection_counts_as_a_request(settings, tmp_path):
    settings.THROTTLE_ANONYMOUS, settings.LIMITS_DIR = "1/hour", tmp_path

    async def scene():
        async with running() as app:
            told = [dict((await Connection(app).next())["headers"]) for _ in range(2)]
            assert [each[b"ratelimit-policy"] for each in told] == [b'"address";q=1;w=3600'] * 2
            assert [each[b"ratelimit"].partition(b";t=")[0] for each in told] == [b'"address";r=0'] * 2
            status, answer = await Connection(app).answer()
            assert (status, answer["detail"].partition(" Expected")[0]) == (429, "Request was throttled.")

    played(scene)


def test_another_database_ends_all_connections():
    async def scene():
        async with running() as app:
            connection = Connection(app)
            await connection.status()
            await in_thread(lambda: upkeep.begin_anew(DEFAULT_DB_ALIAS))
            await add(7)
            assert (await connection.ended()).startswith("retry: 3000\n")
            await connection.leave()

    played(scene)


def test_a_connection_that_is_too_far_behind_is_ended(monkeypatch):
    monkeypatch.setattr(broadcast, "KEPT", 2)

    async def scene():
        async with running() as app:
            slow, gate = Connection(app), asyncio.Event()
            await slow.status()
            plain = slow.send

            async def slowly(message):
                await gate.wait()
                await plain(message)

            slow.send = slowly
            app_task = asyncio.ensure_future(app(slow.scope, slow.receive, slowly))
            await asyncio.sleep(0)
            for number in range(7, 12):
                await add(number)
            while app.broadcast.number < 5:
                await asyncio.sleep(0.01)
            gate.set()
            await slow.ended()
            slow.left.set()
            await asyncio.wait_for(app_task, PATIENCE)

    played(scene)


def test_it_says_that_it_lives_and_whether_it_is_ready(monkeypatch):
    async def scene():
        async with running() as app:
            assert await Connection(app, path="/livez").answer() == (200, {"live": True})
            assert await Connection(app, path="/readyz").answer() == (200, {"ready": True, "connections": 0})
            monkeypatch.setattr(broadcast, "OVERDUE", -1)
            assert await Connection(app, path="/readyz").answer() == (503, {"ready": False, "connections": 0})

    played(scene)


def test_head_has_no_body():
    async def scene():
        async with running() as app:
            asked = Connection(app, method="HEAD")
            assert (await asked.status(), await asked.next()) == (200, {"type": "http.response.body", "body": b""})

    played(scene)


# At the workers' port -------------------------------------------------------------------------------


def test_the_workers_lead_to_the_stream(client, settings):
    settings.STREAM_PORT = 8001
    response = client.get("/2.3.0/changes/stream/?endpoints=launches")
    location = "http://testserver:8001/2.3.0/changes/stream/?endpoints=launches"
    assert (response.status_code, response["Location"], response["Cache-Control"]) == (307, location, "no-store")


def test_a_server_without_a_stream_says_so(client, settings):
    settings.STREAM_PORT = 0
    response = client.get("/2.3.0/changes/stream/")
    detail = "This server has no stream of changes: its operator has not started one. Request `changes/` instead."
    assert (response.status_code, response.json()) == (404, {"detail": detail})
