"""The render plan answers what plain DRF answers, at every endpoint, in every mode and format."""

import json

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework import serializers
from rest_framework.test import APIRequestFactory

from media_assets.serializers import ImageLicense
from spacedevs.api.browsable import json_html
from spacedevs.api.render_plan.compiled import as_json, compiled
from spacedevs.api.render_plan.plan import plan
from spacedevs.api.serializers import ResourceSerializer, components, name_of
from spacedevs.api.views import Resource
from spacedevs.db.bulk import any_key, read_all
from stations.models import SpaceStation
from stations.serializers import SpaceStationNormal
from tests.support import factories
from tests.support.pages import shown_json
from tests.support.routes import MODES, RESOURCES
from tests.support.world import compared

REPRESENTATIONS = [cls for cls in components() if not cls.__module__.startswith("tests.")]

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]


@pytest.fixture
def both(client, monkeypatch):
    """The same asked of plain DRF and of the plan: the parsed bodies."""

    def ask(address, **parameters):
        with monkeypatch.context() as patch:
            patch.setattr(Resource, "planned", False)
            plain = client.get(f"/2.3.0/{address}", parameters)
        planned = client.get(f"/2.3.0/{address}", parameters)
        for response in (plain, planned):
            response.headers.pop("Expires", None)  # the plan alone knows which rows that change it has shown
        assert (plain.status_code, plain.headers) == (planned.status_code, planned.headers)
        return json.loads(plain.content), json.loads(planned.content)

    return ask


def written(value):
    """JSON that tells key order and 1 from 1.0 apart, as == does not."""
    return json.dumps(value)


@pytest.mark.parametrize(("prefix", "mode"), MODES)
@pytest.mark.parametrize("form", ["", "json"])
def test_a_page_is_the_same_with_the_plan_and_without(prefix, mode, form, both):
    rows = 3 if form else compared(RESOURCES[prefix])  # what `format` changes it changes for few as for many
    plain, planned = both(f"{prefix}/", mode=mode, limit=rows, **({"format": form} if form else {}))
    assert written(planned) == written(plain)
    assert len(planned["results"]) > 1


@pytest.mark.parametrize(("prefix", "mode"), MODES)
def test_the_page_for_people_shows_what_the_plan_answers(prefix, mode, client, monkeypatch):
    monkeypatch.setattr(json_html, "OPEN", 1_000_000)  # lines, so that no record is left to a page of its own
    query = f"?format=api&mode={mode}&limit=3"
    shown = shown_json(client.get(f"/2.3.0/{prefix}/{query}"))
    planned = client.get(f"/2.3.0/{prefix}/{query.replace('format=api', 'format=json')}").content.decode()
    assert written(json.loads(shown.replace("format=api", "format=json"))) == written(json.loads(planned))


@pytest.mark.parametrize("prefix", RESOURCES)
def test_a_detail_is_the_same_with_the_plan_and_without(prefix, both):
    resource = RESOURCES[prefix]
    is_listed = resource.ladder[-1] in resource.modes.values()  # so that pages compare it for many rows
    for key in resource.queryset.values_list("pk", flat=True)[: 1 if is_listed else 3]:
        plain, planned = both(f"{prefix}/{key}/")
        assert written(planned) == written(plain)


@pytest.mark.parametrize("cls", REPRESENTATIONS, ids=name_of)
def test_no_class_of_the_contract_is_left_to_plain_drf(cls):
    assert compiled(cls).is_known


@pytest.mark.parametrize(("prefix", "mode"), MODES)
def test_every_page_takes_as_many_statements_as_any_other(prefix, mode, client):
    def cost(**page):
        with CaptureQueriesContext(connection) as captured:
            client.get(f"/2.3.0/{prefix}/", {"mode": mode, **page})
            return len(captured)

    assert len({cost(limit=10), cost(limit=100), cost(limit=1), cost(limit=3, offset=1)}) == 1


def test_another_indentation_is_left_to_plain_drf(client):
    indented = client.get("/2.3.0/docking_events/151/", headers={"accept": "application/json; indent=4"})
    assert indented.content.startswith(b'{\n    "id": 151,')
    assert indented.json() == client.get("/2.3.0/docking_events/151/").json()


class Backwards(serializers.CharField):
    """A field of a kind that the plan does not know."""

    def to_representation(self, value):
        return value[::-1]


class OddLicense(ImageLicense):
    name = Backwards()


class OddStation(ResourceSerializer):
    owners = None
    label = serializers.CharField(source="type.name", allow_null=True)

    class Meta:
        model = SpaceStation
        fields = ("id", "label", "name")


class WithOddParts(SpaceStationNormal):
    image = None
    owners = None

    class Meta(SpaceStationNormal.Meta):
        fields = ("id", "url", "name", "status")


@pytest.mark.parametrize("cls", [OddLicense, OddStation])
def test_a_class_that_the_plan_does_not_know_is_shown_by_plain_drf(cls):
    request = APIRequestFactory().get("/")
    rows = [factories.row(cls.Meta.model, name="abc") for _ in range(2)]
    assert not compiled(cls).is_known
    shown = orjson.loads(as_json(plan(cls).render([row.pk for row in rows], request)))
    assert shown == [cls(row, context={"request": request}).data for row in rows]


def test_a_row_that_is_gone_is_left_out():
    request = APIRequestFactory().get("/")
    assert plan(SpaceStationNormal).render([4, 999_999_999], request)[1:] == []


@pytest.mark.parametrize("number", [0.1, 3.0, 5.972168e24, 1e-7, 1e16, 123456789.123456789])
def test_a_number_is_written_as_python_prints_it(number, client):
    pad = factories.pad(latitude=number)
    assert f'"latitude":{number!r},' in client.get(f"/2.3.0/pads/{pad.pk}/").content.decode()


def test_a_text_of_any_script_is_written_as_it_is(client):
    name = "Тяньгун 天宫 \u2028 \"'\\ </script> \U0001f680"
    station = factories.space_station(name=name)
    content = client.get(f"/2.3.0/space_stations/{station.pk}/").content
    assert json.loads(content)["name"] == name
    assert "天宫".encode() in content


@pytest.mark.skipif(connection.vendor != "postgresql", reason="is of PostgreSQL alone")
def test_a_statement_is_not_planned_anew_for_the_few_rows_of_one_page():
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE rows AS SELECT generate_series(1, 10000) AS id")
        cursor.execute("CREATE UNIQUE INDEX ON rows (id)")
        cursor.execute("ANALYZE rows")
        statement = f"SELECT id FROM rows WHERE {any_key('id', SpaceStation._meta.pk)}"  # noqa: S608 - of our own
        assert [read_all([(statement, {key})]) for key in range(1, 9)] == [[[(key,)]] for key in range(1, 9)]
        planned = (
            "SELECT custom_plans, generic_plans FROM pg_prepared_statements WHERE strpos(statement, 'FROM rows') > 0"
        )
        cursor.execute(planned)
        assert cursor.fetchall() == [(5, 3)]
