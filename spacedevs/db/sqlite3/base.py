"""Django's SQLite backend with PostgreSQL's integer ranges, so that both databases refuse the same numbers."""

from django.db.backends.base.operations import BaseDatabaseOperations
from django.db.backends.sqlite3 import base, operations


class DatabaseOperations(operations.DatabaseOperations):
    # Django's validation and the OpenAPI document use these; SQLite itself stores 64 bits for every integer.
    integer_field_range = BaseDatabaseOperations.integer_field_range


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations
