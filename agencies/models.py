from django.db import models

from media_assets.models import Image, SocialMediaLink
from spacedevs.api.models import KnownByName, Named

# Statistics of launches and landings, in the order of the contract.
TOTALS = (
    "total_launch_count",
    "consecutive_successful_launches",
    "successful_launches",
    "failed_launches",
    "pending_launches",
    "consecutive_successful_landings",
    "successful_landings",
    "failed_landings",
    "attempted_landings",
    "successful_landings_spacecraft",
    "failed_landings_spacecraft",
    "attempted_landings_spacecraft",
    "successful_landings_payload",
    "failed_landings_payload",
    "attempted_landings_payload",
)


class Totals(models.Model):
    """Statistics of launches and landings."""

    total_launch_count = models.IntegerField(null=True, blank=True)
    successful_launches = models.IntegerField(null=True, blank=True)
    failed_launches = models.IntegerField(null=True, blank=True)
    attempted_landings = models.IntegerField(null=True, blank=True)
    successful_landings = models.IntegerField(null=True, blank=True)
    failed_landings = models.IntegerField(null=True, blank=True)

    class Meta:
        abstract = True
        ordering = ("id",)

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The names of these columns, without other columns of a subclass."""
        return tuple(field.name for field in cls._meta.local_fields)


class LaunchTotals(Totals):
    """The same with pending launches and consecutive successes."""

    consecutive_successful_launches = models.IntegerField(null=True, blank=True)
    pending_launches = models.IntegerField(null=True, blank=True)
    consecutive_successful_landings = models.IntegerField(null=True, blank=True)

    class Meta(Totals.Meta):
        abstract = True


class Country(Named):
    """A country, or a territory that is listed like one."""

    name = models.CharField(max_length=255, blank=True)
    alpha_2_code = models.CharField(max_length=2, blank=True, help_text="ISO 3166-1 alpha-2.")
    alpha_3_code = models.CharField(max_length=3, blank=True, help_text="ISO 3166-1 alpha-3.")
    nationality_name = models.CharField(max_length=255, blank=True, help_text="As in 'French'.")
    nationality_name_composed = models.CharField(max_length=255, blank=True, help_text="As in 'Franco-German'.")

    class Meta(Named.Meta):
        verbose_name_plural = "countries"


class AgencyType(Named):
    """The owner of an agency: one government, several, or private owners."""

    name = models.CharField(max_length=255, blank=True)


class Agency(KnownByName, LaunchTotals):
    """An organisation that builds, launches, owns or flies something."""

    name = models.CharField(max_length=200)
    abbrev = models.CharField(max_length=255, blank=True, help_text="As in 'NASA'.")
    type = models.ForeignKey(AgencyType, models.PROTECT, null=True, blank=True, related_name="agencies")
    featured = models.BooleanField(default=False, help_text="Many users look for this agency.")
    country = models.ManyToManyField(Country, blank=True, related_name="agencies")
    description = models.CharField(max_length=2048, null=True, blank=True)
    administrator = models.CharField(max_length=200, null=True, blank=True, help_text="As in 'CEO: Tory Bruno'.")
    founding_year = models.PositiveIntegerField(null=True, blank=True)
    launchers = models.CharField(max_length=500, blank=True, help_text="Rockets, as in 'Ariane | Vega'.")
    spacecraft = models.CharField(max_length=500, blank=True, help_text="Ships, as in 'Dragon'.")
    parent = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="children")
    image = models.ForeignKey(Image, models.SET_NULL, null=True, blank=True, related_name="+")
    logo = models.ForeignKey(Image, models.SET_NULL, null=True, blank=True, related_name="+")
    social_logo = models.ForeignKey(Image, models.SET_NULL, null=True, blank=True, related_name="+")
    info_url = models.URLField(null=True, blank=True)
    wiki_url = models.URLField(null=True, blank=True)
    social_media_links = models.ManyToManyField(SocialMediaLink, blank=True, related_name="agencies")

    successful_landings_spacecraft = models.IntegerField(null=True, blank=True)
    failed_landings_spacecraft = models.IntegerField(null=True, blank=True)
    attempted_landings_spacecraft = models.IntegerField(null=True, blank=True)
    successful_landings_payload = models.IntegerField(null=True, blank=True)
    failed_landings_payload = models.IntegerField(null=True, blank=True)
    attempted_landings_payload = models.IntegerField(null=True, blank=True)

    class Meta:
        ordering = ("id",)
        verbose_name_plural = "agencies"

    def __str__(self):
        return self.name


class MissionPatch(models.Model):
    """The embroidered emblem of a flight, an expedition or a program."""

    name = models.CharField(max_length=200)
    priority = models.IntegerField(default=10, help_text="Lower numbers come first.")
    image_url = models.URLField(max_length=1000)
    agency = models.ForeignKey(Agency, models.SET_NULL, null=True, blank=True, related_name="mission_patches")

    class Meta:
        ordering = ("id",)
        verbose_name_plural = "mission patches"

    def __str__(self):
        return self.name


class ProgramType(Named):
    """The purpose of a program: human spaceflight, science, a constellation."""

    name = models.CharField(max_length=255, blank=True)


class Program(models.Model):
    """A program of many launches, such as Apollo or the ISS."""

    name = models.CharField(max_length=255)
    image = models.ForeignKey(Image, models.SET_NULL, null=True, blank=True, related_name="+")
    info_url = models.URLField(null=True, blank=True)
    wiki_url = models.URLField(null=True, blank=True)
    description = models.CharField(max_length=40000, null=True, blank=True)
    agencies = models.ManyToManyField(Agency, blank=True, related_name="programs")
    start_date = models.DateTimeField(null=True, blank=True, help_text="UTC.")
    end_date = models.DateTimeField(null=True, blank=True, help_text="UTC.")
    mission_patches = models.ManyToManyField(MissionPatch, blank=True, related_name="programs")
    type = models.ForeignKey(ProgramType, models.PROTECT, null=True, blank=True, related_name="programs")

    class Meta:
        ordering = ("id",)

    def __str__(self):
        return self.name
