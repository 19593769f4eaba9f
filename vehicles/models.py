from django.db import models

from agencies.models import Agency, Program
from media_assets.models import Image
from spacedevs.api.models import Named


class SpacecraftConfigType(Named):
    """What a kind of ship is for: a capsule, a freighter, a space plane."""

    class Meta(Named.Meta):
        verbose_name = "spacecraft configuration type"


class SpacecraftConfigFamily(models.Model):
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

    class Meta:
        ordering = ("id",)
        verbose_name = "spacecraft configuration family"
        verbose_name_plural = "spacecraft configuration families"

    def __str__(self):
        return self.name


class SpacecraftConfig(models.Model):
    """A kind of ship, such as Soyuz MS, of which several were built."""

    name = models.CharField(max_length=200)
    type = models.ForeignKey(SpacecraftConfigType, models.PROTECT, related_name="spacecraft_configs")
    agency = models.ForeignKey(
        Agency,
        models.PROTECT,
        related_name="spacecraft_configs",
        help_text="Who builds it.",
    )
    family = models.ManyToManyField(SpacecraftConfigFamily, blank=True, related_name="spacecraft_configs")
    in_use = models.BooleanField(default=True)
    image = models.ForeignKey(Image, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ("id",)
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
    description = models.CharField(max_length=2048)
    spacecraft_config = models.ForeignKey(SpacecraftConfig, models.PROTECT, related_name="spacecraft")

    in_space = models.BooleanField(default=False)
    time_in_space = models.DurationField(null=True, blank=True, help_text="Of all its flights.")
    time_docked = models.DurationField(null=True, blank=True, help_text="Of all its flights.")
    flights_count = models.IntegerField(null=True, blank=True)
    mission_ends_count = models.IntegerField(null=True, blank=True)
    fastest_turnaround = models.DurationField(
        null=True, blank=True, help_text="The shortest time between two of its flights."
    )

    class Meta:
        ordering = ("id",)
        verbose_name_plural = "spacecraft"

    def __str__(self):
        return self.name


class LauncherConfigFamily(models.Model):
    """Rockets that descend from one another, such as Ariane."""

    name = models.CharField(max_length=200)
    parent = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="children")

    class Meta:
        ordering = ("id",)
        verbose_name = "launcher configuration family"
        verbose_name_plural = "launcher configuration families"

    def __str__(self):
        return self.name


class LauncherConfig(models.Model):
    """A kind of rocket, such as Ariane 5 ES."""

    name = models.CharField(max_length=200)
    families = models.ManyToManyField(LauncherConfigFamily, blank=True, related_name="launcher_configs")
    full_name = models.CharField(max_length=200, blank=True)
    variant = models.CharField(max_length=200, blank=True, help_text="As in 'ES'.")

    class Meta:
        ordering = ("id",)
        verbose_name = "launcher configuration"

    def __str__(self):
        return self.full_name or self.name


class LauncherStatus(Named):
    """What has become of a reusable stage: active, retired, lost."""

    name = models.CharField(max_length=50, blank=True)

    class Meta(Named.Meta):
        verbose_name_plural = "launcher statuses"


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
