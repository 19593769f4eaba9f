"""Notes changes of source rows in their transaction; the statistics are recomputed after its commit.

Django's signals report rows that it saves or deletes, and imports report their own; other writes go unnoticed. The
affected rows are determined before and after the change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models, transaction
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete, pre_save

from spacedevs.db import pending
from spacedevs.db.pending import ALL

from .origin import IMPORTED
from .registry import FACTS, Model, figures, source_tables, statistics

if TYPE_CHECKING:
    from spacedevs.db.paths import Key
    from spacedevs.db.pending import Keys


def touched(model: Model, keys: Iterable[Key], before: Mapping[str, Keys] | None = None) -> dict[str, Keys]:
    """Adds the rows that these source rows affect now to those affected before: keys by the names of statistics."""
    by_name: dict[str, Keys] = dict(before or {})
    keys = list(keys)
    for each in statistics() if keys else ():
        if model in each.facts and ALL not in by_name.get(each.name, ()):
            by_name[each.name] = by_name.get(each.name, set()) | each.touched(model, keys)
    return by_name


def before_save(sender: Model, instance: Any, raw: bool = False, **kwargs: Any) -> None:
    """Records what a row affects before it changes."""
    instance._touches = None
    if raw or settings.STATISTICS == IMPORTED:
        return
    # Saving a row that was read earlier would restore its old statistics, even those that are recomputed between this
    # check and the write. So the row is locked.
    names = (*FACTS.get(sender, ()), *sorted(figures(sender)))
    rows = sender._base_manager.select_for_update(no_key=True).filter(pk=instance.pk).values_list(*names)
    stored = None if instance.pk is None else rows.first()
    if stored is None or stored != tuple(getattr(instance, name) for name in names):
        instance._touches = touched(sender, () if stored is None else [instance.pk])


def after_save(sender: Model, instance: Any, raw: bool = False, **kwargs: Any) -> None:
    note_touched(instance, [instance.pk])


def before_delete(sender: Model, instance: Any, **kwargs: Any) -> None:
    """Records what a row affects before it is deleted."""
    instance._touches = None
    if settings.STATISTICS != IMPORTED:
        instance._touches = touched(sender, [instance.pk])


def after_delete(sender: Model, instance: Any, **kwargs: Any) -> None:
    note_touched(instance, [])


def note_touched(instance: Any, keys: Iterable[Key]) -> None:
    """Notes what a row affected before a change, and what it affects afterwards if it still exists."""
    before = getattr(instance, "_touches", None)
    instance._touches = None
    if before is not None:
        pending.note(touched(type(instance), keys, before))


def links_changed(sender: Model, instance: models.Model, model: Model, pk_set: set[Key] | None, **kwargs: Any) -> None:
    """Notes what the rows at both ends of added or removed m2m links affect."""
    if settings.STATISTICS != IMPORTED:
        pending.note(touched(model, pk_set or (), touched(type(instance), [instance.pk])))


def in_one_transaction(save_base: Callable[..., None]) -> Callable[..., None]:
    """Wraps a save in a transaction: otherwise Django may commit the row before the signal handlers, and a crash in
    between would lose the note."""

    @wraps(save_base)
    def save_in_one_transaction(self: models.Model, *args: Any, using: str | None = None, **kwargs: Any) -> None:
        with transaction.atomic(using=using, savepoint=False):
            save_base(self, *args, using=using, **kwargs)

    return save_in_one_transaction


def watch() -> None:
    """Connects the signal handlers."""
    for model in source_tables():
        model.save_base = in_one_transaction(model.save_base)  # type: ignore[method-assign]  # on purpose
        for signal, heard in (
            (pre_save, before_save),
            (post_save, after_save),
            (pre_delete, before_delete),
            (post_delete, after_delete),
        ):
            signal.connect(heard, sender=model)
        for relation in model._meta.many_to_many:
            if relation.related_model in source_tables():
                m2m_changed.connect(links_changed, sender=relation.remote_field.through)
