from django.apps import AppConfig


class StatisticsConfig(AppConfig):
    name = "spacedevs.statistics"

    def ready(self):
        # Models can be imported from here on. What recomputes is known to `pending` as soon as it is loaded.
        from . import recompute, signals  # noqa: F401, PLC0415

        signals.watch()
