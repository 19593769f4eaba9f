"""Our OpenAPI document, held against the contract of Launch Library 2.3.0."""

import json
import subprocess
import sys

import pytest
from django.urls import reverse

from spacedevs.api.schema import EMPTY, LACKING
from spacedevs.router import ADDITIONS

PATHS = "/2.3.0/api-throttle/", "/2.3.0/docking_events/", "/2.3.0/config/"


@pytest.fixture
def document(client):
    return client.get(reverse("schema"), {"format": "json"}).json()


@pytest.mark.parametrize("path", PATHS)
def test_the_document_says_what_the_contract_says(path, document, shared, tmp_path):
    openapi = tmp_path / "openapi.json"
    openapi.write_text(json.dumps(document))
    tool = shared / "tools" / "contract_diff.py"
    result = subprocess.run([sys.executable, tool, openapi, "--only", path], capture_output=True, text=True)
    assert (result.returncode, result.stdout.splitlines()[:-1]) == (0, [])


def test_components_require_the_fields_that_the_contract_requires(document, contract):
    ours, theirs = document["components"]["schemas"], contract["schemas"]

    def required(name):
        shown = ours[name].get("required", [])
        return {field for field in theirs[name]["properties"] if field in shown}

    shared_names = [name for name in ours if "properties" in theirs.get(name, {})]
    assert {name: required(name) for name in shared_names} == {
        name: {field for field, about in theirs[name]["properties"].items() if about["required"]}
        for name in shared_names
    }


def test_operations_have_the_ids_that_generated_clients_call_them_by(document, contract):
    assert {
        path: operations["get"]["operationId"]
        for path, operations in document["paths"].items()
        if path in contract["paths"]
    } == {path: about["operationId"] for path, about in contract["paths"].items() if path in document["paths"]}


def test_every_path_of_ours_is_one_of_the_contract_or_a_named_addition(document, contract):
    additions = {f"/2.3.0/{prefix}/{{id}}/{path}/" for prefix, paths in ADDITIONS.items() for path in paths}
    assert set(document["paths"]) - set(contract["paths"]) == additions
    assert all("addition of this server" in document["paths"][path]["get"]["description"] for path in additions)


def test_an_address_that_may_be_empty_says_so(document, contract):
    names = [name.split(".") for name in contract["corrections"]["uri_may_be_empty"]]
    properties = [document["components"]["schemas"][component]["properties"][field] for component, field in names]
    assert {field["description"] for field in properties} == {EMPTY}


def test_what_may_be_null_though_the_contract_never_has_null_says_so(document):
    components = document["components"]["schemas"]
    assert [
        (name, field)
        for name in ("ExpeditionMini", "ExpeditionNormal", "LaunchBasic", "PadSerializerNoLocation")
        for field, about in components[name]["properties"].items()
        if LACKING in about.get("description", "")
    ] == [
        ("ExpeditionNormal", "spacestation"),
        ("LaunchBasic", "last_updated"),
        ("LaunchBasic", "net"),
        ("LaunchBasic", "window_end"),
        ("LaunchBasic", "window_start"),
    ]


def test_no_component_is_described_by_how_it_is_made(document):
    descriptions = [each.get("description", "") for each in document["components"]["schemas"].values()]
    assert [each for each in descriptions if "component" in each] == []
