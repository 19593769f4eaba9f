"""Checks of the settings for rate limits, at the start."""

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
    """Reports invalid limits."""
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
    """Reports a folder that is not writable, where processes could not share counts."""
    file = folder / "limits"
    nearest = next(each for each in (file, folder, *folder.parents) if each.exists())
    if os.access(nearest, os.W_OK) and (nearest == file or nearest.is_dir()):
        return []
    other = "set SPACEDEVS_LIMITS_DIR to another folder, or REDIS_URL."
    return [checks.Error(f"{folder}, the folder for rate limits, is not writable: {other}", id="limits.E002")]


def check_redis(**kwargs):
    """Reports an unsuitable Redis; one that is down may come back, so it is no error."""
    if not (settings.REDIS_URL and is_redis(settings.REDIS_URL)):
        return []
    mode = counter().mode()
    if mode in (None, "standalone"):
        return []
    about = (
        f"REDIS_URL points to a Redis that runs as {mode}: rate limits need a single Redis server that accepts writes."
    )
    return [checks.Error(about, id="limits.E003")]


class LimitsConfig(AppConfig):
    name = "spacedevs.throttling"
    label = "limits"

    def ready(self):
        checks.register(check_limits, CONFIGURATION)
        checks.register(check_redis, CONFIGURATION)
