"""Another client of the Model Context Protocol than that of the SDK speaks to the tools."""

import json
import os
import sys

import pytest
from django.conf import settings

from spacedevs.agents.calling import TOOLS
from tests.bench.servers import free_port, started

from .conftest import run

pytestmark = pytest.mark.clients
SPEAKING = """
import asyncio, json, sys
from fastmcp import Client

async def speak():
    async with Client(sys.argv[1]) as client:
        names = [tool.name for tool in await client.list_tools()]
        found = await client.call_tool("search", {"q": "starlnik"})
        wrong = await client.call_tool("search", {"q": "x"}, raise_on_error=False)
        print(json.dumps([names, json.loads(found.content[0].text)["results"][0]["name"], wrong.is_error]))

asyncio.run(speak())
"""


def test_the_client_of_fastmcp_speaks_to_the_tools(fastmcp, served):
    port = free_port()
    command = [sys.executable, settings.BASE_DIR / "manage.py", "stream", "--port", str(port)]
    with started(command, port, "/livez", os.environ | {"DATABASE_URL": served.database}):
        told = run(fastmcp, "-c", SPEAKING, f"http://127.0.0.1:{port}/mcp/")
    assert json.loads(told.splitlines()[-1]) == [[*TOOLS], "Starlink", True]
