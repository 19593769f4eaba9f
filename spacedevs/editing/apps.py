from django.apps import AppConfig
from django.contrib.admin import apps as admin
from django.db.models.signals import post_migrate


class EditingConfig(AppConfig):
    """Common parts of the pages for data editors; independent of the nouns."""

    default = True
    name = "spacedevs.editing"
    label = "editing"

    def ready(self):
        from spacedevs.editing.accounts import roles  # noqa: PLC0415 - models can be imported from here on

        post_migrate.connect(roles.grant)


class SiteConfig(admin.SimpleAdminConfig):
    """Django's admin with our site as the default, which finds its pages itself."""

    default = False
    default_site = "spacedevs.editing.sites.EditingSite"
