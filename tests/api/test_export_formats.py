"""What is in an export, and how it is asked for."""

import importlib.util
import json
import sqlite3
from contextlib import closing
from io import BytesIO, StringIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from spacedevs.api.exports import exports
from tests.support import factories

from .test_exports import body, lines, table

LAUNCHES, AGENCIES, PADS = "/2.3.0/launches/", "/2.3.0/agencies/", "/2.3.0/pads/"

pytestmark = pytest.mark.django_db


# Tables --------------------------------------------------------------------------------------------


def test_a_table_shows_values_and_names_of_related_records(client):
    factories.launch(name="One", pad__name="LC-1", pad__location__name="Here")
    (row,) = table(client.get(f"{LAUNCHES}?format=csv"))
    listed = ("id", "name", "status", "mission", "pad", "program")
    assert [name for name in row if name.partition(".")[0] in listed] == [
        *("id", "name", "status.id", "status.name", "mission.id", "mission.name", "pad.id", "pad.name")
    ]
    assert (row["name"], row["pad.name"], row["mission.name"]) == ("One", "LC-1", "")


COLUMNS = {
    "fields=name,id": ["id", "name"],
    "fields=pad.location.name,id": ["id", "pad.location.name"],
    "fields=id&omit=name": ["id"],
    "fields=program.name,id": ["id", "program.name"],
    "fields=net_precision": [f"net_precision.{name}" for name in ("id", "name", "abbrev", "description")],
    "fields=id,pad.country": [
        "id",
        *(
            f"pad.country.{name}"
            for name in ("id", "name", "alpha_2_code", "alpha_3_code", "nationality_name", "nationality_name_composed")
        ),
    ],
    "mode=list&fields=id,mission.name": ["id", "mission.name"],
    "fields=id,status&omit=status.name,status.description": ["id", "status.id", "status.abbrev"],
}


@pytest.mark.parametrize("query", COLUMNS)
def test_fields_are_the_columns(query, client):
    factories.launch()
    (row,) = table(client.get(f"{LAUNCHES}?format=csv&{query}"))
    assert list(row) == COLUMNS[query]


def test_values_of_a_list_are_joined(client):
    factories.launch(program=[factories.program(name=name) for name in ("Apollo", "Luna")])
    (row,) = table(client.get(f"{LAUNCHES}?format=csv&fields=program.name,program.agencies.name"))
    assert sorted(row["program.name"].split("; ")) == ["Apollo", "Luna"]


DEFUSED = {
    "=1+1": "'=1+1",
    "+cmd|' /C calc'!A0": "'+cmd|' /C calc'!A0",
    "-2+3": "'-2+3",
    "@SUM(A1)": "'@SUM(A1)",
    "\tx": "'\tx",
    "\rx": "'\rx",
    "＝1": "'＝1",  # noqa: RUF001
    "-5.25": "-5.25",
    'a"b,c;d\n\u5929': 'a"b,c;d\n\u5929',
    "": "",
}


@pytest.mark.parametrize("text", DEFUSED)
@pytest.mark.parametrize("form", ["", "&csv=excel-eu"])
def test_no_text_is_a_formula_of_a_spreadsheet(text, form, client):
    factories.agency(name="A", description=text)
    delimiter = ";" if form else ","
    (row,) = table(client.get(f"{AGENCIES}?format=csv&fields=description,name{form}"), delimiter=delimiter)
    assert row["description"] == DEFUSED[text]


def test_numbers_and_flags_are_written_for_the_country(client):
    factories.pad(latitude=-28.5, longitude=80.0, active=True)
    query = f"{PADS}?fields=latitude,longitude,active&format=csv"
    assert body(client.get(query)) == "active,latitude,longitude\r\ntrue,-28.5,80.0\r\n"
    assert body(client.get(f"{query}&csv=excel-eu")) == "\ufeffactive;latitude;longitude\r\ntrue;-28,5;80,0\r\n"


def test_an_empty_list_has_a_head(client):
    assert body(client.get(f"{PADS}?fields=id,name&format=csv")) == "id,name\r\n"
    assert body(client.get(f"{PADS}?format=jsonl")) == ""
    assert json.loads(body(client.get(f"{PADS}?format=geojson"))) == {"type": "FeatureCollection", "features": []}


# What is asked for ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (LAUNCHES, "launches.csv"),
        ("/2.3.0/launches/upcoming/", "launches-upcoming.csv"),
        ("/2.3.0/config/orbits/", "orbits.csv"),
        ("/2.2.0/launch/", "launch.csv"),
    ],
)
def test_a_file_has_the_name_of_its_list(path, name, client):
    response = client.get(f"{path}?format=csv")
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    assert (response["Content-Type"], response["Cache-Control"]) == (
        "text/csv; charset=utf-8; header=present",
        "no-store",
    )


def test_filters_orders_and_parts_are_those_of_the_list(client):
    for number in range(5):
        factories.agency(name=f"Agency {number}", abbrev="A" if number else "B")
    query = f"{AGENCIES}?format=jsonl&fields=name&ordering=-name&abbrev=A"
    names = [{"name": f"Agency {number}"} for number in (4, 3, 2, 1)]
    assert lines(client.get(query)) == names
    part = client.get(f"{query}&limit=2&offset=1")
    assert lines(part) == names[1:3]
    assert part["Link"].endswith('offset=3&ordering=-name>; rel="next"')
    assert "Link" not in client.get(query)


def test_nothing_is_left_out_without_a_word(client, monkeypatch):
    monkeypatch.setattr(exports.ExportPagination, "max_limit", 3)
    monkeypatch.setattr(exports.ExportPagination, "default_limit", 3)
    monkeypatch.setattr(exports, "MOST", 3)
    for _ in range(4):
        factories.agency()
    told = {"limit": ["The query has 4 records, and an export at most 3. Use filters, or limit and offset."]}
    for query in ("", "&limit=4", "&limit=x", "&limit="):
        response = client.get(f"{AGENCIES}?format=csv{query}")
        assert (query, response.status_code, response.json()) == (query, 400, told)
    first, rest = client.get(f"{AGENCIES}?format=jsonl&limit=3"), client.get(f"{AGENCIES}?format=jsonl&offset=3")
    assert (len(lines(first)), "Link" in first, len(lines(rest)), "Link" in rest) == (3, True, 1, False)


WRONG = {
    f"{LAUNCHES}?format=geojson": 404,
    f"{LAUNCHES}?format=csv&net__gt=x": 400,
    f"{LAUNCHES}?format=csv&omit=*": 400,
    f"{LAUNCHES}?format=csv&fields=id&omit=id": 400,
    f"{LAUNCHES}?format=jsonl&omit=*": 400,
    f"{LAUNCHES}?format=csv&fields=a%00": 400,
    f"{LAUNCHES}?format=csv&csv=x&strict=true": 400,
    f"{LAUNCHES}?format=csv&search=%00": 400,
    f"{PADS}999999/?format=csv": 404,
    f"{PADS}999999/?format=geojson": 404,
    "/2.3.0/api-throttle/?format=csv": 404,
}


@pytest.mark.parametrize("address", WRONG)
def test_what_cannot_be_exported_is_told_in_json(address, client):
    response = client.get(address)
    assert (response.status_code, response["Content-Type"]) == (WRONG[address], "application/json")
    assert isinstance(response.json(), dict)


def test_an_unknown_kind_of_table_is_ignored_and_told(client):
    response = client.get(f"{LAUNCHES}?format=csv&csv=x")
    assert (response.status_code, response["X-Ignored-Values"]) == (200, "csv")


@pytest.mark.parametrize(
    ("accept", "kind"), [("text/csv", "text/csv"), ("application/geo+json", "application/geo+json")]
)
def test_an_export_is_had_by_its_type_too(accept, kind, client):
    response = client.get(PADS, headers={"accept": accept})
    assert (response.status_code, response["Content-Type"].partition(";")[0]) == (200, kind)


def test_a_head_has_no_body(client):
    factories.agency()
    response = client.head(f"{AGENCIES}?format=csv")
    assert (response.status_code, b"".join(response.streaming_content)) == (200, b"")


def test_rows_are_read_while_they_are_sent(client, monkeypatch):
    monkeypatch.setattr(exports, "ROWS", 2)
    for number in range(6):
        factories.agency(name=f"Agency {number}")
    with CaptureQueriesContext(connection) as captured:
        parts = iter(client.get(f"{AGENCIES}?format=jsonl&ordering=name").streaming_content)
        costs = [len(captured)]
        read = []
        for part in parts:
            read.append(part.count(b"\n"))
            costs.append(len(captured))
    assert read == [2, 2, 2]
    assert costs[0] < costs[1] < costs[2] < costs[3]


def test_the_document_names_the_types(client):
    paths = client.get("/2.3.0/schema/?format=json").json()["paths"]
    for path, kinds in {LAUNCHES: {"text/csv", "application/x-ndjson"}, PADS: {"application/geo+json"}}.items():
        assert kinds <= paths[path]["get"]["responses"]["200"]["content"].keys()
        assert [each["schema"]["enum"] for each in paths[path]["get"]["parameters"] if each["name"] == "csv"] == [
            ["excel-eu"]
        ]


def test_the_document_describes_a_map_and_no_page_of_maps(client):
    paths = client.get("/2.3.0/schema/?format=json").json()["paths"]
    for path in (PADS, f"{PADS}{{id}}/"):
        shape = paths[path]["get"]["responses"]["200"]["content"]["application/geo+json"]["schema"]
        assert (shape["required"], shape["properties"]["type"]) == (
            ["type", "features"],
            {"type": "string", "enum": ["FeatureCollection"]},
        )


# Other programs ------------------------------------------------------------------------------------


def there(name):
    return pytest.mark.skipif(not importlib.util.find_spec(name), reason=f"needs {name}")


@pytest.fixture
def pads():
    for number in range(3):
        factories.pad(name=f'Pad {number}, "x"\n=1', latitude=1.5 + number, longitude=-80.25)


@there("pandas")
def test_pandas_reads_them(pads, client):
    pandas = importlib.import_module("pandas")
    query = f"{PADS}?fields=name,latitude&format"
    for separator, decimal, form in ((",", ".", "csv"), (";", ",", "csv&csv=excel-eu")):
        frame = pandas.read_csv(BytesIO(body(client.get(f"{query}={form}")).encode()), sep=separator, decimal=decimal)
        assert sorted(frame["latitude"]) == [1.5, 2.5, 3.5]
    assert len(pandas.read_json(StringIO(body(client.get(f"{query}=jsonl"))), lines=True)) == 3


@there("duckdb")
def test_duckdb_reads_them(pads, client, tmp_path):
    duckdb = importlib.import_module("duckdb")
    for form, read in (("csv", "read_csv_auto"), ("jsonl", "read_json_auto")):
        file = tmp_path / f"pads.{form}"
        file.write_text(body(client.get(f"{PADS}?fields=name,latitude&format={form}")), "utf-8", newline="")
        assert duckdb.sql(f"SELECT sum(latitude) FROM {read}('{file}')").fetchall() == [(7.5,)]  # noqa: S608


@there("sqlite_utils")
def test_sqlite_utils_reads_them(pads, client):
    sqlite_utils = importlib.import_module("sqlite_utils")
    with closing(sqlite3.connect(":memory:")) as memory:
        sqlite_utils.Database(memory)["pads"].insert_all(
            lines(client.get(f"{PADS}?fields=name,latitude&format=jsonl"))
        )
        assert memory.execute("SELECT sum(latitude) FROM pads").fetchall() == [(7.5,)]
