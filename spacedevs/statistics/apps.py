from django.apps import AppConfig


class StatisticsConfig(AppConfig):
    name = "spacedevs.statistics"

    def ready(self):
        from . import signals  # noqa: PLC0415 - models can be imported from here on

        signals.watch()
