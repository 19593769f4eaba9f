"""The content of responses: JSON on HTML pages, the keys of records."""

import re
from contextlib import closing
from functools import cache
from html import unescape

from django.utils.html import strip_tags

LINE = re.compile(r"<(?:div|summary) id=\d+[^>]*>(.*?)</(?:div|summary)>")


def shown_json(response) -> str:
    """The JSON on a page, as text."""
    shown = response.content.decode().partition('id="json">')[2].partition("</section>")[0]
    return "\n".join(unescape(strip_tags(line)) for line in LINE.findall(shown))


@cache
def nested(representation):
    """The representations that one shows within, by the names of their fields."""
    shown = {name: getattr(field, "child", field) for name, field in representation().fields.items()}
    return {name: type(each) for name, each in shown.items() if hasattr(each, "Meta")}


def keys(representation, record):
    """The keys of a record at every depth, beside those that its representation has."""
    yield tuple(record), tuple(representation.Meta.fields)
    for name, shown in nested(representation).items():
        for item in record[name] if isinstance(record[name], list) else filter(None, [record[name]]):
            yield from keys(shown, item)


def type_of(client, path) -> str:
    """The media type of a served file, which is closed afterwards."""
    with closing(client.get(path)) as response:
        return response["Content-Type"]
