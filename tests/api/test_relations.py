"""What is read off Django's metadata says the same with every release of Django."""

import pytest

from agencies.models import Agency, Program
from launches.models import Launch
from places.models import Pad
from spacedevs.db.paths import is_column, link_columns, may_be_null


@pytest.mark.parametrize(
    ("model", "name", "column"),
    [
        (Agency, "name", True),
        (Launch, "pad", True),
        (Pad, "launches", False),
        (Program, "agencies", False),
        (Agency, "programs", False),
    ],
    ids=["a value", "to one row", "back from it", "to many rows", "back from them"],
)
def test_what_a_table_holds_in_a_column_is_told_from_what_it_does_not(model, name, column):
    assert is_column(model._meta.get_field(name)) is column


@pytest.mark.parametrize(
    ("model", "name", "ends"),
    [(Program, "agencies", ["program_id", "agency_id"]), (Agency, "programs", ["agency_id", "program_id"])],
)
def test_a_relation_of_many_to_many_is_the_same_from_both_ends(model, name, ends):
    assert link_columns(model._meta.get_field(name)) == (Program.agencies.through, *ends)


@pytest.mark.parametrize("path", ["agencies__name", "mission_patches__id"])
def test_a_path_over_many_to_many_may_lead_to_nothing(path):
    assert may_be_null(Program, path)
