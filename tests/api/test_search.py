"""Search: what a word finds, alike on both databases."""

import pytest

from tests import factories

pytestmark = pytest.mark.django_db

NAMES = ["Kourou", "Élysée", "Байконур", "100 %", "under_score", "back\\slash", "two\nlines"]
FOUND = {
    "kourou": ["Kourou"],
    "OUR": ["Kourou"],
    "élysée": ["Élysée"],
    "ÉLYSÉE": ["Élysée"],
    "elysee": [],  # an accent only as typed
    "байконур": ["Байконур"],
    "БАЙК нур": ["Байконур"],
    "k байк": [],
    "%": ["100 %"],
    "_": ["under_score"],
    "\\": ["back\\slash"],
    "(": [],
    ".": [],
    '"two\nlines"': ["two\nlines"],
}


@pytest.mark.parametrize("words", FOUND)
@pytest.mark.parametrize("path", ["config/docking_locations", "docking_events"])
def test_a_word_is_found_in_any_case_and_is_only_ever_text(path, words, get):
    for name in NAMES:
        factories.docking_event(docking_location__name=name)
    page = get(f"{path}/", search=words)
    ports = [record.get("docking_location", record)["name"] for record in page["results"]]
    assert ports == FOUND[words]


def test_no_word_is_found_across_two_fields(get):
    factories.docking_event(docking_location__name="aft", flight_vehicle_chaser__spacecraft__name="er")
    assert get("docking_events/", search="after")["count"] == 0
    assert get("docking_events/", search='"aft\ner"')["count"] == 0
    assert get("docking_events/", search="aft er")["count"] == 1
