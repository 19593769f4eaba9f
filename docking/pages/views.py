"""The pages for people: docked vehicles now and over the years."""

from datetime import date

from csp.constants import NONE
from csp.decorators import csp_replace
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from docking import occupancy
from docking.models import DockingEvent
from spacedevs.dataset.as_of import as_of
from spacedevs.dataset.expiring import expiring
from stations.models import SpaceStation
from vehicles.models import Spacecraft

from . import timelines
from .svg import draw, style_digest
from .years import Years, zoom

ACTIVE = "Active"  # the status of active stations
# A standalone image may load nothing; only the style that it embeds applies.
PICTURE_POLICY = {"style-src": [style_digest()], "script-src": [NONE]}


def refusal(years) -> HttpResponse:
    return HttpResponse(years.complaint, status=400, content_type="text/plain; charset=utf-8")


def page(request, template, timeline, address, context, *moments):
    """A page with a timeline of the requested years; its context tells the time of the data."""
    dated = context["as_of"]
    now = dated.now
    first, last = timeline.years(now)
    years = Years(request.GET, first, last)
    if not years.is_valid():
        return refusal(years)
    window = years.cleaned_data["window"]
    query = f"?from={window.first}&to={window.last}" if window != (first, last) else ""
    context |= {
        "timeline": timeline,
        "window": window,
        "zoom": zoom(window, first, last),
        "drawing": draw(timeline, window, now),
        "bars": [(bar, bar.days(now), bar.lasts(now)) for bar in timeline.within(*window, now)],
        "picture": request.build_absolute_uri(f"{address}{query}"),
    }
    return expiring(render(request, template, context), dated, *moments)


def picture(request, timeline):
    """The same timeline as a standalone image, which other sites can embed."""
    now = as_of().now
    years = Years(request.GET, *timeline.years(now))
    if not years.is_valid():
        return refusal(years)
    drawing = draw(timeline, years.cleaned_data["window"], now, alone=True)
    anywhere = {"Cross-Origin-Resource-Policy": "cross-origin"}
    return expiring(HttpResponse(drawing, content_type="image/svg+xml; charset=utf-8", headers=anywhere), None)


@require_safe
def stations(request):
    """All stations, with their vehicles and people."""
    rows = SpaceStation.objects.select_related("image", "status")
    rows = sorted(rows, key=lambda each: (each.founded or date.min, each.pk), reverse=True)
    # Counted apart: as an annotation, the count would group the stations by all that their manager computes.
    stays = dict(DockingEvent.objects.order_by().values_list("space_station_target").annotate(Count("pk")))
    there = occupancy.presences()
    shown = [(station, there[station.pk], stays.get(station.pk, 0)) for station in rows]
    context = {
        "as_of": as_of(),
        "active": [each for each in shown if is_active(each[0])],
        "former": [each for each in shown if not is_active(each[0])],
    }
    address, changes_at = reverse("stations-timeline"), occupancy.changes_at()
    return page(request, "docking/stations.html", timelines.of_stations(rows), address, context, changes_at)


def is_active(station) -> bool:
    return bool(station.status and station.status.name == ACTIVE)


@require_safe
def station(request, pk):
    """One station: its ports, docked vehicles and people, and its timeline."""
    row = get_object_or_404(SpaceStation.objects.select_related("image", "orbit", "status", "type"), pk=pk)
    there = occupancy.presences(row.pk)[row.pk]
    timeline = timelines.of_station(row)
    told = as_of()
    context = {
        "as_of": told,
        "station": row,
        "there": there,
        "docked": [(stay, (told.now.date() - stay.docking.date()).days) for stay in there.stays],
        "owners": row.owners.all(),
        "free": occupancy.free_ports(row.pk, there.stays),
    }
    address = reverse("station-timeline", args=[pk])
    return page(request, "docking/station.html", timeline, address, context, occupancy.changes_at(row.pk))


@require_safe
def spacecraft(request, pk):
    """One spacecraft: its flights and docking events."""
    shown = "image", "status", "spacecraft_config__agency", "spacecraft_config__image"
    ship = get_object_or_404(Spacecraft.objects.select_related(*shown), pk=pk)
    timeline = timelines.of_spacecraft(ship)
    address = reverse("spacecraft-timeline", args=[pk])
    told = as_of()
    docked = [
        bar for bar in timeline.bars if bar.row not in (timelines.FLIGHTS, timelines.VISITORS) and bar.lasts(told.now)
    ]
    context = {"as_of": told, "ship": ship, "docked": docked}
    return page(request, "docking/spacecraft.html", timeline, address, context)


@require_safe
@csp_replace(PICTURE_POLICY)
def stations_timeline(request):
    return picture(request, timelines.of_stations(SpaceStation.objects.select_related("status")))


@require_safe
@csp_replace(PICTURE_POLICY)
def station_timeline(request, pk):
    return picture(request, timelines.of_station(get_object_or_404(SpaceStation, pk=pk)))


@require_safe
@csp_replace(PICTURE_POLICY)
def spacecraft_timeline(request, pk):
    return picture(request, timelines.of_spacecraft(get_object_or_404(Spacecraft, pk=pk)))
