"""Every record that the API answers is what our own OpenAPI document says."""

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
