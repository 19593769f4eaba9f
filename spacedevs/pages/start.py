"""The start page: what flies next, who is in space, what is docked, and what changed last."""

from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from crew.models import Astronaut
from docking import occupancy
from docking.models import DockingEvent
from events.models import Update
from launches.models import Launch
from launches.querysets import PREVIOUS, UPCOMING
from spacedevs.dataset.as_of import as_of
from spacedevs.dataset.expiring import expiring
from stations.models import SpaceStation
from vehicles.models import Spacecraft

from .launches import FAILED, SHOWN, rows_of

AHEAD, BEHIND = 7, 3  # launches: those to come, or the last ones if none is to come
DONE = "Success", *FAILED  # the statuses of launches that have an outcome
TOTALS = Launch, Astronaut, Spacecraft, DockingEvent, SpaceStation


@require_safe
def start(request):
    """The start page."""
    told = as_of()
    rows = Launch.objects.select_related(*SHOWN)
    ahead = rows_of(UPCOMING.of(rows).exclude(status__abbrev__in=DONE).order_by("net", "id")[:AHEAD], told.now)
    recent = UPCOMING.of(PREVIOUS.of(rows)).filter(status__abbrev__in=DONE).order_by("-net", "-id")[:1]
    last = rows_of(recent if ahead else PREVIOUS.of(rows).order_by("-net", "-id")[:BEHIND], told.now)
    there = occupancy.presences()
    stations = [
        (station, there[station.pk])
        for station in SpaceStation.objects.filter(pk__in=there.keys()).order_by("founded", "id")
    ]
    totals = [(model._meta, model.objects.count()) for model in TOTALS]
    context = {
        "as_of": told,
        "next": ahead[0] if ahead else None,
        "coming": ahead[1:],
        "last": last,
        "occupied": stations,
        "aboard": sum(len(presence.crew) for _, presence in stations),
        "docked": sum(len(presence.stays) for _, presence in stations),
        "updates": Update.objects.select_related("launch", "event", "program")[:5],
        "totals": totals,
        "is_empty": not any(number for _, number in totals),
        "example": request.build_absolute_uri(f"{reverse('launch-upcominglaunch-list')}?mode=list&limit=5"),
    }
    moments = [part.changes_at(Launch.objects.all()) for part in (UPCOMING, PREVIOUS)]
    nearest = ahead[0].launch.net if ahead else None
    return expiring(render(request, "pages/start.html", context), told, *moments, occupancy.changes_at(), near=nearest)
