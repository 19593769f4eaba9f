"""Clients made of our OpenAPI document, of either version, read every answer that we give."""

import json

import pytest

from spacedevs.api.serializers import name_of
from spacedevs.router import ADDITIONS, OBJECTS, ROOT_ADDITIONS
from tests.support.routes import ENDPOINTS, MODES, RESOURCES

pytestmark = pytest.mark.clients

ADDED = [(prefix, name) for prefix, views in ADDITIONS.items() for name in views]
OBJECT_MODES = [(prefix, mode) for prefix in OBJECTS for mode in ENDPOINTS[prefix].modes or [""]]


def path_of(prefix):
    return f"/2.3.0/{prefix}/"


def beginning(served) -> str:
    """The cursor from before all changes of the sample."""
    log, *_ = json.loads(served.get(path_of("changes")))["cursor"].split("-")
    return f"{log}-0-0"


def test_every_path_of_the_document_is_asked(document):
    lists = {path_of(prefix) for prefix in ENDPOINTS}
    details = {f"{path_of(prefix)}{{id}}/" for prefix in RESOURCES}
    added = {f"{path_of(prefix)}{{id}}/{name}/" for prefix, name in ADDED} | {path_of(path) for path in ROOT_ADDITIONS}
    assert set(document["paths"]) == lists | details | added


# Pydantic's models --------------------------------------------------------------------------------


@pytest.fixture
def read(version, document, models):
    """Reads an answer as strictly as pydantic can, by the component that the document has for its path."""

    def read(path, body):
        answer = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        component = answer["$ref"].rpartition("/")[2]
        return getattr(models(version), component).model_validate_json(body, strict=True)

    return read


@pytest.mark.parametrize(("prefix", "mode"), MODES)
def test_models_hold_every_page(prefix, mode, served, read):
    pages = [read(path_of(prefix), page) for page in served.pages(path_of(prefix), mode)]
    assert sum(len(page.results) for page in pages) == pages[0].count > 0


@pytest.mark.parametrize("prefix", RESOURCES)
def test_models_hold_details(prefix, served, read):
    path = path_of(prefix)
    shown = [read(f"{path}{{id}}/", served.get(f"{path}{key}/")) for key in served.keys(path)]
    assert [str(record.id) for record in shown] == [str(key) for key in served.keys(path)]


@pytest.mark.parametrize(("prefix", "mode"), OBJECT_MODES)
def test_models_hold_objects(prefix, mode, served, read):
    shown = read(path_of(prefix), served.get(f"{path_of(prefix)}?mode={mode}"))
    assert getattr(getattr(shown, "root", shown), "response_mode", "") == mode


@pytest.mark.parametrize(("prefix", "name"), ADDED)
def test_models_hold_additions(prefix, name, served, read):
    path = path_of(prefix)
    for key in served.keys(path):
        assert read(f"{path}{{id}}/{name}/", served.get(f"{path}{key}/{name}/")).id == key


def test_models_hold_changes_with_their_records(served, read):
    path = path_of("changes")
    shown = read(path, served.get(f"{path}?since={beginning(served)}&include=record&limit=20"))
    assert {(each.action.value, type(each.record).__name__) for each in shown.results} == {("created", "dict")}


def test_models_hold_hits(served, read):
    shown = read(path_of("search"), served.get(f"{path_of('search')}?q=sta&limit=100"))
    assert {each.match.value for each in shown.results} >= {"prefix", "word"}


# A client -----------------------------------------------------------------------------------------


@pytest.fixture
def ask(version, document, operations, asking):
    """Asks by the function that the client has for a path: what it read, which says what was sent."""

    def ask(path, *key, mode="", **parameters):
        operation = operations(version)[document["paths"][path]["get"]["operationId"]]
        if mode:
            parameters["mode"] = next(each for name, each in vars(operation).items() if name.endswith("Mode"))(mode)
        response = operation.sync_detailed(*key, client=asking, **parameters)
        read = json.dumps(response.parsed.to_dict()).replace('+00:00"', 'Z"')
        assert json.loads(read) == json.loads(response.content)
        return response.parsed

    return ask


def kinds(records):
    return {type(record).__name__ for record in records}


@pytest.mark.parametrize(("prefix", "mode"), MODES)
def test_client_reads_every_page_in_the_shape_of_its_mode(prefix, mode, served, ask):
    resource = RESOURCES[prefix]
    mode = mode if resource.modes else ""
    count, records = len(list(served.pages(path_of(prefix), mode))), []
    for offset in range(0, 100 * count, 100):
        records += ask(path_of(prefix), limit=100, offset=offset, mode=mode).results
    assert kinds(records) == {name_of(resource.modes.get(mode, resource.ladder[-1]))}


@pytest.mark.parametrize("prefix", RESOURCES)
def test_client_reads_details(prefix, served, ask):
    path = path_of(prefix)
    records = [ask(f"{path}{{id}}/", key) for key in served.keys(path)]
    assert kinds(records) == {name_of(RESOURCES[prefix].ladder[-1])}


@pytest.mark.parametrize(("prefix", "mode"), OBJECT_MODES)
def test_client_reads_objects(prefix, mode, ask):
    endpoint = ENDPOINTS[prefix]
    shown = ask(path_of(prefix), mode=mode)
    assert kinds([shown]) == {endpoint.modes.get(mode, endpoint.ladder[-1]).__name__}


@pytest.mark.parametrize(("prefix", "name"), ADDED)
def test_client_reads_additions(prefix, name, served, ask):
    path = path_of(prefix)
    records = [ask(f"{path}{{id}}/{name}/", key) for key in served.keys(path)]
    assert kinds(records) == {ADDITIONS[prefix][name].ladder[-1].__name__}


def test_client_reads_changes(served, ask):
    shown = ask(path_of("changes"), since=beginning(served), limit=20)
    assert ({each.action.value for each in shown.results}, len(shown.results)) == ({"created"}, 20)
