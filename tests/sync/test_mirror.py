"""A mirror of an upstream that misbehaves ends as that of one that does not."""

import io
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta

import httpx
import pytest
import stamina
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import TestCase
from django.utils import timezone

from docking.models import DockingEvent
from places.models import Orbit
from spacedevs.dataset.models import Mirror, MirroredEndpoint, MirroredRow
from spacedevs.db import dataset_version
from spacedevs.db.locks import Lock, held
from spacedevs.statistics.origin import are_derived, choose
from spacedevs.sync.mirroring.endpoint_reader import SKIPPED
from spacedevs.sync.mirroring.mirror import Mirroring, paths
from spacedevs.sync.mirroring.upstream import Budget
from spacedevs.sync.mirroring.upstream import Upstream as UpstreamServer
from tests.conftest import STARTED
from tests.support import templates
from tests.support.clocks import hold_minute
from tests.support.routes import MODES
from tests.support.sample import new_database
from tests.support.upstream import Upstream

pytestmark = pytest.mark.django_db
FEW = "space_stations,docking_events"


def manage(url, *arguments, **options):
    """manage.py on a database."""
    command = [sys.executable, settings.BASE_DIR / "manage.py", *arguments]
    return subprocess.Popen(command, env=os.environ | {"DATABASE_URL": url}, **options)


@pytest.fixture(scope="session")
def sample_database(tmp_path_factory):
    """A database file with the sample data."""
    path = shutil.copy(templates.sqlite_template(), tmp_path_factory.mktemp("upstream"))
    assert manage(f"sqlite:///{path}", "prepare", "--database-only", stdout=subprocess.DEVNULL).wait() == 0
    return path


@pytest.fixture(scope="module")
def served(sample_database, tmp_path_factory):
    """An upstream on a copy of that database."""
    path = shutil.copy(sample_database, tmp_path_factory.mktemp("served") / "upstream.sqlite3")
    command = [sys.executable, "-W", "ignore", "-m", "tests.support.upstream"]
    environment = os.environ | {"DATABASE_URL": f"sqlite:///{path}", "DJANGO_SETTINGS_MODULE": "spacedevs.settings"}
    process = subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True)
    try:
        yield Upstream(int(process.stdout.readline()), path)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def upstream(served):
    """An upstream whose rows a test leaves as they are."""
    served.order()
    return served


@pytest.fixture
def changing(upstream, sample_database):
    """An upstream whose rows a test may change, for they are put back."""
    yield upstream
    with closing(sqlite3.connect(sample_database)) as original, closing(sqlite3.connect(upstream.database)) as changed:
        original.backup(changed)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Pages are small, so that there are many; between attempts nobody waits."""
    monkeypatch.setattr("spacedevs.sync.mirroring.endpoint_reader.LIMIT", 20)
    with stamina.set_testing(True, attempts=5, cap=True):
        yield


def run(upstream, **options):
    out = io.StringIO()
    call_command("mirror", "--from", upstream.url, budget=0, stdout=out, stderr=out, **options)
    return out.getvalue()


def few(upstream, **options):
    return run(upstream, endpoints=FEW.split(","), **options)


def assert_same(get, upstream, routes=None):
    """Both answer the same, but for their address."""
    for path, mode in routes or [(path, "detailed") for path in FEW.split(",")]:
        address = f"{path}/?mode={mode}&limit=100&offset="
        for offset in range(0, 10_000, 100):
            theirs = upstream.ask(f"/2.3.0/{address}{offset}")
            text = json.dumps(theirs).replace(upstream.url.removesuffix("/2.3.0"), "http://testserver")
            assert json.dumps(get(f"{address}{offset}")) == text, (path, mode)
            if not theirs["next"]:
                break


@pytest.fixture
def minute(upstream):
    """Lets it be a minute here and there."""

    def hold(moment):
        upstream.order({"minute": moment.isoformat()})
        upstream.ask("/2.3.0/config/orbits/")
        hold_minute(moment)

    yield hold
    hold(STARTED)


def test_a_mirror_answers_as_its_upstream_does_on_every_endpoint_and_in_every_mode(upstream, derived, minute, get):
    """Also minutes later, when figures that depend on the clock have gone on, and after a second run."""
    run(upstream)
    assert are_derived()
    before = get("spacecraft/", in_space="true")["results"]
    minute(STARTED + timedelta(minutes=7))
    assert_same(get, upstream, MODES)
    after = get("spacecraft/", in_space="true")["results"]
    assert [each["id"] for each in before] == [each["id"] for each in after]
    assert all(one["time_in_space"] != other["time_in_space"] for one, other in zip(before, after, strict=True))
    assert before
    dashboard, here = upstream.ask("/2.3.0/dashboard/starship/"), get("dashboard/starship/")
    text = json.dumps(dashboard).replace(upstream.url.removesuffix("/2.3.0"), "http://testserver")
    for name in dashboard.keys() - {"updates"}:  # of which no answer says what program they belong to
        assert json.loads(text)[name] == here[name], name
    assert dashboard["live_streams"]
    with TestCase.captureOnCommitCallbacks(execute=True):
        run(upstream)  # only what changed, which is nothing
    assert_same(get, upstream, dict.fromkeys((path, "detailed") for path, _ in MODES))


def test_stations_come_first_then_what_docks_at_them_then_what_will_fly():
    assert paths()[:3] == ["space_stations", "docking_events", "launches/upcoming"]
    parts = {"events/previous", "launches/previous"}
    assert set(paths()) == {path for path, _ in MODES} - parts | {"dashboard/starship"}


FAULTS = {
    "429": ["throttle"],
    "429 in words": ["throttle_in_words"],
    "5xx": ["error", "error", "error", "error"],
    "connections that end": ["drop"],
    "HTML for JSON": ["html"],
    "HTML that says it is JSON": ["html_for_json"],
    "something else": ["other"],
    "truncated bodies": ["truncated"],
    "truncated bodies that say they are whole": ["truncated_silently"],
    "too much, well packed": ["bomb"],
    "everything": [None, "throttle", "error", None, None, "html", "drop", "bomb", None, "truncated"],
}


@pytest.mark.parametrize("name", FAULTS)
def test_after_a_fault_the_mirror_is_what_it_would_have_been(name, upstream, get, monkeypatch):
    monkeypatch.setattr("spacedevs.sync.mirroring.upstream.MAX_ANSWER_BYTES", 2**22)
    upstream.order(*FAULTS[name])
    few(upstream)
    assert_same(get, upstream)


def test_an_answer_that_takes_too_long_is_asked_for_again(upstream, get, monkeypatch):
    monkeypatch.setattr("spacedevs.sync.outbound.TIMEOUTS", httpx.Timeout(30, read=0.5))
    upstream.order("slow")
    run(upstream, endpoints=["config/orbits"])
    assert_same(get, upstream, [("config/orbits", "normal")])


def refused(upstream, *, match, **options):
    """What a mirror says that does not end well."""
    out = io.StringIO()
    with pytest.raises(CommandError, match=match) as error:
        call_command("mirror", "--from", upstream.url, budget=0, stdout=out, stderr=out, **options)
    return error.value.returncode, out.getvalue().splitlines()


def test_upstream_is_asked_five_times_and_no_more_and_the_next_run_goes_on(upstream, get):
    upstream.order(None, None, *["error"] * (5 + SKIPPED))
    refused(
        upstream,
        match=r"Upstream fails: .* answers 503\. Run this command again to resume\.",
        endpoints=FEW.split(","),
    )
    asked = upstream.asked
    assert (len(asked), len(set(asked[2:7]))) == (10, 1)
    few(upstream)
    assert_same(get, upstream)
    assert upstream.asked[10:].count(asked[0]) == 0
    assert upstream.asked[10] == asked[2]


def test_a_page_that_cannot_be_read_costs_no_more_than_that(upstream, get):
    upstream.order(None, *["error"] * 5)
    code, told = refused(upstream, match=r"^1 page and 0 records were refused\.$", endpoints=["docking_events"])
    page = upstream.asked[1]
    assert code == 2
    assert [line for line in told if line.startswith("Refused")] == [
        f"Refused: a page of docking_events: {upstream.url.removesuffix('/2.3.0')}{page} answers 503"
    ]
    total = upstream.ask("/2.3.0/docking_events/")["count"]
    assert (
        DockingEvent.objects.count() == total - 19
    )  # its first row was on the page before; the next page overlaps none
    assert f"docking_events listed {total - 19} rows, but counts {total}" in "".join(told)
    run(upstream, endpoints=["docking_events"])
    assert_same(get, upstream, [("docking_events", "detailed")])


def test_pages_that_are_too_large_are_asked_for_in_smaller_ones(upstream, get, monkeypatch):
    whole = len(json.dumps(upstream.ask("/2.3.0/docking_events/?mode=detailed&limit=20")))
    monkeypatch.setattr("spacedevs.sync.mirroring.upstream.MAX_ANSWER_BYTES", whole // 2)
    upstream.order()
    told = run(upstream, endpoints=["docking_events"])
    asked = [int(re.search(r"limit=(\d+)", each)[1]) for each in upstream.asked]
    assert asked == [20, *[5] * (len(asked) - 1)]
    assert f"sent too large a response: has more than {whole // 2} bytes; requesting 5 rows at a time." in told
    assert_same(get, upstream, [("docking_events", "detailed")])


def test_a_record_that_is_too_large_ends_the_reading(upstream, monkeypatch):
    monkeypatch.setattr("spacedevs.sync.mirroring.upstream.MAX_ANSWER_BYTES", 1000)
    refused(
        upstream, match=r"has more than 1000 bytes\. Run this command again to resume\.", endpoints=["docking_events"]
    )
    assert [re.search(r"limit=(\d+)", each)[1] for each in upstream.asked] == ["20", "5", "2"]


def test_what_is_refused_once_is_not_asked_for_again(upstream):
    with pytest.raises(
        CommandError, match=f"answers 404; and {len(paths()) - 3} more. Run this command again to resume."
    ):
        call_command("mirror", "--from", f"{upstream.url}/nowhere", budget=0, stdout=io.StringIO())
    assert len(upstream.asked) == len(set(upstream.asked)) == len(paths())


FIRST = "(SELECT id FROM docking_dockingevent ORDER BY docking, id LIMIT {})"
LAST = "(SELECT id FROM docking_dockingevent ORDER BY docking DESC, id DESC LIMIT 1)"
SHIFTS = {  # what happens to the list just before its third page is answered
    "rows go": "DELETE FROM docking_dockingevent WHERE id IN " + FIRST.format(3),  # noqa: S608
    "a row moves to the end": f"UPDATE docking_dockingevent SET docking = '2099-01-01' WHERE id IN {FIRST.format(1)}",  # noqa: S608
    "a row moves to the beginning": "UPDATE docking_dockingevent SET docking = '1960-01-01' WHERE id IN " + LAST,  # noqa: S608
}


@pytest.mark.parametrize("name", SHIFTS)
def test_a_list_that_moves_while_it_is_read_is_read_until_it_is_whole(name, changing, get):
    changing.order(None, None, {"sql": SHIFTS[name]})
    run(changing, endpoints=["docking_events"], delete=True)
    assert_same(get, changing, [("docking_events", "detailed")])


def test_a_row_that_vanished_is_marked_and_deleted_only_when_told(changing, get):
    run(changing, endpoints=["docking_events"])
    gone = DockingEvent.objects.first().pk
    with closing(sqlite3.connect(changing.database)) as database, database:
        database.execute("DELETE FROM docking_dockingevent WHERE id = ?", [gone])
    assert f"docking_events/{gone} has vanished upstream." in run(changing, endpoints=["docking_events"])
    assert list(MirroredRow.objects.exclude(vanished=None).values_list("key", flat=True)) == [str(gone)]
    assert DockingEvent.objects.filter(pk=gone).exists()


def test_a_row_that_the_list_left_out_has_not_vanished(upstream):
    run(upstream, endpoints=["docking_events"])
    MirroredRow.objects.filter(endpoint__path="docking_events").update(sweep=0)
    endpoint = MirroredEndpoint.objects.get(path="docking_events")
    MirroredRow.objects.create(endpoint=endpoint, key="999999", sweep=0)
    told = run(upstream, endpoints=["docking_events"])
    assert [line for line in told.splitlines() if "vanished" in line] == [
        "docking_events/999999 has vanished upstream."
    ]


def test_unknown_fields_are_told_and_a_record_that_lacks_one_is_refused_by_name(upstream, get):
    upstream.order({"altered": {"with": {"mascot": "Ivan"}}})
    assert "Orbit.mascot is unknown and was ignored (1 time)." in run(upstream, endpoints=["config/orbits"])
    Orbit.objects.all().delete()
    upstream.order({"altered": {"without": ["abbrev"]}})
    out = io.StringIO()
    with pytest.raises(CommandError) as refused:
        call_command("mirror", "--from", upstream.url, budget=0, endpoints=["config/orbits"], stdout=out, stderr=out)
    first = upstream.ask("/2.3.0/config/orbits/?ordering=id&limit=1")["results"][0]
    assert refused.value.returncode == 2
    assert f"Refused: Orbit {first['id']} {first['name']}: config/orbits/?offset=0#/results/0/abbrev: Is missing." in (
        out.getvalue()
    )
    assert not Orbit.objects.filter(pk=first["id"]).exists()
    assert Orbit.objects.count() > 0
    run(upstream, endpoints=["config/orbits"])
    assert_same(get, upstream, [("config/orbits", "normal")])


# The budget --------------------------------------------------------------------------------------


class Clock:
    """Time that passes only while somebody waits for it."""

    def __init__(self, monkeypatch):
        self.now, self.waits = 1_000_000.0, []
        monkeypatch.setattr("spacedevs.sync.mirroring.upstream.time", lambda: self.now)
        monkeypatch.setattr("spacedevs.sync.mirroring.upstream.Budget.__init__.__defaults__", self.defaults())

    def defaults(self):
        return (15, self.wait, lambda text: None)

    def wait(self, seconds):
        self.waits.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def budgeted(upstream, limit):
    out = io.StringIO()
    call_command("mirror", "--from", upstream.url, budget=limit, endpoints=["docking_events"], stdout=out, stderr=out)
    return out.getvalue()


def test_no_more_calls_are_made_than_the_budget_holds(upstream, clock, get):
    budgeted(upstream, 2)
    calls = len(upstream.asked)
    assert calls > 4
    assert clock.now - 1_000_000 >= 3600 * ((calls - 1) // 2)
    assert_same(get, upstream, [("docking_events", "detailed")])


def test_the_budget_survives_a_restart(upstream, clock):
    upstream.order(*["error"] * 5)
    with pytest.raises(CommandError):
        budgeted(upstream, 6)
    assert clock.waits == []
    upstream.order(*["error"] * 5)
    with pytest.raises(CommandError):
        budgeted(upstream, 6)
    assert clock.waits[0] == 3600


def test_nothing_is_asked_until_the_time_that_upstream_told(upstream, clock):
    upstream.order({"throttle": 100})
    budgeted(upstream, 0)
    assert clock.waits == [100]


def test_the_limits_that_upstream_tells_a_token_are_kept(upstream, clock):
    mirror = Mirror.objects.create(base=upstream.url)
    upstream.order({"say": {"your_request_limit": 4, "limit_frequency_secs": 60, "current_use": 3}})
    call_command(
        "mirror", "--from", upstream.url, "--token", "x", endpoints=["config/agency_types"], stdout=io.StringIO()
    )
    mirror.refresh_from_db()
    assert upstream.asked[0].startswith("/2.3.0/api-throttle/")
    assert (len(mirror.calls), clock.waits) == (1 + len(upstream.asked[1:]) + 2, [])


# Killed ------------------------------------------------------------------------------------------


@pytest.fixture
def empty_database(tmp_path):
    """The address of a database that has tables and no rows, for processes of their own."""
    with new_database(tmp_path, migrated=True) as url:
        yield url


def exported(folder):
    """Every byte of an export, by file."""
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.jsonl")}


def test_a_mirror_that_is_killed_again_and_again_ends_as_one_that_was_not(upstream, empty_database, tmp_path):
    endpoints = [*FEW.split(","), "agencies", "config/orbits", "pads"]
    arguments = "mirror", "--from", upstream.url, "--budget", "0", "--endpoints", ",".join(endpoints)
    kills = random.Random(5)  # noqa: S311 - no secret is made here
    for _ in range(4):
        upstream.order()
        process = manage(empty_database, *arguments, stdout=subprocess.PIPE)
        for _ in range(kills.randrange(1, 4)):  # pages
            process.stdout.readline()
        process.kill()
        process.communicate()
    assert manage(empty_database, *arguments, stdout=subprocess.DEVNULL).wait() == 0
    assert manage(empty_database, "export", tmp_path / "killed", stdout=subprocess.DEVNULL).wait() == 0
    run(upstream, endpoints=endpoints)
    call_command("export", tmp_path / "undisturbed", stdout=io.StringIO())
    killed = exported(tmp_path / "killed")
    assert exported(tmp_path / "undisturbed") == killed
    assert sum(map(len, killed.values())) > 100_000


# Alone, and what it says -------------------------------------------------------------------------


def test_a_second_mirror_says_so_and_stops(upstream):
    with held(Lock.MIRROR), pytest.raises(CommandError, match="Another mirror process uses this database"):
        few(upstream)
    assert upstream.asked == []
    few(upstream)


def test_the_status_tells_what_is_there_and_what_is_left(upstream):
    run(upstream, endpoints=["config/orbits"])
    out = io.StringIO()
    call_command("mirror", "--status", "--from", upstream.url, stdout=out)
    count = upstream.ask("/2.3.0/config/orbits/")["count"]
    lines = out.getvalue().splitlines()
    assert lines[1].split()[:4] == ["config/orbits", str(count), str(count), "0"]
    assert lines[-1].startswith(f"At least {len(paths()) - 1} requests are left: complete at about ")


def test_an_unknown_endpoint_is_told_so(upstream):
    with pytest.raises(CommandError, match=r"Unknown endpoint: moons\."):
        run(upstream, endpoints=["moons"])


def test_changes_alone_are_read_where_upstream_tells_them(upstream):
    run(upstream, endpoints=["launches"])
    upstream.order()
    run(upstream, endpoints=["launches"])
    assert all("last_updated__gte=" in asked for asked in upstream.asked)


def test_a_mirror_keeps_the_figures_that_upstream_tells_and_remembers_that(upstream, derived, get):
    run(upstream, endpoints=["agencies"])
    assert not are_derived()
    theirs = upstream.ask("/2.3.0/agencies/?limit=100&mode=detailed")["results"]
    told = {each["id"]: each["total_launch_count"] for each in theirs}
    ours = get("agencies/", limit=100, mode="detailed")["results"]
    assert {each["id"]: each["total_launch_count"] for each in ours} == told
    assert any(told.values())


@pytest.fixture
def end_round(upstream):
    """Lets a mirror, of which everything has been read, come to the end of a round; says what it asked then."""
    mirror = Mirror.objects.create(base=upstream.url)
    choose("imported")
    MirroredEndpoint.objects.bulk_create(
        MirroredEndpoint(mirror=mirror, path=path, full_ended=timezone.now()) for path in paths()
    )

    def end(*faults, chosen=()):
        upstream.order(*faults)
        with UpstreamServer(upstream.url, None, Budget(mirror, 0)) as server:
            Mirroring(mirror, server, chosen or paths()).end_round()
        mirror.refresh_from_db()
        return upstream.asked

    return end


def test_an_upstream_that_is_no_server_like_this_one_is_asked_only_once_what_it_is(derived, end_round):
    assert end_round("missing") == ["/2.3.0/dataset/?"]
    assert end_round() == []
    assert not are_derived()


def test_an_upstream_that_is_out_of_order_is_asked_again_what_it_is(derived, end_round):
    end_round(*["error"] * 5)
    assert not are_derived()
    end_round()
    assert are_derived()


def test_figures_that_a_part_of_the_data_cannot_tell_stay_as_they_were_told(derived, end_round):
    assert end_round(chosen=["launches"]) == []
    MirroredEndpoint.objects.filter(path="launches").update(full_ended=None)
    assert end_round() == []
    assert not are_derived()


def test_whoever_has_figures_derived_or_not_is_followed(derived, end_round):
    end_round({"say": {"statistics": "imported"}})
    assert not are_derived()
    end_round({"say": {"statistics": "derived"}})
    assert are_derived()
    end_round({"say": {"statistics": "imported"}})
    assert not are_derived()
    assert not MirroredEndpoint.objects.exclude(full_ended=None).exists()


def test_what_is_chosen_here_outlasts_another_run(upstream, derived):
    run(upstream, endpoints=["config/orbits"])
    call_command("recompute_statistics", stdout=io.StringIO())
    run(upstream, endpoints=["config/orbits"])
    assert are_derived()


def test_a_mirror_of_what_has_not_changed_raises_no_version(upstream):
    few(upstream)
    before = dataset_version.current()
    few(upstream)
    assert dataset_version.current() == before


# Watching ----------------------------------------------------------------------------------------


class Ended(Exception):
    """Somebody has ended a mirror that goes on for ever."""


@pytest.fixture
def watch(monkeypatch):
    """Lets a mirror watch launches, with something that happens at each of its rests; says how long these are."""
    monkeypatch.setattr("spacedevs.sync.mirroring.endpoint_reader.CHANGES", timedelta(0))  # they are due at any time

    def until_ended(upstream, *happenings):
        going, rests, out = iter(happenings), [], io.StringIO()

        def rest(seconds):
            rests.append(seconds)
            next(going, end)()

        monkeypatch.setattr("spacedevs.sync.management.commands.mirror.sleep", rest)
        with pytest.raises(Ended):
            call_command("mirror", "--from", upstream.url, "--watch", endpoints=["launches"], budget=0, stdout=out)
        return rests, out.getvalue()

    return until_ended


def end():
    raise Ended


def rename_a_launch(upstream, name):
    with closing(sqlite3.connect(upstream.database)) as database, database:
        database.execute("UPDATE launches_launch SET name = ?, last_updated = datetime('now') WHERE id IN (?)", name)


def test_a_mirror_that_watches_shows_what_changed_and_goes_on_when_upstream_is_back(changing, watch, get):
    first, second = changing.ask("/2.3.0/launches/?mode=list&limit=2")["results"]
    changing.order("missing")  # it does not tell its changes

    def change_one():
        changing.order()
        rename_a_launch(changing, ("Renamed", first["id"].replace("-", "")))

    def change_another_and_break():
        assert get(f"launches/{first['id']}/")["name"] == "Renamed"
        assert all("last_updated__gte=" in asked for asked in changing.asked if "/launches/?" in asked)
        rename_a_launch(changing, ("Renamed while nobody answered", second["id"].replace("-", "")))
        changing.order(*["error"] * 5)

    def wait():
        assert get(f"launches/{second['id']}/")["name"] == second["name"]

    rests, told = watch(changing, change_one, change_another_and_break, wait)
    assert get(f"launches/{second['id']}/")["name"] == "Renamed while nobody answered"
    assert rests == [300] * 4
    assert told.count("launches failed, others continue: ") == 1
    assert_same(get, changing, [("launches", "detailed")])
