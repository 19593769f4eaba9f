"""Clients of the Model Context Protocol speak to /mcp/, which counts as the API does and refuses foreign pages."""

import asyncio
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from django.conf import settings
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from spacedevs.agents.calling import TOOLS
from spacedevs.agents.endpoint import calls_tool, is_origin_of
from tests.bench.servers import free_port, started
from tests.support.sample import new_database, run

MANAGE = [sys.executable, settings.BASE_DIR / "manage.py"]
CALL = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "search", "arguments": {"q": "starlnik"}},
}
LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
ACCEPT = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-06-18"}


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """The URL of a database with the sample data."""
    with new_database(tmp_path_factory.mktemp("agents"), migrated=True) as url:
        run(*MANAGE, "loaddata", "--verbosity=0", *sorted(settings.NOUNS), DATABASE_URL=url)
        yield url


@pytest.fixture(scope="module")
def serve(database):
    """Serves the tools, with settings for this server."""

    def serving(**environment):
        port = free_port()
        command = [*MANAGE, "stream", "--port", str(port)]
        return started(command, port, "/livez", os.environ | {"DATABASE_URL": database} | environment)

    return serving


@pytest.fixture(scope="module")
def url(serve):
    with serve() as server:
        yield f"http://127.0.0.1:{server.port}/mcp/"


def in_thread(scene):
    """What a coroutine returns, run in a thread: a browser of other tests may have a loop that runs in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(asyncio.wait_for(scene(), 60))).result()


def post(url, message, **headers):
    return httpx.post(url, json=message, headers=ACCEPT | headers, timeout=30)


# Clients -----------------------------------------------------------------------------------------


async def conversation(client):
    """What a client lists, and what it is answered."""
    async with client:
        listed = (await client.list_tools()).tools
        found = await client.call_tool("search", {"q": "starlnik"})
        wrong = await client.call_tool("search", {"q": "x"})
    (text,), (problem,) = found.content, wrong.content
    names = [hit["name"] for hit in json.loads(text.text)["results"]]
    return listed, (found.is_error, names), (wrong.is_error, problem.text[:10])


ANSWERS = (False, ["Starlink"]), (True, "GET /2.3.0")


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_the_client_of_the_sdk_speaks_over_http_by_either_generation_of_the_protocol(mode, url):
    listed, *answers = in_thread(lambda: conversation(Client(url, mode=mode)))
    assert ([tool.name for tool in listed], tuple(answers)) == ([*TOOLS], ANSWERS)
    assert all(tool.annotations.read_only_hint for tool in listed)
    assert sum(len(tool.model_dump_json(by_alias=True, exclude_none=True)) for tool in listed) < 15_000


def test_the_client_of_the_sdk_speaks_over_standard_input_and_output(database):
    command, *arguments = map(str, [*MANAGE, "mcp"])
    about = StdioServerParameters(command=command, args=arguments, env=os.environ | {"DATABASE_URL": database})
    listed, *answers = in_thread(lambda: conversation(Client(stdio_client(about))))
    assert ([tool.name for tool in listed], tuple(answers)) == ([*TOOLS], ANSWERS)


def test_the_command_ends_when_its_client_does(database):
    done = subprocess.run(
        [*MANAGE, "mcp"], env=os.environ | {"DATABASE_URL": database}, stdin=subprocess.DEVNULL, timeout=60
    )
    assert done.returncode == 0


def test_a_message_is_answered_as_json(url):
    response = post(url, CALL)
    (hit,) = json.loads(response.json()["result"]["content"][0]["text"])["results"]
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")
    assert hit["url"].startswith("/2.3.0/programs/")


def test_the_stream_is_served_beside_it(url):
    with httpx.stream("GET", url.replace("/mcp/", "/2.3.0/changes/stream/"), timeout=30) as response:
        assert (response.status_code, next(response.iter_lines())) == (200, "retry: 3000")


# Who may call ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status", "detail"),
    [
        ({"Host": "evil.example"}, 421, "This server does not answer to this host name."),
        ({"Origin": "http://evil.example"}, 403, "Pages of this origin may not call tools here."),
        ({"Origin": "null"}, 403, "Pages of this origin may not call tools here."),
        ({"Origin": "http://localhost.evil.example:8000"}, 403, "Pages of this origin may not call tools here."),
    ],
)
def test_foreign_hosts_and_pages_are_refused(headers, status, detail, url):
    response = post(url, LIST, **headers)
    assert (response.status_code, response.json()) == (status, {"detail": detail})


def test_pages_of_this_host_may_call(url):
    response = post(url, LIST, Origin="http://localhost:6274")
    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (200, "*")
    preflight = httpx.options(
        url, headers={"Origin": "http://localhost:6274", "Access-Control-Request-Method": "POST"}
    )
    assert (preflight.status_code, preflight.headers["Access-Control-Allow-Methods"]) == (204, "POST")


@pytest.mark.parametrize(
    ("origin", "hosts", "is_one"),
    [
        ("https://ll.example.org", {"ll.example.org"}, True),
        ("https://sub.example.org:8443", {".example.org"}, True),
        ("http://[::1]:3000", {"[::1]"}, True),
        ("https://ll.example.org.evil.example", {"ll.example.org"}, False),
        ("https://evil.example", {"*", "ll.example.org"}, False),
        ("http://[", {"*"}, False),
        ("", {"*"}, False),
    ],
)
def test_an_origin_belongs_to_a_host_or_not(origin, hosts, is_one):
    assert is_origin_of(origin, hosts) == is_one


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "PUT"])
def test_only_messages_are_taken(method, url):
    response = httpx.request(method, url)
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "body", [b"", b"x", b"[]", b"{}", b"\xff", b'{"jsonrpc":"2.0","id":1,"method":"tools/call"}', b"1"]
)
def test_what_is_no_message_is_an_error_of_the_client(body, url):
    response = httpx.post(url, content=body, headers=ACCEPT | {"Content-Type": "application/json"})
    told = response.json()
    assert (400 <= response.status_code < 500 or "error" in told, "jsonrpc" in told) == (True, True)


def test_a_body_without_end_is_refused(url):
    response = httpx.post(url, content=b"x" * 100_000, headers=ACCEPT)
    assert (response.status_code, response.json()) == (413, {"detail": "The body is too large."})


# Limits ------------------------------------------------------------------------------------------


def test_calls_count_and_lists_do_not(serve, tmp_path):
    limits = {"THROTTLE_ANONYMOUS": "2/hour", "SPACEDEVS_LIMITS_DIR": str(tmp_path)}
    with serve(**limits) as server:
        url = f"http://127.0.0.1:{server.port}/mcp/"
        free = [post(url, LIST) for _ in range(4)]
        counted = [post(url, CALL) for _ in range(3)]
        batch = post(url, [CALL])
    assert [(each.status_code, each.headers.get("RateLimit")) for each in free] == [(200, None)] * 4
    left = [(each.status_code, each.headers["RateLimit"].partition(";t=")[0]) for each in counted]
    assert left == [(200, '"address";r=1'), (200, '"address";r=0'), (429, '"address";r=0')]
    assert counted[2].json()["detail"].startswith("Request was throttled. Expected available in ")
    assert batch.status_code == 429


def test_an_unknown_token_is_refused_and_a_key_has_a_limit_of_its_own(serve, database, tmp_path):
    make = (
        "from spacedevs.throttling.models import Key; k = Key(owner='A', rate='5/minute'); print(k.renew()); k.save()"
    )
    token = run(*MANAGE, "shell", "--verbosity=0", "-c", make, DATABASE_URL=database).split()[-1]
    with serve(SPACEDEVS_LIMITS_DIR=str(tmp_path)) as server:
        url = f"http://127.0.0.1:{server.port}/mcp/"
        wrong, mine = (post(url, CALL, Authorization=f"Bearer {each}") for each in ("x", token))
    run(
        *MANAGE,
        "shell",
        "--verbosity=0",
        "-c",
        "from spacedevs.throttling.models import Key; Key.objects.all().delete()",
        DATABASE_URL=database,
    )
    assert (wrong.status_code, wrong.json(), wrong.headers["WWW-Authenticate"]) == (
        401,
        {"detail": "Invalid token."},
        "Token",
    )
    assert (mine.status_code, mine.headers["RateLimit-Policy"]) == (200, '"key";q=5;w=60')


@pytest.mark.parametrize(
    ("body", "is_call"),
    [(CALL, True), (LIST, False), ([LIST, CALL], True), ([1, None], False), ("tools/call", False), (None, False)],
)
def test_a_call_is_told_from_other_messages(body, is_call):
    assert calls_tool(json.dumps(body).encode()) == is_call


# Beside the web servers --------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/mcp/", "/mcp"])
def test_the_web_servers_lead_to_the_process_of_the_stream(path, client, settings):
    settings.STREAM_PORT = 8123
    response = client.post(path, data=b"{}", content_type="application/json")
    assert (response.status_code, response["Location"]) == (307, f"http://testserver:8123{path}")
    settings.STREAM_PORT = 0
    assert (client.post(path).status_code, client.post(path)["Content-Type"]) == (404, "application/json")


@pytest.mark.parametrize("served", ["spacedevs.wsgi", "spacedevs.operations.streaming", "spacedevs.agents.endpoint"])
def test_who_is_asked_by_no_agent_does_not_load_the_sdk(served):
    code = (
        f"import django; django.setup(); import {served}, spacedevs.urls, sys; print({{'mcp'}} & sys.modules.keys())"
    )
    about = {"DJANGO_SETTINGS_MODULE": "spacedevs.settings"}
    assert run(sys.executable, "-c", code, **about).splitlines()[-1] == "set()"
