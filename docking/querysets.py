from datetime import timedelta

from django.apps import apps
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Now

from spacedevs.db.clock import Ahead, First
from spacedevs.db.subsets import Subset

# A vehicle counts as docked from the moment of its docking until it departs: also while its departure is planned, and
# not yet while its docking is.
DOCKED = Subset(
    Q(docking__lte=Now()) & (Q(departure=None) | Q(departure__gt=Now())),
    {"docking": timedelta(), "departure": timedelta()},
)


class DockingEventQuerySet(models.QuerySet):
    """Stays, and which of them meet."""

    def beside(self, stay):
        """The others that last at some moment of this one."""
        others = self.exclude(pk=stay.pk).filter(Q(departure=None) | Q(departure__gt=stay.docking))
        return others.filter(docking__lt=stay.departure) if stay.departure else others

    def first_with(self, stay, *names):
        """The first that has these relations in common with this one."""
        alike = {name: getattr(stay, f"{name}_id") for name in names}
        return self.filter(**alike).order_by("docking", "id").first()


# What stations show of the stays at their ports, which they cannot know -----------------------------


class Number(Subquery):
    """How many rows a query has."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = models.IntegerField()


def stays_at_station():
    return apps.get_model("docking.DockingEvent")._base_manager.filter(space_station_target=OuterRef("pk")).order_by()


def docked_now() -> models.Expression:
    """How many vehicles are docked at a station now."""
    return Number(DOCKED.of(stays_at_station()).values("pk"))


def docked_vehicles() -> models.Expression:
    """The same, or what was recorded."""
    return Coalesce(F("recorded_docked_vehicles"), docked_now())


def onboard_crew() -> models.Expression:
    """How many people are in the ships that are docked at a station now; or what was recorded."""
    crewed = DOCKED.of(stays_at_station()).filter(flight_vehicle_chaser__onboard_crew__isnull=False)
    people = crewed.values("flight_vehicle_chaser__onboard_crew__astronaut").distinct()
    return Coalesce(F("recorded_onboard_crew"), Number(people))


def next_docking_or_departure() -> models.Expression:
    """When the next vehicle docks at a station or departs from it, as far as it is known, in seconds since 1970."""
    stays = [
        stays_at_station().filter(**{f"{edge}__gt": Now()}).order_by(edge).values(edge)[:1] for edge in DOCKED.edges
    ]
    return First(*(Ahead(Subquery(each)) for each in stays))
