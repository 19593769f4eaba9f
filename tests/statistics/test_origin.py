"""Where figures come from: one's own rows, or an upstream that told them."""

import io
import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import TestCase

from agencies.models import Agency
from launches.models import FirstStage, Launch, LaunchStatus
from places.models import Pad
from spacedevs.checks import faults
from spacedevs.db import dataset_version, pending
from spacedevs.statistics.models import StatisticsOrigin
from spacedevs.statistics.origin import are_derived, choose
from spacedevs.statistics.recompute import derive_what_was_told, recompute
from spacedevs.sync.importing.outcome import Record
from spacedevs.sync.importing.records import ingest
from tests.support import factories
from tests.support.admin import page
from vehicles.models import Launcher

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("derived")]


def committed():
    return TestCase.captureOnCommitCallbacks(execute=True)


def run(command, *arguments, **options):
    out = io.StringIO()
    with committed():
        call_command(command, *arguments, stdout=out, stderr=out, **options)
    return out.getvalue()


@pytest.fixture
def success():
    return LaunchStatus.objects.create(id=3, name="Success")


@pytest.fixture
def agency(success):
    """An agency that launched once, of which an upstream tells that it did so seven times."""
    with committed():
        made = factories.agency()
        factories.launch(launch_service_provider=made, status=success)
    Agency.objects.update(total_launch_count=7)
    return made


def count(agency):
    return Agency.objects.get(pk=agency.pk).total_launch_count


@pytest.fixture
def file(tmp_path, get):
    """A recorded answer on the only launch that there is, and nothing else any more."""

    def record():
        launch = Launch.objects.get()
        path = tmp_path / "launch.json"
        path.write_text(json.dumps(get(f"launches/{launch.pk}/")), "utf-8")
        with committed():
            for model in (Launch, Agency, LaunchStatus):
                model.objects.all().delete()
        return str(path)

    return record


# A form, a shell -----------------------------------------------------------------------------------------


def test_figures_follow_what_is_saved_and_deleted(agency):
    with committed():
        launch = factories.launch(launch_service_provider=agency, status_id=3)
    assert count(agency) == 2
    with committed():
        launch.launch_service_provider = other = factories.agency()
        launch.save()
    assert (count(agency), count(other)) == (1, 1)
    with committed():
        launch.delete()
    assert (count(agency), count(other)) == (1, 0)


def test_figures_follow_what_an_editor_saves(editor, agency):
    launch = Launch.objects.get()
    form = editor.get(page(Launch, "change", launch.pk)).context["adminform"].form
    typed = {name: "" if value is None else value for name, value in form.initial.items() if name not in TIMES}
    times = {f"{name}_{part}": value for name in TIMES for part, value in enumerate(("2024-03-04", "03:53:38"))}
    typed |= {"status": "", "slug": launch.slug, "name": launch.name, **times}
    empty = {f"{prefix}-{what}_FORMS": 0 for prefix in PREFIXES for what in ("TOTAL", "INITIAL")}
    with committed():
        answer = editor.post(page(Launch, "change", launch.pk), {**typed, **empty})
    assert answer.status_code == 302, answer.context["errors"]
    assert count(agency) == 0


TIMES = "net", "window_start", "window_end"
PREFIXES = "timeline", "first_stages", "spacecraft_flights", "payload_flights", "updates"


def test_a_row_that_was_read_before_brings_no_old_figures_back(agency):
    recompute()
    stale = Agency.objects.get(pk=agency.pk)
    with committed():
        factories.launch(launch_service_provider=agency, status_id=3)
    with committed():
        stale.save()
    assert count(agency) == 2


def test_a_row_that_is_written_over_by_its_key_leaves_where_it_was(agency):
    with committed():
        stage = factories.first_stage(launch=Launch.objects.get(), launcher=factories.launcher())
        other = factories.launcher()
    with committed():
        FirstStage(pk=stage.pk, type=stage.type, launch=stage.launch, launcher=other).save()
    flown = dict(Launcher.objects.values_list("pk", "flights"))
    assert flown == {stage.launcher_id: 0, other.pk: 1}


def test_a_recomputation_that_changes_nothing_raises_no_version(agency):
    recompute()
    before = dataset_version.current()
    recompute()
    assert dataset_version.current() == before


def test_what_no_figure_follows_from_is_saved_without_a_recomputation(agency):
    launch = Launch.objects.get()
    launch.weather_concerns = "Clouds"
    with TestCase.captureOnCommitCallbacks() as waiting:
        launch.save()
    assert waiting == []


# An import -------------------------------------------------------------------------------------------------


def test_what_is_imported_into_an_empty_database_keeps_its_figures(agency, file):
    run("import_ll2", file())
    assert not are_derived()
    [agency] = Agency.objects.all()
    assert agency.total_launch_count == 7
    with committed():
        factories.launch(launch_service_provider=agency, status_id=3)
    assert count(agency) == 7


def test_what_is_imported_into_ones_own_data_has_the_figures_that_follow(agency, file):
    path = file()
    with committed():
        factories.country()
    run("import_ll2", path)
    assert are_derived()
    assert count(agency) == 1
    assert "unchanged" in run("import_ll2", path)
    before = dataset_version.current()
    run("import_ll2", path)
    assert dataset_version.current() == before


def test_a_launch_that_an_import_gives_another_provider_leaves_the_figures_of_the_one_before(agency, get):
    other = factories.agency()
    planned = factories.launch(launch_service_provider=other)
    recompute()
    record = get(f"launches/{Launch.objects.get(status=3).pk}/")
    record["launch_service_provider"] = get(f"launches/{planned.pk}/")["launch_service_provider"]
    with committed():
        ingest([Record("launch", record)])
    assert (count(agency), count(other)) == (0, 1)


def test_a_record_that_differs_in_nothing_leaves_nothing_to_recompute(agency, get):
    recompute()
    record = get(f"launches/{Launch.objects.get().pk}/")
    with TestCase.captureOnCommitCallbacks() as callbacks:
        ingest([Record("launch", record | {"name": "Another"})])
    assert callbacks == []
    assert Launch.objects.get().name == "Another"


def test_the_setting_decides_for_an_import(agency, file, settings):
    path = file()
    settings.STATISTICS = "derived"
    run("import_ll2", path)
    assert count(agency) == 1
    settings.STATISTICS = "imported"
    run("import_ll2", path)
    assert count(agency) == 7
    assert not StatisticsOrigin.objects.exists()


def test_a_dry_run_chooses_nothing(agency, file):
    run("import_ll2", file(), dry_run=True)
    assert are_derived()


# The command -----------------------------------------------------------------------------------------------


def test_the_command_tells_what_is_wrong_and_puts_it_right(agency):
    out = io.StringIO()
    with pytest.raises(CommandError, match=r"wrong statistics") as error:
        call_command("recompute_statistics", check=True, stdout=out)
    assert error.value.returncode == 1
    assert f"agencies.Agency {agency.pk}: total_launch_count is 7, not 1" in out.getvalue()
    assert count(agency) == 7
    assert "agencies.Agency (agency): 1 of 1 row was wrong." in run("recompute_statistics")
    assert count(agency) == 1
    assert run("recompute_statistics", check=True) == "All statistics are right.\n"


def test_who_recomputes_what_was_imported_has_it_derived_from_then_on(agency):
    choose("imported")
    run("recompute_statistics")
    assert are_derived()
    assert count(agency) == 1


def test_what_was_pending_for_figures_that_are_imported_by_now_is_forgotten(agency):
    with committed():
        factories.launch(launch_service_provider=agency, status_id=3)
        choose("imported")
    assert (count(agency), pending.count()) == (7, 0)


def test_who_recomputes_everything_leaves_nothing_pending(agency):
    with transaction.atomic():
        factories.launch(launch_service_provider=agency, status_id=3)
    assert pending.count() > 0
    recompute()
    assert (count(agency), pending.count()) == (2, 0)


def test_where_figures_are_imported_by_the_setting_nothing_is_recomputed(agency, settings):
    settings.STATISTICS = "imported"
    with pytest.raises(CommandError, match="statistics stay as imported"):
        run("recompute_statistics")
    assert count(agency) == 7


# From what was told to what follows ------------------------------------------------------------------------


def test_figures_that_follow_as_they_were_told_can_be_derived_from_then_on(agency):
    recompute()
    choose("imported")
    assert derive_what_was_told()
    assert are_derived()


def test_figures_that_do_not_follow_stay_as_they_were_told(agency):
    choose("imported")
    assert not derive_what_was_told()
    assert not are_derived()
    assert count(agency) == 7


def test_a_figure_that_depends_on_the_clock_but_stands_is_asked_about(agency):
    ship = factories.spacecraft(recorded_time_in_space=timedelta(days=3))
    recompute()
    choose("imported")
    assert derive_what_was_told()
    type(ship).objects.update(recorded_time_in_space=timedelta(days=3))
    choose("imported")
    assert not derive_what_was_told()


@pytest.mark.parametrize(("setting", "is_derived"), [("derived", True), ("imported", False)])
def test_where_the_setting_decides_nothing_is_chosen(agency, settings, setting, is_derived):
    settings.STATISTICS = setting
    assert derive_what_was_told() == is_derived
    assert count(agency) == 7


def test_a_server_tells_where_its_figures_come_from_which_version_its_data_have_and_what_is_pending(get, client):
    def told(**expected):
        data = {
            "source": "own",
            "as_of": dataset_version.moment(dataset_version.current()).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        return {"version": dataset_version.current(), **data, **expected}

    assert get("dataset/") == told(statistics="derived", pending=0)
    choose("imported")
    pending.write_notes({"a": {1}, "b": {2, 3}})
    assert get("dataset/") == told(statistics="imported", pending=2)
    assert client.head("/2.3.0/dataset/")["Cache-Control"] == "no-store"
    refused = client.post("/2.3.0/dataset/")
    assert (refused.status_code, refused.json()) == (405, {"detail": 'Method "POST" not allowed.'})


@pytest.mark.parametrize("value", ["Derived", "own", "1"])
def test_a_setting_that_means_nothing_is_refused(value, settings):
    settings.STATISTICS = value
    assert [fault.msg for fault in faults()] == [f"STATISTICS must be derived, imported or empty, not {value!r}."]


def test_a_length_of_time_that_is_wrong_is_told_as_the_api_shows_it():
    out = io.StringIO()
    factories.full(Pad, fastest_turnaround=timedelta(days=2, hours=3))
    with pytest.raises(CommandError):
        call_command("recompute_statistics", check=True, stdout=out)
    assert "fastest_turnaround is P2DT3H, not " in out.getvalue()
