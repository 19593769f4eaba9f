"""The tables of versions: one for each table that holds data, and for each of its relations to many.

They are no data: no answer shows them, and the version of the dataset does not hang on them."""

from django.apps import apps
from django.conf import settings
from simple_history import register

from spacedevs.db.search.text import SearchText

from .history import Versions

# The registry tells an app's models by get_models() only once all apps have theirs, and this one is still being read.
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
