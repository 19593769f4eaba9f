"""All data as files: by a command, and from the server."""

import errno
import gzip
import io
import json
import sys
from unittest.mock import Mock

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from agencies.models import Agency, AgencyType
from spacedevs.api.registry import endpoints, objects
from spacedevs.db import dataset_version
from spacedevs.sync.exporting import dump_views
from spacedevs.sync.exporting.jsonl import files
from spacedevs.sync.management.commands import export as command
from tests.support import factories
from tests.support.routes import RESOURCES

pytestmark = pytest.mark.django_db


def export(folder, *arguments, **options):
    out = io.StringIO()
    call_command("export", folder, *arguments, stdout=out, **options)
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.jsonl*"))}


def forget_everything():
    call_command("flush", interactive=False, verbosity=0)


@pytest.fixture
def full():
    """Every kind of row."""
    factories.full_docking_event()
    for resource in RESOURCES.values():
        if not resource.queryset.exists():
            factories.row(resource.queryset.model)


def test_a_line_is_what_the_endpoint_answers(full, get, tmp_path, settings):
    settings.PUBLIC_URL = "http://testserver"
    written = export(tmp_path)
    assert set(written) == {f"{path}.jsonl" for path in files()}
    assert set(files()) == {path for path, resource in RESOURCES.items() if not resource.part} | set(objects())
    for path in files().keys() & endpoints().keys():
        shown = get(f"{path}/", mode="detailed", limit=100)["results"]
        lines = [json.loads(line) for line in written[f"{path}.jsonl"].splitlines()]
        assert lines == sorted(shown, key=lambda record: record["id"]), path


@pytest.mark.django_db(transaction=True)
def test_an_export_that_is_imported_and_exported_is_the_same_bytes(full, tmp_path):
    first = export(tmp_path / "first")
    forget_everything()
    assert not Agency.objects.exists()
    out = io.StringIO()
    call_command("import_ll2", str(tmp_path / "first"), stdout=out, stderr=out)
    assert export(tmp_path / "second") == first


def test_pages_meet_without_a_gap(tmp_path, monkeypatch):
    monkeypatch.setattr("spacedevs.sync.exporting.jsonl.ROWS", 2)
    for number in range(5):
        factories.row(AgencyType, name=f"Type {number}")
    lines = export(tmp_path, endpoints=["config/agency_types"])["config/agency_types.jsonl"].splitlines()
    assert [json.loads(line)["name"] for line in lines] == [f"Type {number}" for number in range(5)]


def test_packed_files_hold_the_same_and_are_the_same_bytes_each_time(full, tmp_path):
    plain, packed, again = (export(tmp_path / name, gzip=name != "plain") for name in ("plain", "packed", "again"))
    assert {name: gzip.decompress(body) for name, body in packed.items()} == {
        f"{name}.gz": body for name, body in plain.items()
    }
    assert packed == again


def test_one_endpoint_can_be_written_to_standard_output():
    factories.row(AgencyType, id=1, name="Government")
    out = io.StringIO()
    call_command("export", "-", endpoints=["config/agency_types"], stdout=out)
    assert out.getvalue() == '{"id":1,"name":"Government"}\n'
    with pytest.raises(CommandError, match="Name a folder"):
        call_command("export", "-")


# From the server ---------------------------------------------------------------------------------


@pytest.fixture
def made(settings, tmp_path, monkeypatch):
    """How often the files were asked to be made."""
    settings.DUMP_ROOT = tmp_path / "dump"
    asked = []
    monkeypatch.setattr(dump_views.maker, "begin", lambda: asked.append(True))
    return asked


def test_the_first_who_asks_has_the_files_made(made, client):
    answer = client.get(reverse("dump"))
    assert (answer.status_code, answer["Retry-After"], answer.json()) == (503, "10", {"detail": dump_views.MAKING})
    assert len(made) == 1
    dump_views.make()
    assert client.get(reverse("dump")).json()["is_current"] is True
    assert len(made) == 1


def test_the_index_leads_to_files_that_can_be_imported(made, client):
    factories.row(AgencyType, id=1, name="Government")
    dump_views.make()
    index = client.get(reverse("dump")).json()
    assert index["version"] == dataset_version.current()
    assert [each["endpoint"] for each in index["files"]] == list(files())
    (about,) = [each for each in index["files"] if each["endpoint"] == "config/agency_types"]
    assert about["url"] == "http://testserver/2.3.0/dump/config/agency_types.jsonl.gz"
    answer = client.get(about["url"])
    body = answer.getvalue()
    answer.close()
    assert (len(body), about["records"]) == (about["bytes"], 1)
    assert gzip.decompress(body) == b'{"id":1,"name":"Government"}\n'


@pytest.mark.django_db(transaction=True)
def test_the_files_are_made_anew_when_the_data_have_changed_and_somebody_asks(made, client):
    dump_views.make()
    before = client.get(reverse("dump"))
    factories.row(AgencyType)
    stale = client.get(reverse("dump")).json()
    assert (stale["is_current"], stale["version"], len(made)) == (False, before.json()["version"], 1)
    dump_views.make()
    assert client.get(reverse("dump")).json()["is_current"] is True
    assert (
        len(list(dump_views.settings.DUMP_ROOT.iterdir())) == 4
    )  # the lock, what is offered, these files and the last


def test_files_for_which_there_is_no_room_take_none(made, monkeypatch):
    monkeypatch.setattr(dump_views.orjson, "dumps", Mock(side_effect=OSError(errno.ENOSPC, "No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        dump_views.make()
    assert [path.name for path in dump_views.settings.DUMP_ROOT.iterdir()] == ["lock"]


@pytest.mark.django_db(transaction=True)
def test_who_has_it_already_is_told_so(made, client):
    dump_views.make()
    for address in (reverse("dump"), reverse("dump-file", args=["pads.jsonl.gz"])):
        first = client.get(address)
        first.close()
        tag = first["ETag"]
        again = client.get(address, headers={"If-None-Match": tag})
        assert (again.status_code, again["ETag"], again["Cache-Control"]) == (304, tag, "public, no-cache, max-age=0")


def test_only_one_process_makes_them_at_a_time(made):
    dump_views.settings.DUMP_ROOT.mkdir()
    with dump_views.file_lock(dump_views.settings.DUMP_ROOT / "lock"):
        dump_views.make()
    assert dump_views.offered() is None


@pytest.mark.parametrize("name", ["index.json", "../db.sqlite3", "pads.jsonl", "..%2foffered"])
def test_what_is_not_in_the_index_is_not_served(name, made, client):
    dump_views.make()
    answer = client.get(f"/2.3.0/dump/{name}")
    assert answer.status_code == 404


# Who makes them ----------------------------------------------------------------------------------

ENDINGS = {  # what a maker is, and what is said of its end
    "fails": ("sys.exit(3)", "exit code 3"),
    "is killed": ("os.kill(os.getpid(), 31)", "killed by signal 31"),  # as by a filter of system calls
    "cannot be begun": (None, "[Errno 2] No such file or directory: '/nowhere/python'"),
}


@pytest.fixture
def maker(settings, tmp_path, monkeypatch):
    settings.DUMP_ROOT = tmp_path / "dump"
    maker = dump_views.Maker()
    monkeypatch.setattr(dump_views, "maker", maker)
    return maker


@pytest.fixture
def clock(monkeypatch):
    moment = [1000.0]
    monkeypatch.setattr(dump_views, "monotonic", lambda: moment[0])
    return moment


@pytest.fixture
def ask(maker, client, caplog):
    """Asks what there is to download, waits for the maker, and returns the answer and the errors in the log."""

    def asking():
        caplog.clear()
        answer = client.get(reverse("dump"))
        if maker.process:
            maker.process.wait(60)
        told = answer.status_code, answer["Retry-After"], answer.json()["detail"]
        return told, [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]

    return asking


@pytest.mark.parametrize("what", ENDINGS)
def test_a_maker_that_failed_is_told_once_and_tried_again_after_a_while(what, ask, maker, clock):
    script, how = ENDINGS[what]
    maker.command = [sys.executable, "-c", f"import os, sys; {script}"] if script else ["/nowhere/python"]
    answers = [ask(), ask(), ask()]
    clock[0] += maker.pause
    maker.command = [sys.executable, "-c", ""]
    again, after = ask(), ask()
    making, failed = (503, "10", dump_views.MAKING), (503, "60", dump_views.FAILED)
    line = f"Creating the dump in /2.3.0/dump/ failed: {how}. See its output above."
    first = (making, []) if script else (failed, [line])
    assert answers == [first, (failed, [line] if script else []), (failed, [])]
    assert (again, after) == ((failed, []), (making, []))


@pytest.mark.django_db(transaction=True)
def test_older_files_are_offered_while_new_ones_cannot_be_made(maker, client, clock):
    dump_views.make()
    maker.command = ["/nowhere/python"]
    assert client.get(reverse("dump")).json()["failed"] is None
    factories.row(AgencyType)
    told = client.get(reverse("dump")).json()
    assert (told["is_current"], told["failed"] is None) == (False, False)


def test_the_files_are_made_also_where_nobody_may_be_nice(maker, monkeypatch):
    monkeypatch.setattr(command.os, "nice", Mock(side_effect=PermissionError(errno.EPERM, "Operation not permitted")))
    call_command("export", offer=True)
    assert dump_views.offered()
