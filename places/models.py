from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from agencies.models import Agency, Country
from media_assets.models import Image
from spacedevs.api.models import KnownByName, Named

# Statistics of launches from a body and landings on it, in the order of the contract.
BODY_TOTALS = (
    "total_attempted_launches",
    "successful_launches",
    "failed_launches",
    "total_attempted_landings",
    "successful_landings",
    "failed_landings",
)


class CelestialBodyType(Named):
    """The kind of a celestial body: a planet, a moon, an asteroid."""

    name = models.CharField(max_length=255, blank=True)


class CelestialBody(Named):
    """A planet, moon or other body that vehicles are launched from, orbit or land on."""

    type = models.ForeignKey(
        CelestialBodyType,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="celestial_bodies",
    )
    diameter = models.FloatField(null=True, blank=True, help_text="Metres.")
    mass = models.FloatField(null=True, blank=True, help_text="Kilograms.")
    gravity = models.FloatField(null=True, blank=True, help_text="Surface gravity, m/s².")
    length_of_day = models.DurationField(null=True, blank=True, help_text="As in '1 00:00:00'.")
    atmosphere = models.BooleanField(null=True, blank=True, default=False)
    image = models.ForeignKey(Image, models.SET_NULL, null=True, blank=True, related_name="+")
    description = models.TextField(null=True, blank=True)
    wiki_url = models.URLField(null=True, blank=True)

    total_attempted_launches = models.IntegerField(default=0)
    successful_launches = models.IntegerField(default=0)
    failed_launches = models.IntegerField(default=0)
    total_attempted_landings = models.IntegerField(default=0)
    successful_landings = models.IntegerField(default=0)
    failed_landings = models.IntegerField(default=0)

    class Meta(Named.Meta):
        verbose_name_plural = "celestial bodies"


class Coordinates(models.Model):
    """The position of a place on its celestial body."""

    longitude = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(-180), MaxValueValidator(180)],
        help_text="Degrees, positive east.",
    )
    latitude = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(-90), MaxValueValidator(90)],
        help_text="Degrees, positive north.",
    )

    class Meta:
        abstract = True
        ordering = ("id",)

    def __str__(self):
        return self.name


class Location(Coordinates):
    """A launch site or landing area with its pads, such as the Guiana Space Centre."""

    name = models.CharField(max_length=255, blank=True)
    celestial_body = models.ForeignKey(CelestialBody, models.PROTECT, null=True, blank=True, related_name="locations")
    active = models.BooleanField(default=True)
    country = models.ForeignKey(Country, models.PROTECT, null=True, blank=True, related_name="locations")
    description = models.CharField(max_length=2048, null=True, blank=True)
    image = models.ForeignKey(Image, models.SET_NULL, null=True, blank=True, related_name="+")
    map_image = models.URLField(max_length=1000, null=True, blank=True)
    timezone_name = models.CharField(max_length=255, blank=True, help_text="As in 'America/Cayenne'.")

    total_launch_count = models.IntegerField(null=True, blank=True)
    total_landing_count = models.IntegerField(null=True, blank=True)


class Pad(Coordinates):
    """A pad that rockets are launched from."""

    active = models.BooleanField(default=True)
    agencies = models.ManyToManyField(Agency, blank=True, related_name="pads")
    name = models.CharField(max_length=255, blank=True)
    image = models.ForeignKey(Image, models.SET_NULL, null=True, blank=True, related_name="+")
    description = models.CharField(max_length=2048, null=True, blank=True)
    info_url = models.URLField(null=True, blank=True)
    wiki_url = models.URLField(null=True, blank=True)
    map_url = models.URLField(
        null=True,
        blank=True,
        help_text="For example 'https://www.google.com/maps?q=5.239,-52.768'.",
    )
    country = models.ForeignKey(Country, models.PROTECT, null=True, blank=True, related_name="pads")
    map_image = models.URLField(max_length=1000, null=True, blank=True)
    location = models.ForeignKey(Location, models.PROTECT, null=True, blank=True, related_name="pads")

    total_launch_count = models.IntegerField(null=True, blank=True)
    orbital_launch_attempt_count = models.IntegerField(null=True, blank=True)
    fastest_turnaround = models.DurationField(
        null=True,
        blank=True,
        help_text="Shortest time between two launches from this pad.",
    )


class LandingLocation(Coordinates):
    """A place to land on: a runway, a zone, a drone ship, a stretch of sea."""

    name = models.CharField(max_length=255, blank=True)
    active = models.BooleanField(default=True)
    abbrev = models.CharField(max_length=255, blank=True, help_text="As in 'OCISLY'.")
    description = models.CharField(max_length=2048, null=True, blank=True)
    location = models.ForeignKey(
        Location,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="landing_locations",
    )
    image = models.ForeignKey(Image, models.SET_NULL, null=True, blank=True, related_name="+")
    celestial_body = models.ForeignKey(CelestialBody, models.PROTECT, related_name="landing_locations")

    successful_landings = models.IntegerField(null=True, blank=True)
    attempted_landings = models.IntegerField(null=True, blank=True)
    failed_landings = models.IntegerField(null=True, blank=True)


class Orbit(Named, KnownByName):
    """A kind of orbit, such as low Earth orbit."""

    name = models.CharField(max_length=50)
    abbrev = models.CharField(max_length=30, help_text="As in 'LEO'.")
    celestial_body = models.ForeignKey(CelestialBody, models.PROTECT, null=True, blank=True, related_name="orbits")
