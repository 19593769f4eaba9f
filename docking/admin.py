from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Case, Count, F, Prefetch, Q, When
from django.db.models.functions import Now
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from spacedevs.editing.admin import ExchangedAdmin, RowAdmin, RowInline, YesOrNo
from spacedevs.editing.data_quality import DataCheck

from . import models, occupancy
from .querysets import DOCKED

FLIGHTS_OF_TARGET = {  # from a port to its possible targets
    "space_station_target": "spacestation",
    "flight_vehicle_target": "spacecraft__spacecraft__flights",
    "payload_flight_target": "payload__flights",
}
PARTIES = tuple(
    f"{name}{further}"
    for name, further in (
        ("flight_vehicle_chaser", "__spacecraft"),
        ("flight_vehicle_chaser", "__launch"),
        ("payload_flight_chaser", "__payload"),
        ("payload_flight_chaser", "__launch"),
        ("space_station_chaser", ""),
    )
)


def now():
    """Now, to the second, as all times are stored."""
    return timezone.now().replace(microsecond=0)


def form_of_a_stay(**filled):
    """The URL of the form for a new docking event, with some fields filled in."""
    return f"{reverse('admin:docking_dockingevent_add')}?{urlencode(filled)}"


class Ports(RowInline):
    """The ports of a station, spacecraft configuration or payload, and the vehicles that are docked there."""

    model = models.DockingLocation
    fields = ("name", "takes_ships", "docked", "since", "act")
    readonly_fields = ("docked", "since", "act")
    verbose_name = "port"
    verbose_name_plural = "ports and docked vehicles"

    class Media:
        js = ("editing/live.js",)

    def get_queryset(self, request):
        stays = DOCKED.of(models.DockingEvent.objects.select_related(*PARTIES)).order_by("docking", "id")
        return super().get_queryset(request).prefetch_related(Prefetch("docking_events", stays, to_attr="stays"))

    @admin.display(description="docked now")
    def docked(self, port):
        return self.live(
            "docked", port, '<a href="{}">{}</a>', [(self.page_of(stay), stay.chaser) for stay in port.stays]
        )

    @admin.display(description="since (UTC)")
    def since(self, port):
        since = [(date_format(stay.docking, "DATETIME_FORMAT"),) for stay in port.stays]
        return self.live("since", port, "<time>{}</time>", since)

    @admin.display(description="do")
    def act(self, port):
        """A docked vehicle can undock; a free port that takes spacecraft accepts a docking."""
        leave = '<button class="tool" formmethod="post" formnovalidate formaction="{}">Undock now</button>'
        undocked = [(reverse("admin:docking_dockingevent_undock", args=[stay.pk]),) for stay in port.stays]
        if undocked or port.pk not in self.for_ships(port.spacestation_id):
            return self.live("act", port, leave, undocked)
        dock = form_of_a_stay(space_station_target=port.spacestation_id, docking_location=port.pk)
        return self.live("act", port, '<a class="tool" href="{}">Dock here …</a>', [(dock,)])

    def for_ships(self, station) -> set[int]:
        """The ports of a station that take spacecraft; cached, because each page has its own inline instance."""
        if not hasattr(self, "_for_ships"):
            self._for_ships = {port.pk for port in occupancy.ports_for_ships(station)} if station else set()
        return self._for_ships

    def live(self, column, port, template, rows):
        """A cell that a script updates while the page is open."""
        lines = format_html_join("", f"<div>{template}</div>", rows) or "-"
        return format_html('<div data-live="{}-{}">{}</div>', column, port.pk, lines)

    @staticmethod
    def page_of(stay):
        return reverse("admin:docking_dockingevent_change", args=[stay.pk])


@admin.register(models.DockingLocation)
class DockingLocationAdmin(RowAdmin):
    list_display = ("id", "name", "spacestation", "spacecraft", "payload")
    list_filter = (("spacestation", admin.RelatedOnlyFieldListFilter),)
    search_fields = (
        "name",
        "spacestation__name",
        "spacecraft__name",
        "payload__name",
    )
    ordering = ("spacestation", "spacecraft", "payload", "name")
    named_by = ("spacestation", "spacecraft", "payload")
    fieldsets = (
        (None, {"fields": ("name", "takes_ships")}),
        ("Owner of the port", {"fields": ("spacestation", "spacecraft", "payload")}),
    )

    def get_search_results(self, request, queryset, search_term):
        """Matching ports. The form of a docking event gets only those of its target, ports for spacecraft first."""
        found, repeated = super().get_search_results(request, queryset, search_term)
        if request.GET.get("model_name") != "dockingevent":
            return found, repeated
        targets = {
            f"{way}__id": request.GET[name]
            for name, way in FLIGHTS_OF_TARGET.items()
            if request.GET.get(name, "").isdecimal()
        }
        if not targets:
            return found.none(), True
        station = targets.get("spacestation__id")
        in_service = {port.pk for port in occupancy.ports_for_ships(station)} if station else ()
        return found.filter(**targets).order_by(Case(When(pk__in=in_service, then=0), default=1), "name", "pk"), True


class StillDocked(YesOrNo):
    title, parameter_name = "still docked", "docked"
    condition = DOCKED.where


def landed(stays):
    """Docking events without departure whose chaser's flight has ended."""
    over = (
        Q(flight_vehicle_chaser__mission_end__lt=Now())
        | Q(flight_vehicle_chaser__landing__success=True)
        | Q(payload_flight_chaser__landing__success=True)
    )
    return DOCKED.of(stays).filter(over)


def too_early(stays):
    """Docking events that are earlier than the launch of their chaser."""
    return stays.filter(
        Q(docking__lt=F("flight_vehicle_chaser__launch__net")) | Q(docking__lt=F("payload_flight_chaser__launch__net"))
    )


def docked_on_earth(ships):
    """Spacecraft that are docked now, although they count as not in space."""
    docked = DOCKED.of(models.DockingEvent.objects.all())
    flights = docked.exclude(flight_vehicle_chaser=None).values("flight_vehicle_chaser__spacecraft")
    return ships.filter(in_space=False, pk__in=flights)


def crewed_otherwise(stations):
    """Stations whose number of people aboard differs from the crews of the spacecraft docked there."""
    docked = Q(docking_events_target__in=DOCKED.of(models.DockingEvent.objects.all()))
    aboard = "docking_events_target__flight_vehicle_chaser__onboard_crew__astronaut"
    # Without what the other manager computes, by which the count would group.
    counted = stations.model._base_manager.annotate(people=Count(aboard, filter=docked, distinct=True))
    wrong = counted.filter(recorded_onboard_crew__isnull=False).exclude(recorded_onboard_crew=F("people"))
    return stations.filter(pk__in=wrong.values("pk"))


@admin.register(models.DockingEvent)
class DockingEventAdmin(ExchangedAdmin):
    date_hierarchy = "docking"
    list_display = (
        "id",
        "docking",
        "departure",
        "chaser",
        "target",
        "port",
    )
    list_filter = (
        StillDocked,
        ("space_station_target", admin.RelatedOnlyFieldListFilter),
    )
    search_fields = models.SEARCHED
    ordering = ("-docking",)
    search_help_text = "Searches id, port, station, spacecraft and payload."
    named_by = (*models.TARGETS, *models.CHASERS)
    fieldsets = (
        ("Chaser: the vehicle that docks", {"fields": models.CHASERS, "description": "Choose exactly one."}),
        (
            "Target: the vehicle or station with the port",
            {
                "fields": (*models.TARGETS, "docking_location"),
                "description": "Choose exactly one, then one of its ports.",
            },
        ),
        ("When", {"fields": ("docking", "departure")}),
    )
    actions = ("undock_now",)
    concerns = (
        DataCheck("landed", "without a departure although the flight of the chaser has ended", landed),
        DataCheck("too-early", "before the launch of the chaser", too_early),
    )

    class Media:
        js = ("admin/js/jquery.init.js", "docking/ports.js")  # after jQuery

    def get_urls(self):
        undock = self.admin_site.admin_view(require_POST(self.undock))
        return [path("<int:pk>/undock/", undock, name="docking_dockingevent_undock"), *super().get_urls()]

    def related_columns(self, request):
        return (*super().related_columns(request), "docking_location")

    @admin.display(ordering="docking_location")
    def port(self, stay):
        """The name alone, because the owner stands beside it."""
        return stay.docking_location.name

    def get_changeform_initial_data(self, request):
        """The values that the link to the form fills in; the time of docking defaults to now."""
        initial = super().get_changeform_initial_data(request)
        given = parse_datetime(str(initial.get("docking", ""))) if initial else None
        return {**initial, "docking": given or now()} if initial else initial

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        if obj and obj.departure:
            context["dock_again"] = form_of_a_stay(
                **{name: getattr(obj, f"{name}_id") for name in obj.named(models.CHASERS)}
            )
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def undock(self, request, pk):
        """Ends a docking event now, then redirects to the page of the button."""
        stay = get_object_or_404(self.get_queryset(request), pk=pk)
        if not self.has_change_permission(request, stay):
            raise PermissionDenied
        self.end(request, stay)
        back = request.headers.get("Referer", "")
        is_ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure())
        return redirect(back if is_ours else reverse("admin:docking_dockingevent_change", args=[pk]))

    @admin.action(description="Undock now", permissions=["change"])
    def undock_now(self, request, stays):
        for stay in stays:
            self.end(request, stay)

    def end(self, request, stay):
        """Undocks a vehicle now, or shows why that is invalid."""
        if stay.departure:
            self.message_user(request, f"{stay} has already ended.", messages.WARNING)
            return
        stay.departure = now()
        try:
            stay.full_clean()
        except ValidationError as error:
            self.message_user(request, f"{stay}: {' '.join(error.messages)}", messages.ERROR)
            return
        stay.save()
        self.log_change(request, stay, [{"changed": {"fields": ["departure"]}}])
        self.message_user(
            request, f"{stay} ended {date_format(stay.departure, 'DATETIME_FORMAT')} UTC.", messages.SUCCESS
        )
