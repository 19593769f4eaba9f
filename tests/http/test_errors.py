from unittest.mock import Mock

import pytest
from django.contrib.auth.models import User
from django.db import InterfaceError, OperationalError
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from spacedevs.api.schema import Generator

NOT_FOUND = 404, "application/json", {"detail": "Not found."}


def answer(response):
    return response.status_code, response["Content-Type"], response.json()


@pytest.mark.parametrize(
    "path", ["nothing/", "docking_events/1/2/", "docking_events/1.json", "config/nothing/", "%00"]
)
def test_a_path_that_leads_nowhere_is_answered_in_json(path, client):
    assert answer(client.get(f"/2.3.0/{path}")) == NOT_FOUND


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["nothing/", "stations/7/", "docs/nothing/"])
def test_a_path_elsewhere_is_answered_with_a_page_that_leads_back(path, client):
    response = client.get(f"/{path}")
    assert (response.status_code, response["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert '<a href="/2.3.0/">the root</a>' in response.text


@pytest.mark.django_db
def test_who_may_not_do_something_is_told_on_a_page_like_the_others(client):
    client.force_login(User.objects.create_user("editor", is_staff=True))
    response = client.get("/admin/auth/user/")
    assert (response.status_code, "<h1>Not allowed</h1>" in response.text) == (403, True)


HERE = ", ".join(f"{version} at /{version}/" for version in ("2.3.0", "2.2.0", "2.1.0", "2.0.0"))
ELSEWHERE = 404, "application/json", {"detail": f"Not found. This server offers these versions of the API: {HERE}."}


@pytest.mark.parametrize("accept", ["text/html", "application/json", "*/*"])
@pytest.mark.parametrize("path", ["2.4.0/", "1.4.1/launch/upcoming/?limit=1", "2.9.9/launch", "3.0.0"])
def test_a_path_of_another_version_says_which_versions_are_here(path, accept, client):
    response = client.get(f"/{path}", headers={"accept": accept})
    assert answer(response) == ELSEWHERE
    assert response["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("accept", ["application/json", "application/json, text/html;q=0.5", "application/*"])
@pytest.mark.parametrize("path", ["launch/", "api/launches/", "2.3/launches/"])
def test_a_client_that_wants_json_is_told_so_in_json(path, accept, client):
    assert answer(client.get(f"/{path}", headers={"accept": accept})) == ELSEWHERE


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("path", ["launches", "docking_events/1", "config/orbits", "dump", "schema", "docs"])
def test_a_missing_slash_makes_no_get_of_what_would_write(path, method, client):
    response = getattr(client, method)(f"/2.3.0/{path}")
    assert answer(response) == (
        405,
        "application/json",
        {"detail": f'Method "{method.upper()}" not allowed.'},
    )
    assert response["Allow"] == "GET"


def test_a_method_that_would_write_where_nothing_is_finds_nothing(client):
    assert answer(client.post("/2.3.0/nothing")) == NOT_FOUND


def test_a_missing_slash_redirects_and_keeps_the_query(client):
    response = client.get("/2.3.0/docking_events?limit=2&search=Mir")
    assert (response.status_code, response["Location"]) == (301, "/2.3.0/docking_events/?limit=2&search=Mir")


UNKNOWN_HOST = "Unknown host name; SPACEDEVS_ALLOWED_HOSTS lists the names of this server."


def test_a_host_that_is_not_ours_is_refused_by_the_name_of_the_setting(client):
    response = client.get("/2.3.0/docking_events/", headers={"host": "evil.example"})
    assert answer(response) == (400, "application/json", {"detail": UNKNOWN_HOST})
    response = client.get("/stations/", headers={"host": "evil.example"})
    assert (response.status_code, response["Content-Type"]) == (400, "text/plain; charset=utf-8")
    assert response.text == UNKNOWN_HOST


@pytest.mark.django_db
def test_two_thousand_parameters_are_refused_in_json(client):
    response = client.get("/2.3.0/docking_events/?" + "&".join(["p=1"] * 2000))
    assert answer(response) == (400, "application/json", {"detail": "There are more than 1000 parameters."})


LONG, ODD = "x" * 3000, "%ff%fe%f0"
PLACES = [
    *("2.3.0/dump/{}", "2.3.0/launches/{}/", "2.3.0/{}", "media/{}", "media/image/{}", "static/{}"),
    *("docs/{}/", "docs/reference/{}/", "docs/reference/components/{}/", "stations/{}/", "spacecraft/{}/timeline.svg"),
    *("admin/launches/launch/{}/history/", "admin/stations/spacestation/{}/history/", "admin/{}/"),
    *("admin/stations/spacestation/{}/change/", "admin/stations/spacestation/{}/delete/"),
    "admin/stations/spacestation/1/history/{}/",
]


@pytest.mark.django_db
@pytest.mark.parametrize("name", [LONG, f"{LONG}/{LONG}", ODD, "%00", "9" * 5000], ids=lambda name: name[:4])
def test_a_name_that_nothing_can_have_leads_nowhere(name, admin_client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    (tmp_path / "image").mkdir()
    for place in PLACES:
        response = admin_client.get(f"/{place}".format(name), follow=True)
        ended = response.status_code, response.request["PATH_INFO"]
        assert response.status_code == 404 or (place, ended) == (place, (200, "/admin/"))


def test_a_fault_of_ours_is_answered_in_json(monkeypatch):
    monkeypatch.setattr("docking.views.DockingEvent.get_queryset", lambda self: 1 / 0)
    response = Client(raise_request_exception=False).get("/2.3.0/docking_events/")
    detail = "Internal server error; your request is not the cause."
    assert answer(response) == (500, "application/json", {"detail": detail})


@pytest.mark.django_db
def test_a_type_that_we_do_not_have_is_not_acceptable(client):
    response = client.get("/2.3.0/docking_events/", headers={"accept": "image/png"})
    assert (response.status_code, list(response.json())) == (406, ["detail"])


@pytest.mark.django_db
def test_a_format_that_we_do_not_have_is_not_found(client):
    assert client.get("/2.3.0/docking_events/?format=xml").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["", "docking_events/", "docking_events/1/", "schema/", "docs/", "nothing/"])
def test_a_query_longer_than_any_question_is_refused(path, client):
    response = client.get(f"/2.3.0/{path}?x={'a' * 8192}")
    assert answer(response) == (414, "application/json", {"detail": "The query is longer than 8192 bytes."})


@pytest.mark.django_db
@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
@pytest.mark.parametrize("path", ["docking_events/", "docking_events/1/", "config/orbits/?format=api"])
def test_without_its_database_the_server_says_when_to_ask_again(error, path, client, monkeypatch):
    monkeypatch.setattr("spacedevs.api.views.Resource.get_queryset", Mock(side_effect=error))
    response = client.get(f"/2.3.0/{path}")
    detail = "The database is not available; try again in a moment."
    assert answer(response) == (503, "application/json", {"detail": detail})
    assert response["Retry-After"] == "5"


@pytest.mark.parametrize("path", ["dataset/", "dump/", "dump/agencies.jsonl.gz"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "BREW"])
def test_what_is_only_read_refuses_other_methods_as_all_endpoints_do(path, method):
    response = Client(enforce_csrf_checks=True).generic(method, f"/2.3.0/{path}")
    assert answer(response) == (405, "application/json", {"detail": f'Method "{method}" not allowed.'})
    assert response["Allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("post", "docs/", 405),
        ("post", "schema/", 405),
        ("get", "docs/?format=json", 404),
        ("get", "schema/?format=x", 404),
    ],
)
def test_documents_refuse_in_json_what_the_api_would_refuse(method, path, status, client):
    response = getattr(client, method)(f"/2.3.0/{path}")
    assert (response.status_code, response["Content-Type"]) == (status, "application/json")
    assert list(response.json()) == ["detail"]


def test_the_document_is_made_once_whoever_asks_how(client, monkeypatch):
    """The library cannot make it in two threads at once, and it takes seconds."""
    made, make = [], SchemaGenerator.get_schema

    def watched(generator, **asked):
        made.append(Generator.making.locked())
        return make(generator, **asked)

    monkeypatch.setattr(SchemaGenerator, "get_schema", watched)
    monkeypatch.setattr(Generator, "made", {})
    asked = ["", "?version=9", "?version=%0a", "?lang=de", "?openapi=3.1", "?format=json&version=%00"]
    answers = [client.get(f"/2.3.0/schema/{query}") for query in asked]
    assert [answer.status_code for answer in answers] == [200] * 6
    assert len({answer.content for answer in answers[:5]}) == 1
    assert made == [True]
