"""Recorded answers in files, taken in by a command."""

import gzip
import io
import json
import sys
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from agencies.models import AgencyType
from launches.models import Launch
from places.models import Orbit
from spacedevs.db import dataset_version
from spacedevs.sync.importing import json_stream
from tests.support import factories
from vehicles.models import Payload

pytestmark = pytest.mark.django_db

GOVERNMENT, PRIVATE = {"id": 1, "name": "Government"}, {"id": 2, "name": "Private"}
BAD = {"id": "one", "name": "x"}


def run(*paths, **options):
    out = io.StringIO()
    call_command("import_ll2", *map(str, paths), stdout=out, stderr=out, **options)
    return out.getvalue()


def counts(*paths, **options):
    """The table at the end: for each kind of row how many were created, changed, unchanged, refused."""
    lines = [line.split() for line in run(*paths, **options).splitlines()]
    return {line[0]: tuple(map(int, line[1:])) for line in lines[lines.index(HEADINGS) + 1 :] if len(line) == 5}


HEADINGS = ["created", "changed", "unchanged", "refused"]


def refusal(*paths, **options):
    """What is said when something was at fault."""
    out = io.StringIO()
    with pytest.raises(CommandError) as refused:
        call_command("import_ll2", *map(str, paths), stdout=out, stderr=out, **options)
    assert refused.value.returncode == 2
    return out.getvalue().splitlines(), str(refused.value)


def agency_types():
    return list(AgencyType.objects.values_list("id", "name"))


@pytest.fixture
def file(tmp_path):
    def write(content, name="answer.json"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    return write


def lines(*values):
    return b"\n".join(json.dumps(value).encode() for value in values)


def test_a_file_is_taken_in_and_counted(file):
    assert counts(file([GOVERNMENT]), component="AgencyType") == {"AgencyType": (1, 0, 0, 0)}
    assert counts(file([GOVERNMENT, PRIVATE]), component="AgencyType") == {"AgencyType": (1, 0, 1, 0)}
    assert counts(file([{**GOVERNMENT, "name": "State"}]), component="AgencyType") == {"AgencyType": (0, 1, 0, 0)}
    assert agency_types() == [(1, "State"), (2, "Private")]


SHAPES = {
    "array": json.dumps([GOVERNMENT, PRIVATE]).encode(),
    "page": json.dumps({"count": 2, "next": None, "previous": None, "results": [GOVERNMENT, PRIVATE]}).encode(),
    "page whose records come first": json.dumps({"results": [GOVERNMENT, PRIVATE], "count": 2}).encode(),
    "lines": lines(GOVERNMENT, PRIVATE),
    "lines with an end and empty ones": b"\n" + lines(GOVERNMENT, PRIVATE) + b"\n\n",
    "values with nothing between": lines(GOVERNMENT) + lines(PRIVATE),
    "pages in lines": lines({"results": [GOVERNMENT]}, {"results": []}, [PRIVATE]),
    "mark at the start": b"\xef\xbb\xbf" + lines(GOVERNMENT, PRIVATE),
    "gzipped": gzip.compress(lines(GOVERNMENT, PRIVATE)),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_a_file_is_read(shape, file):
    assert counts(file(SHAPES[shape]), component="AgencyType") == {"AgencyType": (2, 0, 0, 0)}
    assert agency_types() == [(1, "Government"), (2, "Private")]


@pytest.mark.parametrize("piece", [1, 2, 3, 7])
@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape != "gzipped"])
def test_a_file_is_read_the_same_in_pieces_of_any_size(shape, piece, file, monkeypatch):
    monkeypatch.setattr("spacedevs.sync.importing.json_stream.PIECE", piece)
    counts(file(SHAPES[shape]), component="AgencyType")
    assert agency_types() == [(1, "Government"), (2, "Private")]


def test_standard_input_is_a_file_too(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(SHAPES["gzipped"])))
    assert counts("-", component="AgencyType") == {"AgencyType": (2, 0, 0, 0)}


def test_a_folder_is_all_its_files_of_json(file, tmp_path):
    file([GOVERNMENT], "a/agency_types.json")
    file(gzip.compress(lines(PRIVATE)), "a/b/agency_types.jsonl.gz")
    file(b"not read", "a/notes.txt")
    assert run(tmp_path / "a").splitlines()[:2] == [
        f"{tmp_path}/a/agency_types.json: 1 record",
        f"{tmp_path}/a/b/agency_types.jsonl.gz: 1 record",
    ]
    assert agency_types() == [(1, "Government"), (2, "Private")]


# What the records are, where they do not tell ----------------------------------------------------

ORBIT = {"id": 8, "name": "Low Earth Orbit", "abbrev": "LEO", "celestial_body": None}


@pytest.mark.parametrize(
    "name", ["orbits.json", "config/orbits.json", "orbits_2.json", "config-orbits.jsonl", "orbits/page 1.json"]
)
def test_the_name_of_a_file_or_of_its_folder_tells_the_endpoint(name, file):
    factories.full(Orbit)
    assert counts(file([{"id": 1, "name": "x"}], name.replace("orbits", "agency_types")))["AgencyType"] == (1, 0, 0, 0)


def test_the_links_of_a_page_tell_the_endpoint(file):
    link = "https://ll.thespacedevs.com/2.3.0/config/agency_types/?limit=1&offset=1"
    page = {"count": 2, "next": link, "previous": None, "results": [GOVERNMENT]}
    assert counts(file(page)) == {"AgencyType": (1, 0, 0, 0)}


def test_a_payload_whose_url_is_not_shown_is_known_by_the_name_of_its_file(get, file):
    payload = factories.full(Payload)
    recorded = get("payloads/", mode="detailed")
    Payload.objects.filter(pk=payload.pk).update(name="Renamed")
    counts(file(recorded, "payloads_detailed.json"))
    assert get("payloads/", mode="detailed") == recorded


def test_a_name_that_does_not_fit_tells_nothing(file, get):
    factories.row(Launch)
    assert counts(file(get("launches/"), "pads.json"))["Launch"] == (0, 0, 1, 0)


# What is not written -----------------------------------------------------------------------------


def test_taking_a_file_in_again_raises_no_version(file, get):
    factories.full_docking_event()
    recorded = file(get("docking_events/", mode="detailed"))
    run(recorded)
    before = dataset_version.current()
    assert {kind: fates[:2] for kind, fates in counts(recorded).items() if any(fates[:2])} == {}
    assert dataset_version.current() == before


def test_a_dry_run_says_what_would_change_and_changes_nothing(file):
    factories.row(AgencyType, id=2, name="Old")
    path = file([GOVERNMENT, PRIVATE], "agency_types.json")
    before = dataset_version.current()
    assert counts(path, dry_run=True) == {"AgencyType": (1, 1, 0, 0)}
    assert (agency_types(), dataset_version.current()) == ([(2, "Old")], before)
    assert run(path, dry_run=True).splitlines()[-1] == "Nothing was written."


def test_a_dry_run_counts_a_row_once_that_comes_in_many_chunks(file, monkeypatch):
    monkeypatch.setattr("spacedevs.sync.management.commands.import_ll2.CHUNK", 1)
    assert counts(file([GOVERNMENT, GOVERNMENT]), component="AgencyType", dry_run=True) == {"AgencyType": (1, 0, 1, 0)}


def test_a_page_with_nothing_on_it_is_nothing_to_take_in(file):
    assert run(file({"count": 0, "next": None, "previous": None, "results": []})) == "There was nothing to import.\n"
    assert run(file(b"[]")) == "There was nothing to import.\n"


@pytest.mark.parametrize("content", [b"", b"\n", gzip.compress(b"", mtime=0)], ids=["empty", "blank", "gzipped"])
@pytest.mark.parametrize("name", ["orbits.jsonl", "orbits.ndjson.gz"])
def test_json_lines_may_be_none_as_an_export_of_an_empty_table_is(name, content, file):
    assert run(file(content, name)) == "There was nothing to import.\n"


# Faults ------------------------------------------------------------------------------------------


def test_what_nobody_knows_is_told(file):
    told = run(file({**GOVERNMENT, "motto": "Ad astra"}), component="AgencyType")
    assert told.splitlines()[0] == "AgencyType.motto is unknown and was ignored (1 time)."
    assert agency_types() == [(1, "Government")]


@pytest.mark.parametrize("chunk", [1, 2, 250])
def test_a_record_at_fault_is_refused_by_name_and_the_others_are_taken_in(chunk, file, monkeypatch):
    monkeypatch.setattr("spacedevs.sync.management.commands.import_ll2.CHUNK", chunk)
    good, bad = file([GOVERNMENT], "good.json"), file([BAD, PRIVATE], "bad.json")
    told, why = refusal(bad, good, component="AgencyType")
    assert told[2] == f"Refused: AgencyType one x: {bad}#/0/id: Must be a whole number."
    assert told[-1].split() == ["AgencyType", "2", "0", "0", "1"]
    assert why == "1 record was refused, 0 files could not be read to their end."
    assert agency_types() == [(1, "Government"), (2, "Private")]


def test_a_record_that_its_table_refuses_is_refused_alone(file, get):
    factories.full_docking_event()
    event = get("docking_events/", mode="detailed")["results"][0]
    flawed = {**event, "id": 7, "space_station_target": None}
    told, _ = refusal(file([flawed, {**event, "id": 8}]))
    assert told[0].startswith("Refused: DockingEvent 7: ")
    assert told[0].endswith("#/0: Choose one target: a station, a spacecraft flight or a payload flight.")
    assert {each["id"] for each in get("docking_events/")["results"]} == {event["id"], 8}


def test_a_file_that_is_not_there_is_named_and_the_others_are_taken_in(file, tmp_path):
    path = tmp_path / "nothing.json"
    told, why = refusal(path, file([GOVERNMENT]), component="AgencyType")
    assert told[-1] == f"{path}: No such file or directory"
    assert why == "0 records were refused, 1 file could not be read to its end."
    assert agency_types() == [(1, "Government")]


BROKEN = {
    b'{"id": 1,': "invalid JSON: Expecting property name enclosed in double quotes (character 9)",
    b'[{"id": 1}': "invalid JSON: Expecting , or ] (character 10)",
    b"<html>": "invalid JSON: Expecting value (character 0)",
    b"[<html>": "invalid JSON: Expecting value (character 1)",
    b'{"id": [NaN]}': "invalid JSON: NaN is not a number (character 7)",
    b"\xff\xfe": "cannot be read: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
    b"[" * 100_000: "invalid JSON: it is nested too deeply",
    b'[{"id": %s}]' % (b"9" * 5000): (
        "invalid JSON: A number in the value that begins here has too many digits (character 1)"
    ),
    b"": "is empty",
    b" \n ": "is empty",
    gzip.compress(b"", mtime=0): "is empty",
    gzip.compress(b"[1, 2]", mtime=0)[:-9]: (
        "cannot be read: Compressed file ended before the end-of-stream marker was reached"
    ),
}


@pytest.mark.parametrize("content", BROKEN, ids=lambda content: str(content[:12]))
def test_a_file_that_is_no_json_is_told_so(content, file):
    path = file(content)
    told, _ = refusal(path)
    assert told[-1] == f"{path}: {BROKEN[content]}"


def test_blanks_are_passed_over_without_a_look_at_each(file, monkeypatch):
    """A file of nothing else packs well: one of 300 KB has 300 MB of them."""
    looks, match = [], json_stream.WHITE.match
    monkeypatch.setattr(
        json_stream, "WHITE", SimpleNamespace(match=lambda *asked: looks.append(asked) or match(*asked))
    )
    path = file(gzip.compress(b" " * 2**22 + lines(GOVERNMENT)))
    assert counts(path, component="AgencyType") == {"AgencyType": (1, 0, 0, 0)}
    assert len(looks) < 100


def test_an_object_that_does_not_end_is_not_gathered_in_memory(file, monkeypatch):
    monkeypatch.setattr(json_stream, "MAX_CHARACTERS", 1000)
    path = file(b"{" + b",".join(b'"a%d": 1' % number for number in range(1000)))
    told, _ = refusal(path)
    assert told[-1].startswith(f"{path}: invalid JSON: An object is longer than 1000 characters (character 10")


def test_what_stands_before_a_fault_is_taken_in(file):
    refusal(file(lines(GOVERNMENT, PRIVATE) + b"\n{"), component="AgencyType")
    assert agency_types() == [(1, "Government"), (2, "Private")]


def test_a_new_row_needs_what_the_contract_never_answers_as_null(file, get):
    factories.full(Launch)
    launch = get("launches/", mode="list")["results"][0]
    Launch.objects.update(name="Kept")
    other = {**launch, "id": "00000000-0000-4000-8000-000000000001", "url": "", "slug": "another"}
    for nameless in (launch, other):
        del nameless["name"], nameless["net"]
    path = file([launch, other])
    told, why = refusal(path, component="LaunchBasic")
    assert why == "1 record was refused, 0 files could not be read to their end."
    assert set(told[0].removeprefix(f"Refused: Launch {other['id']}: ").split("; ")) == {
        f"{path}#/1/{name}: Is missing, but a new Launch needs it." for name in ("name", "net")
    }
    assert list(Launch.objects.values_list("name", flat=True)) == ["Kept"]


OLD = {
    "a record": {"id": 1, "url": "https://ll.thespacedevs.com/2.2.0/pad/1/?format=json", "name": "A pad"},
    "one that has addresses inside": {"id": 12, "pads": [{"id": 1, "url": "http://localhost/api/2.2.0/pad/1/"}]},
    "a page of rows without addresses": {
        "next": "https://ll.thespacedevs.com/2.2.0/config/orbit/?limit=1&offset=1",
        "results": [{"id": 8, "name": "Low Earth Orbit", "abbrev": "LEO"}],
    },
}


@pytest.mark.parametrize("answer", OLD)
def test_an_answer_of_another_version_is_told_in_a_line(answer, file):
    path = file(OLD[answer])
    told, why = refusal(path)
    assert told == [
        "There was nothing to import.",
        f"{path}: this is a response of LL2 2.2.0; only responses of LL2 2.3.0 can be imported.",
    ]
    assert why == "0 records were refused, 1 file could not be read to its end."


def test_hundreds_of_answers_of_another_version_are_told_in_a_line(file, tmp_path):
    first, *_ = [file([OLD["a record"]] * 3, f"old/{number}.json") for number in range(3)]
    told, _ = refusal(tmp_path / "old")
    assert (
        told[-1]
        == f"{first} and 2 more files: these are responses of LL2 2.2.0; only responses of LL2 2.3.0 can be imported."
    )


def test_what_an_address_elsewhere_is_called_tells_no_version(file):
    row = {"id": 1, "name": "A site", "url": "https://example.org/releases/2.2.0/index.html", "logo": None}
    assert counts(file(row), component="SocialMedia") == {"SocialMedia": (1, 0, 0, 0)}


def test_an_unknown_component_is_told_so(file):
    with pytest.raises(CommandError, match="'Agenda'"):
        run(file(GOVERNMENT), component="Agenda")
