from django.db import models

from spacedevs.api.models import Named


class ImageLicense(Named):
    """The terms under which an image may be shown."""

    name = models.CharField(max_length=255, blank=True)
    priority = models.IntegerField(default=0, help_text="0 is the freest; 9 is used for unknown terms.")
    link = models.URLField(null=True, blank=True, help_text="Where the terms can be read.")


class ImageVariantType(Named):
    """What a variant of an image is for, as a logo on a dark background."""

    name = models.CharField(max_length=255, blank=True)


class Image(models.Model):
    """A picture with its credit and licence; the same picture may illustrate many things."""

    name = models.CharField(max_length=255)
    image_url = models.URLField(max_length=1000, help_text="The full picture.")
    thumbnail_url = models.URLField(max_length=1000, help_text="The same picture, 255 px wide.")
    credit = models.CharField(max_length=255, null=True, blank=True, help_text="Whom to name beside it.")
    license = models.ForeignKey(ImageLicense, models.PROTECT, related_name="images")
    single_use = models.BooleanField(default=True, help_text="Shows one thing only, so it is never reused.")

    class Meta:
        ordering = ("id",)

    def __str__(self):
        return self.name


class ImageVariant(models.Model):
    """The same picture made for another use."""

    image = models.ForeignKey(Image, models.CASCADE, related_name="variants")
    type = models.ForeignKey(ImageVariantType, models.PROTECT, related_name="variants")
    image_url = models.URLField(max_length=1000)

    class Meta:
        ordering = ("id",)

    def __str__(self):
        return f"{self.image} ({self.type})"


class InfoURLType(Named):
    """What a link leads to: an official page, an article, a press kit."""

    class Meta(Named.Meta):
        verbose_name = "info URL type"


class VidURLType(Named):
    """What a video is: an official webcast, a press event, a replay."""

    class Meta(Named.Meta):
        verbose_name = "video URL type"


class Language(Named):
    """The language of a page or a video."""

    code = models.CharField(max_length=255, help_text="ISO 639-1, as 'en'.")


class Link(models.Model):
    """What a link to a page and a link to a video have in common."""

    priority = models.IntegerField(default=10, help_text="The lowest number comes first.")
    source = models.CharField(max_length=200, null=True, blank=True, help_text="The site it is on.")
    title = models.CharField(max_length=200, null=True, blank=True)
    description = models.CharField(max_length=350, null=True, blank=True)
    feature_image = models.URLField(null=True, blank=True, help_text="A picture of the page.")
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

    publisher = models.CharField(max_length=255, null=True, blank=True, help_text="Whose channel it is on.")
    type = models.ForeignKey(VidURLType, models.PROTECT, null=True, blank=True, related_name="vid_urls")
    start_time = models.DateTimeField(null=True, blank=True, help_text="UTC.")
    end_time = models.DateTimeField(null=True, blank=True, help_text="UTC.")
    live = models.BooleanField(default=False, help_text="Is on air now.")

    class Meta(Link.Meta):
        verbose_name = "video URL"


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
