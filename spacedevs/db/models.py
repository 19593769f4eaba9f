"""Internal tables of the database, which are not part of the dataset, and kinds of indexes that models declare."""

from typing import Any

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement
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


class HashIndex(models.Index):
    """A hash index on PostgreSQL, for equality of texts of any length; an ordinary index on SQLite.

    A B-tree of PostgreSQL refuses values of more than about 2,700 bytes. From Django 6.1 on, Django's own class needs
    `django.contrib.postgres` among the installed apps, which loads psycopg in processes that use SQLite."""

    suffix = "hash"

    def create_sql(
        self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor, using: str = "", **kwargs: Any
    ) -> Statement:
        return super().create_sql(model, schema_editor, using=using or f" USING {self.suffix}", **kwargs)
