"""The source of statistics: derived from the rows, or imported with them."""

from django.apps import apps
from django.conf import settings

from .models import StatisticsOrigin

DERIVED, IMPORTED = "derived", "imported"


def are_derived() -> bool:
    """Whether statistics are derived: by the setting, else by the last choice, else true."""
    if settings.STATISTICS:
        return bool(settings.STATISTICS == DERIVED)
    return not StatisticsOrigin.objects.filter(imported=True).exists()


def origin() -> str:
    """The source of statistics in one word."""
    return DERIVED if are_derived() else IMPORTED


def choose(chosen: str) -> None:
    """Stores the source of statistics for this database, unless the setting determines it."""
    if not settings.STATISTICS and origin() != chosen:
        StatisticsOrigin.objects.all().delete()
        StatisticsOrigin.objects.create(imported=chosen == IMPORTED)


def is_empty() -> bool:
    """Whether no noun app has rows."""
    nouns = (model for noun in settings.NOUNS for model in apps.get_app_config(noun).get_models())
    return not any(model._base_manager.exists() for model in nouns)
