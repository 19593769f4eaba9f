"""The history of a record: the changes of its tracked fields, with names instead of ids."""

from datetime import datetime

from django.db import connection, models

from .models import ValueChange


def of(row: models.Model) -> list[dict]:
    """The changes of tracked fields of a row, newest first.

    Each has the moment (UTC), the slip in seconds if `net` moved, and the changed fields with both values."""
    return shown(type(row), changes_of(type(row), [row.pk]).order_by("-id"))


def changes_of(model, keys) -> models.QuerySet:
    """The stored changes of rows."""
    return ValueChange.objects.filter(
        table_name=model._meta.db_table, key__in=[stored_key(model, key) for key in keys]
    )


def stored_key(model, key) -> str:
    """A key as the triggers write it: SQLite has UUIDs without hyphens."""
    return str(model._meta.pk.get_db_prep_value(key, connection))


def shown(model, changes) -> list[dict]:
    """Stored changes with their values in the form of the API."""
    changes = list(changes)
    named = names(model, changes)
    return [entry(model, change, named) for change in changes]


def entry(model, change, named) -> dict:
    def values(name, side):
        """The value of a field and the id of its row, if it names one."""
        raw, field = side.get(name), model._meta.get_field(name)
        if raw is None:
            return None, None
        if field.is_relation:
            return named.get((name, raw)), raw
        return (datetime.fromisoformat(raw) if isinstance(field, models.DateTimeField) else raw), None

    changes = []
    for name in sorted(change.after):
        (before, before_id), (after, after_id) = values(name, change.before), values(name, change.after)
        told = {"field": name, "before": before, "after": after, "before_id": before_id, "after_id": after_id}
        changes.append(told)
    net = next((each for each in changes if each["field"] == "net" and each["before"] and each["after"]), None)
    slip = (net["after"] - net["before"]).total_seconds() if net else None
    return {"moment": change.moment, "slip": slip, "changes": changes}


def names(model, changes) -> dict:
    """The names of the rows in tracked relations, by field and id."""
    found = {}
    for name in getattr(model, "tracked", ()):
        field = model._meta.get_field(name)
        if field.is_relation:
            ids = {side.get(name) for change in changes for side in (change.before, change.after)} - {None}
            rows = field.related_model._base_manager.filter(pk__in=ids)
            found.update({(name, row.pk): row.name for row in rows})
    return found
