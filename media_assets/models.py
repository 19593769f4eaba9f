from django.db import models

from spacedevs.api.models import Named
from spacedevs.db.models import HashIndex


class ImageLicense(Named):
    """The terms under which an image may be shown."""

    name = models.CharField(max_length=255, blank=True)
    priority = models.IntegerField(default=0, help_text="0 is the least restrictive; use 9 for unknown terms.")
    link = models.URLField(null=True, blank=True, help_text="URL of the terms.")


class ImageVariantType(Named):
    """The purpose of a variant of an image, such as a logo on a dark background."""

    name = models.CharField(max_length=255, blank=True)


class Image(models.Model):
    """An image with its credit and licence; many records may use the same image."""

    name = models.CharField(max_length=255)
    image_url = models.URLField(max_length=1000, help_text="The image in full size.")
    thumbnail_url = models.URLField(max_length=1000, help_text="The same image, 255 px wide.")
    credit = models.CharField(max_length=255, null=True, blank=True, help_text="Name to show with the image.")
    license = models.ForeignKey(ImageLicense, models.PROTECT, related_name="images")
    single_use = models.BooleanField(default=True, help_text="Shows only one subject, so no other record uses it.")

    class Meta:
        ordering = ("id",)

    def __str__(self):
        return self.name


class ImageVariant(models.Model):
    """A version of an image for another purpose."""

    image = models.ForeignKey(Image, models.CASCADE, related_name="variants")
    type = models.ForeignKey(ImageVariantType, models.PROTECT, related_name="variants")
    image_url = models.URLField(max_length=1000)

    class Meta:
        ordering = ("id",)

    def __str__(self):
        return f"{self.image} ({self.type})"


class InfoURLType(Named):
    """The kind of a page: an official page, an article, a press kit."""

    class Meta(Named.Meta):
        verbose_name = "info URL type"


class VidURLType(Named):
    """The kind of a video: an official webcast, a press event, a replay."""

    class Meta(Named.Meta):
        verbose_name = "video URL type"


class Language(Named):
    """The language of a page or a video."""

    code = models.CharField(max_length=255, help_text="ISO 639-1, for example 'en'.")


class Link(models.Model):
    """Common fields of info URLs and video URLs."""

    priority = models.IntegerField(default=10, help_text="Lower numbers come first.")
    source = models.CharField(max_length=200, null=True, blank=True, help_text="Name of the site.")
    title = models.CharField(max_length=200, null=True, blank=True)
    # Recorded responses of LL2 2.2.0 reach 798 characters, where the published document allows 350.
    description = models.CharField(max_length=2048, null=True, blank=True)
    feature_image = models.URLField(null=True, blank=True, help_text="Image of the page.")
    url = models.URLField(max_length=1000)
    language = models.ForeignKey(Language, models.PROTECT, null=True, blank=True, related_name="%(class)ss")

    class Meta:
        abstract = True
        ordering = ("id",)

    def __str__(self):
        return self.title or self.url


class InfoURL(Link):
    """A page about a launch, a mission or an event."""

    type = models.ForeignKey(InfoURLType, models.PROTECT, null=True, blank=True, related_name="info_urls")

    class Meta(Link.Meta):
        verbose_name = "info URL"


class VidURL(Link):
    """A video or a live stream of a launch, a mission or an event."""

    publisher = models.CharField(max_length=255, null=True, blank=True, help_text="Owner of the channel.")
    type = models.ForeignKey(VidURLType, models.PROTECT, null=True, blank=True, related_name="vid_urls")
    start_time = models.DateTimeField(null=True, blank=True, help_text="UTC.")
    end_time = models.DateTimeField(null=True, blank=True, help_text="UTC.")
    live = models.BooleanField(default=False, help_text="Streaming now.")

    class Meta(Link.Meta):
        verbose_name = "video URL"
        indexes = [HashIndex(fields=("url",), name="vid_url_url")]  # PostgreSQL's B-tree has no room for long ones


class SocialMedia(Named):
    """A social network."""

    name = models.CharField(max_length=255, blank=True)
    url = models.URLField(null=True, blank=True)
    logo = models.ForeignKey(Image, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta(Named.Meta):
        verbose_name_plural = "social media"


class SocialMediaLink(models.Model):
    """The account of an agency or a person in a social network."""

    social_media = models.ForeignKey(SocialMedia, models.PROTECT, related_name="links")
    url = models.URLField(null=True, blank=True)

    class Meta:
        ordering = ("id",)

    def __str__(self):
        return self.url or str(self.social_media)
