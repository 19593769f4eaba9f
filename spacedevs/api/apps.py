from django.apps import AppConfig
from django.core import checks

from . import configuration


class ApiConfig(AppConfig):
    name = "spacedevs.api"
    label = "api"

    def ready(self):
        from . import changes  # noqa: PLC0415 - models can be imported from here on

        changes.watch()
        checks.register(configuration.check_configuration, configuration.CONFIGURATION)
