from django.db import models

from spacedevs.api.models import Named


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
