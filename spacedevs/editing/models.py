"""The tables of the history: one for each table with data, and one for each to-many relation.

They are not part of the dataset: no response shows them, and they do not change the dataset version."""

from django.apps import apps
from django.conf import settings
from simple_history import register

from spacedevs.db.search.text import SearchText

from .history import Versions

# The app registry offers get_models() only after all apps are loaded, and this module is still being imported.
for noun in reversed(settings.NOUNS):
    for model in list(apps.get_app_config(noun).models.values()):
        if not model._meta.auto_created:
            register(
                model,
                app="spacedevs.editing",
                manager_name="versions",
                records_class=Versions,
                excluded_fields=[field.name for field in model._meta.fields if isinstance(field, SearchText)],
                m2m_fields=model._meta.local_many_to_many,
            )
