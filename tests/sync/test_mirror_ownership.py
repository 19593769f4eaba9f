"""A mirror takes nothing from a row that upstream has not let go, and asks where it cannot know."""

import pytest
import stamina

from launches.models import FirstStage, Launch

from .test_mirror_lies import Liar, json_answer, mirror, slice_of
from .test_ownership import at, put

pytestmark = pytest.mark.django_db
PATH = "launches"


@pytest.fixture(scope="module")
def four(recorded):
    """Launches of an upstream, each with its rocket and a stage of it, as it tells them."""
    return recorded(FirstStage, PATH, "launch_id", 4)


@pytest.fixture
def upstream(monkeypatch, four):
    """An upstream that has been copied; says what it has changed to, and what of that it lists."""
    monkeypatch.setattr("spacedevs.sync.mirroring.endpoint_reader.LIMIT", 2)
    with stamina.set_testing(True, attempts=5, cap=True):
        liar = Liar(monkeypatch)
        liar.answers[PATH] = lambda request: slice_of(four, request)
        assert mirror(PATH)[0] == 0

        def change(*listed, records=()):
            liar.answers[PATH] = lambda request: slice_of(listed, request)
            for each in (*listed, *records):
                liar.answers[f"{PATH}/{each['id']}"] = lambda request, each=each: json_answer(each)
            liar.asked.clear()
            return mirror(PATH)

        change.asked = liar.asked
        yield change


def with_rocket_of(launch, other):
    return launch | {"rocket": other and other["rocket"]}


def here(get, *launches):
    return [get(f"{PATH}/{launch['id']}/") for launch in launches]


def test_what_changes_hands_is_copied_from_pages_far_apart(upstream, four, get):
    first, second, third, last = four
    now = [with_rocket_of(last, first), second, third, with_rocket_of(first, last)]
    assert upstream(*now)[0] == 0
    assert here(get, *now) == now
    assert f"/2.3.0/{PATH}/{first['id']}/" not in upstream.asked


def test_whoever_had_a_row_is_asked_for_where_its_change_is_not_listed(upstream, four, get):
    first, *_, last = four
    now = with_rocket_of(last, first), with_rocket_of(first, None)
    assert upstream(now[0], records=now)[0] == 0
    assert here(get, *now) == list(now)


def test_of_a_stage_its_launch_is_asked_for(upstream, four, get):
    first, *_, last = four
    way = "rocket", "launcher_stage", 0, "landing"
    now = put(last, way, at(first, way)), put(first, way, None)
    assert upstream(now[0], records=now)[0] == 0
    assert here(get, *now) == list(now)


def test_whoever_is_gone_upstream_keeps_nothing_from_others(upstream, four, get):
    first, *_, last = four
    now = with_rocket_of(last, first)
    assert upstream(now)[0] == 0
    assert here(get, now) == [now]
    assert Launch.objects.get(pk=first["id"]).rocket is None


def test_what_upstream_gives_to_two_stays_with_the_first_and_the_second_is_refused_by_name(upstream, four, get):
    first, *_, last = four
    code, told = upstream(with_rocket_of(last, first), records=[first])
    assert code == 2
    (line,) = {line for line in told if line.startswith("Refused: ")}  # told at once, and again at the end
    assert line.startswith(f"Refused: Launch {last['id']} {last['name']}: ")
    assert f": Rocket {first['rocket']['id']} belongs to Launch {first['id']} {first['name']};" in line
    assert here(get, first, last) == [first, last]
    assert len([path for path in upstream.asked if first["id"] in path]) == 1
