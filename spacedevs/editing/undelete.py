"""Restores rows that somebody deleted while somebody else had them open.

They exist while a submitted page is validated. If it is saved they stay; if not, the transaction is rolled back."""

from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction

from .history import DELETED, columns, last_kept, many, value_now, versions_of


class Return(NamedTuple):
    """The deletion of a row that a page restores."""

    version: models.Model | None  # None if no editor deleted it
    is_with_page: bool  # whether the row of the page was deleted too


def returned_by(request) -> dict:
    """The rows that this request restores, by their keys."""
    if not hasattr(request, "returned"):
        request.returned = {}
    return request.returned


def bring_back(model, pk, state, returned, is_with_page=False):
    """Restores a deleted row from its last version, or else from the page, and records that.

    Returns the row without saving it if the database refuses it, because its parent is deleted too."""
    try:
        pk = model._meta.pk.to_python(pk)
    except ValidationError:
        return None
    if pk is None or is_there(model, pk):
        return None
    last, kept = versions_of(model, pk).first(), last_kept(model, pk)
    if not (kept or state):
        return None
    returned[model, pk] = Return(last if last and last.history_type == DELETED else None, is_with_page)
    row, related = (kept.instance, many(kept)) if kept else opened(model, pk, state)
    try:
        with transaction.atomic():
            insert(row, related)
    except (IntegrityError, ValidationError):
        return None if is_there(model, pk) else lonely(row)
    return None


def is_there(model, pk):
    return model._base_manager.filter(pk=pk).exists()


def opened(model, pk, state):
    """A row in the state in which the page was opened, and the keys of its related rows."""
    row = model(pk=pk)
    for field in model._meta.concrete_fields:
        if field.name in state:
            setattr(row, field.attname, field.to_python(state[field.name]))
    return row, {field.name: state[field.name] for field in model._meta.many_to_many if field.name in state}


def insert(row, related):
    """Inserts a row, without its references to deleted rows."""
    for field in columns(type(row)):
        setattr(row, field.attname, value_now(field, getattr(row, field.attname)))
    row.save(force_insert=True)
    for name, keys in related.items():
        manager = getattr(row, name)
        manager.set(manager.model._base_manager.filter(pk__in=keys))


def lonely(row):
    """An unsaved row whose parent still has its name."""
    alone = type(row)(**{field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields})
    for field in columns(type(row)):
        kept = field.is_relation and last_kept(field.related_model, getattr(row, field.attname))
        if kept:
            setattr(alone, field.name, kept.instance)
    return alone
