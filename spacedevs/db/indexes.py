"""Kinds of indexes that models declare."""

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement
from django.db.models import Index, Model


class HashIndex(Index):
    """A hash index on PostgreSQL, for equality of texts of any length; an ordinary index on SQLite.

    A B-tree of PostgreSQL refuses values of more than about 2,700 bytes. From Django 6.1 on, Django's own class needs
    `django.contrib.postgres` among the installed apps, which loads psycopg in processes that use SQLite."""

    suffix = "hash"

    def create_sql(
        self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor, using: str = "", **kwargs: Any
    ) -> Statement:
        return super().create_sql(model, schema_editor, using=using or f" USING {self.suffix}", **kwargs)
