import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from agencies.models import AgencyType

pytestmark = pytest.mark.django_db

GOVERNMENT = {"id": 1, "name": "Government"}
NOTHING = "Nothing was written.\n"


def run(*paths, **options):
    out = StringIO()
    call_command("import_ll2", *map(str, paths), stdout=out, stderr=out, **options)
    return out.getvalue()


def refusal(*paths, **options):
    with pytest.raises(CommandError) as refused:
        run(*paths, **options)
    assert refused.value.returncode == 2
    assert AgencyType.objects.count() == 0
    return str(refused.value)


@pytest.fixture
def file(tmp_path):
    def write(content, name="answer.json"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    return write


def test_a_file_is_taken_in_and_counted(file):
    assert run(file([GOVERNMENT]), component="AgencyType") == "AgencyType  1 created\n"
    assert run(file([GOVERNMENT, {"id": 2, "name": "Private"}]), component="AgencyType") == (
        "AgencyType  1 created, 1 unchanged\n"
    )
    assert list(AgencyType.objects.values_list("id", "name")) == [(1, "Government"), (2, "Private")]


def test_what_nobody_knows_is_told(file):
    told = run(file({**GOVERNMENT, "motto": "Ad astra"}), component="AgencyType")
    assert told == "AgencyType.motto is unknown here and was left out (1 times).\nAgencyType  1 created\n"


def test_a_page_with_nothing_on_it_is_nothing_to_take_in(file):
    assert run(file({"count": 0, "next": None, "previous": None, "results": []})) == "There was nothing to take in.\n"


def test_a_mark_at_the_start_of_a_file_is_no_fault(file):
    assert run(file(b"\xef\xbb\xbf" + json.dumps(GOVERNMENT).encode()), component="AgencyType")


def test_one_bad_file_among_good_ones_and_nothing_is_written(file):
    good, bad = file([GOVERNMENT], "good.json"), file([{"id": "one", "name": "x"}], "bad.json")
    assert refusal(good, bad, component="AgencyType") == f"{NOTHING}{bad}#/0/id: Must be a whole number."


def test_a_file_that_is_not_there_is_named(tmp_path):
    path = tmp_path / "nothing.json"
    assert refusal(path) == f"{path}: No such file or directory"


BROKEN = {
    b"": "is no JSON: Expecting value: line 1 column 1 (char 0)",
    b'{"id": 1,': "is no JSON: Expecting property name enclosed in double quotes: line 1 column 10 (char 9)",
    b"<html>": "is no JSON: Expecting value: line 1 column 1 (char 0)",
    b'{"id": NaN}': "is no JSON: NaN is no JSON",
    b"\xff\xfe": "is no JSON: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
}


@pytest.mark.parametrize("content", BROKEN)
def test_a_file_that_is_no_json_is_told_so(content, file):
    path = file(content)
    assert refusal(path) == f"{path}: {BROKEN[content]}"


def test_brackets_without_end_are_no_json(file):
    path = file(b"[" * 100_000)
    assert refusal(path).startswith(f"{path}: is no JSON:")


def test_an_unknown_component_is_told_so(file):
    assert "'Agenda'" in refusal(file(GOVERNMENT), component="Agenda")
