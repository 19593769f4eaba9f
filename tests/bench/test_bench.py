import pytest
from django.core import serializers
from django.db import transaction
from django.urls import resolve

from tests.bench import lab

from .data import generate, nouns
from .goals import GOALS, LATER
from .measure import duel

TINY = 0.02


def batches(name, order, *durations):
    """A side whose batches each take one of these times, and note their turn."""
    left = iter(durations)

    def batch():
        order.append(name)
        return [(next(left), 0)]

    return batch


def test_sides_take_turns_in_going_first():
    order = []
    duel(batches("ours", order, 1, 1, 1), batches("theirs", order, 1, 1, 1), rounds=3)
    assert order == ["theirs", "ours", "ours", "theirs", "theirs", "ours"]


def test_one_slow_moment_does_not_decide():
    contest = duel(batches("ours", [], 1, 50, 2), batches("theirs", [], 4, 8, 8), rounds=3)
    assert contest.speed() == 4
    assert contest.slowness() == 1 / 4


@pytest.mark.parametrize(
    ("clock", "theirs", "agreed"),
    [
        ([59, 61, 62], [1, 2], True),
        ([59, 61, 62, 63], [1, 3], False),
        ([5, 6], [3], False),
        ([5], [2], True),
    ],
    ids=["a minute ended", "a minute ended, and they differ", "they differ", "they are the same"],
)
def test_figures_that_ran_on_between_two_answers_are_asked_for_again(clock, theirs, agreed, monkeypatch):
    monkeypatch.setattr(lab, "time", iter(clock).__next__)
    assert lab.agree(lambda: 2, iter(theirs).__next__) is agreed


def test_every_goal_is_measured_or_left_to_later():
    assert {goal.name for goal in (*GOALS, *LATER)} == {f"G{number}" for number in (*range(1, 21), 24, 25, 27, 28)}


@pytest.mark.parametrize("goal", GOALS, ids=lambda goal: f"{goal.name} {goal.what}")
def test_no_aim_is_short_of_its_floor(goal):
    assert goal.verdict(goal.aim) == "reached"
    assert goal.verdict(goal.floor) in ("reached", "held")
    assert goal.verdict(goal.floor + (1 if goal.at_most else -1)) == "MISSED"


def all_rows():
    """Everything that is generated, which is then forgotten."""
    with transaction.atomic():
        generate(TINY)
        rows = [row for model in nouns() for row in model._base_manager.order_by("pk")]
        text = serializers.serialize("json", rows)
        transaction.set_rollback(True)
    return text


@pytest.mark.django_db
def test_generator_makes_the_same_rows_again():
    assert all_rows() == all_rows()


@pytest.mark.django_db
def test_reference_answers_what_we_answer(get, settings):
    generate(TINY)
    addresses = ["docking_events/?limit=100&mode=detailed", "docking_events/1/", "launches/?mode=detailed"]
    ours = [get(f"http://testserver/2.3.0/{address}") for address in addresses]
    settings.ROOT_URLCONF = "tests.bench.reference"
    assert [get(f"http://testserver/2.3.0/{address}") for address in addresses] == ours


@pytest.mark.urls("tests.bench.reference")
def test_reference_is_plain_drf():
    assert not resolve("/2.3.0/docking_events/").func.cls.planned
