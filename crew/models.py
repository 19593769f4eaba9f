from datetime import timedelta

from django.db import models

from agencies.models import Agency, Country
from media_assets.models import Image, SocialMediaLink
from spacedevs.api.models import Named

from .querysets import AstronautManager


class AstronautRole(models.Model):
    """The role of an astronaut on a flight: commander, pilot, flight engineer."""

    role = models.CharField(max_length=255)
    priority = models.IntegerField(default=0, help_text="Lower numbers come first.")

    class Meta:
        ordering = ("id",)

    def __str__(self):
        return self.role


class AstronautStatus(Named):
    """Whether an astronaut is in training, active, retired."""

    class Meta(Named.Meta):
        verbose_name_plural = "astronaut statuses"


class AstronautType(Named):
    """The employer of an astronaut: a government, a company, nobody."""


class Astronaut(models.Model):
    """A person who has flown, will fly or trained to fly in space; a few are animals or dummies."""

    name = models.CharField(max_length=255)
    status = models.ForeignKey(AstronautStatus, models.PROTECT, null=True, blank=True, related_name="astronauts")
    agency = models.ForeignKey(
        Agency, models.SET_NULL, null=True, blank=True, related_name="astronauts", help_text="The agency they fly for."
    )
    image = models.ForeignKey(Image, models.SET_NULL, null=True, blank=True, related_name="+")
    type = models.ForeignKey(AstronautType, models.PROTECT, null=True, blank=True, related_name="astronauts")
    date_of_birth = models.DateField(null=True, blank=True)
    date_of_death = models.DateField(null=True, blank=True)
    nationality = models.ManyToManyField(Country, blank=True, related_name="astronauts")
    bio = models.CharField(max_length=2048, blank=True)
    wiki = models.CharField(max_length=255, null=True, blank=True, help_text="URL of an article about them.")
    social_media_links = models.ManyToManyField(SocialMediaLink, blank=True, related_name="astronauts")

    recorded_age = models.IntegerField(null=True, blank=True, help_text="In years, as imported.")
    recorded_in_space = models.BooleanField("in space", default=False, editable=False)
    recorded_time_in_space = models.DurationField(
        "time in space", null=True, blank=True, help_text="Total of all flights except the last.", editable=False
    )
    in_space_since = models.DateTimeField(
        null=True, blank=True, help_text="Launch of their last flight, UTC.", editable=False
    )
    in_space_until = models.DateTimeField(
        null=True, blank=True, help_text="Landing of their last flight, UTC.", editable=False
    )
    eva_time = models.DurationField("EVA time", default=timedelta, help_text="Total of all spacewalks.")
    first_flight = models.DateTimeField(null=True, blank=True, help_text="UTC.")
    last_flight = models.DateTimeField(null=True, blank=True, help_text="UTC.")
    flights_count = models.IntegerField(null=True, blank=True)
    recorded_landings_count = models.IntegerField("landings count", null=True, blank=True, editable=False)
    last_landing = models.DateTimeField(null=True, blank=True, help_text="UTC.", editable=False)
    spacewalks_count = models.IntegerField(null=True, blank=True)

    objects = AstronautManager()

    class Meta:
        ordering = ("id",)

    def __str__(self):
        return self.name


class AstronautFlight(models.Model):
    """An astronaut on a flight, with their role."""

    role = models.ForeignKey(AstronautRole, models.PROTECT, null=True, blank=True, related_name="seats")
    astronaut = models.ForeignKey(Astronaut, models.CASCADE, related_name="seats")

    class Meta:
        ordering = ("id",)
        verbose_name = "seat"

    def __str__(self):
        return f"{self.astronaut} ({self.role})" if self.role else str(self.astronaut)
