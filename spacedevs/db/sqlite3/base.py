"""Django's SQLite, with the numbers that PostgreSQL has: no column takes on one database what the other refuses."""

from django.db.backends.base.operations import BaseDatabaseOperations
from django.db.backends.sqlite3 import base, operations


class DatabaseOperations(operations.DatabaseOperations):
    # What Django checks and the OpenAPI document says follow from these; SQLite itself would keep 64 bits of each.
    integer_field_range = BaseDatabaseOperations.integer_field_range


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations
