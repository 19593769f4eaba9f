"""Calls the operations of an OpenAPI document through fastmcp, and says of each what it read.

usage: fastmcp_calls.py OPENAPI.json ADDRESS CALLS.json ANSWERS.json

A call is the id of an operation and its arguments. Told of each is what the client made typed objects of, as JSON
again, or null where it made none; and the answer itself. Runs in an environment of its own, which has fastmcp."""

import asyncio
import json
import sys
from pathlib import Path

import httpx2
from fastmcp import Client, FastMCP
from pydantic_core import to_jsonable_python


async def answers(document, address, calls):
    http = httpx2.AsyncClient(base_url=address, timeout=60)
    async with http, Client(FastMCP.from_openapi(openapi_spec=document, client=http)) as client:
        read = [await client.call_tool(name, arguments) for name, arguments in calls]
        # What is of one of several shapes is wrapped, since a tool answers an object.
        told = [each.structured_content for each in read]
        answers = [each["result"] if list(each) == ["result"] else each for each in told]
        return [(to_jsonable_python(each.data), answer) for each, answer in zip(read, answers, strict=True)]


document, address, calls, told = sys.argv[1:]
read = asyncio.run(answers(json.loads(Path(document).read_text()), address, json.loads(Path(calls).read_text())))
Path(told).write_text(json.dumps(read))
