"""Pages of the sample data: every row is shown, and every link leads somewhere."""

import re
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from spacedevs.pages.nouns import NOUNS
from spacedevs.pages.urls import ELSEWHERE

pytestmark = pytest.mark.django_db
HERE = sorted({*NOUNS} - ELSEWHERE)
UNASKED = "/static/", "/admin/", "/2.3.0/dump/"  # the last starts to export all data
LINK = re.compile(r'href="(/[^"]*)"')


@pytest.mark.parametrize("name", sorted(NOUNS))
def test_a_list_shows_every_row_of_the_sample(name, world, client):
    noun = NOUNS[name]
    response = client.get(f"/{name}/?limit=100")
    assert response.status_code == 200
    rows = noun.resource.rows().count()
    assert len(response.context["shown"]) == min(rows, 100) > 0
    assert f"1\N{EN DASH}{min(rows, 100)} of {rows}" in response.content.decode()


@pytest.mark.parametrize("name", HERE)
def test_every_row_of_the_sample_has_a_page_and_all_its_links_lead_somewhere(name, world, client):
    asked, dead = set(), []
    for row in NOUNS[name].model.objects.all()[:25]:
        page = client.get(f"/{name}/{row.pk}/")
        assert page.status_code == 200, row.pk
        asked.update(unescape(link) for link in LINK.findall(page.content.decode()))
    for link in sorted(asked)[:60]:
        if not link.startswith(UNASKED) and client.get(link).status_code not in (200, 301, 302):
            dead.append(link)
    assert dead == []


def test_all_links_of_the_start_page_and_of_launches_lead_somewhere(world, client):
    dead = []
    for page in ("/", "/launches/", "/launches/past/"):
        for link in sorted({unescape(each) for each in LINK.findall(client.get(page).content.decode())}):
            if not link.startswith(UNASKED) and client.get(link).status_code not in (200, 301, 302):
                dead.append((page, link))
    assert dead == []


@pytest.mark.parametrize("name", sorted(NOUNS))
def test_more_rows_on_a_page_need_no_more_statements(name, world, client):
    def statements(limit):
        with CaptureQueriesContext(connection) as context:
            client.get(f"/{name}/?limit={limit}")
        return len(context)

    statements(1)  # the first looks up what stays
    # Django leaves out the statement of a relation that none of the rows on a page has.
    assert statements(60) - statements(20) <= 1
