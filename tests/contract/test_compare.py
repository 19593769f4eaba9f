"""Our documents match the contract, and the comparison finds planted differences."""

import json
from copy import deepcopy

import pytest
from django.test import Client
from django.urls import Resolver404, resolve

from tests.contract import compare
from tests.contract.distil import distilled
from tests.contract.facts import VERSIONS, load

OPENAPI = "3.1", "3.0"
EVENTS = "/2.3.0/docking_events/"


def schema_of(version, openapi):
    address = f"/{version}/schema/"
    try:
        resolve(address)
    except Resolver404:
        pytest.skip(f"this server has no {address}")
    return Client().get(address, {"format": "json", "openapi": openapi}).json()


@pytest.fixture(scope="module")
def documents():
    return {openapi: schema_of("2.3.0", openapi) for openapi in OPENAPI}


@pytest.mark.parametrize("openapi", OPENAPI)
@pytest.mark.parametrize("version", VERSIONS)
def test_the_document_says_what_the_contract_says(version, openapi):
    with_required = version not in compare.WITHOUT_REQUIRED
    assert compare.differences(schema_of(version, openapi), load(version), with_required) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_our_data_are_the_facts_of_the_contract_in_shared(version, shared):
    published = json.loads((shared / "contract" / f"ll2-{version}.json").read_text("utf-8"))
    assert load(version) == distilled(published)


# Planted differences --------------------------------------------------------------------------------


def operation(document):
    return document["paths"][EVENTS]["get"]


def parameter(document, name):
    return next(each for each in operation(document)["parameters"] if each["name"] == name)


def drop_parameter(document, name):
    operation(document)["parameters"].remove(parameter(document, name))


def describe(document, old, new):
    operation(document)["description"] = operation(document)["description"].replace(old, new)


def component(document, name):
    return document["components"]["schemas"][name]


def field(document, name):
    owner, _, name = name.partition(".")
    return component(document, owner)["properties"][name]


def make_nullable(document, name):
    field(document, name).update(nullable=True)  # as in OpenAPI 3.0


def make_plain(document, name):
    shown = field(document, name)
    reference = (shown.get("oneOf") or shown["allOf"])[0]
    shown.clear()
    shown.update(reference)


def move_to_the_end(document, owner, name):
    properties = component(document, owner)["properties"]
    properties[name] = properties.pop(name)


NORMAL = "DockingEventEndpointNormal"
PLANTED = {
    "no path": (lambda d: d["paths"].pop(EVENTS), [f"{EVENTS}: missing"]),
    "another operation": (
        lambda d: operation(d).update(operationId="stays_list"),
        [f"{EVENTS} id: docking_events_list expected, not stays_list"],
    ),
    "another response": (
        lambda d: operation(d)["responses"]["200"]["content"]["application/json"].update(schema={"type": "object"}),
        [f"{EVENTS} answer: PaginatedPolymorphicDockingEventEndpointList expected, not object"],
    ),
    "no parameter": (lambda d: drop_parameter(d, "docking__gt"), [f"{EVENTS}?docking__gt: missing"]),
    "another type of a parameter": (
        lambda d: parameter(d, "limit").update(schema={"type": "string"}),
        [f"{EVENTS}?limit: integer expected, not string"],
    ),
    "another format of a parameter": (
        lambda d: parameter(d, "docking__gt")["schema"].update(format="date"),
        [f"{EVENTS}?docking__gt: string:date-time expected, not string:date"],
    ),
    "another enum": (
        lambda d: parameter(d, "mode")["schema"]["enum"].append("list"),
        [f"{EVENTS}?mode: enum(detailed|normal) expected, not enum(detailed|list|normal)"],
    ),
    "another mode": (
        lambda d: describe(d, "normal, detailed", "normal"),
        [f"{EVENTS} modes: detailed normal expected, not normal"],
    ),
    "no mode": (
        lambda d: describe(d, "Levels of detail", "Levels"),
        [f"{EVENTS} modes: detailed normal expected, not "],
    ),
    "another order": (
        lambda d: describe(d, "Fields - `departure`, `docking`", "Fields - `id`"),
        [f"{EVENTS} ordering: departure docking expected, not id"],
    ),
    "no component": (lambda d: d["components"]["schemas"].pop("DockingLocation"), ["DockingLocation: missing"]),
    "another variant": (
        lambda d: component(d, "PolymorphicProgramEndpoint")["discriminator"]["mapping"].pop("normal"),
        [
            "PolymorphicProgramEndpoint: {'oneOf': {'list': 'ProgramMini', 'normal': 'ProgramNormal'}} expected,"
            " not {'oneOf': {'list': 'ProgramMini'}}"
        ],
    ),
    "no property": (
        lambda d: component(d, NORMAL)["properties"].pop("docking"),
        [f"{NORMAL}.docking: missing"],
    ),
    "one more property": (
        lambda d: component(d, NORMAL)["properties"].update(crew={"type": "integer"}),
        [f"{NORMAL}.crew: not in the contract"],
    ),
    "another type": (
        lambda d: field(d, f"{NORMAL}.id").update(type="string"),
        [f"{NORMAL}.id: integer expected, not string"],
    ),
    "another format": (
        lambda d: field(d, f"{NORMAL}.docking").pop("format"),
        [f"{NORMAL}.docking: string:date-time expected, not string"],
    ),
    "null where there is none": (
        lambda d: make_nullable(d, f"{NORMAL}.id"),
        [f"{NORMAL}.id: integer expected, not integer?"],
    ),
    "no null where there is one": (
        lambda d: make_plain(d, f"{NORMAL}.space_station_target"),
        [f"{NORMAL}.space_station_target: SpaceStationMini? expected, not SpaceStationMini"],
    ),
    "another enum of one": (
        lambda d: field(d, f"{NORMAL}.response_mode").update(enum=["detailed"]),
        [f"{NORMAL}.response_mode: enum(normal) expected, not enum(detailed)"],
    ),
    "a property that is no longer required": (
        lambda d: component(d, NORMAL)["required"].remove("docking"),
        [f"{NORMAL}.docking: required expected"],
    ),
    "a property that became required": (
        lambda d: component(d, "LaunchBasic")["required"].append("net"),
        ["LaunchBasic.net: not required expected"],
    ),
    "another order of properties": (
        lambda d: move_to_the_end(d, "DockingLocation", "id"),
        [
            "DockingLocation: the order id name spacestation spacecraft payload expected, "
            "not name spacestation spacecraft payload id"
        ],
    ),
}


@pytest.mark.parametrize("openapi", OPENAPI)
@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_difference_is_found(planted, openapi, documents):
    change, expected = PLANTED[planted]
    document = deepcopy(documents[openapi])
    change(document)
    assert compare.differences(document, load("2.3.0")) == expected


def test_a_search_field_that_is_not_searched_is_found(documents):
    document = deepcopy(documents["3.1"])
    describe(document, "`docking_location__name`, ", "")
    searched = "flight_vehicle_chaser__spacecraft__name flight_vehicle_target__spacecraft__name \
payload_flight_chaser__payload__name payload_flight_target__payload__name \
space_station_chaser__name space_station_target__name"
    assert compare.differences(document, load("2.3.0")) == [
        f"{EVENTS} search: docking_location__name {searched} expected, not {searched}"
    ]


def test_what_may_be_null_or_not_is_no_difference_either_way(documents):
    document = deepcopy(documents["3.0"])
    assert load("2.3.0")["components"]["ExpeditionMini"]["name"] == "string~"
    kinds = field(document, "ExpeditionMini.name")
    for nullable in (True, False):
        kinds["nullable"] = nullable
        assert compare.differences(document, load("2.3.0")) == []


def test_the_command_counts_differences_and_fails_if_there_are_any(documents, tmp_path, capsys):
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(documents["3.1"]))
    bad.write_text(json.dumps(documents["3.1"] | {"paths": documents["3.1"]["paths"] | {EVENTS: {}}}))
    assert compare.main("2.3.0", good) == 0
    assert capsys.readouterr().out == f"{good}: 0 differences from 2.3.0\n"
    assert compare.main("2.3.0", bad) == 1
    assert capsys.readouterr().out == f"{EVENTS}: missing\n{bad}: 1 differences from 2.3.0\n"


def test_components_that_no_path_shows_are_not_compared():
    contract = load("2.3.0")
    assert compare.shown(contract) == list(contract["components"])
    contract["components"]["Unused"] = {"id": "integer"}
    assert "Unused" not in compare.shown(contract)
