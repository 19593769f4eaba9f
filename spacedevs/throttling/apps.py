import os
from pathlib import Path

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.exceptions import ValidationError

from spacedevs.checks import CONFIGURATION, is_redis

from .file_counter import counter
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
    if (settings.THROTTLE_ANONYMOUS or settings.THROTTLE_KEYS) and not settings.REDIS_URL:
        errors += unwritable(settings.LIMITS_DIR)
    return errors


def unwritable(folder: Path) -> list:
    """Complains of a folder in which processes could not count together."""
    file = folder / "limits"
    nearest = next(each for each in (file, folder, *folder.parents) if each.exists())
    if os.access(nearest, os.W_OK) and (nearest == file or nearest.is_dir()):
        return []
    other = "SPACEDEVS_LIMITS_DIR names another folder, REDIS_URL a Redis."
    return [checks.Error(f"{folder}, where requests are counted, cannot be written: {other}", id="limits.E002")]


def check_redis(**kwargs):
    """Complains of a Redis that is there and can never count for us; one that is down may come back."""
    if not (settings.REDIS_URL and is_redis(settings.REDIS_URL)):
        return []
    mode = counter().mode()
    if mode in (None, "standalone"):
        return []
    about = f"REDIS_URL leads to a Redis that runs as {mode}: limits need one server that is written to, and no other."
    return [checks.Error(about, id="limits.E003")]


class LimitsConfig(AppConfig):
    name = "spacedevs.throttling"
    label = "limits"

    def ready(self):
        checks.register(check_limits, CONFIGURATION)
        checks.register(check_redis, CONFIGURATION)
