from django.apps import AppConfig
from django.core import checks

from . import configuration


class ApiConfig(AppConfig):
    name = "spacedevs.api"
    label = "api"

    def ready(self):
        checks.register(configuration.check_configuration, configuration.CONFIGURATION)
