from functools import reduce
from operator import or_

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Coalesce, Concat

from launches.models import PayloadFlight, SpacecraftFlight
from spacedevs.api.models import Named
from spacedevs.db.search.text import SearchText
from stations.models import SpaceStation
from vehicles.models import Payload, SpacecraftConfig

from .querysets import DockingEventQuerySet

TARGETS = "space_station_target", "flight_vehicle_target", "payload_flight_target"
CHASERS = "flight_vehicle_chaser", "space_station_chaser", "payload_flight_chaser"
SEARCHED = (
    "docking_location__name",
    "flight_vehicle_chaser__spacecraft__name",
    "flight_vehicle_target__spacecraft__name",
    "payload_flight_chaser__payload__name",
    "payload_flight_target__payload__name",
    "space_station_chaser__name",
    "space_station_target__name",
)


def name_of(role):
    """The name of the chaser or the target of a docking event."""
    return Coalesce(*(path for path in SEARCHED if f"_{role}__" in path))


NAME = Concat(name_of("chaser"), Value(" at "), name_of("target"))  # of a docking event


def exactly_one(names):
    """The condition that exactly one of these relations is set."""
    return reduce(
        or_,
        (Q(**{f"{other}__isnull": other != name for other in names}) for name in names),
    )


class DockingLocation(Named):
    """A port of a station, a spacecraft configuration or a payload."""

    spacestation = models.ForeignKey(
        SpaceStation,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="docking_location",
    )
    spacecraft = models.ForeignKey(
        SpacecraftConfig,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="docking_location",
    )
    payload = models.ForeignKey(Payload, models.CASCADE, null=True, blank=True, related_name="docking_location")
    takes_ships = models.BooleanField(
        null=True,
        blank=True,
        help_text="Whether a spacecraft can dock here. If unknown, it can if one was docked here in the four years "
        "before the latest docking at the station.",
    )

    def __str__(self):
        return f"{self.name} ({self.owner})" if self.owner else self.name

    @property
    def owner(self):
        """The station, spacecraft configuration or payload that has the port."""
        return self.spacestation or self.spacecraft or self.payload


class DockingEvent(models.Model):
    """The docking of one vehicle, the chaser, at a port of another, the target."""

    docking = models.DateTimeField(help_text="UTC.")
    departure = models.DateTimeField(null=True, blank=True, help_text="UTC; empty while it is docked.")
    docking_location = models.ForeignKey(DockingLocation, models.PROTECT, related_name="docking_events")
    space_station_target = models.ForeignKey(
        SpaceStation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="docking_events_target",
    )
    flight_vehicle_target = models.ForeignKey(
        SpacecraftFlight,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="docking_events_target",
    )
    payload_flight_target = models.ForeignKey(
        PayloadFlight,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="docking_events_target",
    )
    flight_vehicle_chaser = models.ForeignKey(
        SpacecraftFlight,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="docking_events_chaser",
    )
    space_station_chaser = models.ForeignKey(
        SpaceStation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="docking_events_chaser",
    )
    payload_flight_chaser = models.ForeignKey(
        PayloadFlight,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="docking_events_chaser",
    )
    search_text = SearchText(SEARCHED)

    objects = DockingEventQuerySet.as_manager()

    class Meta:
        ordering = ("docking", "id")
        indexes = [
            models.Index(fields=("docking", "id"), name="docking_event_docking"),
            models.Index(fields=("departure", "id"), name="docking_event_departure"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=exactly_one(TARGETS),
                name="docking_event_has_one_target",
                violation_error_message="Choose one target: a station, a spacecraft flight or a payload flight.",
            ),
            models.CheckConstraint(
                condition=exactly_one(CHASERS),
                name="docking_event_has_one_chaser",
                violation_error_message="Choose one chaser: a spacecraft flight, a payload flight or a station.",
            ),
        ]

    def __str__(self):
        return f"{self.chaser} at {self.target}"

    def clean(self):
        """Checks what is no constraint because imported rows may break it: one vehicle per port, one port per
        vehicle."""
        if self.departure and self.docking and self.departure < self.docking:
            raise ValidationError({"departure": "The departure is before the docking."})
        if self.target and self.chaser == self.target:
            raise ValidationError("Chaser and target are the same.")
        targets, chasers = self.named(TARGETS), self.named(CHASERS)
        if len(targets) == 1 and self.docking_location_id:
            if self.docking_location.owner != self.target_design:
                raise ValidationError({"docking_location": f"This is not a port of {self.target}."})
            if self.docking and (other := self.meeting("docking_location", *targets)):
                raise ValidationError({"docking_location": f"{other.chaser} is docked there {other.span}."})
        if len(chasers) == 1 and self.docking and (other := self.meeting(*chasers)):
            raise ValidationError(
                {chasers[0]: f"It is docked at {other.target}, {other.docking_location.name}, {other.span}."}
            )

    def named(self, names):
        """Those of these relations that are set."""
        return [name for name in names if getattr(self, f"{name}_id")]

    def meeting(self, *names):
        """Another docking event that overlaps this one and has the same values in these relations."""
        return type(self).objects.beside(self).first_with(self, *names)

    @property
    def span(self):
        """The time from docking to departure as text."""
        until = f"until {self.departure:%Y-%m-%d %H:%M} UTC" if self.departure else "and has not departed"
        return f"since {self.docking:%Y-%m-%d %H:%M} UTC {until}"

    @property
    def target_design(self):
        """The owner of the target's ports: the station, the spacecraft configuration or the payload."""
        if self.flight_vehicle_target:
            return self.flight_vehicle_target.spacecraft.spacecraft_config
        return self.space_station_target or (self.payload_flight_target and self.payload_flight_target.payload)

    @property
    def target(self):
        """The target: a station, a spacecraft flight or a payload flight."""
        return self.space_station_target or self.flight_vehicle_target or self.payload_flight_target

    @property
    def chaser(self):
        """The chaser: a spacecraft flight, a payload flight or a station."""
        return self.flight_vehicle_chaser or self.space_station_chaser or self.payload_flight_chaser

    @property
    def kind(self):
        """The kind of the chaser."""
        if self.flight_vehicle_chaser:
            return self.flight_vehicle_chaser.spacecraft.spacecraft_config.name
        return self.payload_flight_chaser.payload.type.name if self.payload_flight_chaser else "Space station"

    @property
    def picture(self):
        """The image of the chaser."""
        if self.flight_vehicle_chaser:
            return self.flight_vehicle_chaser.spacecraft.picture
        return (
            self.payload_flight_chaser.payload.image if self.payload_flight_chaser else self.space_station_chaser.image
        )
