"""Clients that other languages' tools make of our OpenAPI document, and fastmcp, read every answer that we give.

Each tool is pinned here and installed beside the tests, which are skipped where it cannot be had."""

import json
import shutil
from pathlib import Path
from urllib.parse import urlencode

import pytest

from spacedevs.router import ADDITIONS
from tests.support.routes import ENDPOINTS, RESOURCES

from .conftest import VERSIONS, run
from .installing import install

pytestmark = pytest.mark.clients

OF_NPM = (
    "@hey-api/openapi-ts@0.99.0",
    "openapi-fetch@0.17.0",
    "openapi-typescript@7.13.0",
    "typescript@5.9.3",
    "zod@4.6.7",
)
HERE = Path(__file__).parent
JSON_OF = '["get"]["responses"]["200"]["content"]["application/json"]'


@pytest.fixture(scope="session")
def npm(folder):
    """A folder that has npm's tools."""
    if not (shutil.which("npm") and shutil.which("node")):
        pytest.skip("needs node and npm")
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    install("npm's packages", "npm", "install", "--prefix", folder, *options, *OF_NPM)
    (folder / "package.json").write_text('{"type": "module"}')
    return folder


def by_npm(folder, tool, *options):
    return run("node", folder / "node_modules" / tool, *options, folder=folder)


@pytest.fixture(scope="session")
def calls(served):
    """Every operation, each list in each mode: the path, the parameters in it and after it, and the answer."""
    found = []
    for prefix, endpoint in ENDPOINTS.items():
        page = {"limit": 5} if prefix in RESOURCES else {}
        found += [
            (f"/2.3.0/{prefix}/", {}, page | ({"mode": mode} if mode else {})) for mode in endpoint.modes or [""]
        ]
    for prefix in RESOURCES:
        paths = [
            f"/2.3.0/{prefix}/{{id}}/{added}" for added in ("", *(f"{name}/" for name in ADDITIONS.get(prefix, ())))
        ]
        found += [(path, {"id": key}, {}) for path in paths for key in served.keys(f"/2.3.0/{prefix}/")]
    changes = "/2.3.0/changes/"
    log, *_ = json.loads(served.get(changes))["cursor"].split("-")
    found.append((changes, {}, {"since": f"{log}-0-0", "include": "record", "limit": 5}))
    found.append(("/2.3.0/search/", {}, {"q": "sta", "limit": 5}))
    return [(path, key, query, json.loads(served.get(address(path, key, query)))) for path, key, query in found]


def address(path, key, query):
    return f"{path.format(**key)}?{urlencode(query)}".removesuffix("?")


@pytest.fixture
def named(document):
    """The id of an operation by its path."""
    return {path: methods["get"]["operationId"] for path, methods in document["paths"].items()}


def test_every_operation_is_called(calls, document):
    assert {path for path, *_ in calls} == set(document["paths"])


def test_fastmcp_makes_typed_objects_of_every_answer(written, calls, named, fastmcp, served, tmp_path):
    asked, told = tmp_path / "calls.json", tmp_path / "read.json"
    asked.write_text(json.dumps([(named[path], {**key, **query}) for path, key, query, _ in calls]))
    run(fastmcp, HERE / "fastmcp_calls.py", written("3.1"), served.address, asked, told)
    read = json.loads(told.read_text())
    assert [call[:3] for call, (shown, answer) in zip(calls, read, strict=True) if shown != answer] == []


def test_zod_reads_every_answer(written, calls, named, npm, tmp_path):
    made = {version: npm / f"zod_{version}" for version in VERSIONS}
    for version, folder in made.items():
        by_npm(npm, "@hey-api/openapi-ts/bin/run.js", "-i", written(version), "-o", folder, "-p", "zod", "--silent")
    new, old = (folder / "zod.gen.ts" for folder in made.values())
    assert new.read_bytes() == old.read_bytes()
    compile_all(npm, new)
    asked, told = tmp_path / "calls.json", tmp_path / "read.json"
    asked.write_text(json.dumps([(named[path], answer) for path, _, _, answer in calls]))
    run("node", HERE / "zod_calls.mjs", new.with_suffix(".js"), asked, told)
    read = json.loads(told.read_text())
    assert [(call[:3], shown) for call, shown in zip(calls, read, strict=True) if shown != call[3]] == []


def compile_all(folder, *files):
    options = "--strict --skipLibCheck --target es2022 --module nodenext --moduleResolution nodenext"
    by_npm(folder, "typescript/bin/tsc", *options.split(), *files)


@pytest.fixture(scope="session")
def types(written, npm):
    """TypeScript's types of our document, which are the same of both versions."""
    made = [npm / f"types_{version}.ts" for version in VERSIONS]
    for version, file in zip(VERSIONS, made, strict=True):
        by_npm(npm, "openapi-typescript/bin/cli.js", written(version), "-o", file)
    new, old = made
    assert new.read_bytes() == old.read_bytes()
    return new


def test_every_answer_is_of_the_type_that_openapi_typescript_has_for_it(types, calls, npm):
    """The compiler reads the answers as constants, and accepts no key that a type does not have."""
    lines = [f'import type {{ paths }} from "./{types.stem}.js";']
    for number, (path, _, _, answer) in enumerate(calls):
        lines.append(f"export const answer{number}: paths[{json.dumps(path)}]{JSON_OF} = {json.dumps(answer)};")
    file = npm / "answers.ts"
    file.write_text("\n".join(lines))
    compile_all(npm, file)
    file.write_text("\n".join(lines).replace('"count": ', '"counted": ', 1))
    with pytest.raises(AssertionError, match=r"counted.* does not exist in type"):
        compile_all(npm, file)


CALLS = """
import createClient from "openapi-fetch";
import type {{ paths }} from "./{types}.js";

const answers: string[] = [];
const read: unknown[] = [];
const watched = async (request: Request) => {{
  const response = await fetch(request);
  answers.push(await response.clone().text());
  return response;
}};
const client = createClient<paths>({{ baseUrl: {address}, fetch: watched }});
{calls}
console.log(JSON.stringify([read, answers]));
"""


def test_openapi_fetch_calls_every_operation(types, calls, npm, served):
    """The compiler knows all paths and parameters; what is read is what was answered."""
    lines = [
        f"read.push((await client.GET({json.dumps(path)}, {{ params: {json.dumps(parameters(key, query))} }})).data);"
        for path, key, query, _ in calls
    ]
    file = npm / "calls.ts"
    file.write_text(CALLS.format(types=types.stem, address=json.dumps(served.address), calls="\n".join(lines)))
    compile_all(npm, file)
    read, answers = json.loads(run("node", file.with_suffix(".js")))
    assert len(read) == len(calls)
    assert read == [json.loads(answer) for answer in answers]


def parameters(key, query):
    return {**({"path": key} if key else {}), **({"query": query} if query else {})}
