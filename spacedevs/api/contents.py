"""The table of contents of the API: endpoints by noun, each with a sentence, its count and example queries."""

from dataclasses import dataclass, field
from functools import cached_property

from django.apps import apps
from django.conf import settings
from django.urls import reverse

from spacedevs.http.versions import view_in

from .views import Endpoint, Resource

CONFIG = "config/"
TABLES, SERVER = "Lookup tables", "This server"


@dataclass
class Entry:
    path: str
    endpoint: type[Endpoint]
    root: str

    @property
    def address(self) -> str:
        return f"{self.root}{self.path}/"

    @property
    def name(self) -> str:
        return self.path.removeprefix(CONFIG)

    @property
    def about(self) -> str:
        return self.endpoint.about

    @cached_property
    def count(self) -> int | None:
        """The number of its rows; None if it is not a list."""
        return self.endpoint.rows().count() if issubclass(self.endpoint, Resource) else None

    @property
    def tries(self) -> list[str]:
        """Example queries."""
        modes = list(self.endpoint.modes)[-1:]
        return [*self.endpoint.examples.values(), *(f"mode={mode}" for mode in modes)]


@dataclass
class Section:
    title: str
    entries: list[Entry] = field(default_factory=list)


def contents(router) -> list[Section]:
    """The endpoints of a router in sections: one for each app, the lookup tables, and this server."""
    root = reverse(view_in(router.version, "api-root"))
    titles = {noun: apps.get_app_config(noun).verbose_name for noun in settings.NOUNS}
    sections = {title: Section(title) for title in (*titles.values(), SERVER, TABLES)}
    for path, endpoint, _ in router.registry:
        apps_of = (each.__module__.partition(".")[0] for each in endpoint.__mro__)
        app = next(filter(titles.__contains__, apps_of), "")
        title = TABLES if path.startswith(CONFIG) else titles.get(app, SERVER)
        sections[title].entries.append(Entry(path, endpoint, root))
    return [section for section in sections.values() if section.entries]
