import uuid

from django.core.validators import MaxValueValidator
from django.db import models

from agencies.models import Agency, MissionPatch, Program
from crew.models import AstronautFlight
from media_assets.models import Image, InfoURL, VidURL
from places.models import LandingLocation, Orbit, Pad
from spacedevs.api.models import KnownByName, Named
from spacedevs.db.models import HashIndex
from spacedevs.db.search.text import SearchText
from vehicles.models import Launcher, LauncherConfig, Payload, Spacecraft

from .querysets import SpacecraftFlightManager

SEARCHED = (
    "launch_designator",
    "launch_service_provider__name",
    "mission__name",
    "name",
    "pad__location__name",
    "pad__name",
    "rocket__configuration__manufacturer__abbrev",
    "rocket__configuration__manufacturer__name",
    "rocket__configuration__name",
    "spacecraft_flights__spacecraft__name",
)


LANDINGS_SEARCHED = (
    "firststage__launch__name",
    "firststage__launcher__launcher_config__name",
    "firststage__launcher__serial_number",
    "landing_location__abbrev",
    "landing_location__name",
    "spacecraftflight__launch__name",
    "spacecraftflight__spacecraft__name",
    "spacecraftflight__spacecraft__serial_number",
    "spacecraftflight__spacecraft__spacecraft_config__name",
)


class Described(Named):
    """A lookup row with a description."""

    name = models.CharField(max_length=255, blank=True)
    abbrev = models.CharField(max_length=255, blank=True)
    description = models.CharField(max_length=2048, blank=True)

    class Meta(Named.Meta):
        abstract = True


class LaunchStatus(Described):
    """The status of a launch, from 'to be determined' to success or failure."""

    name = models.CharField(max_length=255)

    class Meta(Described.Meta):
        verbose_name_plural = "launch statuses"


class NetPrecision(Described):
    """The precision of a time: the second, the day, the quarter."""


class MissionType(Named, KnownByName):
    """The purpose of a mission: resupply, communications, planetary science."""

    name = models.CharField(max_length=255, blank=True)


class Mission(models.Model):
    """The mission of a launch."""

    name = models.CharField(max_length=255)
    type = models.ForeignKey(MissionType, models.PROTECT, related_name="missions")
    description = models.TextField(blank=True)
    image = models.ForeignKey(Image, models.SET_NULL, null=True, blank=True, related_name="+")
    orbit = models.ForeignKey(Orbit, models.PROTECT, null=True, blank=True, related_name="missions")
    agencies = models.ManyToManyField(Agency, blank=True, related_name="missions")
    info_urls = models.ManyToManyField(InfoURL, blank=True, related_name="missions")
    vid_urls = models.ManyToManyField(VidURL, blank=True, related_name="missions")

    class Meta:
        ordering = ("id",)

    def __str__(self):
        return self.name


class Rocket(models.Model):
    """The rocket of one launch."""

    configuration = models.ForeignKey(LauncherConfig, models.PROTECT, related_name="rockets")

    class Meta:
        ordering = ("id",)

    def __str__(self):
        return f"{self.configuration} ({self.pk})"


class FirstStageType(Named, KnownByName):
    """The position of a stage in its rocket: core, booster."""

    name = models.CharField(max_length=50, blank=True)


class TimelineEventType(models.Model):
    """A step of a countdown or an ascent, such as maximum dynamic pressure."""

    abbrev = models.CharField(max_length=255)
    description = models.CharField(max_length=2048, blank=True)

    class Meta:
        ordering = ("id",)

    def __str__(self):
        return self.abbrev


class Launch(models.Model):
    """One launch, planned or past."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=2048, blank=True, help_text="Rocket | mission.")
    slug = models.SlugField(max_length=1048, db_index=False)
    launch_designator = models.CharField(
        max_length=255,
        null=True,
        blank=True,
        help_text="COSPAR launch number, for example '2011-007'.",
    )
    status = models.ForeignKey(LaunchStatus, models.PROTECT, null=True, blank=True, related_name="launches")
    net = models.DateTimeField(null=True, blank=True, help_text="No earlier than, UTC.")
    net_precision = models.ForeignKey(NetPrecision, models.PROTECT, null=True, blank=True, related_name="launches")
    window_start = models.DateTimeField(null=True, blank=True, help_text="UTC.")
    window_end = models.DateTimeField(null=True, blank=True, help_text="UTC.")
    image = models.ForeignKey(Image, models.SET_NULL, null=True, blank=True, related_name="+")
    infographic = models.URLField(max_length=1000, null=True, blank=True)
    probability = models.IntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(100)],
        help_text="Of good weather, in percent.",
    )
    weather_concerns = models.CharField(max_length=255, null=True, blank=True)
    failreason = models.CharField("fail reason", max_length=2048, null=True, blank=True)
    hashtag = models.CharField(max_length=2048, null=True, blank=True)
    launch_service_provider = models.ForeignKey(
        Agency,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="launches",
        help_text="The launch service provider.",
    )
    rocket = models.OneToOneField(Rocket, models.SET_NULL, null=True, blank=True, related_name="launch")
    mission = models.ForeignKey(Mission, models.SET_NULL, null=True, blank=True, related_name="launches")
    pad = models.ForeignKey(Pad, models.PROTECT, null=True, blank=True, related_name="launches")
    webcast_live = models.BooleanField(default=False)
    program = models.ManyToManyField(Program, blank=True, related_name="launches")
    flightclub_url = models.URLField("Flight Club URL", null=True, blank=True, help_text="URL of a simulation.")
    info_urls = models.ManyToManyField(InfoURL, blank=True, related_name="launches")
    vid_urls = models.ManyToManyField(VidURL, blank=True, related_name="launches")
    mission_patches = models.ManyToManyField(MissionPatch, blank=True, related_name="launches")
    last_updated = models.DateTimeField(null=True, blank=True, help_text="Time of the last change, UTC.")

    orbital_launch_attempt_count = models.IntegerField(null=True, blank=True)
    location_launch_attempt_count = models.IntegerField(null=True, blank=True)
    pad_launch_attempt_count = models.IntegerField(null=True, blank=True)
    agency_launch_attempt_count = models.IntegerField(null=True, blank=True)
    orbital_launch_attempt_count_year = models.IntegerField(null=True, blank=True)
    location_launch_attempt_count_year = models.IntegerField(null=True, blank=True)
    pad_launch_attempt_count_year = models.IntegerField(null=True, blank=True)
    agency_launch_attempt_count_year = models.IntegerField(null=True, blank=True)
    pad_turnaround = models.DurationField(null=True, blank=True, help_text="Since the previous launch from its pad.")
    search_text = SearchText(SEARCHED)

    tracked = ("net", "net_precision", "status", "window_end", "window_start")  # whose values the history keeps

    class Meta:
        ordering = ("net", "id")
        verbose_name_plural = "launches"
        indexes = [
            models.Index(fields=("net", "id"), name="launch_net"),
            models.Index(fields=("last_updated", "id"), name="launch_last_updated"),
            models.Index(fields=("window_start",), name="launch_window_start"),
            models.Index(fields=("window_end",), name="launch_window_end"),
            models.Index(fields=("launch_designator",), name="launch_designator"),
            # Of texts that may be too long for a B-tree of PostgreSQL; SQLite makes plain indexes of these.
            HashIndex(fields=("name",), name="launch_name"),
            HashIndex(fields=("slug",), name="launch_slug"),
            models.Index(fields=("orbital_launch_attempt_count",), name="launch_orbital_count"),
            models.Index(fields=("location_launch_attempt_count",), name="launch_location_count"),
            models.Index(fields=("pad_launch_attempt_count",), name="launch_pad_count"),
            models.Index(fields=("agency_launch_attempt_count",), name="launch_agency_count"),
        ]

    def __str__(self):
        return self.name


class TimelineEvent(models.Model):
    """An event of a countdown or an ascent, with its time."""

    launch = models.ForeignKey(Launch, models.CASCADE, related_name="timeline")
    type = models.ForeignKey(TimelineEventType, models.PROTECT, null=True, blank=True, related_name="timeline_events")
    relative_time = models.DurationField(null=True, blank=True, help_text="Since liftoff; negative before liftoff.")

    class Meta:
        ordering = ("launch", "relative_time", "id")

    def __str__(self):
        return f"{self.type} of {self.launch}"


class LandingType(Described):
    """The kind of a landing: on a runway, by parachute, destructive re-entry."""

    description = models.CharField(max_length=2048, null=True, blank=True)


class Landing(models.Model):
    """The landing of a stage, a spacecraft or a payload, attempted or not."""

    attempt = models.BooleanField(default=False)
    success = models.BooleanField(null=True, blank=True)
    description = models.CharField(max_length=2048, blank=True)
    downrange_distance = models.FloatField(null=True, blank=True, help_text="From the pad, in kilometres.")
    landing_location = models.ForeignKey(
        LandingLocation, models.PROTECT, null=True, blank=True, related_name="landings"
    )
    type = models.ForeignKey(LandingType, models.PROTECT, null=True, blank=True, related_name="landings")

    search_text = SearchText(LANDINGS_SEARCHED)

    class Meta:
        ordering = ("id",)

    def __str__(self):
        return f"{self.type or 'Landing'} ({self.pk})"


class FirstStage(models.Model):
    """The flight of one first stage or booster.

    Like other flights it refers to its launch, which may be null: a response about its landing does not show it."""

    type = models.ForeignKey(FirstStageType, models.PROTECT, related_name="first_stages")
    reused = models.BooleanField(null=True, blank=True)
    launcher_flight_number = models.IntegerField(null=True, blank=True, help_text="1 for the first flight.")
    launcher = models.ForeignKey(Launcher, models.PROTECT, null=True, blank=True, related_name="first_stages")
    launch = models.ForeignKey(Launch, models.CASCADE, null=True, blank=True, related_name="first_stages")
    landing = models.OneToOneField(Landing, models.SET_NULL, null=True, blank=True, related_name="firststage")

    previous_flight_date = models.DateTimeField(null=True, blank=True, help_text="UTC.")
    turn_around_time = models.DurationField(null=True, blank=True, help_text="Since the previous flight of the stage.")
    previous_flight = models.ForeignKey(
        Launch,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="The launch of its previous flight.",
    )

    class Meta:
        ordering = ("id",)

    def __str__(self):
        return f"{self.launcher or self.type} ({self.launch})"


class Flight(models.Model):
    """Common fields of spacecraft flights and payload flights.

    A flight refers to its launch, not to the rocket, so that responses that show a flight without
    its rocket can be imported completely."""

    destination = models.CharField(max_length=255, null=True, blank=True)
    landing = models.OneToOneField(Landing, models.SET_NULL, null=True, blank=True, related_name="%(class)s")

    class Meta:
        abstract = True
        ordering = ("id",)


class SpacecraftFlight(Flight):
    """A flight of a spacecraft."""

    mission_end = models.DateTimeField(null=True, blank=True, help_text="UTC.")
    spacecraft = models.ForeignKey(Spacecraft, models.PROTECT, related_name="flights")
    launch = models.ForeignKey(Launch, models.CASCADE, related_name="spacecraft_flights")
    launch_crew = models.ManyToManyField(AstronautFlight, blank=True, related_name="launched_in")
    onboard_crew = models.ManyToManyField(AstronautFlight, blank=True, related_name="aboard")
    landing_crew = models.ManyToManyField(AstronautFlight, blank=True, related_name="landed_in")

    recorded_duration = models.DurationField(
        "duration", null=True, blank=True, help_text="From launch to mission end.", editable=False
    )
    lifted_off = models.DateTimeField(null=True, blank=True, help_text="When it reached space, UTC.", editable=False)
    turn_around_time = models.DurationField(
        null=True, blank=True, help_text="Since the previous flight of the spacecraft."
    )

    objects = SpacecraftFlightManager()

    def __str__(self):
        return f"{self.spacecraft} ({self.launch})"

    @property
    def name(self):
        """The name of the vehicle."""
        return self.spacecraft.name


class PayloadFlight(Flight):
    """A flight of a payload, or of several identical ones."""

    amount = models.IntegerField(default=1, help_text="Number of identical payloads.")
    payload = models.ForeignKey(Payload, models.PROTECT, related_name="flights")
    launch = models.ForeignKey(Launch, models.CASCADE, related_name="payload_flights")

    def __str__(self):
        return f"{self.payload} ({self.launch})"

    @property
    def name(self):
        """The name of the vehicle."""
        return self.payload.name
