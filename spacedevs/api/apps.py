from django.apps import AppConfig
from django.core import checks

from spacedevs.checks import CONFIGURATION, check_configuration


class ApiConfig(AppConfig):
    name = "spacedevs.api"
    label = "api"

    def ready(self):
        checks.register(check_configuration, CONFIGURATION)
