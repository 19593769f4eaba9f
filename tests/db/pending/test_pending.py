"""Whatever comes between a commit and what follows from it: the commit stands, and what follows is done later."""

import pytest
from django.db import OperationalError, transaction
from django.test import TestCase

from launches.models import Launch, LaunchStatus
from spacedevs.db import pending
from spacedevs.statistics import registry
from tests.support import factories

LEFT = "Updates after a change were postponed: "
KILLED = """
connections.close_all()
if not os.fork():
    pending.settle = lambda limits: os.kill(os.getpid(), signal.SIGKILL)
    launch(agency)
os.wait()
print(agency.launches.count(), count(agency), pending.count() > 0)
"""


@pytest.mark.parametrize(
    "whoever_comes_next",
    [
        "other.save()",
        "call_command('recompute_statistics', stdout=open(os.devnull, 'w'))",
        "updates.catch_up()",
    ],
)
def test_a_process_that_is_killed_before_it_recomputes_leaves_that_to(whoever_comes_next, script):
    said = script(f"{KILLED}\n{whoever_comes_next}\nprint(count(agency), pending.count())\ncheck()")
    assert said == ["2 1 True", "2 0", "All statistics are right."]


LOCKED = """
pending.PATIENT = pending.AT_ONCE
wrong, held = registry.Statistic.wrong, connection.copy()

def in_the_way(*arguments):
    if held.get_autocommit():  # as soon as the save has committed
        held.set_autocommit(False)
        held.cursor().execute(f"UPDATE agencies_agency SET abbrev = 'LOCK' WHERE id = {agency.pk}")
    return wrong(*arguments)

registry.Statistic.wrong = in_the_way
launch(agency)
print(agency.launches.count(), count(agency), pending.count() > 0)
try:
    check()
except CommandError as error:
    print(error)
registry.Statistic.wrong = wrong
held.rollback()
print(updates.catch_up(), count(agency), pending.count())
check()
"""


def test_a_lock_that_another_holds_delays_what_follows_from_a_save_and_not_the_save(script):
    *said, logged = script(LOCKED)
    assert said[0] == "2 1 True"
    assert said[1].endswith("updates of statistics and search texts are pending.")
    assert [line.partition(": ")[2] for line in said if line.startswith("agencies.Agency")] == [
        "total_launch_count is 1, not 2; consecutive_successful_launches is 1, not 2; successful_launches is 1, not 2"
    ]
    assert said[-2:] == ["True 2 0", "All statistics are right."]
    assert LEFT in logged


IMPORTED = """
import json, tempfile
from spacedevs.api.registry import endpoints
from spacedevs.sync.exporting.jsonl import lines
from spacedevs.sync.management.commands import import_ll2

first = Launch.objects.get(launch_service_provider=agency).pk
for _ in range(3):
    launch(agency)
records = [json.loads(line) for line in lines(endpoints()["launches"])]
with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
    json.dump([each | {"status": None} for each in records if each["id"] != str(first)], file)
    file.flush()
    wrong, read, import_ll2.CHUNK = registry.Statistic.wrong, [], 1
    registry.Statistic.wrong = lambda statistic, *about: read.append(statistic.name) or wrong(statistic, *about)
    call_command("import_ll2", file.name, stdout=open(os.devnull, "w"))
    print(read.count("agencies.Agency agency"), count(agency), pending.count())
    read.clear()
    call_command("import_ll2", file.name, stdout=open(os.devnull, "w"))
    print(read)
registry.Statistic.wrong = wrong
check()
"""


def test_an_import_in_parts_recomputes_once_and_only_what_it_changes(script):
    assert script(IMPORTED) == ["1 1 0", "[]", "All statistics are right."]


SHORT = """
from django.conf import settings
from django.core.signals import request_started
settings.STATEMENT_TIMEOUT = 5
connections.close_all()
bound_statements()
request_started.send(None)
pending.AT_ONCE = pending.Limits(0.5, 0.2)
differing = registry.Statistic.differing
endless = {
    "postgresql": "(SELECT pg_sleep(60))",
    "sqlite": "(WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n) SELECT max(n) FROM n)",
}[connection.vendor]
registry.Statistic.differing = lambda *about: f"{differing(*about)} AND {endless} IS NOT NULL"
launch(agency)
print(agency.launches.count(), count(agency), pending.count() > 0)
registry.Statistic.differing = differing
print(updates.catch_up(), count(agency), pending.count())
check()
"""


def test_a_request_that_has_no_time_for_what_follows_leaves_it(script):
    *said, logged = script(SHORT)
    assert said == ["2 1 True", "True 2 0", "All statistics are right."]
    assert LEFT in logged


MANY = """
def write(number, ready):
    ready.wait()
    [mine] = Launch.objects.bulk_create([Launch(**facts | {"id": uuid4(), "slug": f"launch-{number}"})])
    for turn in range(4):
        mine.launch_service_provider = (agency, other)[turn % 2]
        mine.status_id = 3 + (number + turn) % 2
        mine.save()
    connection.close()

[facts] = Launch.objects.filter(launch_service_provider=agency).values()
ready = Barrier(10)
writers = [Thread(target=write, args=(number, ready)) for number in range(10)]
for each in writers:
    each.start()
for each in writers:
    each.join()
while not updates.catch_up():
    pass
print(count(agency) + count(other), pending.count())
check()
"""


def test_ten_who_write_at_once_leave_no_figure_wrong(script):
    said = [line for line in script(MANY) if LEFT not in line]
    assert said == ["11 0", "All statistics are right."]


OVERTAKEN = """
Agency.objects.update(total_launch_count=7)
stale = Agency.objects.get(pk=agency.pk)
pending.write_notes({each.name: {None} for each in registry.statistics()})

def recompute():
    pending.settle(pending.AT_ONCE)
    connection.close()

def recomputed_meanwhile(**about):
    meanwhile = Thread(target=recompute)
    meanwhile.start()
    meanwhile.join()

pre_save.connect(recomputed_meanwhile, sender=Agency)
stale.name = "Another"
stale.save()
pre_save.disconnect(recomputed_meanwhile, sender=Agency)
updates.catch_up()
print(Agency.objects.get(pk=agency.pk).name)
check()
"""


def test_a_row_that_is_saved_while_its_figures_are_recomputed_does_not_bring_back_the_old_ones(script):
    said = [line for line in script(OVERTAKEN) if LEFT not in line]
    assert said == ["Another", "All statistics are right."]


SERVING = """
from spacedevs.operations import workers
updates.EVERY = 0.01
pending.write_notes({each.name: {None} for each in registry.statistics()})
Agency.objects.update(total_launch_count=7)
workers.get_internal_wsgi_application = lambda: None
workers.load_application([], os.getppid())
while pending.count():
    pass
check()
"""


def test_a_worker_that_serves_does_what_others_left(script):
    assert script(SERVING) == ["All statistics are right."]


@pytest.mark.usefixtures("transactional_db", "derived")
def test_a_row_is_not_saved_without_a_note_of_what_follows(monkeypatch):
    launch = factories.launch(name="Before")
    monkeypatch.setattr(pending, "write_notes", lambda updates: 1 / 0)
    launch.name, launch.net = "After", None
    with pytest.raises(ZeroDivisionError):
        launch.save()
    assert Launch.objects.get().name == "Before"


@pytest.mark.django_db
@pytest.mark.usefixtures("derived")
def test_a_savepoint_takes_back_its_notes_and_no_others():
    def kinds():
        return list(pending.PendingUpdate.objects.order_by("kind", "pk").values_list("kind", "keys"))

    pending.note({"a": {1}, "b": {2}})
    before = kinds()
    with transaction.atomic():
        pending.note({"a": {1, 3}, "b": {2}})
        assert kinds() == [("a", "[1]"), ("a", "[3]"), ("b", "[2]")]
        transaction.set_rollback(True)
    assert kinds() == before
    pending.note({"a": {3}, "b": {None}})
    pending.note({"b": {5}})
    assert kinds() == [("a", "[1]"), ("a", "[3]"), ("b", "[2]"), ("b", None)]


def test_many_rows_are_put_right_some_at_a_time(monkeypatch, db, derived):
    agencies = [factories.agency(total_launch_count=7) for _ in range(5)]
    monkeypatch.setattr("spacedevs.statistics.recompute.MAX_ROWS", 2)
    [about_agencies] = [each for each in registry.statistics() if each.model is type(agencies[0])]
    pending.write_notes({about_agencies.name: {each.pk for each in agencies}})
    put, sizes = registry.Statistic.put, []
    monkeypatch.setattr(registry.Statistic, "put", lambda it, rows: (sizes.append(len(rows)), put(it, rows)))
    assert pending.settle()
    assert sizes == [2, 2, 1]
    assert (about_agencies.wrong(), pending.count()) == ([], 0)


def test_figures_that_follow_from_all_rows_hold_up_no_others(monkeypatch, db, derived, caplog):
    def fail(statistic, *about):
        if statistic.is_whole:
            raise OperationalError("It takes too long.\nMuch too long.")
        return wrong(statistic, *about)

    wrong = registry.Statistic.wrong
    with TestCase.captureOnCommitCallbacks(execute=True):
        success, agency = LaunchStatus.objects.create(id=3, name="Success"), factories.agency()
    with TestCase.captureOnCommitCallbacks(execute=True):
        monkeypatch.setattr(registry.Statistic, "wrong", fail)
        factories.launch(launch_service_provider=agency, status=success)
    agency.refresh_from_db()
    assert agency.total_launch_count == 1
    assert list(pending.PendingUpdate.objects.values_list("kind", flat=True)) == ["launches.Launch launch"]
    assert caplog.messages == [f"{LEFT}It takes too long."]
    monkeypatch.undo()
    assert pending.settle()
    assert Launch.objects.get().agency_launch_attempt_count == 1
