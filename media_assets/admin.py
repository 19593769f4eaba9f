from django.contrib import admin
from django.db.models import SET_NULL, Q
from django.utils.html import format_html

from media_assets import models
from spacedevs.editing.admin import PICTURE, ExchangedAdmin, LookupAdmin, RowAdmin, RowInline
from spacedevs.editing.data_quality import DataCheck
from spacedevs.editing.uploads import UploadForm, Uploading, preview

UNKNOWN_TERMS = 9  # the priority of licences with unknown terms

admin.site.register(
    (
        models.ImageLicense,
        models.ImageVariantType,
        models.InfoURLType,
        models.VidURLType,
    ),
    LookupAdmin,
)


@admin.register(models.Language)
class LanguageAdmin(ExchangedAdmin):
    list_display = ("id", "name", "code")
    search_fields = ("name", "code")


def unlicensed(images):
    """Images with unknown terms: their licence has the last priority."""
    return images.filter(Q(license__priority__gte=UNKNOWN_TERMS) | Q(license__name=""))


class Variants(RowInline):
    model = models.ImageVariant
    form = UploadForm
    fields = ("type", "upload", "image_url", "preview")
    readonly_fields = ("preview",)

    def preview(self, variant):
        return preview(variant.image_url)


@admin.register(models.Image)
class ImageAdmin(Uploading, RowAdmin):
    form = UploadForm
    list_display = ("id", "name", "thumbnail", "credit", "license", "single_use")
    list_filter = ("license", "single_use")
    search_fields = ("name", "credit")
    readonly_fields = ("preview", "shown_by")
    fieldsets = (
        (None, {"fields": ("name", "preview", "upload", "image_url", "thumbnail_url")}),
        ("Use", {"fields": ("credit", "license", "single_use", "shown_by")}),
    )
    inlines = (Variants,)
    concerns = (DataCheck("unlicensed", "with unknown licence terms", unlicensed),)

    @admin.display(empty_value="")
    def thumbnail(self, image):
        return format_html(PICTURE, image.thumbnail_url) if image.thumbnail_url else None

    def preview(self, image):
        return preview(image.image_url, image.thumbnail_url)

    @admin.display(description="shown by")
    def shown_by(self, image):
        return self.links(self.referring(image, (SET_NULL,))) or "Nothing yet."  # its variants do not count as uses


@admin.register(models.ImageVariant)
class ImageVariantAdmin(Uploading, RowAdmin):
    form = UploadForm
    list_display = ("id", "image", "type", "image_url")
    list_filter = ("type",)
    search_fields = ("image__name",)
    named_by = ("image", "type")
    readonly_fields = ("preview",)
    fieldsets = ((None, {"fields": ("image", "type", "preview", "upload", "image_url")}),)

    def preview(self, variant):
        return preview(variant.image_url)


class LinkAdmin(RowAdmin):
    """Common parts of the pages for info URLs and video URLs."""

    list_display = ("id", "title", "source", "type", "language", "url")
    list_filter = ("type", ("language", admin.RelatedOnlyFieldListFilter))
    search_fields = ("title", "source", "url")
    fieldsets = (
        (None, {"fields": ("url", "title", "source", "type", "language")}),
        ("Shown as", {"fields": ("description", "feature_image", "priority")}),
    )


@admin.register(models.InfoURL)
class InfoURLAdmin(LinkAdmin):
    pass


@admin.register(models.VidURL)
class VidURLAdmin(LinkAdmin):
    list_display = (*LinkAdmin.list_display, "live")
    list_filter = ("live", *LinkAdmin.list_filter)
    search_fields = (*LinkAdmin.search_fields, "publisher")
    fieldsets = (
        *LinkAdmin.fieldsets,
        ("On air", {"fields": ("publisher", "start_time", "end_time", "live")}),
    )


@admin.register(models.SocialMedia)
class SocialMediaAdmin(RowAdmin):
    list_display = ("id", "name", "url", "logo")


@admin.register(models.SocialMediaLink)
class SocialMediaLinkAdmin(RowAdmin):
    list_display = ("id", "social_media", "url")
    list_filter = ("social_media",)
    search_fields = ("url", "social_media__name")
    named_by = ("social_media",)
