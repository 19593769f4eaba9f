"""Where the statistics of this database come from."""

from django.db import models


class StatisticsOrigin(models.Model):
    """Where the figures of this database come from, since somebody has chosen; there is one row at most."""

    imported = models.BooleanField(help_text="From an upstream that told them, not from the rows that are here.")

    class Meta:
        app_label = "api"  # whose migrations made the table

    def __str__(self) -> str:
        return "imported" if self.imported else "derived"
