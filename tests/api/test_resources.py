"""What all endpoints share, asked of each that the router has."""

import json
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.db import connection, transaction
from django.db.models import Subquery
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve
from django.utils import timezone
from rest_framework.test import APIRequestFactory

from spacedevs.api.filters.backends import TotalOrdering
from spacedevs.db.paths import leads_to_many, may_be_null
from tests.support import factories
from tests.support.pages import keys, shown_json
from tests.support.routes import ENDPOINTS, KINDS, MODES, RESOURCES
from tests.support.world import rows_of

pytestmark = [pytest.mark.usefixtures("sample"), pytest.mark.django_db]


@pytest.mark.parametrize(("prefix", "mode"), MODES)
def test_records_have_the_keys_of_their_component_in_its_order_at_every_depth(prefix, mode, get):
    resource = RESOURCES[prefix]
    shown = resource.modes.get(mode, resource.ladder[-1])
    page = get(f"{prefix}/", mode=mode, limit=100)
    assert min(page["count"], 100) == len(page["results"]) >= 2
    assert [pair for record in page["results"] for pair in keys(shown, record) if pair[0] != pair[1]] == []


@pytest.mark.parametrize("prefix", RESOURCES)
def test_a_detail_answers_the_deepest_mode(prefix, get):
    resource = RESOURCES[prefix]
    key = rows_of(resource)[0].pk
    record = get(f"{prefix}/{key}/", mode="list")
    deepest = get(f"{prefix}/", limit=100, mode=list(resource.modes or ["normal"])[-1])
    assert record == next(each for each in deepest["results"] if str(each["id"]) == str(key))


@pytest.mark.parametrize("prefix", [prefix for prefix, resource in RESOURCES.items() if resource.modes])
def test_a_mode_that_an_endpoint_does_not_have_is_taken_as_normal(prefix, get):
    normal = get(f"{prefix}/", limit=100, mode="normal")
    assert get(f"{prefix}/", limit=100, mode="nonsense") == get(f"{prefix}/", limit=100) == normal


def number_of_statements(prefix, mode):
    with CaptureQueriesContext(connection) as captured:
        Client().get(f"/2.3.0/{prefix}/", {"mode": mode, "limit": 100})
    return len(captured)


@pytest.fixture(scope="module")
def grown(sample, django_db_blocker):
    """Of each list, how many rows it had and statements it took; and again, when more of everything had come."""

    def measured():
        return {
            (prefix, mode): (rows_of(RESOURCES[prefix]).count(), number_of_statements(prefix, mode))
            for prefix, mode in MODES
        }

    with django_db_blocker.unblock(), transaction.atomic():
        before = measured()
        for kind in KINDS:
            factories.full_docking_event(*kind)
        for resource in RESOURCES.values():
            edges = resource.part.edges if resource.part else ()
            for moment in (timezone.now() + timedelta(days=3), timezone.now() - timedelta(days=3)):
                factories.row(resource.queryset.model, **dict.fromkeys(edges, moment))
        after = measured()
        transaction.set_rollback(True)
    return before, after


@pytest.mark.parametrize(("prefix", "mode"), MODES)
def test_a_list_takes_as_many_statements_for_many_rows_as_for_few(prefix, mode, grown):
    (few, of_few), (many, of_many) = (measured[prefix, mode] for measured in grown)
    assert (many > few, of_many) == (True, of_few)


@pytest.mark.parametrize("prefix", RESOURCES)
def test_pages_neither_repeat_nor_lose_a_row(prefix, get):
    address, seen = f"http://testserver/2.3.0/{prefix}/?limit=1", []
    while address:
        page = get(address)
        seen += [record["id"] for record in page["results"]]
        address = page["next"]
    assert len(seen) == len(set(seen)) == page["count"] >= 2


@pytest.mark.parametrize(
    ("prefix", "term"),
    [
        (prefix, sign + term)
        for prefix, resource in RESOURCES.items()
        for term in ("", *resource.ordering_fields)
        for sign in ("", *(["-"] * bool(term)))
    ],
)
def test_every_order_ends_in_the_primary_key_and_says_where_nulls_go(prefix, term):
    resource = RESOURCES[prefix]
    view = resource()
    view.request = APIRequestFactory().get("/", {"ordering": term})
    view.request.query_params = view.request.GET
    model = resource.queryset.model
    order = TotalOrdering().filter_queryset(view.request, resource.queryset.all(), view).query.order_by
    wanted = "-" * term.startswith("-") + view.path_of(term.lstrip("-"))
    if leads_to_many(model, wanted.lstrip("-")):
        first, *order = order
        assert (first.descending, isinstance(first.expression, Subquery)) == (term.startswith("-"), True)
        wanted = ""
    terms = [each if isinstance(each, str) else f"{'-' * each.descending}{each.expression.name}" for each in order]
    assert terms[-1].lstrip("-") == model._meta.pk.name
    assert not wanted or terms[0] == wanted
    for each, name in zip(order, terms, strict=True):
        assert isinstance(each, str) or each.nulls_first is (name.startswith("-") or None)
        assert isinstance(each, str) == (not may_be_null(model, name.lstrip("-")))


NO_KEYS = "0999999", "99999999", "9" * 30, "1.5", "x", "1%20", "+1", "1_0", "%D9%A1", "-1", "1.json", "1%00"


@pytest.mark.parametrize("prefix", RESOURCES)
def test_what_is_no_key_of_a_row_is_not_found(prefix, client):
    responses = {key: client.get(f"/2.3.0/{prefix}/{key}/") for key in NO_KEYS}
    answers = {key: (each.status_code, each["Content-Type"], list(each.json())) for key, each in responses.items()}
    assert answers == dict.fromkeys(NO_KEYS, (404, "application/json", ["detail"]))


@pytest.mark.parametrize(
    "prefix", [prefix for prefix, each in RESOURCES.items() if each.rows(detail=True).query.where]
)
def test_an_endpoint_of_a_subset_finds_exactly_the_details_of_its_list(prefix, client):
    resource = RESOURCES[prefix]
    among = set(resource.rows(detail=True).values_list("pk", flat=True))
    rows = [*resource.queryset.filter(pk__in=among)[:3], *resource.queryset.exclude(pk__in=among)[:3]]
    found = {row.pk: client.get(f"/2.3.0/{prefix}/{row.pk}/").status_code for row in rows}
    assert found == {row.pk: 200 if row.pk in among else 404 for row in rows}
    assert {*found.values()} == {200, 404}


@pytest.mark.parametrize("prefix", ENDPOINTS)
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_the_api_is_for_reading(prefix, method, client):
    response = getattr(client, method)(f"/2.3.0/{prefix}/")
    assert (response.status_code, response["Allow"]) == (405, "GET")
    assert list(response.json()) == ["detail"]


@pytest.mark.parametrize("prefix", ENDPOINTS)
def test_head_and_options_are_answered(prefix, client):
    head, options = client.head(f"/2.3.0/{prefix}/"), client.options(f"/2.3.0/{prefix}/")
    assert (head.status_code, head.content, options.status_code) == (200, b"", 200)


@pytest.mark.parametrize("prefix", RESOURCES)
def test_the_page_for_people_shows_what_the_help_says(prefix, client):
    resource = RESOURCES[prefix]
    response = client.get(f"/2.3.0/{prefix}/", HTTP_ACCEPT="text/html")
    page = response.content.decode()
    sections = {
        "Modes": resource.modes,
        "Filters": resource.filter_names,
        "Search": resource.search_fields,
        "Ordering": resource.ordering_fields,
        "Number of results": True,
        "Format": True,
        "Help": True,
    }
    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert [title for title in sections if f">{title}</h" in page] == [t for t, there in sections.items() if there]


@pytest.mark.parametrize("prefix", RESOURCES)
def test_the_examples_of_the_help_work(prefix, client):
    for query in RESOURCES[prefix].examples.values():
        assert client.get(f"/2.3.0/{prefix}/?{query}").status_code == 200


def addresses(value):
    """Every link to this API in an answer."""
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return {value} if str(value).startswith("http://testserver/2.3.0/") else set()
    return set().union(*map(addresses, value))


@pytest.mark.parametrize(("prefix", "mode"), MODES)
def test_every_link_leads_to_the_row_that_shows_it(prefix, mode, get):
    answer = get(f"{prefix}/", mode=mode, limit=100)
    for address in addresses(answer):
        assert get(address)["url"] == address
    for record in answer["results"]:
        if "url" in record:
            assert resolve(urlsplit(record["url"]).path).func.cls.noun == RESOURCES[prefix].noun


@pytest.mark.parametrize("prefix", RESOURCES)
@pytest.mark.parametrize("form", ["json", "api"])
def test_links_keep_the_format_that_was_asked_for(prefix, form, client):
    response = client.get(f"/2.3.0/{prefix}/", {"format": form, "limit": 1})
    page = response.json() if form == "json" else json.loads(shown_json(response))
    assert {urlsplit(link).query for link in addresses(page["results"])} <= {f"format={form}"}
    assert f"format={form}" in page["next"]


def test_the_root_lists_every_endpoint(get):
    assert get("") == {prefix: f"http://testserver/2.3.0/{prefix}/" for prefix in ENDPOINTS}
