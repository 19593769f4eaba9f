"""The page of one launch: when, what, who, how it went, and how its date changed."""

from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db.models import Prefetch
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from crew.models import AstronautFlight
from docking.models import DockingEvent
from launches.models import FirstStage, Launch, PayloadFlight, SpacecraftFlight, TimelineEvent
from launches.querysets import PREVIOUS
from spacedevs.changes import history
from spacedevs.dataset.as_of import as_of
from spacedevs.dataset.expiring import expiring
from spacedevs.wording import counted

from .dates import offset, span, when
from .launches import SHOWN, Row, chip, title_of
from .values import is_web

MOST = 20  # of payloads and slips: those beyond are counted, and the record has them


class Slip(NamedTuple):
    """One change of the date of a launch."""

    moment: datetime
    before: str
    after: str
    by: timedelta

    @property
    def told(self) -> str:
        """By how much, and in which direction."""
        return f"{span(self.by)} {'later' if self.by > timedelta() else 'earlier'}"


class Step(NamedTuple):
    """A step of the countdown or the ascent."""

    at: str
    name: str
    about: str
    is_before: bool


def slips_of(launch, now) -> list[Slip]:
    """The changes of the date, latest first."""
    found = []
    for change in history.of(launch):
        if change["slip"]:
            net = next(each for each in change["changes"] if each["field"] == "net")
            before, after = (when(net[side], None, now).large for side in ("before", "after"))
            found.append(Slip(change["moment"], before, after, timedelta(seconds=change["slip"])))
    return found


def local_time(launch, at) -> str:
    """The time at the pad; empty if the time or the time zone is not known."""
    name = launch.pad and launch.pad.location and launch.pad.location.timezone_name
    if not (name and at.is_exact):
        return ""
    try:
        local = launch.net.astimezone(ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError, OverflowError):  # names are as recorded, and years up to 9999
        return ""
    return f"{local.day} {local:%B} {local.year}, {local:%H:%M} ({name.rpartition('/')[2].replace('_', ' ')})"


def steps_of(launch) -> list[Step]:
    events = TimelineEvent.objects.filter(launch=launch, relative_time__isnull=False).select_related("type")
    return [
        Step(
            offset(each.relative_time),
            each.type.abbrev if each.type else "Event",
            each.type.description if each.type else "",
            each.relative_time < timedelta(),
        )
        for each in events.order_by("relative_time", "id")
    ]


def stages_of(launch):
    related = "type", "launcher", "previous_flight", "landing__type", "landing__landing_location"
    return FirstStage.objects.filter(launch=launch).select_related(*related)


def ships_of(launch):
    crew = AstronautFlight.objects.select_related("astronaut__agency", "astronaut__image", "role")
    stays = DockingEvent.objects.select_related("docking_location", "space_station_target").order_by("docking", "id")
    ships = SpacecraftFlight.objects.filter(launch=launch).select_related(
        "spacecraft__spacecraft_config", "landing__type", "landing__landing_location"
    )
    return ships.prefetch_related(
        Prefetch("launch_crew", crew.order_by("role__priority", "id")),
        Prefetch("docking_events_chaser", stays),
    )


def neighbours(launch) -> list[tuple[str, Launch, str, datetime]]:
    """The launches before and after it, by date, each with its title."""
    if launch.net is None:
        return []
    others = Launch.objects.only("id", "name", "net").exclude(pk=launch.pk)
    before = others.filter(net__lte=launch.net).order_by("-net", "-id").first()
    after = others.filter(net__gte=launch.net).exclude(pk=before and before.pk).order_by("net", "id").first()
    return [(word, each, title_of(each), each.net) for word, each in (("Before", before), ("After", after)) if each]


def state_of(launch, told_when, now) -> str:
    """A sentence for a launch whose date has passed and whose outcome is not recorded."""
    is_open = launch.status is None or launch.status.abbrev in ("Go", "TBC", "TBD")
    if told_when.is_exact and is_open and launch.net <= now:
        return "The date has passed, and no outcome is recorded."
    return ""


@require_safe
def launch(request, pk):
    """One launch."""
    related = *SHOWN, "mission__type", "mission__orbit"
    row = get_object_or_404(Launch.objects.select_related(*related), pk=pk)
    told = as_of()
    now = told.now
    at = when(row.net, row.net_precision, now)
    payloads = PayloadFlight.objects.filter(launch=row).select_related("payload__type")
    ships = list(ships_of(row))
    slips, steps = slips_of(row, now), steps_of(row)
    shown = payloads[: MOST + 1]
    context = {
        "as_of": told,
        "launch": row,
        "row": Row(row, at, chip(row.status)),
        "state": state_of(row, at, now),
        "is_past": bool(row.net and row.net <= now),
        "local": local_time(row, at),
        "slips": slips[:MOST],
        "slipped": f"{counted(len(slips), 'time')}, by {span(sum((each.by for each in slips), timedelta()))} in all",
        "before_liftoff": [step for step in steps if step.is_before],
        "after_liftoff": [step for step in steps if not step.is_before],
        "stages": stages_of(row),
        "ships": ships,
        "crew": [seat for ship in ships for seat in ship.launch_crew.all()],
        "stays": [stay for ship in ships for stay in ship.docking_events_chaser.all()],
        "payloads": shown[:MOST],
        "has_more_payloads": len(shown) > MOST,
        "programs": row.program.all(),
        "streams": [each for each in row.vid_urls.order_by("priority", "id") if is_web(each.url)],
        "links": [each for each in row.info_urls.order_by("priority", "id") if is_web(each.url)],
        "updates": [(each, is_web(each.info_url)) for each in row.updates.order_by("-created_on", "-id")[:MOST]],
        "neighbours": neighbours(row),
    }
    moment = PREVIOUS.changes_at(Launch.objects.filter(pk=pk))
    return expiring(render(request, "pages/launch.html", context), told, moment, near=row.net)
