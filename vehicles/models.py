from django.db import models

from agencies.models import Agency, LaunchTotals, Program, Totals
from media_assets.models import Image
from spacedevs.api.models import Named

from .querysets import SpacecraftManager

TOTALS = Totals.names()  # of ships, and of families of ships, in the order of the contract


class SpacecraftConfigType(Named):
    """What a kind of ship is for: a capsule, a freighter, a space plane."""

    class Meta(Named.Meta):
        verbose_name = "spacecraft configuration type"


class SpacecraftConfigFamily(Totals):
    """Kinds of ship that descend from one another, such as Soyuz."""

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
    """A kind of ship, such as Soyuz MS, of which several were built."""

    name = models.CharField(max_length=200)
    type = models.ForeignKey(SpacecraftConfigType, models.PROTECT, related_name="spacecraft_configs")
    agency = models.ForeignKey(
        Agency,
        models.PROTECT,
        related_name="spacecraft_list",
        help_text="Who builds it.",
    )
    family = models.ManyToManyField(SpacecraftConfigFamily, blank=True, related_name="spacecraft_configs")
    in_use = models.BooleanField(default=True)
    image = models.ForeignKey(Image, models.SET_NULL, null=True, blank=True, related_name="+")
    capability = models.CharField(max_length=2048, blank=True, help_text="As in 'Crew and cargo to low Earth orbit'.")
    history = models.CharField(max_length=1000, blank=True)
    details = models.CharField(max_length=1000, blank=True)
    maiden_flight = models.DateField(null=True, blank=True)
    height = models.FloatField(null=True, blank=True, help_text="Metres.")
    diameter = models.FloatField(null=True, blank=True, help_text="Metres.")
    human_rated = models.BooleanField(default=False)
    crew_capacity = models.IntegerField(null=True, blank=True)
    payload_capacity = models.IntegerField(null=True, blank=True, help_text="To orbit, kilograms.")
    payload_return_capacity = models.IntegerField(null=True, blank=True, help_text="Back to Earth, kilograms.")
    flight_life = models.CharField(max_length=2048, null=True, blank=True, help_text="As in '200 days in orbit'.")
    wiki_link = models.URLField(blank=True)
    info_link = models.URLField(blank=True)

    spacecraft_flown = models.IntegerField(null=True, blank=True)
    fastest_turnaround = models.DurationField(
        null=True, blank=True, help_text="The shortest time between two flights of one ship."
    )

    class Meta(Totals.Meta):
        verbose_name = "spacecraft configuration"

    def __str__(self):
        return self.name


class SpacecraftStatus(Named):
    """What has become of a ship: active, retired, lost."""

    class Meta(Named.Meta):
        verbose_name_plural = "spacecraft statuses"


class Spacecraft(models.Model):
    """One ship, which may fly once or many times."""

    name = models.CharField(max_length=255)
    serial_number = models.CharField(max_length=255, null=True, blank=True)
    is_placeholder = models.BooleanField(default=False, help_text="Stands for a ship that is not yet known.")
    image = models.ForeignKey(Image, models.SET_NULL, null=True, blank=True, related_name="+")
    status = models.ForeignKey(SpacecraftStatus, models.PROTECT, related_name="spacecraft")
    description = models.CharField(max_length=2048, blank=True)
    spacecraft_config = models.ForeignKey(SpacecraftConfig, models.PROTECT, related_name="spacecraft")

    recorded_in_space = models.BooleanField("in space", default=False, editable=False)
    recorded_time_in_space = models.DurationField(
        "time in space", null=True, blank=True, help_text="Of all its flights, but for the last.", editable=False
    )
    in_space_since = models.DateTimeField(
        null=True, blank=True, help_text="The launch of its last flight; UTC.", editable=False
    )
    in_space_until = models.DateTimeField(
        null=True, blank=True, help_text="The end of its last flight; UTC.", editable=False
    )
    recorded_time_docked = models.DurationField(
        "time docked", null=True, blank=True, help_text="Of all its stays, but for the last.", editable=False
    )
    docked_since = models.DateTimeField(
        null=True, blank=True, help_text="When its last stay began; UTC.", editable=False
    )
    docked_until = models.DateTimeField(
        null=True, blank=True, help_text="When its last stay ended; UTC.", editable=False
    )
    flights_count = models.IntegerField(null=True, blank=True)
    recorded_mission_ends_count = models.IntegerField("mission ends count", null=True, blank=True, editable=False)
    fastest_turnaround = models.DurationField(
        null=True, blank=True, help_text="The shortest time between two of its flights."
    )

    objects = SpacecraftManager()

    class Meta:
        ordering = ("id",)
        verbose_name_plural = "spacecraft"

    def __str__(self):
        return self.name

    @property
    def picture(self):
        """Its own, or else that of its kind."""
        return self.image or self.spacecraft_config.image


class LauncherConfigFamily(LaunchTotals):
    """Rockets that descend from one another, such as Ariane."""

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


class LauncherConfig(LaunchTotals):
    """A kind of rocket, such as Ariane 5 ES."""

    name = models.CharField(max_length=200)
    families = models.ManyToManyField(LauncherConfigFamily, blank=True, related_name="launcher_configs")
    full_name = models.CharField(max_length=200, blank=True)
    variant = models.CharField(max_length=200, blank=True, help_text="As in 'ES'.")
    active = models.BooleanField(default=True)
    is_placeholder = models.BooleanField(default=False, help_text="Stands for a rocket that is not yet known.")
    manufacturer = models.ForeignKey(
        Agency, models.PROTECT, null=True, blank=True, related_name="launcher_list", help_text="Who builds it."
    )
    program = models.ManyToManyField(Program, blank=True, related_name="launcher_configs")
    reusable = models.BooleanField(default=False)
    image = models.ForeignKey(Image, models.SET_NULL, null=True, blank=True, related_name="+")
    # Texts, not addresses: LL2 2.3.0 says no more of them.
    info_url = models.CharField("info URL", max_length=200, null=True, blank=True)
    wiki_url = models.CharField("wiki URL", max_length=200, null=True, blank=True)
    description = models.CharField(max_length=2048, blank=True)
    alias = models.CharField(max_length=200, blank=True, help_text="Another name.")
    min_stage = models.IntegerField(null=True, blank=True, help_text="The fewest stages that it flies with.")
    max_stage = models.IntegerField(null=True, blank=True, help_text="The most stages that it flies with.")
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
    apogee = models.FloatField(null=True, blank=True, help_text="Of a suborbital rocket, kilometres.")

    fastest_turnaround = models.DurationField(
        null=True, blank=True, help_text="The shortest time between two launches of this kind."
    )

    class Meta(LaunchTotals.Meta):
        verbose_name = "launcher configuration"

    def __str__(self):
        return self.full_name or self.name


class LauncherStatus(Named):
    """What has become of a reusable stage: active, retired, lost."""

    name = models.CharField(max_length=50, blank=True)

    class Meta(Named.Meta):
        verbose_name_plural = "launcher statuses"


class Launcher(models.Model):
    """One reusable first stage, such as B1058, which flies many times."""

    flight_proven = models.BooleanField(default=False)
    serial_number = models.CharField(max_length=10, null=True, blank=True, help_text="As in 'B1058'.")
    is_placeholder = models.BooleanField(default=False, help_text="Stands for a stage that is not yet known.")
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
        null=True, blank=True, help_text="The shortest time between two of its flights."
    )

    class Meta:
        ordering = ("id",)

    def __str__(self):
        return self.serial_number or f"Launcher {self.pk}"


class PayloadType(Named):
    """What a payload is: a satellite, a module of a station, a probe."""

    name = models.CharField(max_length=255, blank=True)


class Payload(models.Model):
    """What a rocket carries that is no ship of its own: a satellite, a module, a probe."""

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

    class Meta:
        ordering = ("id",)

    def __str__(self):
        return self.name
