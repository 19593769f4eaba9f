from django.db import models

from agencies.models import Agency, Program
from crew.models import Astronaut, AstronautFlight
from launches.models import Launch, NetPrecision, SpacecraftFlight
from media_assets.models import Image, InfoURL, VidURL
from spacedevs.api.models import Named
from stations.models import Expedition, SpaceStation


class EventType(Named):
    """The kind of an event: a spacewalk, a docking, a press conference."""

    name = models.CharField(max_length=255, blank=True)


class Event(models.Model):
    """A notable event other than a launch: a docking, a spacewalk, a landing, a press conference."""

    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=255, db_index=False)
    # Null if the event was imported from a spacewalk, which does not show the type.
    type = models.ForeignKey(EventType, models.PROTECT, null=True, related_name="events")
    description = models.CharField(max_length=2048, blank=True)
    date = models.DateTimeField(null=True, blank=True, help_text="UTC.")
    date_precision = models.ForeignKey(NetPrecision, models.PROTECT, null=True, blank=True, related_name="events")
    duration = models.DurationField(null=True, blank=True)
    location = models.CharField(max_length=100, null=True, blank=True)
    webcast_live = models.BooleanField(default=False)
    image = models.ForeignKey(Image, models.SET_NULL, null=True, blank=True, related_name="+")
    info_urls = models.ManyToManyField(InfoURL, blank=True, related_name="events")
    vid_urls = models.ManyToManyField(VidURL, blank=True, related_name="events")
    agencies = models.ManyToManyField(Agency, blank=True, related_name="events")
    launches = models.ManyToManyField(Launch, blank=True, related_name="events")
    expeditions = models.ManyToManyField(Expedition, blank=True, related_name="events")
    spacestations = models.ManyToManyField(SpaceStation, blank=True, related_name="events")
    program = models.ManyToManyField(Program, blank=True, related_name="events")
    astronauts = models.ManyToManyField(Astronaut, blank=True, related_name="events")
    last_updated = models.DateTimeField(null=True, blank=True, help_text="Time of the last change, UTC.")

    class Meta:
        ordering = ("date", "id")
        indexes = [
            models.Index(fields=("date", "id"), name="event_date"),
            models.Index(fields=("last_updated", "id"), name="event_last_updated"),
        ]

    def __str__(self):
        return self.name


class Spacewalk(models.Model):
    """An extravehicular activity, from hatch opening to hatch closing."""

    name = models.CharField(max_length=255, null=True)
    start = models.DateTimeField(null=True, blank=True, help_text="UTC.")
    end = models.DateTimeField(null=True, blank=True, help_text="UTC.")
    duration = models.DurationField(null=True, blank=True)
    location = models.CharField(max_length=255, null=True, blank=True, help_text="For example 'Quest airlock'.")
    crew = models.ManyToManyField(AstronautFlight, blank=True, related_name="spacewalks")
    spacestation = models.ForeignKey(SpaceStation, models.SET_NULL, null=True, blank=True, related_name="spacewalks")
    expedition = models.ForeignKey(Expedition, models.SET_NULL, null=True, blank=True, related_name="spacewalks")
    spacecraft_flight = models.ForeignKey(
        SpacecraftFlight, models.SET_NULL, null=True, blank=True, related_name="spacewalks"
    )
    event = models.ForeignKey(Event, models.SET_NULL, null=True, blank=True, related_name="spacewalks")
    program = models.ManyToManyField(Program, blank=True, related_name="spacewalks")

    class Meta:
        ordering = ("id",)

    def __str__(self):
        return self.name or f"Spacewalk {self.pk}"


class Update(models.Model):
    """A short news item about a launch, an event or a program."""

    comment = models.CharField(max_length=40000, null=True, blank=True)
    info_url = models.URLField(null=True, blank=True)
    created_by = models.CharField(max_length=255, null=True, blank=True)
    profile_image = models.CharField(
        max_length=1000, null=True, blank=True, help_text="URL of an image of the author."
    )
    created_on = models.DateTimeField(null=True, blank=True, help_text="UTC.")
    launch = models.ForeignKey(Launch, models.CASCADE, null=True, blank=True, related_name="updates")
    event = models.ForeignKey(Event, models.CASCADE, null=True, blank=True, related_name="updates")
    program = models.ForeignKey(Program, models.CASCADE, null=True, blank=True, related_name="updates")

    class Meta:
        ordering = ("-created_on", "-id")
        indexes = [models.Index(fields=("created_on", "id"), name="update_created_on")]

    def __str__(self):
        return self.comment or f"Update {self.pk}"


class RoadClosureStatus(Named):
    """The status of a road closure."""

    class Meta(Named.Meta):
        verbose_name_plural = "road closure statuses"


class NoticeType(Named):
    """The subject of a notice: air space, shipping, evacuation."""


class RoadClosure(models.Model):
    """A closure of the road past Starbase, planned or possible."""

    title = models.CharField(max_length=1048)
    status = models.ForeignKey(RoadClosureStatus, models.PROTECT, related_name="road_closures")
    window_start = models.DateTimeField(help_text="UTC.")
    window_end = models.DateTimeField(help_text="UTC.")

    class Meta:
        ordering = ("window_start", "id")

    def __str__(self):
        return self.title


class Notice(models.Model):
    """A published warning to pilots or mariners."""

    type = models.ForeignKey(NoticeType, models.PROTECT, related_name="notices")
    date = models.DateTimeField(help_text="UTC.")
    url = models.URLField()

    class Meta:
        ordering = ("date", "id")

    def __str__(self):
        return f"{self.type} ({self.date:%Y-%m-%d})"


class LiveStream(models.Model):
    """A permanent live stream of a launch site."""

    title = models.CharField(max_length=200, null=True, blank=True)
    description = models.CharField(max_length=350, null=True, blank=True)
    image = models.URLField(max_length=1000, null=True, blank=True)
    url = models.URLField(max_length=1000)

    class Meta:
        ordering = ("id",)

    def __str__(self):
        return self.title or self.url
