from django.db import models
from django.db.models import Value
from django.db.models.functions import Coalesce, NullIf

from agencies.models import Agency, LaunchTotals, Program, Totals
from media_assets.models import Image
from spacedevs.api.models import Named
from spacedevs.db.search.text import SearchText

from .querysets import SpacecraftManager

PAYLOADS_SEARCHED = ("flights__destination", "flights__launch__name", "manufacturer__name", "name", "operator__name")
TOTALS = Totals.names()  # of spacecraft configurations and their families, in the order of the contract


class SpacecraftConfigType(Named):
    """The kind of a spacecraft configuration: a capsule, a freighter, a space plane."""

    class Meta(Named.Meta):
        verbose_name = "spacecraft configuration type"


class SpacecraftConfigFamily(Totals):
    """A family of spacecraft configurations, such as Soyuz."""

    name = models.CharField(max_length=200)
    description = models.CharField(max_length=2048, blank=True)
    manufacturer = models.ForeignKey(
        Agency,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="spacecraft_config_families",
    )
    parent = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="children")
    maiden_flight = models.DateField(null=True, blank=True)

    spacecraft_flown = models.IntegerField(null=True, blank=True)

    class Meta(Totals.Meta):
        verbose_name = "spacecraft configuration family"
        verbose_name_plural = "spacecraft configuration families"

    def __str__(self):
        return self.name


class SpacecraftConfig(Totals):
    """A model of spacecraft, such as Soyuz MS."""

    name = models.CharField(max_length=200)
    type = models.ForeignKey(SpacecraftConfigType, models.PROTECT, related_name="spacecraft_configs")
    agency = models.ForeignKey(
        Agency,
        models.PROTECT,
        related_name="spacecraft_list",
        help_text="The manufacturer.",
    )
    family = models.ManyToManyField(SpacecraftConfigFamily, blank=True, related_name="spacecraft_configs")
    in_use = models.BooleanField(default=True)
    image = models.ForeignKey(Image, models.SET_NULL, null=True, blank=True, related_name="+")
    capability = models.CharField(
        max_length=2048, blank=True, help_text="For example 'Crew and cargo to low Earth orbit'."
    )
    history = models.CharField(max_length=1000, blank=True)
    details = models.CharField(max_length=1000, blank=True)
    maiden_flight = models.DateField(null=True, blank=True)
    height = models.FloatField(null=True, blank=True, help_text="Metres.")
    diameter = models.FloatField(null=True, blank=True, help_text="Metres.")
    human_rated = models.BooleanField(default=False)
    crew_capacity = models.IntegerField(null=True, blank=True)
    payload_capacity = models.IntegerField(null=True, blank=True, help_text="To orbit, kilograms.")
    payload_return_capacity = models.IntegerField(null=True, blank=True, help_text="Back to Earth, kilograms.")
    flight_life = models.CharField(
        max_length=2048, null=True, blank=True, help_text="For example '200 days in orbit'."
    )
    wiki_link = models.URLField(blank=True)
    info_link = models.URLField(blank=True)

    spacecraft_flown = models.IntegerField(null=True, blank=True)
    fastest_turnaround = models.DurationField(
        null=True, blank=True, help_text="Shortest time between two flights of the same spacecraft."
    )

    class Meta(Totals.Meta):
        verbose_name = "spacecraft configuration"

    def __str__(self):
        return self.name


class SpacecraftStatus(Named):
    """The status of a spacecraft: active, retired, lost."""

    class Meta(Named.Meta):
        verbose_name_plural = "spacecraft statuses"


class Spacecraft(models.Model):
    """A spacecraft, which may fly more than once."""

    name = models.CharField(max_length=255)
    serial_number = models.CharField(max_length=255, null=True, blank=True)
    is_placeholder = models.BooleanField(
        default=False, help_text="Placeholder for a spacecraft that is not yet known."
    )
    image = models.ForeignKey(Image, models.SET_NULL, null=True, blank=True, related_name="+")
    status = models.ForeignKey(SpacecraftStatus, models.PROTECT, related_name="spacecraft")
    description = models.CharField(max_length=2048, blank=True)
    spacecraft_config = models.ForeignKey(SpacecraftConfig, models.PROTECT, related_name="spacecraft")

    recorded_in_space = models.BooleanField("in space", default=False, editable=False)
    recorded_time_in_space = models.DurationField(
        "time in space", null=True, blank=True, help_text="Total of all flights except the last.", editable=False
    )
    in_space_since = models.DateTimeField(
        null=True, blank=True, help_text="Launch of its last flight, UTC.", editable=False
    )
    in_space_until = models.DateTimeField(
        null=True, blank=True, help_text="End of its last flight, UTC.", editable=False
    )
    recorded_time_docked = models.DurationField(
        "time docked", null=True, blank=True, help_text="Total of all docking events except the last.", editable=False
    )
    docked_since = models.DateTimeField(
        null=True, blank=True, help_text="Start of its last docking event, UTC.", editable=False
    )
    docked_until = models.DateTimeField(
        null=True, blank=True, help_text="End of its last docking event, UTC.", editable=False
    )
    flights_count = models.IntegerField(null=True, blank=True)
    recorded_mission_ends_count = models.IntegerField("mission ends count", null=True, blank=True, editable=False)
    fastest_turnaround = models.DurationField(
        null=True, blank=True, help_text="Shortest time between two of its flights."
    )

    objects = SpacecraftManager()

    class Meta:
        ordering = ("id",)
        verbose_name_plural = "spacecraft"

    def __str__(self):
        return self.name

    @property
    def picture(self):
        """Its own image; without one, that of its configuration."""
        return self.image or self.spacecraft_config.image


class LauncherConfigFamily(LaunchTotals):
    """A family of launcher configurations, such as Ariane."""

    name = models.CharField(max_length=200)
    manufacturer = models.ManyToManyField(Agency, blank=True, related_name="launcher_config_families")
    parent = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="children")
    description = models.CharField(max_length=2048, blank=True)
    active = models.BooleanField(default=True)
    maiden_flight = models.DateField(null=True, blank=True)

    class Meta(LaunchTotals.Meta):
        verbose_name = "launcher configuration family"
        verbose_name_plural = "launcher configuration families"

    def __str__(self):
        return self.name


SHOWN_NAME = Coalesce(NullIf("full_name", Value("")), "name")  # of a launcher configuration


class LauncherConfig(LaunchTotals):
    """A model of rocket, such as Ariane 5 ES."""

    name = models.CharField(max_length=200)
    families = models.ManyToManyField(LauncherConfigFamily, blank=True, related_name="launcher_configs")
    full_name = models.CharField(max_length=200, blank=True)
    variant = models.CharField(max_length=200, blank=True, help_text="As in 'ES'.")
    active = models.BooleanField(default=True)
    is_placeholder = models.BooleanField(default=False, help_text="Placeholder for a rocket that is not yet known.")
    manufacturer = models.ForeignKey(
        Agency, models.PROTECT, null=True, blank=True, related_name="launcher_list", help_text="The manufacturer."
    )
    program = models.ManyToManyField(Program, blank=True, related_name="launcher_configs")
    reusable = models.BooleanField(default=False)
    image = models.ForeignKey(Image, models.SET_NULL, null=True, blank=True, related_name="+")
    # Texts, not URLs: LL2 2.3.0 promises no format for them.
    info_url = models.CharField("info URL", max_length=200, null=True, blank=True)
    wiki_url = models.CharField("wiki URL", max_length=200, null=True, blank=True)
    description = models.CharField(max_length=2048, blank=True)
    alias = models.CharField(max_length=200, blank=True, help_text="Alternative name.")
    min_stage = models.IntegerField(null=True, blank=True, help_text="Smallest number of stages.")
    max_stage = models.IntegerField(null=True, blank=True, help_text="Largest number of stages.")
    length = models.FloatField(null=True, blank=True, help_text="Metres.")
    diameter = models.FloatField(null=True, blank=True, help_text="Metres.")
    maiden_flight = models.DateField(null=True, blank=True)
    launch_cost = models.BigIntegerField(null=True, blank=True, help_text="US dollars.")
    launch_mass = models.FloatField(null=True, blank=True, help_text="Tonnes.")
    leo_capacity = models.FloatField("LEO capacity", null=True, blank=True, help_text="Kilograms.")
    gto_capacity = models.FloatField("GTO capacity", null=True, blank=True, help_text="Kilograms.")
    geo_capacity = models.FloatField("GEO capacity", null=True, blank=True, help_text="Kilograms.")
    sso_capacity = models.FloatField("SSO capacity", null=True, blank=True, help_text="Kilograms.")
    to_thrust = models.FloatField("thrust at liftoff", null=True, blank=True, help_text="Kilonewtons.")
    apogee = models.FloatField(null=True, blank=True, help_text="Of a suborbital rocket, in kilometres.")

    fastest_turnaround = models.DurationField(
        null=True, blank=True, help_text="Shortest time between two launches of this kind of rocket."
    )

    class Meta(LaunchTotals.Meta):
        verbose_name = "launcher configuration"

    def __str__(self):
        return self.full_name or self.name


class LauncherStatus(Named):
    """The status of a reusable stage: active, retired, lost."""

    name = models.CharField(max_length=50, blank=True)

    class Meta(Named.Meta):
        verbose_name_plural = "launcher statuses"


class Launcher(models.Model):
    """A reusable first stage, such as B1058."""

    flight_proven = models.BooleanField(default=False)
    serial_number = models.CharField(max_length=10, null=True, blank=True, help_text="As in 'B1058'.")
    is_placeholder = models.BooleanField(default=False, help_text="Placeholder for a stage that is not yet known.")
    status = models.ForeignKey(LauncherStatus, models.PROTECT, null=True, blank=True, related_name="launchers")
    image = models.ForeignKey(Image, models.SET_NULL, null=True, blank=True, related_name="+")
    details = models.CharField(max_length=2048, null=True, blank=True)
    launcher_config = models.ForeignKey(
        LauncherConfig, models.PROTECT, null=True, blank=True, related_name="launchers"
    )

    successful_landings = models.IntegerField(null=True, blank=True)
    attempted_landings = models.IntegerField(null=True, blank=True)
    flights = models.IntegerField(null=True, blank=True)
    last_launch_date = models.DateTimeField(null=True, blank=True, help_text="UTC.")
    first_launch_date = models.DateTimeField(null=True, blank=True, help_text="UTC.")
    fastest_turnaround = models.DurationField(
        null=True, blank=True, help_text="Shortest time between two of its flights."
    )

    class Meta:
        ordering = ("id",)

    def __str__(self):
        return self.serial_number or f"Launcher {self.pk}"


class PayloadType(Named):
    """The kind of a payload: a satellite, a station module, a probe."""

    name = models.CharField(max_length=255, blank=True)


class Payload(models.Model):
    """A satellite, station module, probe or other cargo that is not a spacecraft of its own."""

    name = models.CharField(max_length=1048, blank=True)
    type = models.ForeignKey(PayloadType, models.PROTECT, related_name="payloads")
    manufacturer = models.ForeignKey(
        Agency,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="payloads_manufactured",
    )
    operator = models.ForeignKey(Agency, models.SET_NULL, null=True, blank=True, related_name="payloads_operated")
    image = models.ForeignKey(Image, models.SET_NULL, null=True, blank=True, related_name="+")
    wiki_link = models.URLField(blank=True)
    info_link = models.URLField(blank=True)
    program = models.ManyToManyField(Program, blank=True, related_name="payloads")
    cost = models.PositiveBigIntegerField(null=True, blank=True, help_text="US dollars.")
    mass = models.FloatField(null=True, blank=True, help_text="Kilograms.")
    description = models.CharField(max_length=2048, blank=True)

    search_text = SearchText(PAYLOADS_SEARCHED)

    class Meta:
        ordering = ("id",)

    def __str__(self):
        return self.name
