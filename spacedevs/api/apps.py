from django.apps import AppConfig
from django.core import checks

from spacedevs.checks import CONFIGURATION, check_configuration
from spacedevs.later import absent

# The framework imports what it would use, were its own documents, clients and types of columns used here.
with absent("django.contrib.postgres", "inflection", "markdown", "pygments", "requests", "uritemplate", "yaml"):
    import rest_framework.compat  # noqa: F401


class ApiConfig(AppConfig):
    name = "spacedevs.api"
    label = "api"

    def ready(self):
        checks.register(check_configuration, CONFIGURATION)
