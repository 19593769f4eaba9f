from django.apps import AppConfig
from django.contrib.admin import apps as admin


class EditingConfig(AppConfig):
    """What the pages for data editors have in common; it knows no noun."""

    default = True
    name = "spacedevs.editing"
    label = "editing"


class SiteConfig(admin.AdminConfig):
    """Django's admin with our site for its default."""

    default = False
    default_site = "spacedevs.editing.sites.EditingSite"
