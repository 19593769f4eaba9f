"""Where statistics come from: derived from the rows that are here, or imported with them."""

from django.apps import apps
from django.conf import settings

from .models import StatisticsOrigin

DERIVED, IMPORTED = "derived", "imported"


def are_derived() -> bool:
    """Whether figures follow from the rows: as the setting says, or else whoever chose last; at first they do."""
    if settings.STATISTICS:
        return bool(settings.STATISTICS == DERIVED)
    return not StatisticsOrigin.objects.filter(imported=True).exists()


def origin() -> str:
    """Where figures come from, in one word."""
    return DERIVED if are_derived() else IMPORTED


def choose(chosen: str) -> None:
    """Remembers for this database where its figures come from, unless the setting says so."""
    if not settings.STATISTICS and origin() != chosen:
        StatisticsOrigin.objects.all().delete()
        StatisticsOrigin.objects.create(imported=chosen == IMPORTED)


def is_empty() -> bool:
    """Whether no app that holds a noun has a row."""
    nouns = (model for noun in settings.NOUNS for model in apps.get_app_config(noun).get_models())
    return not any(model._base_manager.exists() for model in nouns)
