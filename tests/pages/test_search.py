"""The search page finds records of all kinds by their names, and leads to their pages."""

import pytest

from agencies.models import Agency
from crew.models import Astronaut
from tests.support import factories

pytestmark = pytest.mark.django_db


def hits(client, text):
    return [(each.kind, each.name, each.url) for each in client.get("/search/", {"q": text}).context["shown"]]


def test_hits_lead_to_pages_for_people(client):
    person = factories.row(Astronaut, name="Douglas Hurley")
    launch = factories.launch(name="Falcon 9 | Douglas Telescope")
    assert sorted(hits(client, "douglas")) == [
        ("astronaut", "Douglas Hurley", f"/people/{person.pk}/"),
        ("launch", "Falcon 9 | Douglas Telescope", f"/launches/{launch.pk}/"),
    ]


def test_a_name_that_one_record_alone_has_leads_to_its_page(client):
    person = factories.row(Astronaut, name="Douglas Hurley")
    response = client.get("/search/", {"q": "douglas hurley"})
    assert (response.status_code, response["Location"]) == (302, f"/people/{person.pk}/")


def test_a_name_that_several_records_have_shows_them_all(client):
    factories.row(Astronaut, name="Starlink")
    factories.row(Agency, name="Starlink")
    assert sorted(kind for kind, *_ in hits(client, "starlink")) == ["agency", "astronaut"]


def test_without_a_text_it_is_a_form(words):
    assert words("/search/") == "Search Search launches, people, ships, stations, pads Search"


def test_what_nothing_is_called_is_said(words):
    assert "Nothing has such a name" in words("/search/?q=zzzzzz")


@pytest.mark.parametrize("text", ["x", "y" * 101, "a b c d e f g h i"])
def test_a_text_by_which_nothing_can_be_found_is_refused_on_the_page(client, text):
    response = client.get("/search/", {"q": text})
    assert (response.status_code, response["Content-Type"]) == (400, "text/html; charset=utf-8")
    assert "Search for 2 to 100 characters and at most 8 words." in response.content.decode()


@pytest.mark.parametrize("text", ["%", "__", "''", '"><script>', "\\\\", "ä'ö", "% OR 1=1"])
def test_strange_characters_are_text(client, text):
    response = client.get("/search/", {"q": text})
    assert response.status_code in (200, 302, 400)
    assert b"><script>" not in response.content.partition(b"<main")[2].partition(b"</main>")[0]
