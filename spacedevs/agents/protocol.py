"""The tools as a server of the Model Context Protocol, over HTTP or standard input and output.

Only the process that serves agents imports this module, because the SDK takes much memory."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import mcp_types as types
from django.conf import settings
from mcp.server.lowlevel.server import Server
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from spacedevs.changes.broadcast import alone

from .asking import Api
from .calling import called
from .declaring import TOOLS

AT_ONCE = 4  # calls; each may hold a connection to the database
INSTRUCTIONS = (
    "Data of Launch Library 2: launches, rockets, stations, dockings, astronauts and spacecraft. All moments are UTC. "
    "Call search to turn a name into an id. Answers have at most 20 kB; `cut` says what was left out. URLs that begin "
    "with / are of this server."
)


def server() -> Server[Any]:
    """The server."""
    threads = ThreadPoolExecutor(AT_ONCE, "agents")

    async def list_tools(context: Any, parameters: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=listed())

    async def call_tool(context: Any, parameters: types.CallToolRequestParams) -> types.CallToolResult:
        given = parameters.arguments or {}
        loop = asyncio.get_running_loop()
        text, is_error = await loop.run_in_executor(threads, alone, called, Api(), parameters.name, given)
        return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=is_error)

    return Server(
        settings.PRODUCT,
        version=settings.RELEASE,
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def listed() -> list[types.Tool]:
    """The tools as the protocol lists them."""
    only_reads = types.ToolAnnotations(read_only_hint=True, open_world_hint=False)
    return [
        types.Tool(name=each.name, description=each.about, input_schema=each.schema, annotations=only_reads)
        for each in TOOLS.values()
    ]


class Http:
    """The server over streamable HTTP, without sessions: each request is answered by itself, as JSON."""

    def __init__(self, served: Server[Any]):
        self.manager = StreamableHTTPSessionManager(served, json_response=True, stateless=True)
        self.ready = asyncio.Event()
        self.task = asyncio.get_running_loop().create_task(self.run())

    async def run(self) -> None:
        async with self.manager.run():
            self.ready.set()
            await asyncio.Event().wait()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.ready.wait()
        await self.manager.handle_request(scope, receive, send)


def serve_stdio(served: Server[Any]) -> None:
    """Serves one client at standard input and output until it closes them."""

    async def run() -> None:
        async with stdio_server() as (reading, writing):
            await served.run(reading, writing, served.create_initialization_options())

    asyncio.run(run())
