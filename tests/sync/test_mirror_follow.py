"""A mirror of an upstream that tells its changes reads everything once and then follows them."""

import io
import threading
from datetime import timedelta

import httpx
import pytest
import stamina
from django.core.management import call_command
from django.utils import timezone

from agencies.models import Agency, AgencyType, ProgramType
from events.models import LiveStream
from launches.models import FirstStage, FirstStageType
from spacedevs.dataset.as_of import as_of, full_step
from spacedevs.dataset.models import Mirror, MirroredEndpoint, MirroredRow
from spacedevs.db import pending
from spacedevs.sync.mirroring.follower import Follower
from tests.support import factories

from .test_mirror_lies import BASE, LIE, TRUTH, Liar, json_answer, slice_of

pytestmark = pytest.mark.django_db
CHANGES = "/2.3.0/changes/"
EVERYTHING = "Everything is here; from now on only upstream's changes are requested."
FAILS = "Changes cannot be requested, which is tried again and again: "


class Ended(Exception):
    """Somebody has ended a mirror that goes on for ever."""


def end():
    raise Ended


def nothing():
    """Nothing happens while the mirror rests."""


class Feed:
    """What an upstream in this process tells: its rows by path and id, and a log of what changed."""

    def __init__(self, liar):
        self.liar, self.rows, self.log, self.name, self.fault = liar, {}, [], "one", None
        self.can_choose = True  # whether it answers requests for the changes of some endpoints
        liar.most = 1000
        liar.answers["changes"] = self.changes
        for path in (LIE, TRUTH):
            self.list(path)
            for key in (1, 2, 3):
                self.put(path, {"id": key, "name": f"Type {key}"})

    def list(self, path):
        rows = self.rows.setdefault(path, {})
        self.liar.answers[path] = lambda request: slice_of(list(rows.values()), request)

    def put(self, path, record, is_told=True):
        self.rows[path][record["id"]] = record
        self.liar.answers[f"{path}/{record['id']}"] = lambda request: json_answer(record)
        self.tell(path, record["id"], is_told)

    def drop(self, path, key, is_told=True):
        del self.rows[path][key], self.liar.answers[f"{path}/{key}"]
        self.tell(path, key, is_told)

    def tell(self, path, key, is_told=True):
        if is_told:
            self.log.append((path, key))

    def changes(self, request):
        asked = request.url.params
        if self.fault or ("endpoints" in asked and not self.can_choose):
            return self.fault or json_answer({}, 503)
        name, _, position = asked.get("since", f"{self.name}-{len(self.log)}").partition("-")
        if name != self.name:
            return json_answer({"detail": "This cursor has expired."}, 410)
        start, limit = int(position), int(asked.get("limit", 100))
        paths = asked["endpoints"].split(",") if "endpoints" in asked else self.rows.keys() | {None}
        later = [each for each in enumerate(self.log[start:], start + 1) if None in paths or each[1][0] in paths]
        until = later[limit - 1][0] if len(later) > limit else len(self.log)
        results = [self.told(*each, asked) for each in dict.fromkeys(each for _, each in later[:limit])]
        page = {"cursor": f"{self.name}-{until}", "has_more": until < len(self.log), "results": results}
        return json_answer(page)

    def told(self, path, key, asked):
        record = self.rows.get(path, {}).get(key)
        change = {"endpoint": path, "id": key if key is None else str(key)}
        change["action"] = "updated" if record or key is None else "deleted"
        return change | ({"record": record} if "include" in asked else {})


@pytest.fixture
def feed(monkeypatch):
    with stamina.set_testing(True, attempts=5, cap=True):
        yield Feed(Liar(monkeypatch))


@pytest.fixture
def watch(feed, monkeypatch):
    """Lets a mirror watch two lists, with something that happens at each of its rests; returns the lengths of these
    and what it said."""
    monkeypatch.setattr("spacedevs.sync.mirroring.follower.monotonic", lambda: feed.liar.now)

    def until_ended(*happenings, endpoints=(LIE, TRUTH), **options):
        going, rests, out = iter(happenings), [], io.StringIO()

        def rest(seconds):
            rests.append(seconds)
            feed.liar.now += seconds
            next(going, end)()

        monkeypatch.setattr("spacedevs.sync.management.commands.mirror.sleep", rest)
        options = {"budget": 0, "endpoints": list(endpoints), **options}
        with pytest.raises(Ended):
            call_command("mirror", "--from", BASE, "--watch", stdout=out, **options)
        return rests, out.getvalue().splitlines()

    return until_ended


def types(model=AgencyType):
    return dict(model.objects.order_by("id").values_list("id", "name"))


def named(key, name):
    return {"id": key, "name": name}


def test_everything_is_read_once_and_then_only_changes_are_requested(feed, watch):
    def change():
        feed.liar.asked.clear()
        feed.put(LIE, named(1, "Renamed"))
        feed.put(LIE, named(9, "New"))
        feed.drop(LIE, 2)

    rests, told = watch(change, nothing, delete=True)
    assert types() == {1: "Renamed", 3: "Type 3", 9: "New"}
    assert types(ProgramType) == {1: "Type 1", 2: "Type 2", 3: "Type 3"}
    assert (rests, feed.liar.asked) == ([1, 1, 1], [CHANGES, CHANGES])
    assert told[-3:] == [EVERYTHING, f"{LIE}/2 has vanished upstream.", "3 changes taken in."]
    states = MirroredRow.objects.filter(endpoint__path=LIE).order_by("key")
    assert [(row.key, row.vanished is None, row.is_wanted) for row in states] == [
        ("1", True, False),
        ("2", False, False),
        ("3", True, False),
        ("9", True, False),
    ]


def test_what_changes_while_everything_is_read_is_told_again_afterwards(feed, watch):
    def page(request):
        answer = slice_of(list(feed.rows[LIE].values()), request)
        if feed.rows[LIE][1]["name"] == "Type 1":
            feed.put(LIE, named(1, "Renamed"))
        return answer

    feed.liar.answers[LIE] = page
    watch()
    assert types()[1] == "Renamed"


def test_a_mirror_that_is_started_again_goes_on_from_its_cursor(feed, watch):
    watch()
    feed.put(LIE, named(1, "Renamed while nobody followed"))
    feed.liar.asked.clear()
    watch()
    assert types()[1] == "Renamed while nobody followed"
    assert set(feed.liar.asked) == {CHANGES}


def test_a_row_that_is_deleted_upstream_is_only_marked_without_the_option(feed, watch):
    watch(lambda: feed.drop(LIE, 2), nothing)
    assert types()[2] == "Type 2"
    assert MirroredRow.objects.exclude(vanished=None).get().key == "2"


def test_more_changes_than_a_response_has_are_requested_at_once(feed, watch, monkeypatch):
    def change():
        for key in range(10, 30):
            feed.put(LIE, named(key, f"New {key}"))

    monkeypatch.setattr("spacedevs.sync.mirroring.follower.LIMIT", 8)
    rests, told = watch(change, nothing)
    assert (len(types()), rests) == (23, [1, 1, 1])
    assert told[-3:] == ["8 changes taken in.", "8 changes taken in.", "4 changes taken in."]


@pytest.fixture
def beside(feed):
    """What other threads requested; `fault` is what they are answered, if not the truth."""
    feed.liar.beside, feed.liar.fault_beside, answer = [], None, feed.liar.answers["changes"]

    def changes(request):
        if threading.current_thread() is threading.main_thread():
            return answer(request)
        feed.liar.beside.append(request.url.params["since"])
        return feed.liar.fault_beside or answer(request)

    feed.liar.answers["changes"] = changes
    return feed.liar.beside


def many(feed):
    def change():
        for key in range(10, 30):
            feed.put(TRUTH, named(key, f"New {key}"))
        feed.liar.asked.clear()

    return change


def test_the_next_changes_are_requested_while_those_before_are_imported(feed, watch, beside, monkeypatch):
    monkeypatch.setattr("spacedevs.sync.mirroring.follower.LIMIT", 8)
    _, told = watch(many(feed), nothing, endpoints=(TRUTH,))
    assert told[-3:] == ["8 changes taken in.", "8 changes taken in.", "4 changes taken in."]
    assert len(types(ProgramType)) == 23
    assert (beside, feed.liar.asked) == (["one-14", "one-22"], [CHANGES] * 4)


def test_what_changes_after_the_next_response_was_requested_is_told_later(feed, watch, beside, monkeypatch):
    def rename(self, page, records):
        if page.has_more:  # the next response has been sent
            self.ahead.result()
            feed.put(TRUTH, named(20, f"Renamed after {page.cursor}"))
        return take(self, page, records)

    take = Follower.take
    monkeypatch.setattr("spacedevs.sync.mirroring.follower.LIMIT", 8)
    monkeypatch.setattr(Follower, "take", rename)
    watch(many(feed), nothing, endpoints=(TRUTH,))
    assert types(ProgramType)[20] == "Renamed after one-22"


@pytest.mark.parametrize("answer", [(LookupError, 0), ({}, 429), ({}, 503), ({"results": []}, 200)])
def test_a_request_ahead_that_fails_is_made_again_and_none_follows_until_all_is_here(
    answer, feed, watch, beside, monkeypatch
):
    feed.liar.fault_beside = json_answer(*answer) if answer[1] else None
    if not answer[1]:
        monkeypatch.setattr("spacedevs.sync.mirroring.upstream.Unbudgeted.ask", answer[0])
    monkeypatch.setattr("spacedevs.sync.mirroring.follower.LIMIT", 8)
    rests, told = watch(many(feed), nothing, endpoints=(TRUTH,))
    assert told[-3:] == ["8 changes taken in.", "8 changes taken in.", "4 changes taken in."]
    assert (len(types(ProgramType)), rests) == (23, [1, 1, 1])
    assert beside == (["one-14"] if answer[1] else [])


@pytest.fixture
def settled(monkeypatch):
    """Whether each response left its totals pending, and how many rows were here when pending ones were recomputed."""

    def note(self, page, records):
        left_pending.append(pending.POSTPONING.is_on)
        return take(self, page, records)

    left_pending, numbers, take = [], [], Follower.take
    monkeypatch.setattr(Follower, "take", note)
    monkeypatch.setattr("spacedevs.sync.mirroring.follower.settle", lambda: numbers.append(len(types(ProgramType))))
    return left_pending, numbers


def test_totals_are_recomputed_once_after_all_changes_that_waited(feed, watch, settled, monkeypatch):
    monkeypatch.setattr("spacedevs.sync.mirroring.follower.LIMIT", 8)
    watch(many(feed), nothing, endpoints=(TRUTH,))
    assert settled == ([False, True, True, False, False], [23])


def test_totals_are_recomputed_if_upstream_fails_before_the_rest_is_here(feed, watch, settled, monkeypatch):
    def fail(self, page, records):
        feed.fault = json_answer({}, 503) if page.has_more else None
        return take(self, page, records)

    def recover():
        feed.fault = None

    take = Follower.take
    monkeypatch.setattr("spacedevs.sync.mirroring.follower.LIMIT", 8)
    monkeypatch.setattr(Follower, "take", fail)
    monkeypatch.setattr(Follower, "ask_ahead", lambda self, page: None)
    watch(many(feed), recover, recover, nothing, endpoints=(TRUTH,))
    assert settled == ([False, True, True, False, False], [11, 19])


def test_nothing_is_requested_ahead_that_the_budget_does_not_allow(feed, watch, beside, monkeypatch):
    monkeypatch.setattr("spacedevs.sync.mirroring.follower.LIMIT", 8)
    watch(many(feed), nothing, endpoints=(TRUTH,), budget=5)
    assert (len(types(ProgramType)), beside) == (23, [])


def test_after_an_expired_cursor_everything_is_read_again(feed, watch):
    def replace():
        feed.name = "two"
        feed.put(LIE, named(1, "Restored"))
        feed.liar.asked.clear()

    def change():
        feed.put(LIE, named(2, "Renamed"))

    _, told = watch(replace, nothing, change, nothing)
    assert types() == {1: "Restored", 2: "Renamed", 3: "Type 3"}
    assert "The cursor of upstream's changes has expired; everything is read again." in told
    assert told.count(EVERYTHING) == 2
    assert feed.liar.asked.count(f"/2.3.0/{LIE}/") == 1


def test_an_upstream_that_tells_no_changes_is_asked_once_and_read_as_ever(feed, watch):
    feed.fault = json_answer({"detail": "Not found."}, 404)
    rests, _ = watch(nothing, lambda: feed.put(LIE, named(1, "Renamed")), nothing)
    assert rests == [300] * 4
    assert feed.liar.asked.count(CHANGES) == 1
    assert types()[1] == "Renamed"
    assert Mirror.objects.get().cursor == ""


def test_lists_are_read_while_upstream_refuses_to_tell_its_changes(feed, watch):
    def refuse():
        feed.fault = json_answer({}, 401)
        feed.put(LIE, named(1, "Renamed"))

    def allow():
        assert types()[1] == "Renamed"
        feed.fault = None
        feed.put(LIE, named(2, "Renamed, too"))

    rests, told = watch(refuse, nothing, allow, nothing)
    assert rests == [1, 300, 300, 1, 1]
    assert told.count(EVERYTHING) == 2
    assert types() == {1: "Renamed", 2: "Renamed, too", 3: "Type 3"}


# Records that cannot be imported -----------------------------------------------------------------


def test_a_refused_record_is_told_and_requested_again_until_it_can_be_imported(feed, watch):
    def break_one():
        feed.put(LIE, named(1, 7))
        feed.put(LIE, named(2, "Renamed"))
        feed.liar.asked.clear()

    def repair():
        assert types() == {1: "Type 1", 2: "Renamed", 3: "Type 3"}
        feed.put(LIE, named(1, "Repaired"), is_told=False)

    _, told = watch(break_one, nothing, repair, *[nothing] * 4)
    assert types()[1] == "Repaired"
    assert any(
        line.startswith("Refused: AgencyType 1 7: changes/?since=one-6#/results/0/record/name") for line in told
    )
    assert feed.liar.asked.count(f"/2.3.0/{LIE}/1/") == 3  # at once, after one second, and after two more
    assert not MirroredRow.objects.filter(is_wanted=True).exists()


def test_what_was_refused_before_following_is_requested_again_too(feed, watch):
    feed.put(LIE, named(1, 7))
    watch()
    feed.put(LIE, named(1, "Repaired"), is_told=False)
    watch(nothing)
    assert types()[1] == "Repaired"


def test_a_change_without_its_record_is_looked_for(feed, watch):
    def drop_unsaid():
        feed.put(LIE, named(1, "Renamed"))
        feed.drop(LIE, 1, is_told=False)
        feed.told = lambda path, key, asked: {"endpoint": path, "id": str(key), "action": "updated", "record": None}

    watch(drop_unsaid, nothing, delete=True)
    assert types() == {2: "Type 2", 3: "Type 3"}


def test_a_row_that_others_need_is_deleted_once_they_do_not(feed, watch):
    def use_and_drop():
        factories.agency(id=5, type_id=1)
        feed.drop(LIE, 1)

    def leave():
        assert 1 in types()
        Agency.objects.all().delete()

    _, told = watch(use_and_drop, nothing, leave, *[nothing] * 4, delete=True)
    assert types() == {2: "Type 2", 3: "Type 3"}
    assert f"{LIE}/1 stays, because other rows need it." in told
    assert told.count(f"{LIE}/1 has vanished upstream.") == 1


def test_of_rows_that_are_deleted_together_those_that_others_need_stay(feed, watch):
    def use_and_drop():
        factories.agency(id=5, type_id=1)
        for key in (1, 2):
            feed.drop(LIE, key)

    _, told = watch(use_and_drop, nothing, delete=True)
    assert types() == {1: "Type 1", 3: "Type 3"}
    assert [told.count(f"{LIE}/{key} has vanished upstream.") for key in (1, 2)] == [1, 1]
    assert list(MirroredRow.objects.filter(is_wanted=True).values_list("key", flat=True)) == ["1"]


def test_too_many_records_for_a_response_are_requested_one_by_one(feed, watch, monkeypatch):
    monkeypatch.setattr("spacedevs.sync.mirroring.upstream.MAX_ANSWER_BYTES", 1_000)

    def change():
        for key in (1, 2, 3, 4):
            feed.put(LIE, named(key, "x" * 100))
        feed.put(LIE, named(5, "x" * 2_000))
        feed.put(LIE, named(6, "last"))

    _, told = watch(change, nothing, nothing)
    assert {key: len(name) for key, name in types().items()} == {1: 100, 2: 100, 3: 100, 4: 100, 6: 4}
    assert any(line.startswith(f"Refused: {LIE}/5: {BASE}/{LIE}/5/ sent") for line in told)
    assert MirroredRow.objects.get(is_wanted=True).key == "5"


def test_a_row_moves_though_its_new_owner_is_told_first(feed, watch, recorded, monkeypatch, get):
    monkeypatch.setattr("spacedevs.sync.mirroring.follower.LIMIT", 1)
    first, last = recorded(FirstStage, "launches", "launch_id", 2)
    feed.list("launches")
    for launch in (first, last):
        feed.put("launches", launch)

    def move():
        feed.put("launches", last | {"rocket": first["rocket"]})
        feed.put("launches", first | {"rocket": last["rocket"]})

    watch(move, nothing, nothing, endpoints=["launches"])
    assert get(f"launches/{first['id']}/")["rocket"] == last["rocket"]
    assert get(f"launches/{last['id']}/")["rocket"] == first["rocket"]
    assert not MirroredRow.objects.filter(is_wanted=True).exists()


@pytest.mark.parametrize("is_told", [True, False])
def test_a_row_that_records_show_by_its_name_is_the_same_after_it_was_renamed(
    is_told, feed, watch, recorded, monkeypatch, get
):
    """Whether its own record can be had before that of a launch that shows the new name, or only later."""
    monkeypatch.setattr("spacedevs.sync.mirroring.follower.LIMIT", 1)
    (launch,) = recorded(FirstStage, "launches", "launch_id", 1)
    path, (stage,) = "config/first_stage_types", launch["rocket"]["launcher_stage"]
    for each in ("launches", path):
        feed.list(each)
    feed.put("launches", launch)
    feed.put(path, named(7, stage["type"]))
    changed = launch | {"rocket": launch["rocket"] | {"launcher_stage": [stage | {"type": "Renamed"}]}}

    def rename():
        feed.put("launches", changed)
        feed.put(path, named(7, "Renamed"))
        feed.can_choose = is_told

    _, told = watch(rename, nothing, endpoints=["launches", path])
    assert types(FirstStageType) == {7: "Renamed"}
    assert get(f"launches/{launch['id']}/") == changed
    assert len([line for line in told if line.startswith("Refused: ")]) == (not is_told)


def test_of_endpoints_that_are_not_mirrored_only_rows_that_are_here_change(feed, watch):
    factories.row(ProgramType, id=1, name="Type 1")

    def change():
        feed.put(TRUTH, named(1, "Renamed"))
        feed.put(TRUTH, named(8, "New"))
        feed.tell("config/moons", 1)

    watch(change, nothing, endpoints=[LIE])
    assert types(ProgramType) == {1: "Renamed"}


def test_endpoints_that_were_not_followed_meanwhile_are_read_again(feed, watch):
    watch()
    watch(lambda: feed.put(TRUTH, named(1, "Renamed")), nothing, endpoints=[LIE])
    ProgramType.objects.filter(pk=1).update(name="Type 1")
    watch()
    assert types(ProgramType)[1] == "Renamed"


def test_an_object_is_read_when_it_is_told(feed, watch, get):
    path, here = "dashboard/starship", get("dashboard/starship/")
    feed.liar.answers[path] = lambda request: json_answer(here)

    def change():
        stream = LiveStream(title="Starbase", description="", url="http://stream.test/")
        here["live_streams"] = [{"title": stream.title, "description": "", "image": None, "url": stream.url}]
        feed.tell(path, None)

    watch(change, nothing, endpoints=[path])
    assert LiveStream.objects.get().title == "Starbase"


# Failures ----------------------------------------------------------------------------------------

NONSENSE = {
    "an error": lambda: json_answer({}, 503),
    "no cursor": lambda: json_answer({"has_more": False, "results": []}),
    "an endless cursor": lambda: json_answer({"cursor": "x" * 201, "results": []}),
    "no results": lambda: json_answer({"cursor": "one-6"}),
    "results that are none": lambda: json_answer({"cursor": "one-6", "results": [7]}),
    "an id that is none": lambda: json_answer({"cursor": "one-6", "results": [{"endpoint": LIE, "id": []}]}),
    "HTML": lambda: httpx.Response(200, headers={"content-type": "text/html"}, text="<html>"),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_an_upstream_that_fails_is_asked_again_and_said_to_fail_once(name, feed, watch):
    def fail():
        feed.fault = NONSENSE[name]()
        feed.put(LIE, named(1, "Renamed"))

    def fail_again():
        feed.fault = NONSENSE[name]()

    def recover():
        feed.fault = None

    rests, told = watch(fail, fail_again, fail_again, recover, nothing)
    assert rests == [1, 1, 2, 3, 1, 1]
    assert len([line for line in told if line.startswith(FAILS)]) == 1
    assert "Upstream tells its changes again." in told
    assert types()[1] == "Renamed"


def test_an_upstream_that_always_has_more_is_not_asked_without_a_pause(feed, watch):
    def lie():
        feed.fault = json_answer({"cursor": "one-6", "has_more": True, "results": []})

    def again():
        feed.fault = json_answer({"cursor": "one-6", "has_more": True, "results": []})

    assert watch(lie, again, again)[0] == [1] * 4


def test_ids_that_no_row_can_have_are_passed_over(feed, watch):
    def lie():
        for key in ("../../x", "", "x" * 300, "1?a=b"):
            feed.tell(LIE, key)
        feed.put(LIE, named(1, "Renamed"))

    watch(lie, nothing, delete=True)
    assert types() == {1: "Renamed", 2: "Type 2", 3: "Type 3"}
    assert all(path.startswith(("/2.3.0/config/", CHANGES)) for path in feed.liar.asked)


# The pace, and what is told ----------------------------------------------------------------------


def test_a_limit_of_requests_is_used_up_evenly(feed, watch):
    assert watch(nothing, nothing, budget=60)[0] == [60] * 3


def test_upstream_is_left_alone_for_as_long_as_it_says(feed, watch):
    def throttle():
        feed.fault = json_answer({}, 429, retry_after="100")

    def recover():
        feed.fault = None
        feed.put(LIE, named(1, "Renamed"))

    watch(throttle, recover, nothing)
    assert feed.liar.waits == [99]  # a second of these was a pause
    assert types()[1] == "Renamed"


@pytest.fixture
def moment(monkeypatch):
    """The present moment, which is held."""
    moment = full_step() + timedelta(seconds=30)
    monkeypatch.setattr(timezone, "now", lambda: moment)
    return moment


def test_the_status_tells_how_far_the_mirror_is_behind(feed, watch, moment):
    watch(nothing)
    Mirror.objects.update(followed=moment - timedelta(seconds=90), cursor_read=moment - timedelta(seconds=30))
    MirroredEndpoint.objects.update(ended=moment - timedelta(hours=1))

    def told():
        out = io.StringIO()
        call_command("mirror", "--status", "--from", BASE, stdout=out)
        return out.getvalue().splitlines()

    assert told()[1].split() == [LIE, "3", "3", "0", "0:00:00", "0:01:30"]
    assert told()[3] == "Follows upstream's changes: lag 0:01:30, cursor 0:00:30 old."
    MirroredEndpoint.objects.update(full_ended=None)
    assert told()[3] == "Follows upstream's changes: once everything is here, cursor 0:00:30 old."


def test_the_data_are_as_of_when_all_changes_were_here(feed, watch, moment):
    """Before the last full five minutes, as of every mirror, so that it holds until the next."""
    watch()
    before = full_step() - timedelta(seconds=1)
    MirroredEndpoint.objects.update(ended=before - timedelta(hours=1))
    Mirror.objects.update(followed=before)
    assert as_of().moment == before
    watch()
    mirror = Mirror.objects.get()
    assert (mirror.followed_before, mirror.followed) == (before, moment)
    assert as_of().moment == before
