"""The older versions of the API beside the current one: addresses, headers, settings, and what has no part in them."""

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from types import ModuleType

import pytest
from django.conf import settings
from django.urls import clear_url_caches

import spacedevs.urls
from launches import models, views
from spacedevs.api.fields import Text
from spacedevs.api.registry import all_paths, endpoint_by_url, endpoints
from spacedevs.api.schema import Generator
from spacedevs.api.serializers import ResourceSerializer, components
from spacedevs.http.response_cache import ResponseCache
from spacedevs.http.versions import DEPRECATED_AT
from spacedevs.router import addresses
from tests.support import factories
from tests.support.wsgi import Asker

OLDER = "2.2.0", "2.1.0", "2.0.0"


# Addresses ---------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("version", OLDER)
def test_a_root_lists_what_its_version_has(version, client):
    told = client.get(f"/{version}/").json()
    assert {*told.values()} == {f"http://testserver/{version}/{name}/" for name in told}
    assert {"launch", "launch/upcoming", "config/launchstatus", "dashboard/starship", "api-throttle"} < {*told}
    assert {"launches", "payloads", "config/countries"}.isdisjoint(told)


@pytest.mark.django_db
@pytest.mark.parametrize("version", ["2.3.0", *OLDER])
def test_the_page_of_a_root_leads_to_the_other_versions_and_to_what_is_about_its_own(version, client):
    page = client.get(f"/{version}/", headers={"accept": "text/html"}).text
    others = [other for other in ("2.3.0", *OLDER) if f'<a href="/{other}/">{other}</a>' in page]
    about = [name for name in ("docs", "schema", "dataset", "dump") if f'<a href="/{version}/{name}/">{name}' in page]
    assert others == [other for other in ("2.3.0", *OLDER) if other != version]
    assert about == ["docs", "schema", *(["dataset", "dump"] if version == "2.3.0" else [])]
    assert f"in version {version} of its API" in page


@pytest.mark.django_db
@pytest.mark.parametrize("version", OLDER)
def test_an_answer_leads_to_its_own_version(version, client):
    factories.row(models.Launch, pad__location__name="Kourou", program=[])
    factories.row(models.Launch)
    page = client.get(f"/{version}/launch/", {"limit": 1, "format": "json"}).json()
    (shown,) = page["results"]
    address = f"http://testserver/{version}"
    assert page["next"] == f"{address}/launch/?format=json&limit=1&offset=1"
    assert shown["url"] == f"{address}/launch/{shown['id']}/?format=json"
    calendar = client.get(f"/{version}/launch/?format=ics").text
    assert calendar.count(f"URL:{address}/launch/") == 2
    assert f"PRODID:-//Softdock//Launch Library {version}//EN" in calendar


@pytest.mark.django_db
@pytest.mark.parametrize("version", OLDER)
def test_pages_for_people_lead_to_lists_and_documents_of_their_own_version(version, client):
    paths = "launch/", "docking_event/", "docs/"
    pages = [client.get(f"/{version}/{path}", headers={"accept": "text/html"}).text for path in paths]
    assert [re.findall(r'"(/2\.3\.0/[^"]*)"', page) for page in pages] == [[], [], []]
    assert f'<a href="/{version}/pad/" aria-label="See the records: Pad">' in pages[0]
    assert 'id="list_r_spacex_api_id"' not in pages[0]  # it is the id of no record


@pytest.mark.django_db
@pytest.mark.parametrize("version", OLDER)
def test_a_version_has_a_document_of_its_own(version, client):
    document = client.get(f"/{version}/schema/?format=json").json()
    assert document["info"]["version"] == version
    assert {path.split("/")[1] for path in document["paths"]} == {version}
    assert client.get(f"/{version}/docs/").text.count(f'data-schema="/{version}/schema/"') == 1


# What is said of their age -----------------------------------------------------------------------


def test_the_date_of_deprecation_is_a_day():
    assert datetime.fromtimestamp(DEPRECATED_AT, UTC) == datetime(2026, 11, 29, tzinfo=UTC)


@pytest.mark.django_db
def test_an_older_version_says_that_it_is_deprecated_and_what_took_its_place(client):
    launch = factories.row(models.Launch)
    told = {
        address: (response.get("Deprecation"), response.get("Link"))
        for address in (
            "/2.2.0/",
            "/2.2.0/launch/upcoming/?limit=1",
            f"/2.1.0/launch/{launch.pk}/",
            "/2.0.0/config/spacecraft/",
            "/2.2.0/schema/",
            "/2.2.0/launch/?limit=1&year=x",
            "/2.2.0/launch/00000000-0000-4000-8000-000000000000/",
            "/2.3.0/launches/",
        )
        for response in [client.get(address)]
    }
    since = f"@{DEPRECATED_AT}"

    def successor(path):
        return since, f'<http://testserver/2.3.0/{path}>; rel="successor-version"'

    assert told == {
        "/2.2.0/": successor(""),
        "/2.2.0/launch/upcoming/?limit=1": successor("launches/upcoming/"),
        f"/2.1.0/launch/{launch.pk}/": successor(f"launches/{launch.pk}/"),
        "/2.0.0/config/spacecraft/": successor("spacecraft_configurations/"),
        "/2.2.0/schema/": successor("schema/"),
        "/2.2.0/launch/?limit=1&year=x": (since, None),
        "/2.2.0/launch/00000000-0000-4000-8000-000000000000/": (since, None),
        "/2.3.0/launches/": (None, None),
    }


ASKED = {  # status, whether Deprecation is there, whether Link is there
    "GET /2.2.0/launch/": (200, True, True),
    "HEAD /2.2.0/launch/": (200, True, True),
    "OPTIONS /2.2.0/launch/": (200, True, True),
    "GET /2.2.0/launch/?format=ics": (200, True, True),
    "GET /2.2.0/launch/?year=x": (400, True, False),
    "GET /2.2.0/agencies/999999/": (404, True, False),
    "GET /2.2.0/launch/?format=xml": (404, True, False),
    "GET /2.2.0/launch/?mode=list": (406, True, False),  # with an Accept header that no format satisfies
    "GET /2.2.0/nothing/": (404, False, False),
    "GET /2.2.0/launch": (301, False, False),
    "POST /2.2.0/launch/": (405, True, False),
}


@pytest.mark.django_db
@pytest.mark.parametrize("asked", ASKED)
def test_responses_that_are_about_a_list_or_a_record_say_how_old_it_is(asked, client):
    method, path = asked.split()
    headers = {"accept": "image/png"} if ASKED[asked][0] == 406 else {}
    response = client.generic(method, path, headers=headers)
    assert (response.status_code, "Deprecation" in response, "Link" in response) == ASKED[asked]


@pytest.mark.django_db(transaction=True)
def test_answers_of_older_versions_are_kept_with_all_that_they_say(django):
    factories.row(models.Launch)
    ask = Asker(ResponseCache(django))
    first, second = (ask("/2.2.0/launch/", HTTP_HOST="localhost") for _ in range(2))
    assert first == second
    _, headers, body = first
    assert headers["Deprecation"] == f"@{DEPRECATED_AT}"
    assert headers["Link"] == '<http://localhost/2.3.0/launches/>; rel="successor-version"'
    status, unchanged, nothing = ask("/2.2.0/launch/", HTTP_HOST="localhost", HTTP_IF_NONE_MATCH=headers["ETag"])
    assert (status, unchanged["Access-Control-Allow-Origin"], nothing) == ("304 Not Modified", "*", b"")
    assert {"Deprecation", "Link"}.isdisjoint(unchanged)
    current = ask("/2.3.0/launches/", HTTP_HOST="localhost")
    assert (current[1]["ETag"] == headers["ETag"], "/2.2.0/launch/" in body.decode()) == (False, True)


# A version is a table ----------------------------------------------------------------------------


class Short(ResourceSerializer):
    version = "9.9.9"
    status = Text("status.name")

    class Meta:
        model = models.Launch
        mode = "normal"
        fields = ("url", "name", "status")


class Long(Short):
    class Meta(Short.Meta):
        mode = "detailed"
        fields = (*Short.Meta.fields, "slug")


@pytest.fixture
def toy(settings):
    """A version with one endpoint."""
    table = {"flights": views.Launch.showing(Short, Long)}
    module = ModuleType("toy_urls")
    module.urlpatterns = [addresses("9.9.9", lambda: table), *spacedevs.urls.urlpatterns]
    sys.modules["toy_urls"] = module
    settings.OLDER_VERSIONS = {**settings.OLDER_VERSIONS, "9.9.9": "a table"}
    settings.ROOT_URLCONF = "toy_urls"
    clear_url_caches()
    yield
    del sys.modules["toy_urls"]
    clear_url_caches()


@pytest.mark.django_db
def test_a_table_makes_a_version(toy, client):
    launch = factories.row(models.Launch, name="Ariane 5", slug="ariane-5", status__name="Go")
    factories.row(models.Launch, name="Vega")
    page = client.get("/9.9.9/flights/", {"search": "ariane", "limit": 1, "format": "json"})
    address = f"http://testserver/9.9.9/flights/{launch.pk}/"
    shown = {"url": f"{address}?format=json", "name": "Ariane 5", "status": "Go"}
    assert page.json() == {"count": 1, "next": None, "previous": None, "results": [shown]}
    assert page["Link"] == '<http://testserver/2.3.0/launches/>; rel="successor-version"'
    assert client.get(address).json() == {**shown, "url": address, "slug": "ariane-5"}
    assert client.get("/9.9.9/").json() == {"flights": "http://testserver/9.9.9/flights/"}
    document = client.get("/9.9.9/schema/?format=json").json()
    assert list(document["paths"]) == ["/9.9.9/flights/", "/9.9.9/flights/{id}/"]
    assert list(document["components"]["schemas"]["Short"]["properties"]) == ["url", "name", "status"]


# What has no part in them ------------------------------------------------------------------------


def test_what_is_taken_in_is_of_the_current_version():
    assert {cls.version for cls in components()} == {""}
    assert not [cls for cls in components() if cls.__module__.startswith("spacedevs.versions")]
    assert "launch" not in endpoints()
    assert endpoint_by_url("https://example.org/2.2.0/launch/") is None
    assert endpoint_by_url("https://example.org/2.3.0/launches/") is views.Launch


ALONE = """
import json, sys
sys.modules["spacedevs.versions"] = None  # as if it were deleted
import django
django.setup()
from django.urls import is_valid_path
from spacedevs.api.registry import all_paths
from spacedevs.api.schema import Generator
document = Generator().get_schema()
older = [path for path in ("/2.2.0/", "/2.2.0/launch/", "/2.0.0/schema/") if is_valid_path(path)]
print(json.dumps([document, all_paths(), older], default=str))
"""


def run(code, **variables):
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "spacedevs.settings", **variables}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=False)


def test_without_the_package_the_current_version_is_what_it_was():
    done = run(ALONE, SPACEDEVS_VERSIONS="2.3.0")
    assert done.returncode == 0, done.stderr
    document = json.loads(json.dumps(Generator().get_schema(), default=str))
    assert json.loads(done.stdout) == [document, all_paths(), []]


@pytest.mark.parametrize("versions", ["2.2.0", "2.3.0,2.4.0", "2.3.0 2.2.0", "all"])
def test_versions_that_there_are_not_are_refused_at_the_start(versions):
    done = run("import django; django.setup()", SPACEDEVS_VERSIONS=versions)
    assert done.stderr.splitlines()[-1] == (
        "django.core.exceptions.ImproperlyConfigured: SPACEDEVS_VERSIONS is 2.3.0 with any of 2.2.0, 2.1.0, 2.0.0, "
        f"separated by commas; {', '.join(versions.split(','))} is not."
    )
