"""Launches as lists and pages show them, and the pages of upcoming and past launches."""

from datetime import UTC, datetime
from typing import NamedTuple

from django.db.models import Count, Max, Min, Q
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe
from rest_framework.exceptions import ValidationError

from launches import views
from launches.models import Launch
from launches.querysets import PREVIOUS
from spacedevs.dataset.as_of import as_of
from spacedevs.dataset.expiring import expiring

from .dates import When, when
from .lists import Listing, refused

SIGNS = {  # of a status, by the abbreviations of LL2 2.3.0: the kind of the chip, and its sign
    "Go": ("good", "●"),
    "TBC": ("open", "○"),
    "TBD": ("open", "?"),
    "Hold": ("warn", "‖"),
    "In Flight": ("info", "▲"),
    "Success": ("good", "✓"),
    "Deployed": ("good", "✓"),
    "Payload Deployed": ("good", "✓"),
    "Failure": ("bad", "✕"),
    "Partial Failure": ("warn", "!"),
}
SHOWN = "status", "net_precision", "launch_service_provider", "mission", "pad__location", "rocket__configuration"
FAILED = "Failure", "Partial Failure"


class Chip(NamedTuple):
    """A status in a sign, a word and a colour."""

    kind: str
    sign: str
    abbrev: str
    name: str


class Row(NamedTuple):
    """A launch, and what a page says of it."""

    launch: Launch
    when: When
    chip: Chip | None

    @property
    def title(self) -> str:
        """The mission, by which people know a launch; LL2 names a launch "Rocket | Mission"."""
        return title_of(self.launch)

    @property
    def rocket(self) -> str:
        rocket = self.launch.rocket
        return rocket.configuration.full_name or rocket.configuration.name if rocket else ""

    @property
    def site(self) -> str:
        """The launch site without its country."""
        pad = self.launch.pad
        return pad.location.name.partition(",")[0] if pad and pad.location else ""


def title_of(launch: Launch) -> str:
    return launch.name.partition(" | ")[2] or launch.name or "Launch without a name"


def chip(status) -> Chip | None:
    if status is None:
        return None
    return Chip(*SIGNS.get(status.abbrev, ("", "·")), status.abbrev or status.name, status.name)


def rows_of(launches, now: datetime) -> list[Row]:
    return [Row(each, when(each.net, each.net_precision, now), chip(each.status)) for each in launches]


class Choice(NamedTuple):
    """A field of the form above a list: a filter of the API and the values that occur."""

    name: str
    label: str
    options: list[tuple[str, str]]
    value: str


CHOICES = {  # the filter, its label, the key and the name of its values
    "lsp__id": ("Provider", "launch_service_provider", "launch_service_provider__name"),
    "launcher_config__id": ("Rocket", "rocket__configuration", "rocket__configuration__full_name"),
    "location__ids": ("Site", "pad__location", "pad__location__name"),
    "status__ids": ("Status", "status", "status__name"),
}


def choices(rows, asked) -> list[Choice]:
    """The filters with the values that occur, each with the number of its launches."""
    found = []
    for name, (label, key, named) in CHOICES.items():
        counts = rows.order_by().exclude(**{key: None}).values_list(key, named).annotate(number=Count("pk"))
        options = [(str(pk), f"{text or pk} ({number})") for pk, text, number in counts.order_by("-number", named)]
        found.append(Choice(name, label, options, asked.get(name, "")))
    return found


def years(rows, asked) -> Choice:
    """The years of past launches, latest first."""
    ends = rows.order_by().aggregate(first=Min("net"), last=Max("net"))
    known = range(ends["last"].year, ends["first"].year - 1, -1) if ends["last"] else ()
    return Choice("year", "Year", [(str(year), str(year)) for year in known], asked.get("year", ""))


def in_years(rows, shown: list[Row]) -> list[tuple[int, dict, list[Row]]]:
    """The rows of a page by year, each with the numbers of all launches and failures of that year in the list."""
    groups: dict[int, list[Row]] = {}
    for row in shown:
        if row.launch.net:
            groups.setdefault(row.launch.net.year, []).append(row)
    of = {
        year: Q(net__gte=datetime(year, 1, 1, tzinfo=UTC), net__lte=datetime(year, 12, 31, 23, 59, 59, 999999, UTC))
        for year in groups
    }
    wanted = {f"all_{year}": Count("pk", filter=inside) for year, inside in of.items()}
    wanted |= {
        f"failed_{year}": Count("pk", filter=inside & Q(status__abbrev__in=FAILED)) for year, inside in of.items()
    }
    numbers = rows.order_by().aggregate(**wanted) if wanted else {}
    return [
        (year, {"all": numbers[f"all_{year}"], "failed": numbers[f"failed_{year}"]}, rows)
        for year, rows in groups.items()
    ]


def launch_list(request, resource, basename, title):
    """A page of launches, filtered as the endpoint is."""
    told = as_of()
    try:
        listing = Listing(request, resource)
    except ValidationError as error:
        return refused(request, title, error)
    shown = rows_of(listing.on_page(Launch.objects.select_related(*SHOWN)), told.now)
    is_past = resource.part is PREVIOUS
    every = resource.rows()
    context = {
        **listing.context(),
        "title": title,
        "is_past": is_past,
        "fields": [*choices(every, request.GET), *([years(every, request.GET)] if is_past else [])],
        "shown": shown,
        "years": in_years(listing.rows, shown) if is_past else [],
        "as_of": told,
        "address": reverse(f"{basename}-list"),
    }
    nearest = min(
        (row.launch.net for row in shown if row.launch.net), key=lambda net: abs(net - told.now), default=None
    )
    return expiring(render(request, "pages/launches.html", context), told, *listing.changes(), near=nearest)


@require_safe
def upcoming(request):
    """Launches to come, soonest first, and those of the last day."""
    return launch_list(request, views.UpcomingLaunch, "launch-upcominglaunch", "Upcoming launches")


@require_safe
def past(request):
    """Past launches, latest first, by year."""
    return launch_list(request, views.PreviousLaunch, "launch-previouslaunch", "Past launches")
