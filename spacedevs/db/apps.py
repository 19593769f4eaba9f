"""Connects the database's session settings, triggers and checks after the models are loaded."""

from django.apps import AppConfig
from django.core import checks
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate, pre_migrate

from . import connections, dataset_version, ordering


class DbConfig(AppConfig):
    name = "spacedevs.db"

    def ready(self) -> None:
        from .footprints import recording  # noqa: PLC0415 - models can be imported from here on
        from .search import pending_texts, triggers  # noqa: PLC0415

        pending_texts.watch()
        connection_created.connect(connections.begin_session)
        connection_created.connect(ordering.add_function)
        connection_created.connect(recording.watch)
        pre_migrate.connect(triggers.remove, sender=self)
        post_migrate.connect(triggers.install, sender=self)
        post_migrate.connect(dataset_version.keep_triggers, sender=self)
        checks.register(dataset_version.check_triggers)
