"""What every endpoint of the current version can do, those of the older versions can: the same tests over them.

Where they inherit what they do, it is tested once: that they do inherit is tested here."""

import json
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import resolve
from django.utils.module_loading import import_string

from spacedevs.api.render_plan.compiled import compiled
from spacedevs.api.serializers import ResourceSerializer, name_of
from spacedevs.api.views import Resource
from spacedevs.router import router
from tests.api.test_hostile import QUERIES
from tests.support.pages import keys, shown_json
from tests.support.world import compared, fill, rows_of

pytestmark = [pytest.mark.usefixtures("everything"), pytest.mark.django_db]


def endpoints_of(version):
    table = import_string(settings.TABLES[version])
    return {path: endpoint for path, endpoint in table.items() if issubclass(endpoint, Resource)}


def addresses_of(version, endpoints):
    return {f"/{version}/{path}/": endpoint for path, endpoint in endpoints.items()}


# 2.1.0 has the endpoints of 2.2.0; 2.0.0 has them, too, but for launches and crews.
NEWER, OLDEST = endpoints_of("2.2.0"), endpoints_of("2.0.0")
OWN = {path: endpoint for path, endpoint in OLDEST.items() if endpoint is not NEWER[path]}
ENDPOINTS = {**addresses_of("2.2.0", NEWER), **addresses_of("2.0.0", OWN)}
MODES = [(address, mode) for address, endpoint in ENDPOINTS.items() for mode in endpoint.modes or ["normal"]]


@pytest.fixture(scope="module")
def everything(world, django_db_blocker):
    """The world, with two rows at least for every endpoint of an older version."""
    with django_db_blocker.unblock():
        for endpoint in ENDPOINTS.values():
            fill(endpoint)


def test_versions_that_answer_alike_have_the_same_endpoints():
    assert endpoints_of("2.1.0") == NEWER
    launches, crews = (
        ["launch", "launch/previous", "launch/upcoming"],
        ["expedition", "spacecraft/flight", "spacestation"],
    )
    assert sorted(OWN) == sorted(launches + crews)


# The render plan ---------------------------------------------------------------------------------


@pytest.fixture
def both(client, monkeypatch):
    """The same asked of plain DRF and of the plan: the bodies, in which == tells the order of keys and 1 from 1.0."""

    def ask(address, **parameters):
        with monkeypatch.context() as patch:
            patch.setattr(Resource, "planned", False)
            plain = client.get(address, parameters)
        planned = client.get(address, parameters)
        for response in (plain, planned):
            response.headers.pop("Expires", None)  # the plan alone knows which rows that change it has shown
        assert (plain.status_code, plain.headers) == (200, planned.headers)
        return json.dumps(json.loads(plain.content)), json.dumps(json.loads(planned.content))

    return ask


@pytest.mark.parametrize(("address", "mode"), MODES)
def test_a_page_is_the_same_with_the_plan_and_without(address, mode, both):
    plain, planned = both(address, mode=mode, limit=compared(ENDPOINTS[address]), format="json")
    assert planned == plain
    assert len(json.loads(planned)["results"]) > 1


@pytest.mark.parametrize("address", ENDPOINTS)
def test_a_detail_is_the_same_with_the_plan_and_without(address, both):
    endpoint = ENDPOINTS[address]
    is_listed = endpoint.ladder[-1] in endpoint.modes.values()  # so that pages compare it for many rows
    for row in rows_of(endpoint)[: 1 if is_listed else 3]:
        plain, planned = both(f"{address}{row.pk}/")
        assert planned == plain


def representations(shown=ResourceSerializer):
    for cls in shown.__subclasses__():
        if cls.version and hasattr(cls, "Meta") and not cls.__module__.startswith("tests."):
            yield cls
        yield from representations(cls)


@pytest.mark.parametrize("cls", sorted(set(representations()), key=str), ids=name_of)
def test_no_class_is_left_to_plain_drf(cls):
    assert compiled(cls).is_known


@pytest.mark.parametrize(("address", "mode"), MODES)
def test_every_page_takes_as_many_statements_as_any_other(address, mode, client):
    def cost(**page):
        with CaptureQueriesContext(connection) as captured:
            client.get(address, {"mode": mode, **page})
        return len(captured)

    assert len({cost(limit=10), cost(limit=100), cost(limit=1), cost(limit=3, offset=1)}) == 1


# Answers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("address", "mode"), MODES)
def test_records_have_the_keys_of_their_component_in_its_order_at_every_depth(address, mode, client):
    endpoint = ENDPOINTS[address]
    shown = endpoint.modes.get(mode, endpoint.ladder[-1])
    page = client.get(address, {"mode": mode, "limit": 100}).json()
    assert [pair for record in page["results"] for pair in keys(shown, record) if pair[0] != pair[1]] == []


@pytest.mark.parametrize("address", ENDPOINTS)
def test_pages_neither_repeat_nor_lose_a_row(address, client):
    at, seen = f"{address}?limit=40", []
    while at:
        page = client.get(at).json()
        assert page["next"] is None or page["next"].startswith(f"http://testserver{address}?")
        seen += [record["id"] for record in page["results"]]
        at = page["next"]
    assert len(seen) == len(set(seen)) == page["count"] >= 2


@pytest.fixture(scope="module")
def followed():
    """What links lead to, of those that were followed."""
    return {}


def links(value):
    """Every address of this API in an answer."""
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return {value} if str(value).startswith("http://testserver/") else set()
    return set().union(*map(links, value))


@pytest.mark.parametrize(("address", "mode"), MODES)
def test_every_link_is_of_the_version_that_was_asked_and_leads_to_its_row(address, mode, client, followed):
    version = address.split("/")[1]
    answer = client.get(address, {"mode": mode, "limit": 10}).json()
    for link in links(answer["results"]):
        assert link.startswith(f"http://testserver/{version}/")
        if link not in followed:  # in another mode
            followed[link] = client.get(link).status_code, resolve(urlsplit(link).path).namespace
        assert followed[link] == (200, version)


@pytest.mark.parametrize("address", ENDPOINTS)
def test_the_page_for_people_shows_the_same_and_says_what_the_endpoint_can_do(address, client):
    response = client.get(address, {"format": "api", "limit": 3})
    shown = json.loads(shown_json(response).replace("format=api", "format=json"))
    told = client.get(address, {"format": "json", "limit": 3}).json()
    assert json.dumps(shown) == json.dumps(told)
    endpoint = ENDPOINTS[address]
    sections = {
        "Modes": endpoint.modes,
        "Filters": endpoint.filter_names,
        "Search": endpoint.search_fields,
        "Ordering": endpoint.ordering_fields,
    }
    page = response.content.decode()
    assert [title for title in sections if f">{title}</h" in page] == [t for t, there in sections.items() if there]


@pytest.mark.parametrize("address", ENDPOINTS)
def test_an_answer_to_any_query_is_json(address, client):
    for query in QUERIES:
        response = client.get(f"{address}?{query}".replace("\x00", "%00"))
        if "format=api" not in query:
            assert (query, response["Content-Type"], isinstance(response.json(), dict)) == (
                query,
                "application/json",
                True,
            )
        assert (query, response.status_code in (200, 400)) == (query, True)


@pytest.mark.parametrize("address", ENDPOINTS)
@pytest.mark.parametrize("key", ["0999999", "9" * 30, "1.5", "x", "-1", "1.json", "1%00"])
def test_what_is_no_key_of_a_row_is_not_found(address, key, client):
    response = client.get(f"{address}{key}/")
    assert (response.status_code, list(response.json())) == (404, ["detail"])


LAUNCHES = "lsp__id", "lsp__ids", "lsp__name", "pad__ids", "r_spacex_api_id", "related"
OWN_FILTERS = {  # tested in test_filters.py
    "agencies": ["agency_type", "country_code"],
    "astronaut": ["agency__abbrev", "agency__name", "name", "status"],
    "config/launcher": ["family", "manufacturer"],
    "config/spacecraft": ["manufacturer"],
    "docking_event": ["flight_vehicle__id", "space_station__id"],
    "event": ["id"],
    "launch": LAUNCHES,
    "launch/previous": LAUNCHES,
    "launch/upcoming": LAUNCHES,
    "launcher": ["launcher_config", "launcher_config__manufacturer"],
    "location": ["pad__location_id"],
    "pad": ["location"],
    "spacestation": ["owners__abbrev", "owners__name"],
}


KNOWN_ROWS = {  # where 2.2.0 knows only some of the rows
    "/2.2.0/docking_event/": {"flight_vehicle_chaser__isnull": False, "space_station_target__isnull": False}
}


# What is inherited -------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ENDPOINTS)
def test_rows_filters_orders_searches_and_feeds_are_those_of_the_current_version(address):
    endpoint = ENDPOINTS[address]
    current = resolve(f"/2.3.0/{_current(address)}/").func.cls
    rows = current.queryset.filter(**KNOWN_ROWS.get(address, {}))
    assert str(endpoint.queryset.query) == str(rows.query)
    assert (endpoint.part, endpoint.feed, endpoint.paths) == (current.part, current.feed, current.paths)
    filters, theirs = endpoint.filterset_class, current.filterset_class
    own = {name for name, each in filters.declared_filters.items() if each is not theirs.declared_filters.get(name)}
    for name in theirs.base_filters.keys() - own:
        inherited, declared = filters.base_filters[name], theirs.base_filters[name]
        assert (type(inherited), inherited.field_name, inherited.lookup_expr) == (
            type(declared),
            declared.field_name,
            declared.lookup_expr,
        )
    assert own == set(OWN_FILTERS.get(address.split("/", 2)[2].strip("/"), ()))
    if not _current(address).startswith("config/"):  # those of a lookup table are read off its fields
        assert endpoint.search_fields == current.search_fields
        assert set(endpoint.ordering_fields) - set(current.ordering_fields) == (
            {"id"} if "docking_event" in address else set()
        )


def _current(address):
    """Where the current version has the same rows."""
    name = resolve(address).url_name.removesuffix("-list")
    return next(path for path, _, basename in router.registry if basename == name)
