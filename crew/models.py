from datetime import timedelta

from django.db import models

from agencies.models import Agency, Country
from media_assets.models import Image, SocialMediaLink
from spacedevs.api.models import Named

from .querysets import AstronautManager


class AstronautRole(models.Model):
    """What somebody is on a flight: commander, pilot, flight engineer."""

    role = models.CharField(max_length=255)
    priority = models.IntegerField(default=0, help_text="The lowest number is named first.")

    class Meta:
        ordering = ("id",)

    def __str__(self):
        return self.role


class AstronautStatus(Named):
    """Whether an astronaut is in training, active, retired."""

    class Meta(Named.Meta):
        verbose_name_plural = "astronaut statuses"


class AstronautType(Named):
    """Who an astronaut flies for: a government, a company, themselves."""


class Astronaut(models.Model):
    """Somebody who has flown, will fly or trained to fly in space; a few are animals or dummies."""

    name = models.CharField(max_length=255)
    status = models.ForeignKey(AstronautStatus, models.PROTECT, null=True, blank=True, related_name="astronauts")
    agency = models.ForeignKey(
        Agency, models.SET_NULL, null=True, blank=True, related_name="astronauts", help_text="Who they fly for."
    )
    image = models.ForeignKey(Image, models.SET_NULL, null=True, blank=True, related_name="+")
    type = models.ForeignKey(AstronautType, models.PROTECT, null=True, blank=True, related_name="astronauts")
    date_of_birth = models.DateField(null=True, blank=True)
    date_of_death = models.DateField(null=True, blank=True)
    nationality = models.ManyToManyField(Country, blank=True, related_name="astronauts")
    bio = models.CharField(max_length=2048, blank=True)
    wiki = models.CharField(max_length=255, null=True, blank=True, help_text="The address of an article on them.")
    social_media_links = models.ManyToManyField(SocialMediaLink, blank=True, related_name="astronauts")

    recorded_age = models.IntegerField(null=True, blank=True, help_text="Years, as an answer of elsewhere had it.")
    recorded_in_space = models.BooleanField("in space", default=False, editable=False)
    recorded_time_in_space = models.DurationField(
        "time in space", null=True, blank=True, help_text="Of all their flights, but for the last.", editable=False
    )
    in_space_since = models.DateTimeField(null=True, blank=True, help_text="Their last way up; UTC.", editable=False)
    in_space_until = models.DateTimeField(
        null=True, blank=True, help_text="Their way down from there; UTC.", editable=False
    )
    eva_time = models.DurationField("EVA time", default=timedelta, help_text="Of all their spacewalks.")
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
    """A seat: who is aboard, and in which role."""

    role = models.ForeignKey(AstronautRole, models.PROTECT, null=True, blank=True, related_name="seats")
    astronaut = models.ForeignKey(Astronaut, models.CASCADE, related_name="seats")

    class Meta:
        ordering = ("id",)
        verbose_name = "seat"

    def __str__(self):
        return f"{self.astronaut} ({self.role})" if self.role else str(self.astronaut)
