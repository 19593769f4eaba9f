from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.exceptions import ValidationError

from spacedevs.api.configuration import CONFIGURATION

from .rates import Rate

LIMITS = "THROTTLE_ANONYMOUS", "THROTTLE_KEYS", "THROTTLE_FAILED"


def check_limits(**kwargs):
    """Complains of limits that are none."""
    errors = []
    for name in LIMITS:
        try:
            Rate.of(getattr(settings, name))
        except ValidationError as error:
            errors.append(checks.Error(f"{name}: {error.message}", id="limits.E001"))
    return errors


class LimitsConfig(AppConfig):
    name = "spacedevs.limits"
    label = "limits"

    def ready(self):
        checks.register(check_limits, CONFIGURATION)
