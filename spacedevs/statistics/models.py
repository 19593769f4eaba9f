"""The source of the statistics of this database."""

from django.db import models


class StatisticsOrigin(models.Model):
    """The chosen source of the statistics; at most one row."""

    imported = models.BooleanField(help_text="Imported from upstream instead of derived from the rows.")

    class Meta:
        app_label = "api"  # whose migrations made the table

    def __str__(self) -> str:
        return "imported" if self.imported else "derived"
