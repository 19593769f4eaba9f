"""JSON as HTML: what it shows is the JSON, whatever is in it."""

import json
import re

import pytest
from django.http import HttpResponse

from spacedevs.api.browsable.json_html import OPEN, folding
from tests.support.pages import shown_json

SUMMARY = re.compile(r'<details( open)? class="?d(\d)(?: long")?><summary id=(\d+) data-rest="([^"]*)">')
NASTY = '</div><script>alert("x")</script>'


def shown(value):
    return shown_json(HttpResponse(f'<div id="json">{folding(value)}</div></section>'))


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        {"a": {}, "b": []},
        {"count": 2, "next": None, "results": [{"id": 1, "is": True}, {"id": 2, "is": False}]},
        [[1], [2.0, 5.972168e24, -3], "text"],
        {NASTY: NASTY, "'": '"\\', "&amp;": "&lt;"},
        {"name": "Тяньгун 天宫 \u2028 \r\n\t \x00"},
        {"url": f"https://example.org/{NASTY}"},
        "text",
        None,
    ],
)
def test_the_text_of_the_lines_is_the_json(value):
    assert shown(value) == json.dumps(value, indent=2, ensure_ascii=False)


def test_nothing_of_a_text_becomes_markup():
    html = folding({NASTY: NASTY, "results": [{"name": NASTY}], "image_url": f'https://example.org/" {NASTY}'})
    assert "<script" not in html
    assert re.findall(r"\son\w+=", html) == []


def test_a_line_is_an_element_with_its_number():
    html = folding({"id": 1, "place": {"name": "Mir"}, "ports": [None]})
    assert re.findall(r"id=(\d+)", html) == [str(number) for number in range(1, 9 + 1)]


def test_what_holds_others_folds_and_says_what_is_in_it():
    html = folding({"place": {"id": 5, "name": 'Mir "one"'}, "ports": [1, 2], "one": [{"x": 1}]})
    assert SUMMARY.findall(html) == [
        (" open", "2", "2", "Mir &quot;one&quot; · 2 keys },"),
        (" open", "2", "6", "2 items ],"),
        (" open", "2", "10", "1 item ]"),
        (" open", "3", "11", "1 key }"),
    ]


def test_only_a_long_record_waits_with_being_drawn():
    html = folding({"results": [{"ports": ["Kristall"] * 27}, {"ports": ["Kristall"] * 26}]})
    assert re.findall(r"<details open class=(\S+|\".+?\")>", html) == ["d2", '"d3 long"', "d4", "d3", "d4"]


def test_records_beyond_the_first_lines_are_folded_and_what_is_in_them_is_not():
    html = folding({"results": [{"id": number, "part": {"x": list(range(OPEN))}} for number in range(3)]})
    of_records = [is_open for is_open, depth, *_ in SUMMARY.findall(html) if depth == "3"]
    of_parts = [is_open for is_open, depth, *_ in SUMMARY.findall(html) if depth == "4"]
    assert of_records == [" open", "", ""]
    assert of_parts == [" open"] * 3


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("https://example.org/?a=1&b=2", ["https://example.org/?a=1&amp;b=2"]),
        ("http://example.org/.", ["http://example.org/."]),
        ("See https://a.example/x, or (https://b.example).", ["https://a.example/x", "https://b.example"]),
        ("javascript:alert(1)", []),
        ("ftp://example.org/", []),
        ("data:text/html,https", []),
    ],
)
def test_addresses_of_the_web_are_links(text, links):
    assert re.findall(r'<a href="([^"]*)" rel="nofollow">', folding({"x": text})) == links


@pytest.mark.parametrize(
    ("image", "pictures"),
    [
        ({"image_url": "https://x.example/i.jpg"}, ["https://x.example/i.jpg"]),
        (
            {"image_url": "https://x.example/i.jpg", "thumbnail_url": "https://x.example/t.jpg"},
            ["https://x.example/t.jpg"],
        ),
        ({"image_url": "https://x.example/i.jpg", "thumbnail_url": None}, ["https://x.example/i.jpg"]),
        ({"image_url": "http://testserver/media/i.jpg"}, ["http://testserver/media/i.jpg"]),
        ({"image_url": "http://x.example/i.jpg"}, []),
        ({"image_url": "javascript:alert(1)"}, []),
        ({"image_url": None}, []),
        ({"thumbnail_url": "https://x.example/t.jpg"}, []),
    ],
)
def test_pictures_stand_beside_their_addresses(image, pictures):
    assert re.findall(r'<img src="([^"]*)" alt="" loading="lazy"', folding(image, "http://testserver/")) == pictures


def test_records_of_a_list_beyond_the_first_lines_are_left_to_pages_of_their_own():
    records = [{"id": number, "name": f"N{number}", "part": [*range(OPEN)], "none": [], "of": {}} for number in (7, 8)]
    html = folding({"results": records}, alone="?a=1&offset={}".format)
    second = 2 + len(json.dumps(records[0], indent=2).splitlines()) + 1
    last = second + len(json.dumps(records[1], indent=2).splitlines()) - 1
    assert html.partition('<details class="d3 later">')[2] == (
        f'<summary id={second} data-rest="N8 · 5 keys }}">    {{</summary>'
        '<p><a href="?a=1&amp;offset=1" rel="nofollow">Show this record</a></p>'
        f"<div id={last}>    }}</div></details>"
        f"<div id={last + 1}>  ]</div></details><div id={last + 2}>}}</div>"
    )
