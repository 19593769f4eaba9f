"""Whatever a client sends, to any endpoint, by any filter: it is told what is wrong, or answered. Nothing fails."""

from itertools import zip_longest
from urllib.parse import urlencode

import pytest
from django.db import connection

from spacedevs.api.filters import filters
from spacedevs.http.errors import MAX_QUERY_BYTES
from tests.support.routes import ENDPOINTS, RESOURCES

pytestmark = [pytest.mark.usefixtures("sample"), pytest.mark.django_db]

UUID = "e3df2ecd-c239-472f-95e4-2b89b4f75800"
WHOLE = [
    *("x", "1.5", "1.0", "1e3", "+1", "1_0", "\u0661", "0x1", "--1", "1 2", "1\x00", "\U0001f680"),
    *("9" * 19, "-" + "9" * 30),
]
MOMENTS = [
    "yesterday",
    "2024-13-01",
    "2024-02-30T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "0000-01-01",
    "10000-01-01",
    "2024-01-01T25:00:00Z",
    "2024-01-01T00:00:00+99:99",
    "2024-01-01\x00",
    "9" * 30,
    "P1D",
]
LISTS = ",".join(map(str, range(1500)))
BAD = {  # by kind of filter, what means nothing; a kind comes before those that it is made from
    filters.UuidsFilter: ["x", f"{UUID},x", "1", f"{UUID}\x00", UUID[:-1]],
    filters.TextsFilter: ["\x00", "a,\x00"],
    filters.AllIdsFilter: [*WHOLE, ",".join(map(str, range(33)))],
    filters.IdsFilter: [*WHOLE, *(f"1,{value}" for value in WHOLE)],
    filters.UuidFilter: ["x", "1", f"{UUID},{UUID}", f"{UUID}\x00", UUID[:-1], "{" * 30],
    filters.IntegerFilter: [*WHOLE, "1,2"],
    filters.FloatFilter: ["x", "nan", "inf", "-Infinity", "1e999", "1,5", "1.5.5", "1\x00", "0x1"],
    filters.DateFilter: [*MOMENTS, "2024-01-01T00:00:00Z", "01/02/2024"],
    filters.DateTimeFilter: MOMENTS,
    filters.FlagFilter: ["maybe", "2", "yes", "null", "-1", "true,false", "true\x00", "\U0001f680"],
    filters.TextFilter: ["\x00", "a\x00b"],
}
TEXTS = ["'", '"', "%", "_", "\\", "; DROP TABLE x; --", "\u202e", "\U0001f680", "a" * 5000]
ODD = {  # what means something that hardly anyone asks for
    filters.UuidsFilter: [UUID, UUID.upper(), ",".join([UUID] * 200), ",,,"],
    filters.TextsFilter: [*TEXTS, ",".join("ab" * 500)],
    filters.AllIdsFilter: ["0", "-1", str(2**63 - 1), ",".join(map(str, range(32))), ",".join("1" * 500)],
    filters.IdsFilter: ["0", "-1", str(2**63 - 1), f"-{2**63 - 1}", LISTS, ",", "1,,2"],
    filters.UuidFilter: [UUID, UUID.replace("-", ""), "{" + UUID + "}"],
    filters.IntegerFilter: ["0", "-1", "00001", " 1 ", "9999", "10000", str(2**31), str(2**63 - 1), f"-{2**63 - 1}"],
    filters.FloatFilter: ["0", "-0.0", "1e308", "-1e-308", "\u0661", str(10**40), " 1.5 "],
    filters.DateFilter: ["0001-01-01", "9999-12-31", "2024-02-29"],
    filters.DateTimeFilter: [
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999Z",
        "2024-01-01T00:00:00+23:59",
        "2024-01-01T00:00:00-23:59",
        "2024-01-01",
    ],
    filters.FlagFilter: ["true", "FALSE", "1", "0"],
    filters.TextFilter: TEXTS,
}


def values(table, kind):
    """Those of a kind of filter, or of the kind that it is made from."""
    return next(values for known, values in table.items() if issubclass(kind, known))


def cases(table, resource):
    """For each filter of an endpoint one value at a time, until each has had all of its own."""
    asked = {name: values(table, type(each)) for name, each in resource.filterset_class.base_filters.items()}
    for turn in zip_longest(*asked.values()):
        yield {name: value for name, value in zip(asked, turn, strict=True) if value is not None}


FILTERED = [prefix for prefix, resource in RESOURCES.items() if resource.filter_names]


@pytest.mark.parametrize("prefix", FILTERED)
def test_every_filter_refuses_what_means_nothing_by_its_name(prefix, client):
    for asked in cases(BAD, RESOURCES[prefix]):
        response = client.get(f"/2.3.0/{prefix}/", asked)
        assert (response.status_code, {name: asked[name] for name in asked.keys() - response.json()}) == (400, {})


@pytest.mark.parametrize("prefix", FILTERED)
def test_every_filter_answers_what_hardly_anyone_asks(prefix):
    resource = RESOURCES[prefix]
    for asked in cases(ODD, resource):
        for name, value in asked.items():
            found = resource.filterset_class({name: value}, resource.queryset.all(), names=[name])
            assert (name, value, found.is_valid(), dict(found.errors)) == (name, value, True, {})
            assert len(found.qs.values_list("pk")[:1]) <= 1


@pytest.mark.parametrize("prefix", FILTERED)
def test_all_filters_may_be_asked_at_once(prefix, client):
    for asked in cases(ODD, RESOURCES[prefix]):
        query = urlencode(asked)
        response = client.get(f"/2.3.0/{prefix}/?{query}")
        assert (query, response.status_code) == (query, 414 if len(query) > MAX_QUERY_BYTES else 200)


QUERIES = [
    "limit=\x00",
    "offset=\x00",
    "offset=-1",
    "offset=" + "9" * 40,
    "limit=" + "9" * 5000,
    "ordering=\x00",
    "ordering=password",
    "ordering=-id,,-,--id,pk,?",
    "ordering=" + ",".join(["id"] * 500),
    "mode=\x00",
    "mode=detailed&mode=list",
    "format=json&format=api",
    "search=%",
    "search=%00",
    "search=" + "+".join(["a"] * 33),
    "search=%ff%fe",
    "%ff=%ff",
    "%00=1",
    "=",
    "&&&=&",
    "x[]=1&x[a]=2&__proto__=3",
    "id=1;DROP TABLE x",
    "%F0%9F%9A%80=%F0%9F%9A%80",
    "strict=maybe",
    "strict=true&no_such_parameter=1",
    "strict=true&%0d%0aX-Evil:%201=1",
    "%0d%0aX-Evil:%201=1",
]


@pytest.mark.parametrize("prefix", ENDPOINTS)
def test_every_endpoint_answers_any_query_in_json(prefix, client):
    for query in QUERIES:
        response = client.get(f"/2.3.0/{prefix}/?{query}".replace("\x00", "%00"))
        if "format=api" not in query:
            assert (query, response["Content-Type"]) == (query, "application/json")
            assert isinstance(response.json(), dict)
        assert (query, response.status_code in (200, 400)) == (query, True)
        assert "X-Evil" not in response


ADDED = {
    "changes/": ["since", "endpoints", "include", "limit", "mode"],
    "launches/": ["changed_since"],
    "search/": ["q", "kinds", "limit"],
    f"launches/{UUID}/history/": ["changed_since"],
}
ODD_VALUES = [
    "",
    "x",
    "\x00",
    "-",
    "a-1-2",
    "0" * 12 + "-1",
    "0" * 12 + "-1-" + "9" * 40,
    "\u0661",
    "%",
    "\U0001f680",
    "," * 500,
    "a" * 5000,
]


@pytest.mark.parametrize("address", ADDED)
def test_what_is_added_to_the_contract_answers_anything_in_json_too(address, client):
    queries = [urlencode({name: value}) for name in ADDED[address] for value in ODD_VALUES]
    for query in [*QUERIES, *queries]:
        response = client.get(f"/2.3.0/{address}?{query}".replace("\x00", "%00"))
        if "format=api" not in query:
            assert (query, response["Content-Type"]) == (query, "application/json")
            assert isinstance(response.json(), dict)
        assert (query, response.status_code in (200, 400, 404, 410)) == (query, True)
        assert "X-Evil" not in response


@pytest.mark.parametrize("prefix", RESOURCES)
def test_a_detail_answers_any_query_too(prefix, client):
    for query in QUERIES[:8]:
        response = client.get(f"/2.3.0/{prefix}/{UUID}/?{query}".replace("\x00", "%00"))
        assert (query, response.status_code in (400, 404)) == (query, True)


def test_the_database_holds_what_it_held():
    """No value was ever a statement."""
    tables = {resource.queryset.model._meta.db_table for resource in RESOURCES.values()}
    assert tables <= set(connection.introspection.table_names())
