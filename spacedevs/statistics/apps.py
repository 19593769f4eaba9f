from django.apps import AppConfig
from django.core import checks


class StatisticsConfig(AppConfig):
    name = "spacedevs.statistics"

    def ready(self) -> None:
        # Models can be imported from here on. What recomputes is known to `pending` as soon as it is loaded.
        from . import recompute, registry, signals  # noqa: F401, PLC0415

        signals.watch()
        checks.register(registry.check_columns)
