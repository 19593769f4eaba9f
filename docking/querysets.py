from datetime import timedelta

from django.apps import apps
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Now

from spacedevs.db.clock import Ahead, First
from spacedevs.db.subsets import Subset

# A vehicle is docked from its docking until its departure. A planned departure does not end this; a planned docking
# does not start it.
DOCKED = Subset(
    Q(docking__lte=Now()) & (Q(departure=None) | Q(departure__gt=Now())),
    {"docking": timedelta(), "departure": timedelta()},
)


class DockingEventQuerySet(models.QuerySet):
    """Docking events, and which of them overlap."""

    def beside(self, stay):
        """The other docking events that overlap this one."""
        others = self.exclude(pk=stay.pk).filter(Q(departure=None) | Q(departure__gt=stay.docking))
        return others.filter(docking__lt=stay.departure) if stay.departure else others

    def first_with(self, stay, *names):
        """The first docking event with the same values in these relations as the given one."""
        alike = {name: getattr(stay, f"{name}_id") for name in names}
        return self.filter(**alike).order_by("docking", "id").first()


# Values of stations that follow from docking events, for an app below this one ---------------------


class Number(Subquery):
    """Counts the rows of a query."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = models.IntegerField()


def stays_at_station():
    return apps.get_model("docking.DockingEvent")._base_manager.filter(space_station_target=OuterRef("pk")).order_by()


def docked_now() -> models.Expression:
    """The number of vehicles docked at a station now."""
    return Number(DOCKED.of(stays_at_station()).values("pk"))


def docked_vehicles() -> models.Expression:
    """The same, or the imported number."""
    return Coalesce(F("recorded_docked_vehicles"), docked_now())


def onboard_crew() -> models.Expression:
    """The number of people in the spacecraft docked at a station now, or the imported number."""
    crewed = DOCKED.of(stays_at_station()).filter(flight_vehicle_chaser__onboard_crew__isnull=False)
    people = crewed.values("flight_vehicle_chaser__onboard_crew__astronaut").distinct()
    return Coalesce(F("recorded_onboard_crew"), Number(people))


def next_docking_or_departure() -> models.Expression:
    """The next docking at a station or departure from it that is stored, in seconds since 1970."""
    stays = [
        stays_at_station().filter(**{f"{edge}__gt": Now()}).order_by(edge).values(edge)[:1] for edge in DOCKED.edges
    ]
    return First(*(Ahead(Subquery(each)) for each in stays))
