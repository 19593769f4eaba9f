"""Every representation can be made, and has a name of its own."""

import pytest

from spacedevs.api.serializers import components, name_of
from spacedevs.router import RESOURCES

assert RESOURCES, "the router is imported so that every representation is there"
REPRESENTATIONS = [cls for cls in components() if not cls.__module__.startswith("tests.")]


@pytest.mark.parametrize("representation", REPRESENTATIONS, ids=name_of)
def test_every_representation_can_show_its_fields(representation):
    assert tuple(representation().fields) == tuple(representation.Meta.fields)


def test_no_two_components_have_one_name():
    names = sorted(map(name_of, REPRESENTATIONS))
    assert names == sorted(set(names))
