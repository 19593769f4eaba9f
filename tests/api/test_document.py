"""Every record that the API answers is what our own OpenAPI document says."""

import re
from itertools import combinations

import pytest

from spacedevs.api.schema import Generator
from tests.support.held import REF, Held


@pytest.fixture(scope="module")
def document():
    return Generator().get_schema()


@pytest.mark.django_db
def test_every_record_of_the_sample_is_what_the_document_says(world, document):
    held = Held(document)
    held.everything()
    assert held.problems == []
    assert held.asked > 1000


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda row: row.update(id="1"), "id: "),
        (lambda row: row.update(name=None), "name: "),
        (lambda row: row.update(name="x" * 256), "name: "),
        (lambda row: row.pop("name"), "name"),
        (lambda row: row.update(more=1), "more"),
        (lambda row: row.update(name=row.pop("id"), id=row.pop("name")), "id"),
    ],
)
def test_what_the_document_does_not_say_would_be_found(change, problem, document):
    held, row = Held(document), {"id": 1, "name": "Station"}
    schema = {"$ref": f"{REF}SpaceStationStatus"}

    def found():
        return [str(each) for each in (*held.faults(schema, row), *held.other_keys(schema, row))]

    assert found() == []
    change(row)
    assert found() != []


ID = {"integer": r"-?\d+", "uuid": r"[0-9a-fA-F-]{36}", "string": r".+"}


def may_be_equal(one, other):
    """Whether two segments of paths, names or types of ids, may stand for the same text."""
    if one in ID:
        return other in ID or re.fullmatch(ID[one], other) is not None
    return may_be_equal(other, one) if other in ID else one == other


def may_be_one(one, other):
    return len(one) == len(other) and all(map(may_be_equal, one, other))


def segments(path, operation):
    types = {
        "{" + parameter["name"] + "}": parameter["schema"].get("format", parameter["schema"]["type"])
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "path"
    }
    return [types.get(segment, segment) for segment in path.split("/")]


def test_no_address_means_two_paths(document):
    """Names such as `upcoming` stand where other paths have an id, so an id must not look like a name."""
    paths = {path: segments(path, operations["get"]) for path, operations in document["paths"].items()}
    assert [pair for pair in combinations(paths, 2) if may_be_one(*map(paths.get, pair))] == []


def test_an_address_that_means_two_paths_would_be_found():
    history = ["launches", "uuid", "history"]
    assert not may_be_one(history, ["launches", "previous", "uuid"])
    assert may_be_one(["agencies", "integer"], ["agencies", "12"])
    assert may_be_one(["agencies", "12"], ["agencies", "string"])
    assert may_be_one(["agencies", "integer"], ["agencies", "integer"])
