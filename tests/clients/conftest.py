"""A server with the sample data, and what others' tools make of its OpenAPI document and its calendars."""

import importlib
import json
import os
import sys
from functools import cache
from importlib.util import find_spec
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.management import call_command

from tests.bench.servers import free_port, started
from tests.support.sample import new_database, run

from .installing import install

FASTMCP = "fastmcp==4.2.3"
TOOLS = "datamodel_code_generator", "openapi_python_client", "schemathesis"
VERSIONS = {"3.1": "spacedevs.api.schema.Generator", "3.0": "spacedevs.api.schema.Generator30"}  # of OpenAPI
PAGES = 20  # of a list, at most: the sample has three


@pytest.fixture(scope="session", autouse=True)
def tools():
    if missing := [tool for tool in TOOLS if not find_spec(tool)]:
        leave = pytest.fail if os.environ.get("REQUIRE_SHARED") else pytest.skip
        leave(f"needs {', '.join(missing)}, which requirements-test.lock has")


@pytest.fixture(scope="session")
def folder(tools, tmp_path_factory):
    return tmp_path_factory.mktemp("clients")


# The server --------------------------------------------------------------------------------------


class Served:
    """What the server answers, and the keys of the rows that it has."""

    def __init__(self, server, database):
        self.server, self.database = server, database
        self.address, self.known = f"http://127.0.0.1:{server.port}", {}

    def get(self, path) -> bytes:
        status, _, body = self.server.get(path, {})
        assert status == 200, (path, body)
        return body

    def pages(self, path, mode):
        """The pages of a list in a mode, from the first to the last."""
        at = f"{path}?limit=100&mode={mode}"
        for _ in range(PAGES):
            yield (body := self.get(at))
            address = urlsplit(json.loads(body)["next"] or "")
            at = f"{address.path}?{address.query}"
            if not address.path:
                break

    def keys(self, path):
        """Those of the first row of a list, of one in the middle and of the last."""
        if path not in self.known:
            rows = [row["id"] for page in self.pages(path, "list") for row in json.loads(page)["results"]]
            self.known[path] = [rows[place] for place in sorted({0, len(rows) // 2, len(rows) - 1})]
        return self.known[path]


@pytest.fixture(scope="session")
def served(folder):
    """The sample data behind the server that an installation has."""
    port, manage = free_port(), [sys.executable, settings.BASE_DIR / "manage.py"]
    with new_database(folder, migrated=True) as url:
        run(*manage, "prepare", DATABASE_URL=url)
        serve = [*manage, "serve", "--port", str(port)]
        with started(serve, port, "/2.3.0/", os.environ | {"DATABASE_URL": url}) as server:
            yield Served(server, url)


# What is made of the document ---------------------------------------------------------------------


@pytest.fixture(params=VERSIONS)
def version(request):
    """Each version of OpenAPI that our document is had in."""
    return request.param


@pytest.fixture(scope="session")
def written(folder):
    """The files of our document, by version."""

    @cache
    def written(version):
        path = folder / f"openapi_{version}.json"
        options = {"generator_class": VERSIONS[version], "format": "openapi-json", "file": str(path)}
        call_command("spectacular", validate=True, fail_on_warn=True, **options)
        return path

    return written


@pytest.fixture(scope="session")
def openapi(written):
    """The file of the document that is served unless another is asked for."""
    return written("3.1")


@pytest.fixture(scope="session")
def document(openapi):
    return json.loads(openapi.read_text("utf-8"))


@pytest.fixture(scope="session")
def importable(folder):
    """Lets what is made in the folder be imported."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield folder


def named(name, version):
    return f"{name}_{version.replace('.', '_')}"


@pytest.fixture(scope="session")
def models(written, importable):
    """Pydantic's models of all components, by version, which take no field that they do not know."""

    @cache
    def models(version):
        made = importable / f"{named('strict_models', version)}.py"
        options = "--input-file-type openapi --output-model-type pydantic_v2.BaseModel --strict-nullable"
        options += " --extra-fields forbid --target-python-version 3.11 --formatters builtin"
        files = ["--input", written(version), "--output", made]
        run(sys.executable, "-m", "datamodel_code_generator", *files, *options.split())
        return importlib.import_module(made.stem)

    return models


@pytest.fixture(scope="session")
def operations(written, importable):
    """The functions of a client by version, a module for each operation, by its id."""
    config = importable / "config.json"
    config.write_text(json.dumps({"post_hooks": []}))

    @cache
    def operations(version):
        made = importable / named("generated_client", version)
        options = ["generate", "--meta", "none", "--fail-on-warning", "--path", written(version), "--config", config]
        run(sys.executable, "-m", "openapi_python_client", *options, "--output-path", made)
        stems = {path.stem: ".".join(path.with_suffix("").parts[-4:]) for path in made.glob("api/*/[!_]*.py")}
        return {name: importlib.import_module(module) for name, module in stems.items()}

    return operations


@pytest.fixture
def asking(version, served, operations):
    """The client that asks the server."""
    operations(version)
    client = importlib.import_module(named("generated_client", version)).Client
    with client(served.address, raise_on_unexpected_status=True) as ready:
        yield ready


@pytest.fixture(scope="session")
def fastmcp(folder):
    """A Python that has fastmcp."""
    python, uv = folder / "fastmcp" / "bin" / "python", [sys.executable, "-m", "uv", "--quiet"]
    run(*uv, "venv", "--python", sys.executable, python.parents[1])
    install(FASTMCP, *uv, "pip", "install", "--python", python, FASTMCP)
    return python
