"""The content of HTML pages."""

import re
from contextlib import closing
from html import unescape

from django.utils.html import strip_tags

LINE = re.compile(r"<(?:div|summary) id=\d+[^>]*>(.*?)</(?:div|summary)>")


def shown_json(response) -> str:
    """The JSON on a page, as text."""
    shown = response.content.decode().partition('id="json">')[2].partition("</section>")[0]
    return "\n".join(unescape(strip_tags(line)) for line in LINE.findall(shown))


def type_of(client, path) -> str:
    """The media type of a served file, which is closed afterwards."""
    with closing(client.get(path)) as response:
        return response["Content-Type"]
