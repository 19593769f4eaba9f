"""What was changed when: the values of tracked columns, kept for good. Those of webhooks are in their package."""

from django.db import models

from .webhooks.models import Delivery, MatchedRecord, Subscription

__all__ = ["Delivery", "MatchedRecord", "Subscription", "ValueChange"]


class ValueChange(models.Model):
    """A change of tracked columns of a row. The triggers of the change log write it, so every writer counts.

    A model declares its tracked columns: `tracked = ("net", "status")`."""

    moment = models.DateTimeField(help_text="When the database took the change in, UTC.")
    table_name = models.CharField(max_length=63)
    key = models.CharField(max_length=36, help_text="The key of the row as the database writes it.")
    before = models.JSONField(help_text="The values before, by the names of the changed columns.")
    after = models.JSONField(help_text="The values after.")

    class Meta:
        indexes = [models.Index(fields=["table_name", "key", "id"], name="changes_value_of_row")]

    def __str__(self):
        return f"{self.table_name} {self.key}, {self.moment:%Y-%m-%d %H:%M}"
