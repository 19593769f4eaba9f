from django.contrib import admin
from django.utils.html import format_html

from agencies import models
from spacedevs.editing.admin import PICTURE, ExchangedAdmin, LookupAdmin, RowAdmin
from spacedevs.editing.uploads import UploadForm, Uploading, preview

admin.site.register((models.AgencyType, models.ProgramType), LookupAdmin)


@admin.register(models.Country)
class CountryAdmin(ExchangedAdmin):
    list_display = ("id", "name", "alpha_2_code", "alpha_3_code", "nationality_name")
    search_fields = ("name", "=alpha_2_code", "=alpha_3_code", "nationality_name")
    ordering = ("name",)


@admin.register(models.Agency)
class AgencyAdmin(ExchangedAdmin):
    list_display = (
        "id",
        "name",
        "abbrev",
        "type",
        "parent",
        "founding_year",
        "featured",
        "total_launch_count",
    )
    list_filter = (
        "featured",
        "type",
        ("country", admin.RelatedOnlyFieldListFilter),
    )
    search_fields = ("name", "abbrev", "administrator")
    ordering = ("name",)
    fieldsets = (
        (None, {"fields": ("name", "abbrev", "type", "featured")}),
        ("Identity", {"fields": ("country", "parent", "founding_year")}),
        ("Description", {"fields": ("description", "administrator")}),
        ("Vehicles", {"fields": ("launchers", "spacecraft")}),
        ("Pictures", {"fields": ("image", "logo", "social_logo")}),
        ("Links", {"fields": ("info_url", "wiki_url", "social_media_links")}),
    )
    totals = models.TOTALS


@admin.register(models.MissionPatch)
class MissionPatchAdmin(Uploading, RowAdmin):
    form = UploadForm
    list_display = ("id", "name", "patch", "agency", "priority")
    search_fields = ("name", "agency__name", "agency__abbrev")
    ordering = ("name",)
    readonly_fields = ("preview",)
    fieldsets = (
        (None, {"fields": ("name", "agency", "priority")}),
        ("Picture", {"fields": ("preview", "upload", "image_url")}),
    )

    def preview(self, mission_patch):
        return preview(mission_patch.image_url)

    @admin.display(description="picture")
    def patch(self, mission_patch):
        return format_html(PICTURE, mission_patch.image_url)


@admin.register(models.Program)
class ProgramAdmin(RowAdmin):
    list_display = ("id", "name", "type", "start_date", "end_date")
    list_filter = ("type",)
    search_fields = ("name",)
    ordering = ("name",)
    fieldsets = (
        (None, {"fields": ("name", "type", "description")}),
        ("Who", {"fields": ("agencies",)}),
        ("When", {"fields": ("start_date", "end_date")}),
        ("Pictures", {"fields": ("image", "mission_patches")}),
        ("Links", {"fields": ("info_url", "wiki_url")}),
    )
