"""The pages of the folder `docs`: Markdown, with generated tables at their placeholders."""

import re
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.http import QueryDict
from django.template.loader import render_to_string
from django.urls import reverse
from markdown import Markdown

from spacedevs.api.browsable.filter_form import Form
from spacedevs.api.contents import TABLES, contents
from spacedevs.api.serializers import name_of
from spacedevs.router import router

FOLDER = settings.BASE_DIR / "docs"
PAGES = (
    "quick-start",
    "endpoints",
    "filters",
    "search",
    "modes",
    "fields",
    "exports",
    "versions",
    "feeds",
    "changes",
    "agents",
    "clients",
    "mirror",
    "admin",
    "configuration",
    "operations",
    "kubernetes",
    "capacity",
    "compatibility",
)
MODES = "list", "normal", "detailed"
EXTENSIONS = "codehilite", "fenced_code", "tables", "toc"
OPTIONS = {"codehilite": {"css_class": "code", "guess_lang": False}}
LINK = re.compile(r'href="([a-z-]+)\.md(#[a-z-]+)?"')
BLOCK = re.compile('<div class="code">')
FENCE = re.compile(r"^```(\w+)$", re.MULTILINE)
SAYS = {"bash": "curl", "python": "Python", "javascript": "JavaScript", "output": "prints"}
GENERATED = re.compile(r"<!-- (\w+) -->")


@dataclass(frozen=True)
class Page:
    """A rendered page, and the headings that the list of pages links to."""

    slug: str
    title: str
    headings: tuple[tuple[str, str], ...]
    html: str

    @property
    def address(self) -> str:
        return address_of(self.slug)


def address_of(slug) -> str:
    return reverse("documentation") if slug == PAGES[0] else reverse("documentation-page", args=[slug])


@cache
def page(slug) -> Page:
    """A page as HTML, cached, because files and router do not change while the server runs."""
    markdown = Markdown(extensions=EXTENSIONS, extension_configs=OPTIONS)
    text = (FOLDER / f"{slug}.md").read_text("utf-8")
    languages = iter(FENCE.findall(text))
    html = markdown.convert(text)
    html = BLOCK.sub(lambda _: f'<div class="code" data-says="{SAYS.get(next(languages), "")}">', html)
    (title,) = markdown.toc_tokens
    html = LINK.sub(lambda found: f'href="{address_of(found[1])}{found[2] or ""}"', html)
    html = GENERATED.sub(lambda found: render_to_string(f"documentation/{found[1]}.html", TABLE[found[1]]()), html)
    html = html.replace("<table>", '<div class="scrolled" tabindex="0"><table>').replace("</table>", "</table></div>")
    return Page(slug, title["name"], tuple((each["id"], each["name"]) for each in title["children"]), html)


def pages() -> list[Page]:
    return [page(slug) for slug in PAGES]


# Generated tables ---------------------------------------------------------------------------------


def entries() -> list:
    """The endpoints that are not lookup tables."""
    return [entry for section in contents(router) if section.title != TABLES for entry in section.entries]


def of_endpoints() -> dict:
    return {"sections": contents(router)}


def of_filters() -> dict:
    found = [(entry, entry.endpoint) for entry in entries() if entry.endpoint.filter_names]
    return {"endpoints": [(entry, Form(endpoint, QueryDict()).groups) for entry, endpoint in found]}


def of_modes() -> dict:
    found = [(entry, entry.endpoint.modes) for entry in entries() if entry.endpoint.modes]
    forms = [(entry, [name_of(rungs[mode]) if mode in rungs else "" for mode in MODES]) for entry, rungs in found]
    return {"modes": MODES, "endpoints": forms}


TABLE = {"endpoints": of_endpoints, "filters": of_filters, "modes": of_modes}
