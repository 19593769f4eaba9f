"""Connects the signals that note which statistics to recompute."""

from django.apps import AppConfig
from django.core import checks


class StatisticsConfig(AppConfig):
    name = "spacedevs.statistics"

    def ready(self) -> None:
        # Models can be imported now. The import registers the recomputation with `pending`.
        from . import recompute, registry, signals  # noqa: F401, PLC0415

        signals.watch()
        checks.register(registry.check_columns)
