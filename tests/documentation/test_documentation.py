"""The pages at /docs/: they are all there, their links lead somewhere, and their tables hold what the router has."""

import re
from functools import cache

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from spacedevs.api.serializers import name_of
from spacedevs.documentation.pages import PAGES, address_of
from spacedevs.router import ADDITIONS, ROOT_ADDITIONS
from tests.http.test_headers import INLINE, POLICY, policy
from tests.support.routes import ENDPOINTS, RESOURCES

pytestmark = pytest.mark.django_db
ADDRESSES = [address_of(slug) for slug in PAGES]
LINK = re.compile(r'<a [^>]*?href="([^"]*)"')


def text(client, address):
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


@cache
def asked(address):
    return text(Client(), address)


@cache
def places(path):
    """The places on a page that links can lead to; asking for a dump would make it, so that is only looked up."""
    if path == reverse("dump"):
        return set()
    page = Client().get(path)
    assert page.status_code in (200, 302), path
    return set(re.findall(r'id="([^"]*)"', page.content.decode()))


@pytest.mark.parametrize(
    "address", [*ADDRESSES, "/docs/reference/", "/docs/reference/docking-events/", "/2.3.0/docs/"]
)
def test_links_lead_somewhere(address, client):
    for link in set(LINK.findall(text(client, address))):
        path, _, place = link.replace("&amp;", "&").partition("#")
        assert not place or place in places(path or address), link
        assert path == "" or places(path) is not None


@pytest.mark.parametrize("address", [*ADDRESSES, "/docs/reference/", "/docs/reference/components/Update/"])
def test_pages_have_nothing_inline(address, client):
    response = client.get(address)
    assert (INLINE.findall(response.content.decode()), policy(response)) == ([], POLICY)


def test_each_page_begins_with_the_list_of_all(client):
    for address in ADDRESSES:
        page = text(client, address)
        assert [each for each in ADDRESSES if f'<a href="{each}"' in page] == ADDRESSES
        assert re.findall(r'href="([^"]*)" aria-current="page"', page) == [address]


def test_the_table_of_endpoints_is_the_routers(client):
    rows = re.findall(r'<td><a href="/2.3.0/(.*?)/\?format=api"><code>\1</code>', text(client, "/docs/endpoints/"))
    assert sorted(rows) == sorted(ENDPOINTS)


def test_the_table_of_filters_has_them_all(client):
    sections = text(client, "/docs/filters/").split("<h3")[1:]
    found = {}
    for section in sections:
        path = re.search(r"/2.3.0/(.*?)/\?format=api", section)[1]
        found[path] = sorted(re.findall(r"<code>(\w+)</code>", section))
    assert found == {path: each.filter_names for path, each in RESOURCES.items() if each.filter_names}


def test_the_table_of_modes_names_the_forms(client):
    page = strip_tags(text(client, "/docs/modes/"))
    for resource in RESOURCES.values():
        for rung in resource.modes.values():
            assert name_of(rung) in page


def test_the_reference_has_every_operation(client):
    tags = re.findall(r'href="(/docs/reference/[a-z-]+/)"', asked("/docs/reference/"))
    paths = re.findall(r"<code>(/2.3.0/[^<]*)</code></h2>", "".join(map(asked, tags)))
    lists = [f"/2.3.0/{path}/" for path in ENDPOINTS]
    ours = [f"/2.3.0/{prefix}/{{id}}/{path}/" for prefix, paths in ADDITIONS.items() for path in paths]
    ours += [f"/2.3.0/{path}/" for path in ROOT_ADDITIONS]
    assert sorted(paths) == sorted([*lists, *[f"/2.3.0/{path}/{{id}}/" for path in RESOURCES], *ours])


def test_the_reference_has_every_component_of_the_contract(contract):
    listed = re.findall(r"/docs/reference/components/(\w+)/", asked("/docs/reference/"))
    assert set(contract["components"]) - set(listed) == set()


def test_a_component_says_what_it_holds_and_where_it_is_shown(client):
    page = text(client, "/docs/reference/components/DockingEventEndpointDetailed/")
    rows = re.findall(r'<th scope="row"><code>(\w+)</code></th><td>(.*?)</td><td>(.*?)</td>', page)
    assert [(name, strip_tags(kind), about) for name, kind, about in rows][:5] == [
        ("id", "integer", ""),
        ("url", "string uri", ""),
        ("docking", "string date-time", "UTC."),
        ("departure", "string date-time or null", "UTC; empty while it is docked."),
        ("docking_location", "DockingLocation", ""),
    ]
    shown = page.partition("Shown in")[2]
    assert re.findall("components/(.*?)/", shown) == ["PolymorphicDockingEventEndpoint"]


@pytest.mark.parametrize("path", ["nothing/", "reference/nothing/", "reference/components/Nothing/"])
def test_what_is_not_documented_is_not_found(path, client):
    assert client.get(f"/docs/{path}").status_code == 404


@pytest.mark.parametrize("address", ["/docs/", "/docs/reference/"])
def test_documentation_is_for_reading(address, client):
    assert client.post(address).status_code == 405
