"""`fields` and `omit`: a response has the chosen fields of the records, and reads nothing else."""

import json
from functools import cache

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.serializers import BaseSerializer

from spacedevs.api.filters.field_selection import MAX_NAMES
from spacedevs.api.filters.field_selection import chosen as chosen_of
from spacedevs.api.render_plan import plan as plans
from spacedevs.api.schema import Generator, Generator30
from spacedevs.api.views import Resource
from spacedevs.db.footprints.recording import of_rows
from spacedevs.http.negotiation import canonical
from spacedevs.http.versions import called
from tests.support.pages import shown_json
from tests.support.routes import ROUTERS
from tests.support.world import fill

pytestmark = [pytest.mark.usefixtures("everything"), pytest.mark.django_db]

ENDPOINTS = {
    f"/{called(version)}/{prefix}/": endpoint
    for version, router in ROUTERS.items()
    for prefix, endpoint, _ in router.registry
    if version != "2.1.0"  # which has the endpoints of 2.2.0
}
RESOURCES = {path: endpoint for path, endpoint in ENDPOINTS.items() if issubclass(endpoint, Resource)}
FEW = settings(
    max_examples=6, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
LAUNCHES = "/2.3.0/launches/"
FIVE = "fields=id,name,net,pad.location.name,status.name"


@pytest.fixture(scope="module")
def everything(world, django_db_blocker):
    with django_db_blocker.unblock():
        for endpoint in RESOURCES.values():
            fill(endpoint)


@cache
def leaves(representation) -> frozenset[str]:
    """The names of all values of a serializer, with dots."""
    found = set()
    for name, field in representation().fields.items():
        shown = getattr(field, "child", field)
        is_nested = isinstance(shown, BaseSerializer)
        found |= {f"{name}.{below}" for below in leaves(type(shown))} if is_nested else {name}
    return frozenset(found)


def named(leaf, names) -> bool:
    """Whether any of these names stands for a value."""
    return any(f"{leaf}.".startswith(f"{name.removesuffix('.*')}.") for name in names)


def is_known(name, representation) -> bool:
    return any(named(leaf, [name]) for leaf in leaves(representation))


def chosen(records, kept, above="") -> object:
    """Of rendered records, the values with the kept names."""
    if isinstance(records, list):
        return [chosen(each, kept, above) for each in records]
    if not isinstance(records, dict) or above.removesuffix(".") in kept:
        return records
    begun = {leaf[: len(above)] + leaf[len(above) :].partition(".")[0] for leaf in kept if leaf.startswith(above)}
    return {
        name: chosen(value, kept, f"{above}{name}.") for name, value in records.items() if f"{above}{name}" in begun
    }


@st.composite
def names(draw, representation, least):
    """Names of values and of branches."""
    listed = sorted(leaves(representation))
    found = draw(st.lists(st.sampled_from(listed), min_size=least, max_size=5, unique=True))
    cuts = [draw(st.integers(1, name.count(".") + 1)) for name in found]
    cut = [(name, ".".join(name.split(".")[:parts])) for name, parts in zip(found, cuts, strict=True)]
    return [short if short == name or draw(st.booleans()) else f"{short}.*" for name, short in cut]


@pytest.fixture
def plain(client, monkeypatch):
    """What plain DRF answers; once for each address."""
    known = {}

    def ask(address):
        if address not in known:
            with monkeypatch.context() as patch:
                patch.setattr(Resource, "planned", False)
                known[address] = client.get(address).json()
        return known[address]

    return ask


def written(value) -> str:
    """JSON that tells the order of keys, and 1 from 1.0."""
    return json.dumps(value)


@pytest.mark.parametrize("path", RESOURCES)
def test_a_list_has_the_chosen_fields_of_what_plain_drf_answers(path, client, plain):
    endpoint = RESOURCES[path]
    modes = endpoint.modes or {"": endpoint.ladder[0]}

    @FEW
    @given(st.data())
    def check(data):
        mode = data.draw(st.sampled_from([*modes]))
        rungs = [*modes][[*modes].index(mode) :]
        fields = data.draw(names(endpoint.ladder[-1], 1) | names(modes[mode], 0))
        shown = next(each for each in rungs if all(is_known(name, modes[each]) for name in fields))
        omitted = data.draw(names(modes[shown], 0))
        kept = {
            leaf for leaf in leaves(modes[shown]) if (not fields or named(leaf, fields)) and not named(leaf, omitted)
        }
        query = {"limit": 4, "mode": mode, "fields": ",".join(fields), "omit": ",".join(omitted)}
        response = client.get(path, query)
        if not kept:
            assert (response.status_code, response.json()) == (400, {"omit": ["This leaves no field."]})
            return
        expected = chosen(plain(f"{path}?limit=4&mode={shown}")["results"], kept)
        assert written(response.json()["results"]) == written(expected)
        assert "X-Ignored-Values" not in response

    check()


@pytest.mark.parametrize("path", RESOURCES)
def test_a_record_has_the_chosen_fields_of_what_plain_drf_answers(path, client, plain):
    endpoint = RESOURCES[path]
    key = endpoint.rows(detail=True).order_by("pk").values_list("pk", flat=True)[0]

    @FEW
    @given(fields=names(endpoint.ladder[-1], 1), omitted=names(endpoint.ladder[-1], 0))
    def check(fields, omitted):
        kept = {leaf for leaf in leaves(endpoint.ladder[-1]) if named(leaf, fields) and not named(leaf, omitted)}
        response = client.get(f"{path}{key}/", {"fields": ",".join(fields), "omit": ",".join(omitted)})
        if kept:
            assert written(response.json()) == written(chosen(plain(f"{path}{key}/"), kept))
        else:
            assert (response.status_code, response.json()) == (400, {"omit": ["This leaves no field."]})

    check()


@pytest.mark.parametrize("path", [path for path in ENDPOINTS if path not in RESOURCES])
def test_an_object_has_the_chosen_fields_too(path, client):
    whole, deepest = client.get(path).json(), client.get(f"{path}?mode=detailed").json()
    listed = leaves(ENDPOINTS[path].ladder[-1])
    for name in sorted({leaf.partition(".")[0] for leaf in listed}):
        kept = {leaf for leaf in listed if named(leaf, [name])}
        assert client.get(f"{path}?mode=detailed&fields={name}").json() == chosen(deepest, kept)
        left = {other: value for other, value in whole.items() if other != name}
        assert client.get(f"{path}?omit={name}").json() == left


@pytest.mark.parametrize("path", RESOURCES)
def test_the_page_for_people_and_plain_drf_honour_them(path, client, monkeypatch):
    name = next(iter(RESOURCES[path].ladder[-1]().fields))
    expected = client.get(f"{path}?fields={name}&limit=2").json()["results"]
    assert [list(record) for record in expected] == [[name]] * 2
    assert json.loads(shown_json(client.get(f"{path}?fields={name}&limit=2&format=api")))["results"] == expected
    indented = client.get(f"{path}?fields={name}&limit=2", headers={"accept": "application/json; indent=1"})
    assert indented.json()["results"] == expected
    monkeypatch.setattr(Resource, "planned", False)
    assert client.get(f"{path}?fields={name}&limit=2").json()["results"] == expected


# What they mean ----------------------------------------------------------------------------------


def test_a_mode_reaches_into_deeper_ones(client):
    (record,) = client.get(f"{LAUNCHES}?mode=list&limit=1&fields=name,pad.location.name,pad.id").json()["results"]
    assert (list(record), list(record["pad"]), list(record["pad"]["location"])) == (
        ["name", "pad"],
        ["id", "location"],
        ["name"],
    )


def test_what_the_mode_has_is_shown_as_in_the_mode(client):
    normal = client.get(f"{LAUNCHES}?limit=2").json()["results"]
    limited = client.get(f"{LAUNCHES}?limit=2&fields=pad,id").json()["results"]
    assert limited == [{"id": each["id"], "pad": each["pad"]} for each in normal]


MEANINGS = {
    "": "",
    "fields=": "",
    "fields=,,": "",
    "fields=*": "",
    "omit=": "",
    "fields=id,id&fields=id": "fields=id",
    "fields=name&fields=id": "fields=id,name",
    "fields=%20id%20,%20name": "fields=id,name",
    "fields=pad.*": "fields=pad",
    "fields=pad,pad.name": "fields=pad",
    "fields=*,pad.name": "",
    "fields=id&omit=name": "fields=id",
    "fields=pad&omit=pad.location.*": "fields=pad&omit=pad.location",
    "fields=id,status.name&omit=status.name": "fields=id",
    "fields=id,status&omit=status.id,status.name,status.abbrev,status.description": "fields=id",
}


@pytest.mark.parametrize("query", MEANINGS)
def test_names_mean_the_same_however_they_are_written(query, client):
    ours, plain = (client.get(f"{LAUNCHES}?limit=3&strict=true&{each}") for each in (query, MEANINGS[query]))
    assert (ours.status_code, ours.json()["results"]) == (200, plain.json()["results"])


UNKNOWN = {
    "fields=id,nme": ("fields:nme", {"fields": ["Unknown field: nme. Did you mean name?"]}),
    "fields=id,pad.nme": ("fields:pad.nme", {"fields": ["Unknown field: pad.nme. Did you mean pad.name?"]}),
    "fields=id,id.x": ("fields:id.x", {"fields": ["Unknown field: id.x. Did you mean id?"]}),
    "fields=id,*.name": ("fields:%2A.name", {"fields": ["Unknown field: *.name."]}),
    "fields=id,NAME": ("fields:NAME", {"fields": ["Unknown field: NAME."]}),
    "fields=id,.": ("fields:.", {"fields": ["Unknown field: .."]}),
    "fields=id&omit=nme": ("omit:nme", {"omit": ["Unknown field: nme. Did you mean name?"]}),
    "fields=id,b%0d%0aX:1": ("fields:b%0D%0AX:1", {"fields": ["Unknown field: b\r\nX:1."]}),
}


@pytest.mark.parametrize("query", UNKNOWN)
def test_unknown_names_are_told_and_refused_strictly(query, client):
    header, complaint = UNKNOWN[query]
    lenient, strict = client.get(f"{LAUNCHES}?limit=1&{query}"), client.get(f"{LAUNCHES}?{query}&strict=true")
    assert (lenient.status_code, lenient["X-Ignored-Values"]) == (200, header)
    assert [list(record) for record in lenient.json()["results"]] == [["id"]]
    assert (strict.status_code, strict.json()) == (400, complaint)


def test_all_is_shown_if_no_name_is_known(client):
    response = client.get(f"{LAUNCHES}?limit=2&fields=x,y")
    assert (response.status_code, response["X-Ignored-Values"]) == (200, "fields:x, fields:y")
    assert response.json()["results"] == client.get(f"{LAUNCHES}?limit=2").json()["results"]


REFUSED = {
    ",".join(f"x{number}" for number in range(MAX_NAMES + 1)): "Use at most 200 names.",
    ",".join(["x" * 300] * 21): "Use at most 6000 characters.",
    "x" * 401: "A name has at most 400 characters.",
    ".".join("x" * 21): "A name has at most 20 parts.",
    "id,\0": "Names contain no null characters.",
}


@pytest.mark.parametrize("value", REFUSED)
@pytest.mark.parametrize("parameter", ["fields", "omit"])
@pytest.mark.parametrize("path", [LAUNCHES, "/2.2.0/launch/", "/2.3.0/config/orbits/1/", "/2.3.0/dashboard/starship/"])
def test_too_much_is_refused(value, parameter, path, client):
    response = client.get(path, {parameter: value})
    assert (response.status_code, response.json()) == (400, {parameter: [REFUSED[value]]})


@pytest.mark.parametrize("query", ["omit=*", "fields=id&omit=id", "fields=pad.name&omit=pad"])
def test_a_record_without_any_field_is_refused(query, client):
    response = client.get(f"{LAUNCHES}?{query}")
    assert (response.status_code, response.json()) == (400, {"omit": ["This leaves no field."]})


@pytest.mark.parametrize("form", ["ics", "atom"])
def test_feeds_ignore_them_and_say_so(form, client):
    asked = f"{LAUNCHES}?format={form}&limit=3"
    response = client.get(f"{asked}&fields=id&omit=name")
    assert (response.status_code, response["X-Ignored-Values"]) == (200, "fields, omit")
    if form == "ics":  # the feed of news has the query in its address
        assert response.content == client.get(asked).content
    strict = client.get(f"{asked}&fields=id&strict=true")
    assert (strict.status_code, strict.json()) == (400, {"fields": ["Feeds have fields of their own."]})


@pytest.mark.parametrize("path", ["/2.3.0/changes/", "/2.3.0/space_stations/4/now/"])
def test_additions_take_them_where_they_show_a_record(path, client):
    response = client.get(f"{path}?fields=id")
    if path.endswith("now/"):
        assert response.json() == {"id": 4}
    else:
        assert response["X-Unknown-Parameters"] == "fields"


# What is read ------------------------------------------------------------------------------------


def statements(client, address) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return [each["sql"] for each in captured]


def test_few_fields_take_few_statements(client):
    whole = statements(client, f"{LAUNCHES}?mode=detailed&limit=100")
    limited = statements(client, f"{LAUNCHES}?mode=detailed&limit=100&{FIVE}")
    least = statements(client, f"{LAUNCHES}?limit=100&fields=id")
    assert len(whole) - len(limited) > 30
    assert len(limited) == len(least)


def test_no_column_is_read_that_is_not_shown():
    five = tuple(FIVE.removeprefix("fields=").split(","))
    choice = chosen_of(RESOURCES[LAUNCHES].ladder[-1:], five, ())
    ((query,),) = plans.plan(choice.representation, choice.selection).rounds
    shown = query.statement.partition(" FROM ")[0].removeprefix("SELECT ").replace('"', "").split(", ")
    of_launch = {each.removeprefix("t.") for each in shown if each.startswith("t.")}
    assert of_launch == {"id", "name", "net", "status_id", "pad_id"}
    assert {each.partition(".")[2] for each in shown} - of_launch == {"location_id"}


@pytest.mark.parametrize("path", RESOURCES)
def test_omitting_takes_no_more_statements(path, client):
    whole = statements(client, f"{path}?limit=10&mode=detailed")
    for name in RESOURCES[path].ladder[-1]().fields:
        if len(RESOURCES[path].ladder[-1]().fields) > 1:
            assert len(statements(client, f"{path}?limit=10&mode=detailed&omit={name}")) <= len(whole)
            break


def test_plans_of_selections_are_bounded_and_leave_nothing_behind(client):
    plans.limited_plan.cache_clear()
    before = len(of_rows)
    listed = [name for name in sorted(leaves(RESOURCES[LAUNCHES].ladder[-1])) if name.count(".") < 3]
    for name in listed[: 2 * plans.MAX_LIMITED]:
        client.get(f"{LAUNCHES}?limit=1&fields={name}")
    assert plans.limited_plan.cache_info().currsize == plans.MAX_LIMITED
    plans.limited_plan.cache_clear()
    assert len(of_rows) == before


# Addresses and the document ----------------------------------------------------------------------


def test_the_order_of_names_makes_no_other_response(client):
    queries = ["fields=name,id&limit=2", "limit=2&fields=id,name", "limit=2&fields=id%2Cname,id,"]
    assert {canonical(query, "") for query in queries} == {"fields=id,name&limit=2"}
    first, *others = (client.get(f"{LAUNCHES}?{query}").content for query in queries)
    assert others == [first, first]
    assert json.loads(first)["next"].endswith("?fields=id%2Cname&limit=2&offset=2")


def test_links_lead_to_the_same_fields(client):
    page = client.get(f"{LAUNCHES}?fields=name,id&limit=1&offset=1").json()
    for link in (page["next"], page["previous"]):
        assert [list(record) for record in client.get(link).json()["results"]] == [["id", "name"]]


@pytest.mark.parametrize("generator", [Generator, Generator30])
@pytest.mark.parametrize("version", ["2.3.0", "2.2.0", "2.0.0"])
def test_the_document_has_them_on_all_lists_and_details(generator, version):
    paths = generator(api_version=version).get_schema(public=True)["paths"]
    lacking = {
        path
        for path, operations in paths.items()
        if not {"fields", "omit"} <= {each["name"] for each in operations["get"].get("parameters", ())}
    }
    assert {path.rstrip("/").rpartition("/")[2] for path in lacking} <= {"changes", "history", "search"}


# The form ----------------------------------------------------------------------------------------


def test_the_form_offers_the_fields_as_a_tree(client):
    page = client.get(f"{LAUNCHES}?format=api&fields=id,pad.location.name&fields=rocket.configuration.families.name")
    html = page.content.decode()
    boxes = [line.partition(">")[0] for line in html.split('<input type="checkbox" name="fields" value=')[1:]]
    assert {'"id" checked', '"pad.location.name" checked', '"pad"', '"updates.comment"'} <= set(boxes)
    assert len([box for box in boxes if "checked" in box]) == 2
    assert 'name="fields" value="rocket.configuration.families.name"' in html


@pytest.mark.parametrize("path", RESOURCES)
def test_every_list_has_the_form(path, client):
    html = client.get(f"{path}?format=api&limit=1&omit=x").content.decode()
    first = next(iter(RESOURCES[path].ladder[-1]().fields))
    assert f'<input type="checkbox" name="fields" value="{first}">' in html
    assert 'name="omit" value="x"' in html


def test_the_form_writes_what_was_sent_as_text(client):
    html = client.get(f"{LAUNCHES}?format=api", {"fields": '"><script>', "omit": '"><script>'}).content.decode()
    assert '"><script>' not in html
