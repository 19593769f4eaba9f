"""Internal tables of the database; not part of the dataset."""

from django.db import models
from django.db.models.functions import Now


class PendingUpdate(models.Model):
    """An update that a commit leaves pending, noted in that commit: see pending.py."""

    kind = models.CharField(max_length=150, help_text="The statistics or the search texts to update.")
    keys = models.TextField(null=True, help_text="The keys of the rows as a JSON array; null for all rows.")
    since = models.DateTimeField(db_default=Now())

    class Meta:
        app_label = "api"  # whose migrations made the table

    def __str__(self) -> str:
        return self.kind
