"""Values of rows as pages show them: text, and the address of the page that it leads to."""

from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from django.db import models
from django.urls import reverse
from django.utils.module_loading import import_string

from docking.models import DockingEvent
from launches.models import Launch
from stations.models import SpaceStation
from vehicles.models import Spacecraft

from .dates import span

ALONE = {Launch: "launch", SpaceStation: "station", Spacecraft: "spacecraft"}  # pages that no noun declares


class Shown(NamedTuple):
    """A value of a page."""

    text: str
    url: str = ""


def is_web(url: str | None) -> bool:
    """Whether a stored URL may be a link: others, such as `javascript:`, would act in the name of this site."""
    return bool(url) and url.lower().startswith(("http://", "https://"))


class Fact(NamedTuple):
    """A value with its label."""

    label: str
    values: list[Shown]


@cache
def pages() -> dict[type[models.Model], str]:
    """The names of the pages of rows, by table."""
    nouns = import_string("spacedevs.pages.nouns.NOUNS")  # whose sections show values
    return ALONE | {noun.model: f"{name}-page" for name, noun in nouns.items() if noun.has_page}


def page_of(model: type[models.Model], key: Any) -> str:
    """The address of the page of a row; empty if its table has none."""
    name = pages().get(model)
    return reverse(name, args=[key]) if name else ""


def address(row: models.Model) -> str:
    return page_of(type(row), row.pk)


def name_of(row: models.Model) -> str:
    """The name of a row in a title."""
    if isinstance(row, DockingEvent):
        ship = row.chaser.name if row.chaser else "A vehicle"
        place = ", ".join(str(each) for each in (row.space_station_target, row.docking_location.name) if each)
        return f"{ship} at {place}"
    return getattr(row, "serial_number", None) or getattr(row, "full_name", "") or str(row)


def shown(value: Any) -> Shown | None:
    """A value as text; None for what is not known."""
    match value:
        case None | "":
            return None
        case bool():
            return Shown("Yes" if value else "No")
        case datetime():
            return Shown(f"{value.day} {value:%B} {value.year}, {value:%H:%M} UTC")
        case date():
            return Shown(f"{value.day} {value:%B} {value.year}")
        case timedelta():
            return Shown(span(value))
        case float():
            return Shown(f"{value:g}")
        case models.Model():
            return Shown(name_of(value), address(value))
    return Shown(str(value))


def at(row: models.Model, path: str) -> list[Shown]:
    """The values at the end of a path of attributes such as `mission__type`; several behind a relation to many."""
    value: Any = row
    for name in path.split("__"):
        value = getattr(value, name, None)
    values = value.all() if hasattr(value, "all") else [value]
    return [told for each in values if (told := shown(each))]


def facts(row: models.Model, paths: dict[str, str]) -> list[Fact]:
    """The facts of a row that are known; paths by label."""
    found = ((label, at(row, path)) for label, path in paths.items())
    return [Fact(label, values) for label, values in found if values]
