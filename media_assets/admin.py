from django.contrib import admin
from django.utils.html import format_html

from media_assets import models
from spacedevs.editing.admin import PICTURE, LookupAdmin, RowAdmin, RowInline

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
class LanguageAdmin(RowAdmin):
    list_display = ("id", "name", "code")
    search_fields = ("name", "code")


class Variants(RowInline):
    model = models.ImageVariant


@admin.register(models.Image)
class ImageAdmin(RowAdmin):
    list_display = ("id", "name", "thumbnail", "credit", "license", "single_use")
    list_filter = ("license", "single_use")
    search_fields = ("name", "credit")
    readonly_fields = ("thumbnail",)
    fieldsets = (
        (None, {"fields": ("name", "image_url", "thumbnail_url", "thumbnail")}),
        ("Use", {"fields": ("credit", "license", "single_use")}),
    )
    inlines = (Variants,)

    @admin.display(empty_value="")
    def thumbnail(self, image):
        if not image.thumbnail_url:
            return None
        return format_html(PICTURE, image.thumbnail_url)


@admin.register(models.ImageVariant)
class ImageVariantAdmin(RowAdmin):
    list_display = ("id", "image", "type", "image_url")
    list_filter = ("type",)
    search_fields = ("image__name",)
    named_by = ("image", "type")


class LinkAdmin(RowAdmin):
    """What the pages of links to pages and of links to videos have in common."""

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
