"""JSON as HTML that people can read: coloured, its objects folding, its addresses links. No script takes part.

A page may hold 100,000 lines, so each line is one element and each value at most two more, with the shortest names
that say what they are: `b` a key, `samp` a text, `var` a number, `i` null, true or false."""

import json
import re
from html import escape

ADDRESS = re.compile(r'https?://[^\s"<>\\]+')
ENDS_A_SENTENCE = ".,;:!?)"
OPEN = 1000  # lines that are shown at first; records after these are folded
RECORDS = 2  # how deep the records of a list lie
CALLED = "name", "title", "id"  # what a folded object is known by, the best first


def folding(value) -> str:
    """A parsed answer as HTML, a line of JSON in each element with the number of the line as its id."""
    page = Page()
    page.write(value, 0, "", "")
    return "".join(page.parts)


class Page:
    def __init__(self):
        self.parts, self.line = [], 0

    def write(self, value, depth, key, comma):
        """Writes a value with its key before it and the comma after it."""
        if isinstance(value, dict) and value:
            pairs = [(f"<b>{escape(json.dumps(name, ensure_ascii=False), quote=False)}</b>: ", name) for name in value]
            self.fold(value.values(), depth, key, comma, "{}", called(value), pairs, value)
        elif isinstance(value, list) and value:
            number = f"{len(value)} item{'s' * (len(value) > 1)}"
            self.fold(value, depth, key, comma, "[]", number, [("", "")] * len(value), {})
        else:
            self.line += 1
            self.parts.append(f"<div id={self.line}>{'  ' * depth}{key}{scalar(value)}{comma}</div>")

    def fold(self, values, depth, key, comma, brackets, about, keys, siblings):
        """Writes what holds other values: it folds, but for the answer as a whole."""
        self.line += 1
        first = f"{'  ' * depth}{key}{brackets[0]}"
        if depth:
            is_open = " open" * (self.line <= OPEN or depth > RECORDS)
            self.parts.append(f"<details{is_open} class=d{depth + 1}>")
            rest = escape(f"{about} {brackets[1]}{comma}")
            self.parts.append(f'<summary id={self.line} data-rest="{rest}">{first}</summary>')
        else:
            self.parts.append(f"<div id={self.line}>{first}</div>")
        last = len(keys) - 1
        for number, (each, (shown, name)) in enumerate(zip(values, keys, strict=True)):
            picture = thumbnail(name, each, siblings)
            self.write(each, depth + 1, shown, "," * (number < last) + picture)
        self.line += 1
        self.parts.append(f"<div id={self.line}>{'  ' * depth}{brackets[1]}{comma}</div>{'</details>' * bool(depth)}")


def called(record) -> str:
    """What a folded object is known by."""
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
    """A text as JSON has it, each address in it a link."""
    written = json.dumps(text, ensure_ascii=False)
    if "://" not in text:
        return escape(written, quote=False)
    whole = ADDRESS.fullmatch(text)
    parts, end = [], 0
    for found in ADDRESS.finditer(written):
        address = found[0] if whole else found[0].rstrip(ENDS_A_SENTENCE)
        stop = found.start() + len(address)
        parts.append(escape(written[end : found.start()], quote=False))
        parts.append(f'<a href="{escape(address)}" rel="nofollow">{escape(address, quote=False)}</a>')
        end = stop
    return "".join([*parts, escape(written[end:], quote=False)])


def thumbnail(name, address, siblings) -> str:
    """The picture that an address leads to, small, from its thumbnail where there is one."""
    if name != "image_url" or not isinstance(address, str) or not ADDRESS.fullmatch(address):
        return ""
    smaller = siblings.get("thumbnail_url")
    shown = smaller if isinstance(smaller, str) and ADDRESS.fullmatch(smaller) else address
    return f' <img src="{escape(shown)}" alt="" loading="lazy" decoding="async" referrerpolicy="no-referrer">'
