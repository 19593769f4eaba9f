"""Filters that ask yes or no: each row is found by one of the two answers, unless nobody knows which is right."""

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from crew.models import AstronautFlight
from launches.filters import Suborbital
from launches.models import Launch, SpacecraftFlight
from spacedevs.api.filters.filters import ExcludeSubsetFilter, FlagFilter
from spacedevs.db.paths import field_at
from tests.support import factories
from tests.support.routes import RESOURCES

OPTIONS = ExcludeSubsetFilter, Suborbital  # they leave rows out in one of the two answers, and nothing in the other
BOOLEANS = [
    (prefix, name)
    for prefix, resource in RESOURCES.items()
    for name, declared in resource.filterset_class.base_filters.items()
    if isinstance(declared, FlagFilter) and not isinstance(declared, OPTIONS)
]
CREWS = ["", "-", "c", "c-", "-c", "cc", "--", "-c-"]  # of the ships of a launch: c for one with a crew


def launch_with(ships):
    """A launch with a ship for each letter."""
    launch = factories.row(Launch, name=f"Launch of ships {ships}.")
    for ship in ships:
        flight = factories.row(SpacecraftFlight, launch=launch)
        if ship == "c":
            flight.launch_crew.add(factories.row(AstronautFlight), factories.row(AstronautFlight))
    return launch


def found(get, prefix, **parameters) -> list[str]:
    """The ids that a list holds, on all its pages."""
    ids, offset = [], 0
    while True:
        page = get(f"{prefix}/", mode="list", limit=100, offset=offset, **parameters)
        ids += [str(record["id"]) for record in page["results"]]
        offset += 100
        if not page["next"]:
            assert page["count"] == len(ids)
            return ids


def unknown(prefix, name) -> set[str]:
    """The ids of the rows of which the column that a filter asks about knows neither."""
    model = RESOURCES[prefix].queryset.model
    column = field_at(model, name)
    rows = model._default_manager.filter(**{name: None}) if isinstance(column, models.BooleanField) else ()
    return {str(row.pk) for row in rows}


@pytest.mark.django_db
@pytest.mark.parametrize(("prefix", "name"), BOOLEANS)
def test_yes_and_no_part_a_list(prefix, name, world, get):
    for ships in CREWS:
        launch_with(ships)
    yes, no, listed = (found(get, prefix, **asked) for asked in ({name: "true"}, {name: "false"}, {}))
    assert sorted([*yes, *no, *unknown(prefix, name).intersection(listed)]) == sorted(listed)


@pytest.mark.django_db
@pytest.mark.parametrize("ships", CREWS)
def test_a_launch_is_crewed_if_one_of_its_ships_is(ships, get):
    launch = launch_with(ships)
    yes, no = (found(get, "launches", name=launch.name, is_crewed=asked) for asked in ("true", "false"))
    assert (yes, no) == (([str(launch.pk)], []) if "c" in ships else ([], [str(launch.pk)]))


@pytest.mark.django_db
def test_a_launch_without_a_crew_is_found_without_reading_launches_again():
    with CaptureQueriesContext(connection) as queries:
        list(RESOURCES["launches"].filterset_class({"is_crewed": "false"}, Launch._base_manager.only("pk")).qs)
    assert queries[0]["sql"].count('FROM "launches_launch"') == 1
