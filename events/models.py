from django.db import models

from spacedevs.api.models import Named


class EventType(Named):
    """What an event is: a spacewalk, a docking, a press conference."""

    name = models.CharField(max_length=255, blank=True)


class RoadClosureStatus(Named):
    """Whether a road near a launch site is open."""

    class Meta(Named.Meta):
        verbose_name_plural = "road closure statuses"


class NoticeType(Named):
    """What a notice warns of: air space, shipping, evacuation."""
