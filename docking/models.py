from functools import reduce
from operator import or_

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

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


def exactly_one(names):
    """The condition that one of these relations is set, and no other."""
    return reduce(
        or_,
        (Q(**{f"{other}__isnull": other != name for other in names}) for name in names),
    )


class DockingLocation(Named):
    """A port: of a station, of a kind of ship or of a payload."""

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
        help_text="Whether a ship can dock there. If unknown, the stays tell: a ship was there in the four years "
        "before the last one came to the station.",
    )

    def __str__(self):
        return f"{self.name} ({self.owner})" if self.owner else self.name

    @property
    def owner(self):
        """Whose port it is."""
        return self.spacestation or self.spacecraft or self.payload


class DockingEvent(models.Model):
    """The stay of one vehicle, the chaser, at a port of another, the target."""

    docking = models.DateTimeField(help_text="UTC.")
    departure = models.DateTimeField(null=True, blank=True, help_text="UTC; empty as long as it is docked.")
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
                violation_error_message="Choose one target: a station, the flight of a ship or of a payload.",
            ),
            models.CheckConstraint(
                condition=exactly_one(CHASERS),
                name="docking_event_has_one_chaser",
                violation_error_message="Choose one chaser: the flight of a ship or of a payload, or a station.",
            ),
        ]

    def __str__(self):
        return f"{self.chaser} at {self.target}"

    def clean(self):
        """What no constraint says, for upstream's rows need not obey it: one ship at a port, one port for a ship."""
        if self.departure and self.docking and self.departure < self.docking:
            raise ValidationError({"departure": "It cannot depart before it has docked."})
        if self.target and self.chaser == self.target:
            raise ValidationError("Nothing docks at itself: target and chaser are the same.")
        targets, chasers = self.named(TARGETS), self.named(CHASERS)
        if len(targets) == 1 and self.docking_location_id:
            if self.docking_location.owner != self.target_design:
                raise ValidationError({"docking_location": f"That is no port of {self.target}."})
            if self.docking and (other := self.meeting("docking_location", *targets)):
                raise ValidationError({"docking_location": f"{other.chaser} is there {other.span}."})
        if len(chasers) == 1 and self.docking and (other := self.meeting(*chasers)):
            raise ValidationError(
                {chasers[0]: f"It is docked at {other.target}, {other.docking_location.name}, {other.span}."}
            )

    def named(self, names):
        """Which of these relations are set."""
        return [name for name in names if getattr(self, f"{name}_id")]

    def meeting(self, *names):
        """Another stay of the same time that has these relations in common with this one."""
        return type(self).objects.beside(self).first_with(self, *names)

    @property
    def span(self):
        """When it is there, in words."""
        until = f"until {self.departure:%Y-%m-%d %H:%M} UTC" if self.departure else "and has not departed"
        return f"since {self.docking:%Y-%m-%d %H:%M} UTC {until}"

    @property
    def target_design(self):
        """What the ports of the target are known by: the station, the kind of ship, the payload."""
        if self.flight_vehicle_target:
            return self.flight_vehicle_target.spacecraft.spacecraft_config
        return self.space_station_target or (self.payload_flight_target and self.payload_flight_target.payload)

    @property
    def target(self):
        """What is docked at: a station, or the flight of a ship or payload."""
        return self.space_station_target or self.flight_vehicle_target or self.payload_flight_target

    @property
    def chaser(self):
        """What docks: the flight of a ship or payload, or a station."""
        return self.flight_vehicle_chaser or self.space_station_chaser or self.payload_flight_chaser

    @property
    def kind(self):
        """What kind of vehicle docks."""
        if self.flight_vehicle_chaser:
            return self.flight_vehicle_chaser.spacecraft.spacecraft_config.name
        return self.payload_flight_chaser.payload.type.name if self.payload_flight_chaser else "Space station"

    @property
    def picture(self):
        """Of what docks."""
        if self.flight_vehicle_chaser:
            return self.flight_vehicle_chaser.spacecraft.picture
        return (
            self.payload_flight_chaser.payload.image if self.payload_flight_chaser else self.space_station_chaser.image
        )
