"""The SELECT of a statistic calls its columns as the figures are called that they should be."""

from dataclasses import replace

import pytest
from django.core.checks import Error

from spacedevs.statistics import registry
from spacedevs.statistics.registry import check_columns, statistics
from tests.support import factories
from vehicles.models import Launcher

pytestmark = pytest.mark.django_db


def test_every_column_is_called_as_its_figure_is():
    assert {each.title: each.misnamed() for each in statistics()} == dict.fromkeys((s.title for s in statistics()), "")


@pytest.mark.parametrize(
    ("columns", "complaint"),
    [
        ("1 AS id, 2 AS flights, 3 AS fastest_turnaround", ""),
        ("1 AS id, 3 AS fastest_turnaround, 2 AS flights", ""),
        ("1 AS id, 2 AS flihgts, 3 AS fastest_turnaround", "lacks flights, has flihgts"),
        ("1 AS id, 2 AS flights", "lacks fastest_turnaround"),
        ("2 AS flights, 3 AS fastest_turnaround", "lacks id"),
        ("1 AS id, 2 AS flights, 3 AS fastest_turnaround, 4 AS landings", "has landings"),
    ],
)
def test_a_column_that_is_misspelt_or_missing_or_too_many_is_refused(columns, complaint, monkeypatch):
    def launcher(dialect):
        return f"SELECT {columns}"

    [statistic] = [each for each in statistics() if each.title == "vehicles.Launcher (launcher)"]
    wrong = replace(statistic, select=launcher, figures=("flights", "fastest_turnaround"))
    monkeypatch.setattr(registry, "statistics", lambda: [wrong])
    told = f"The SELECT of vehicles.Launcher (launcher) {complaint}."
    assert check_columns() == ([Error(told, hint="AS names a column.", id="statistics.E001")] if complaint else [])


def test_figures_are_matched_to_columns_by_name_and_not_by_place():
    [statistic] = [each for each in statistics() if each.title == "vehicles.Launcher (launcher)"]
    stage = factories.row(Launcher, flights=7, attempted_landings=5)

    def launcher(dialect):
        return f"SELECT {stage.pk} AS id, 1 AS attempted_landings, 2 AS flights"

    replace(statistic, select=launcher, figures=("flights", "attempted_landings")).recompute()
    stage.refresh_from_db()
    assert (stage.flights, stage.attempted_landings) == (2, 1)
