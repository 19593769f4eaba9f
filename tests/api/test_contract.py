"""Our OpenAPI document beyond what the contract promises, which is compared in tests/contract."""

import json
import sys

import pytest
import yaml
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from rest_framework import serializers

from spacedevs.api.schema import EMPTY, LACKING
from spacedevs.api.serializers import column_of, components, name_of
from spacedevs.router import ADDITIONS, ROOT_ADDITIONS
from tests.support.sample import run

VERSIONS = {"3.1": "3.1.0", "3.0": "3.0.3"}
GENERATORS = {"3.1": "spacedevs.api.schema.Generator", "3.0": "spacedevs.api.schema.Generator30"}
OTHER = {"sqlite": "postgres://nobody@127.0.0.1:1/nothing", "postgresql": "sqlite:///:memory:"}  # nobody connects
BOUNDS = {
    ("integer", None, None, None),  # what is computed, counted, or an id
    ("integer", -(2**31), 2**31 - 1, None),
    ("integer", 0, 2**31 - 1, None),
    ("integer", -(2**31), 100, None),
    ("integer", None, None, "int64"),  # bounds that no float holds are read as others
    ("integer", 0, None, "int64"),
    ("number", -180, 180, "double"),
    ("number", -90, 90, "double"),
    ("number", None, None, "double"),
}


@pytest.fixture(scope="module")
def documents():
    """The documents, by their versions."""
    return {each: Client().get("/2.3.0/schema/", {"format": "json", "openapi": each}).json() for each in VERSIONS}


@pytest.fixture(params=VERSIONS)
def document(request, documents):
    return documents[request.param]


def properties(document):
    """Each property of the components, by the names of both."""
    return {
        (name, field): about
        for name, component in document["components"]["schemas"].items()
        for field, about in component.get("properties", {}).items()
    }


def parts(shown):
    """Every object that a document holds."""
    if isinstance(shown, dict):
        yield shown
    for part in shown.values() if isinstance(shown, dict) else shown if isinstance(shown, list) else ():
        yield from parts(part)


def test_every_path_of_ours_is_one_of_the_contract_or_a_named_addition(document, contract):
    additions = {f"/2.3.0/{prefix}/{{id}}/{path}/" for prefix, paths in ADDITIONS.items() for path in paths}
    additions |= {f"/2.3.0/{path}/" for path in ROOT_ADDITIONS}
    assert set(document["paths"]) - set(contract["paths"]) == additions
    assert all("addition of this server" in document["paths"][path]["get"]["description"] for path in additions)


def test_an_address_that_may_be_empty_says_so(document, contract):
    names = [name.split(".") for name in contract["may_be_empty"]]
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


# What is in a version of OpenAPI, and what else -----------------------------------------------------


def test_it_is_of_3_1_unless_3_0_is_asked_for(client, documents):
    asked = ["", "?openapi=3.1", "?openapi=3.0"]
    found = [yaml.load(client.get(f"/2.3.0/schema/{query}").content, yaml.CSafeLoader) for query in asked]
    assert [each["openapi"] for each in found] == [VERSIONS["3.1"], VERSIONS["3.1"], VERSIONS["3.0"]]
    assert found == [documents["3.1"], documents["3.1"], documents["3.0"]]


@pytest.mark.parametrize("asked", ["2.0", "3.1.0", "", "%00", "3.0%0a"])
def test_a_version_that_there_is_none_of_is_refused_in_json(asked, client):
    response = client.get(f"{reverse('schema')}?openapi={asked}")
    assert (response.status_code, response["Content-Type"]) == (400, "application/json")
    assert response.json() == {"openapi": ["Unknown version. Choose from: 3.1, 3.0."]}


@pytest.mark.parametrize("version", VERSIONS)
def test_both_versions_can_be_written_by_the_command_line(version, documents, tmp_path):
    file = tmp_path / "openapi.json"
    options = {"generator_class": GENERATORS[version], "format": "openapi-json", "file": str(file)}
    call_command("spectacular", validate=True, fail_on_warn=True, **options)
    assert json.loads(file.read_text("utf-8")) == documents[version]


def test_null_is_a_type_in_3_1(documents):
    document = documents["3.1"]
    assert [part for part in parts(document) if "nullable" in part] == []
    shown = properties(document)
    assert shown["DockingEventEndpointNormal", "space_station_target"] == {
        "oneOf": [{"$ref": "#/components/schemas/SpaceStationMini"}, {"type": "null"}]
    }
    assert shown["PaginatedOrbitList", "previous"] == {"type": ["string", "null"], "format": "uri"}


def test_a_reference_may_be_null_in_3_0_as_generators_understand_it(documents):
    """OpenAPI 3.0.3 gives it no meaning; with a type beside it, openapi-python-client no longer reads null."""
    assert properties(documents["3.0"])["DockingEventEndpointNormal", "space_station_target"] == {
        "allOf": [{"$ref": "#/components/schemas/SpaceStationMini"}],
        "nullable": True,
    }


def test_versions_differ_in_nothing_but_how_null_is_said(documents):
    def without_null(shown):
        if isinstance(shown, list):
            return [without_null(part) for part in shown]
        if not isinstance(shown, dict):
            return shown
        options = [part for part in shown.get("oneOf", []) if part != {"type": "null"}]
        if len(options) == 1:
            shown = {**options[0], **{name: part for name, part in shown.items() if name != "oneOf"}}
        if shown.get("nullable") and "allOf" in shown:
            shown = {**shown["allOf"][0], **{name: shown[name] for name in shown if name != "allOf"}}
        if isinstance(shown.get("type"), list):
            shown = {**shown, "type": shown["type"][0]}
        return {name: without_null(part) for name, part in shown.items() if name not in ("nullable", "openapi")}

    new, old = (without_null(documents[version]) for version in VERSIONS)
    described = "#/components/schemas/SpaceStationMini"
    assert new["components"]["schemas"]["DockingEventEndpointNormal"]["properties"]["space_station_target"] == {
        "$ref": described
    }
    assert new == old


def test_it_is_the_same_on_the_other_database(client, tmp_path):
    file, manage = tmp_path / "openapi.json", [sys.executable, settings.BASE_DIR / "manage.py"]
    options = ["spectacular", "--format", "openapi-json", "--file", file, "--skip-checks"]
    run(*manage, *options, DATABASE_URL=OTHER[connection.vendor])
    assert file.read_bytes() == client.get(reverse("schema"), {"format": "json"}).content


def test_numbers_have_the_bounds_of_the_contract(document):
    found = set()
    for about in properties(document).values():
        kind = about.get("type")
        kind = kind[0] if isinstance(kind, list) else kind
        if kind in ("integer", "number"):
            found.add((kind, about.get("minimum"), about.get("maximum"), about.get("format")))
    assert found == BOUNDS


def test_only_addresses_that_this_server_makes_are_promised_to_be_some(document):
    """What was imported is kept to the letter, be it empty or no address at all; nor need a slug be one."""
    kept = {
        (name_of(cls), name)
        for cls in components()
        for name, field in cls().fields.items()
        if isinstance(field, serializers.CharField) and column_of(field)
    }
    shown = properties(document)
    assert ("Image", "image_url") in kept
    assert [each for each in kept & shown.keys() if {"format", "pattern", "minLength"} & shown[each].keys()] == []
    assert {name for (_, name), about in shown.items() if about.get("format") == "uri"} == {"url", "next", "previous"}
    assert [each for each, about in shown.items() if "pattern" in about] == []


def test_each_operation_has_a_summary_of_its_own_and_each_tag_is_described(document):
    operations = [methods["get"] for methods in document["paths"].values()]
    summaries = [operation["summary"] for operation in operations]
    assert (len(set(summaries)), all(summaries)) == (len(operations), True)
    about = {tag["name"]: tag["description"] for tag in document["tags"]}
    assert [operation["tags"] for operation in operations if not about[operation["tags"][0]]] == []
    assert {name for operation in operations for name in operation["tags"]} == set(about)
    assert about["Docking events"] == "The docking of one vehicle, the chaser, at a port of another, the target."


@pytest.mark.django_db
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", ["json", "yaml"])
def test_it_is_asked_for_as_any_other_answer_is(version, kind, client):
    address = f"{reverse('schema')}?openapi={version}"
    accept = {"json": "application/vnd.oai.openapi+json", "yaml": "application/vnd.oai.openapi"}[kind]
    response, head = (ask(address, headers={"accept": accept}) for ask in (client.get, client.head))
    assert (response.status_code, response["Content-Type"].partition(";")[0]) == (200, accept)
    assert response["Content-Disposition"] == f'inline; filename="Launch Library 2 (2.3.0).{kind}"'
    assert (head.status_code, head.content, head["Content-Type"]) == (200, b"", response["Content-Type"])
