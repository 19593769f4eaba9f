"""What the database notes about itself: no data of Launch Library."""

from django.db import models
from django.db.models.functions import Now


class PendingUpdate(models.Model):
    """What a commit has left to be computed anew, noted in that commit: see pending.py. It is no data either."""

    kind = models.CharField(max_length=150, help_text="What is computed: figures, or the search texts of a table.")
    keys = models.TextField(null=True, help_text="Of the rows, as a JSON array; all rows if null.")
    since = models.DateTimeField(db_default=Now())

    class Meta:
        app_label = "api"  # whose migrations made the table

    def __str__(self) -> str:
        return self.kind
