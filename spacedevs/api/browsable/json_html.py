"""JSON as HTML: coloured, with folding objects and links, without scripts.

A page may have 100,000 lines, so each line is one element and each value at most two more, with short names: `b` for a
key, `samp` for a text, `var` for a number, `i` for null, true or false. Of a list only the first records are written;
each other one has a link to a page with this record alone, from which page.js takes it when somebody opens it."""

import json
import re
from collections.abc import Callable
from html import escape

import orjson

ADDRESS = re.compile(r'https?://[^\s"<>\\]+')
ADDRESS_OR_NOT = re.compile(rf"({ADDRESS.pattern})|(.+?(?=https?://|$))", re.DOTALL)
ENDS_A_SENTENCE = ".,;:!?)"
OPEN = 1000  # lines that are open at first; later records are folded, and those of lists not written
PICTURED = "image_url"
LATE = 'loading="lazy" decoding="async" referrerpolicy="no-referrer"'
RECORDS = 2  # the depth of the records of a list
LONG = 30  # a record with more lines is rendered only when it is visible; page.css estimates its height
CALLED = "name", "title", "id"  # keys for the title of a folded object, the best first


def folding(value, origin="https://", alone: Callable[[int], str] | None = None) -> str:
    """A parsed response as HTML, one element for each line of JSON, with the line number as its id.

    It shows only images from https URLs or from the origin of the page, as the Content-Security-Policy requires. For a
    list `alone` is the query of the page that shows one record, by the record's place on this page."""
    page = Page(("https://", origin), alone)
    page.write(value, 0, "", "")
    return "".join(page.parts)


class Page:
    """The HTML of a response that is being written."""

    def __init__(self, origins, alone):
        self.origins, self.alone = origins, alone
        self.parts, self.line = [], 0

    def write(self, value, depth, key, comma):
        """Writes a value with its key and comma."""
        if isinstance(value, dict) and value:
            picture = self.picture(value)
            parts = [(keyed(name), each, picture * (name == PICTURED)) for name, each in value.items()]
            self.fold(parts, depth, key, comma, "{}", called(value))
        elif isinstance(value, list) and value:
            number = f"{len(value)} item{'s' * (len(value) > 1)}"
            self.fold([("", each, "") for each in value], depth, key, comma, "[]", number)
        else:
            self.line += 1
            self.parts.append(f"<div id={self.line}>{'  ' * depth}{key}{scalar(value)}{comma}</div>")

    def fold(self, parts, depth, key, comma, brackets, about):
        """Writes an object or an array, which folds unless it is the whole response."""
        self.line += 1
        begin, place = self.line, len(self.parts)
        first = f"{'  ' * depth}{key}{brackets[0]}"
        if depth:
            is_open = " open" * (self.line <= OPEN or depth > RECORDS)
            rest = escape(f"{about} {brackets[1]}{comma}")
            self.parts.append(f"<details{is_open} class=d{depth + 1}>")
            self.parts.append(f'<summary id={self.line} data-rest="{rest}">{first}</summary>')
        else:
            self.parts.append(f"<div id={self.line}>{first}</div>")
        for number, (name, each, picture) in enumerate(parts, 1):
            rest = "," * (number < len(parts)) + picture
            if self.alone and depth == RECORDS - 1 and self.line > OPEN and isinstance(each, dict) and each:
                self.leave(each, number - 1, rest)
            else:
                self.write(each, depth + 1, name, rest)
        self.line += 1
        self.parts.append(f"<div id={self.line}>{'  ' * depth}{brackets[1]}{comma}</div>{'</details>' * bool(depth)}")
        if depth == RECORDS and self.line - begin >= LONG:
            self.parts[place] = f'<details{is_open} class="d{depth + 1} long">'

    def leave(self, record, number, comma):
        """Writes the first and the last line of a record, and a link instead of the others."""
        begin, indent = self.line + 1, "  " * RECORDS
        self.line += orjson.dumps(record, option=orjson.OPT_INDENT_2).count(b"\n") + 1
        rest = escape(f"{called(record)} }}{comma}")
        self.parts.append(
            f'<details class="d{RECORDS + 1} later"><summary id={begin} data-rest="{rest}">{indent}{{</summary>'
            f'<p><a href="{escape(self.alone(number))}" rel="nofollow">Show this record</a></p>'
            f"<div id={self.line}>{indent}}}{comma}</div></details>"
        )

    def picture(self, record) -> str:
        """A small image for the image URL of a record, from its thumbnail if there is one."""
        for shown in (record.get("thumbnail_url"), record.get(PICTURED)) if PICTURED in record else ():
            if isinstance(shown, str) and shown.startswith(self.origins) and ADDRESS.fullmatch(shown):
                return f' <img src="{escape(shown)}" alt="" {LATE}>'
        return ""


def keyed(name) -> str:
    return f"<b>{plain(json.dumps(name, ensure_ascii=False))}</b>: "


def called(record) -> str:
    """The title of a folded object."""
    named = next((record[name] for name in CALLED if isinstance(record.get(name), str | int)), None)
    number = f"{len(record)} key{'s' * (len(record) > 1)}"
    return number if named is None else f"{str(named)[:60]} · {number}"


def scalar(value) -> str:
    if isinstance(value, str):
        return f"<samp>{linked(value)}</samp>"
    if isinstance(value, bool) or value is None:
        return f"<i>{json.dumps(value)}</i>"
    return json.dumps(value) if isinstance(value, dict | list) else f"<var>{value!r}</var>"


def linked(text) -> str:
    """A text as JSON, with links for its URLs."""
    written = json.dumps(text, ensure_ascii=False)
    if "://" not in text:
        return plain(written)
    is_address = ADDRESS.fullmatch(text)
    return ADDRESS_OR_NOT.sub(lambda found: link(found[1], is_address) if found[1] else plain(found[2]), written)


def link(address, is_whole) -> str:
    shown = address if is_whole else address.rstrip(ENDS_A_SENTENCE)
    return f'<a href="{escape(shown)}" rel="nofollow">{plain(shown)}</a>{address[len(shown) :]}'


def plain(text) -> str:
    return escape(text, quote=False)
