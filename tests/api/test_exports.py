"""Whole lists as tables, lines of JSON and points on a map."""

import csv
import json
from io import StringIO

import pytest

from spacedevs.api.views import Resource
from spacedevs.http.versions import called
from tests.support.pages import shown_json
from tests.support.routes import ROUTERS
from tests.support.world import fill, rows_of

RESOURCES = {
    f"/{called(version)}/{prefix}/": endpoint
    for version, router in ROUTERS.items()
    for prefix, endpoint, _ in router.registry
    if issubclass(endpoint, Resource) and version != "2.1.0"  # which has the endpoints of 2.2.0
}
PLACED = [path for path, endpoint in RESOURCES.items() if "geojson" in endpoint.exports]
LAUNCHES, AGENCIES, PADS = "/2.3.0/launches/", "/2.3.0/agencies/", "/2.3.0/pads/"

pytestmark = [pytest.mark.usefixtures("everything"), pytest.mark.django_db]


@pytest.fixture(scope="module")
def everything(world, django_db_blocker):
    with django_db_blocker.unblock():
        for endpoint in RESOURCES.values():
            fill(endpoint)


def body(response) -> str:
    assert response.status_code == 200, response.content
    return b"".join(response.streaming_content).decode()


def table(response, **options):
    return list(csv.DictReader(StringIO(body(response), newline=""), **options))


def lines(response):
    return [json.loads(line) for line in body(response).splitlines()]


def all_pages(client, path, **query):
    found, link = [], path
    page = client.get(path, {"limit": 100, **query}).json()
    while True:
        found += page["results"]
        if not (link := page["next"]):
            return found
        page = client.get(link).json()


# Every list ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", RESOURCES)
def test_lines_of_json_are_the_records_of_all_pages(path, client):
    response = client.get(f"{path}?format=jsonl")
    assert response["Content-Type"] == "application/x-ndjson"
    text = json.dumps(lines(response))
    assert text == json.dumps(all_pages(client, path))


@pytest.mark.parametrize("path", RESOURCES)
def test_a_table_has_the_values_of_all_records(path, client):
    records = all_pages(client, path, limit=100)
    rows = table(client.get(f"{path}?format=csv"))
    assert len(rows) == len(records)
    for row, record in zip(rows, records, strict=True):
        for name, value in row.items():
            assert value == expected(record, name.split(".")), name
        scalars = {name for name, each in record.items() if not isinstance(each, dict | list) and each is not None}
        assert scalars <= set(row)


def expected(record, parts):
    for part in parts:
        record = record and record[part]
    if record is None:
        return ""
    if isinstance(record, bool):
        return str(record).lower()
    if isinstance(record, str):
        is_formula = record[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") and not record[1:].replace(".", "").isdigit()
        return f"'{record}" * is_formula or record
    return repr(record)


@pytest.mark.parametrize("path", PLACED)
def test_points_are_where_the_records_are(path, client):
    response = client.get(f"{path}?format=geojson")
    assert response["Content-Type"] == "application/geo+json"
    shown = json.loads(body(response))
    records, rows = all_pages(client, path), RESOURCES[path].queryset.in_bulk()
    assert shown["type"] == "FeatureCollection"
    assert [each["properties"] for each in shown["features"]] == records
    for feature in shown["features"]:
        row = rows[feature["id"]]
        is_placed = None not in (row.longitude, row.latitude)
        assert feature["geometry"] == (
            {"type": "Point", "coordinates": [row.longitude, row.latitude]} if is_placed else None
        )


def test_what_has_coordinates_is_a_map():
    assert [path for path in PLACED if path.startswith("/2.3.0/")] == [
        "/2.3.0/locations/",
        "/2.3.0/pads/",
        "/2.3.0/config/landing_locations/",
    ]


@pytest.mark.parametrize("path", RESOURCES)
def test_each_list_offers_them_to_people_without_the_page(path, client):
    html = client.get(f"{path}?format=api&limit=1&offset=1").content.decode()
    for name in RESOURCES[path].exports:
        assert f'<a href="?format={name}" rel="nofollow">{name}</a>' in html
    assert json.loads(shown_json(client.get(f"{path}?format=api&limit=1")))["results"]


@pytest.mark.parametrize("path", RESOURCES)
def test_a_record_is_an_export_of_one(path, client):
    key = rows_of(RESOURCES[path]).order_by("pk").values_list("pk", flat=True)[0]
    (record,) = lines(client.get(f"{path}{key}/?format=jsonl"))
    assert record["id"] == json.loads(client.get(f"{path}{key}/").content)["id"]
    assert len(table(client.get(f"{path}{key}/?format=csv"))) == 1
