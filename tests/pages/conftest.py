"""What tests of pages share."""

import re

import pytest

from tests.support.world import world  # noqa: F401 - a fixture


@pytest.fixture
def words(client):
    """Requests a page and returns its text, without the head."""

    def text(address):
        response = client.get(address)
        assert (response.status_code, response["Content-Type"]) == (200, "text/html; charset=utf-8")
        body = response.content.decode().partition("<main")[2].partition("</main>")[0]
        return " ".join(re.sub("<[^>]+>", " ", f"<main{body}").split()).replace(" ,", ",")

    return text


@pytest.fixture
def part(words):
    """The text of a page between two others."""
    return lambda address, begin, end: words(address).partition(begin)[2].partition(end)[0].strip()
