from django.apps import AppConfig
from django.core import checks
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate, pre_migrate

from . import configuration, database, versioning


class ApiConfig(AppConfig):
    name = "spacedevs.api"
    label = "api"

    def ready(self):
        from . import changes, texts, triggers  # noqa: PLC0415 - models can be imported from here on

        changes.watch()
        texts.watch()
        connection_created.connect(database.begin_session)
        pre_migrate.connect(triggers.remove, sender=self)
        post_migrate.connect(triggers.install, sender=self)
        post_migrate.connect(versioning.keep_triggers, sender=self)
        checks.register(versioning.check_triggers)
        checks.register(configuration.check_configuration, configuration.CONFIGURATION)
