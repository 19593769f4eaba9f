from django.db import models

from agencies.models import Agency, MissionPatch
from crew.models import AstronautFlight
from media_assets.models import Image
from places.models import Orbit
from spacedevs.api.models import Named

from .querysets import SpaceStationManager


class SpaceStationStatus(Named):
    """The status of a station: active, decommissioned, de-orbited."""

    class Meta(Named.Meta):
        verbose_name_plural = "space station statuses"


class SpaceStationType(Named):
    """The kind of operator of a station: government or commercial."""


class SpaceStation(models.Model):
    """A space station."""

    name = models.CharField(max_length=255)
    image = models.ForeignKey(Image, models.SET_NULL, null=True, blank=True, related_name="+")
    status = models.ForeignKey(
        SpaceStationStatus,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="space_stations",
    )
    founded = models.DateField(null=True, blank=True, help_text="Launch date of the first module.")
    deorbited = models.DateField(null=True, blank=True)
    description = models.CharField(max_length=2048, null=True, blank=True)
    orbit = models.ForeignKey(Orbit, models.PROTECT, null=True, blank=True, related_name="space_stations")
    type = models.ForeignKey(
        SpaceStationType,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="space_stations",
    )
    owners = models.ManyToManyField(Agency, blank=True, related_name="space_stations")
    height = models.FloatField(null=True, blank=True, help_text="Metres.")
    width = models.FloatField(null=True, blank=True, help_text="Metres.")
    mass = models.FloatField(null=True, blank=True, help_text="Tonnes.")
    volume = models.IntegerField(null=True, blank=True, help_text="Pressurised, cubic metres.")

    recorded_onboard_crew = models.IntegerField("onboard crew", null=True, blank=True, editable=False)
    recorded_docked_vehicles = models.IntegerField("docked vehicles", null=True, blank=True, editable=False)

    objects = SpaceStationManager()

    class Meta:
        ordering = ("id",)

    def __str__(self):
        return self.name


class Expedition(models.Model):
    """The stay of one crew aboard a station."""

    name = models.CharField(max_length=255, null=True)
    start = models.DateTimeField(null=True, help_text="UTC.")
    end = models.DateTimeField(null=True, blank=True, help_text="UTC; empty while it lasts.")
    # Null if the expedition was imported from a spacewalk, which does not show the station.
    spacestation = models.ForeignKey(SpaceStation, models.PROTECT, null=True, related_name="expeditions")
    mission_patches = models.ManyToManyField(MissionPatch, blank=True, related_name="expeditions")
    crew = models.ManyToManyField(AstronautFlight, blank=True, related_name="expeditions")

    class Meta:
        ordering = ("id",)

    def __str__(self):
        return self.name or f"Expedition {self.pk}"
