"""What browsers are told: anyone's page may read the API, and ours run nothing but our own files."""

import re

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.staticfiles.finders import get_finders
from django.urls import reverse

from spacedevs.http.wsgi_errors import refuse
from tests.support import factories
from tests.support.pages import type_of

ANYONE = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Content-Disposition, Deprecation, ETag, Link, RateLimit, RateLimit-Policy, "
    "Retry-After, X-Ignored-Values, X-Unknown-Parameters",
}
STRICT = {
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
POLICY = {
    "base-uri 'none'",
    "connect-src 'self'",
    "default-src 'none'",
    "font-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "img-src 'self' data: https:",
    "script-src 'self'",
    "style-src 'self'",
}
STATIC = {
    "css": 'text/css; charset="utf-8"',
    "js": 'text/javascript; charset="utf-8"',
    "svg": "image/svg+xml",
    "png": "image/png",
    "woff2": "font/woff2",
}
API = [
    "",
    "docking_events/",
    "docking_events/1/",
    "api-throttle/",
    "schema/",
    "docs/",
    "nothing/",
    "?x=%00",
    f"?{'x' * 9000}",
]


def policy(response):
    return set(response["Content-Security-Policy"].split("; "))


@pytest.mark.django_db
@pytest.mark.parametrize("accept", ["application/json", "text/html"])
@pytest.mark.parametrize("path", API)
def test_every_answer_of_the_api_says_who_may_read_it_and_what_it_may_load(path, accept, client):
    response = client.get(f"/2.3.0/{path}", headers={"accept": accept, "origin": "https://example.org"})
    assert (ANYONE | STRICT).items() <= dict(response.items()).items()
    assert (policy(response), response.cookies) == (POLICY, {})
    assert "Access-Control-Allow-Credentials" not in response
    assert "origin" not in response.get("Vary", "").lower()


@pytest.mark.parametrize("headers", [{"host": "evil.example.org"}, {"content-length": "99999"}])
def test_what_is_refused_unread_says_the_same(headers, client):
    response = client.get("/2.3.0/docking_events/", headers=headers)
    assert response.status_code in (400, 413)
    assert (ANYONE | STRICT).items() <= dict(response.items()).items()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["", "docking_events/", "api-throttle/", "nothing/"])
def test_no_answer_of_the_api_takes_back_the_cookie_of_a_session_that_is_over(path, client):
    client.cookies[settings.SESSION_COOKIE_NAME] = "over"
    assert client.get(f"/2.3.0/{path}").cookies == {}


def test_what_is_refused_before_django_is_asked_says_the_same():
    said = []
    refuse(lambda *answer: said.append(answer), 429, "Later.")
    ((status, headers),) = said
    headers = dict(headers)
    assert set(headers.pop("Content-Security-Policy").split("; ")) == POLICY
    assert (status, (ANYONE | STRICT).items() <= headers.items()) == ("429 Too Many Requests", True)


def preflight(client, path, headers=None):
    asked = {"origin": "https://example.org", "access-control-request-method": "GET"}
    return client.options(path, headers=asked | ({"access-control-request-headers": headers} if headers else {}))


@pytest.mark.parametrize(
    "headers",
    [
        "authorization",
        "content-type,cache-control,pragma",
        "x-csrftoken, x-requested-with",
        "baggage,sentry-trace,traceparent",
        "if-none-match",
    ],
)
@pytest.mark.parametrize("path", ["2.3.0", "2.3.0/", "2.3.0/launches", "2.3.0/launches/1/", "2.3.0/dump/", "2.3.0/x"])
def test_a_page_from_elsewhere_may_send_any_header(path, headers, client):
    response = preflight(client, f"/{path}", headers)
    assert (response.status_code, response.content) == (204, b"")
    assert response["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
    assert response["Access-Control-Allow-Headers"] == headers
    assert ANYONE.items() <= dict(response.items()).items()


@pytest.mark.parametrize("headers", [None, "ä", "x;y", "a,,b", ",", "a b"])
def test_a_preflight_that_names_no_headers_is_told_those_that_are_of_use(headers, client):
    response = preflight(client, "/2.3.0/launches/", headers)
    assert (
        response["Access-Control-Allow-Headers"]
        == "Authorization, If-Match, If-Modified-Since, If-None-Match, If-Unmodified-Since"
    )


@pytest.mark.parametrize("path", ["2.3.0", "2.3.0/launches"])
def test_a_page_from_elsewhere_may_follow_a_redirect(path, client):
    response = client.get(f"/{path}", headers={"origin": "https://example.org"})
    assert (response.status_code, response["Location"]) == (301, f"/{path}/")
    assert ANYONE.items() <= dict(response.items()).items()


@pytest.mark.django_db
def test_pages_elsewhere_may_read_the_api_alone(client):
    response = client.get("/admin/login/", headers={"origin": "https://example.org"})
    assert not ANYONE.keys() & dict(response.items()).keys()
    assert policy(response) == POLICY


SCRIPT = r'<script(?![^>]*\bsrc=)(?![^>]*\btype="application/json")[^>]*>'
INLINE = re.compile(rf"{SCRIPT}|<style|<[^>]*\s(?:on\w+|style)=|javascript:", re.IGNORECASE)


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["", "docking_events/", "docking_events/?limit=x", "api-throttle/", "docs/"])
def test_pages_of_the_api_have_nothing_inline(path, client):
    page = client.get(f"/2.3.0/{path}", headers={"accept": "text/html"}).content.decode()
    assert INLINE.findall(page) == []
    sources = re.findall(r"(?:<script|<link|<img)[^>]*(?:src|href)=\"([^\"]+)", page)
    assert sources
    assert [source for source in sources if not source.startswith("/static/")] == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["", "launches/", "launches/past/", "search/?q=script", *(f"{name}/" for name in settings.NOUN_PAGES)]
)
def test_pages_for_people_have_nothing_inline(path, client):
    factories.launch(name="<script>alert(1)</script>")
    response = client.get(f"/{path}")
    assert (INLINE.findall(response.content.decode()), policy(response)) == ([], POLICY)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["index", "agencies_agency_changelist", "agencies_agency_add", "limits_key_add"])
def test_pages_for_editors_have_nothing_inline(name, client):
    client.force_login(User.objects.create(username="editor", is_staff=True, is_superuser=True))
    response = client.get(reverse(f"admin:{name}"))
    assert (INLINE.findall(response.content.decode()), policy(response)) == ([], POLICY)


@pytest.mark.django_db
def test_a_script_in_a_name_is_text_and_only_addresses_of_the_web_are_links(client):
    factories.space_station(name="<script>alert(1)</script>")
    agency = factories.agency(name="javascript:alert(1)")
    pages = [client.get(f"/2.3.0/{path}/", headers={"accept": "text/html"}) for path in ("space_stations", "agencies")]
    texts = [page.content.decode() for page in pages]
    assert ["<script>alert" in text for text in texts] == [False, False]
    assert "&lt;script&gt;alert(1)" in texts[0]
    assert "javascript:alert(1)" in texts[1]
    assert [link for text in texts for link in re.findall(r'href="?([^" >]+)', text) if "alert" in link] == []
    assert agency.pk


@pytest.mark.django_db
@pytest.mark.usefixtures("no_types")
def test_static_files_of_every_kind_tell_their_type_where_the_machine_knows_none(client, settings, tmp_path):
    settings.WHITENOISE_USE_FINDERS, settings.STATIC_ROOT = True, tmp_path  # as they lie in the checkout
    named = {path.rpartition(".")[2]: path for finder in get_finders() for path, _ in finder.list(["redoc"])}
    assert {ending: type_of(client, f"/static/{named[ending]}") for ending in STATIC} == STATIC
