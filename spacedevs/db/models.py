"""Internal tables of the database; not part of the dataset."""

from django.db import models
from django.db.models.functions import Now


class PendingUpdate(models.Model):
    """An update that a commit leaves pending, noted in that commit: see pending.py."""

    kind = models.CharField(max_length=150, help_text="What is computed: figures, or the search texts of a table.")
    keys = models.TextField(null=True, help_text="Of the rows, as a JSON array; all rows if null.")
    since = models.DateTimeField(db_default=Now())

    class Meta:
        app_label = "api"  # whose migrations made the table

    def __str__(self) -> str:
        return self.kind
