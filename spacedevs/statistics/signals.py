"""Notes changes of source rows in their transaction; the statistics are recomputed after its commit.

Django's signals report rows that it saves or deletes, and imports report their own; other writes go unnoticed. The
affected rows are determined before and after the change."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeAlias

from django.conf import settings
from django.db import models, transaction
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete, pre_save

from spacedevs.db import pending
from spacedevs.db.pending import ALL

from .numbering import MAX_ROWS, Before, Numbering
from .origin import IMPORTED
from .registry import FACTS, Model, dependents, figures, source_tables, statistics

if TYPE_CHECKING:
    from spacedevs.db.paths import Key
    from spacedevs.db.pending import Keys


Due: TypeAlias = "dict[str, set[Any]]"  # by the names of statistics: keys, ALL, or where rows were (`Before`)


def touched(
    model: Model,
    keys: Iterable[Key],
    before: Due | None = None,
    columns: Collection[str] | None = None,
    is_after: bool = False,
) -> Due:
    """Adds the rows that these source rows affect now to those affected before: keys by the names of statistics.

    `columns` are those that change (None: all); `is_after` says that they have changed. See `settled`."""
    by_name: Due = dict(before or {})
    keys = list(keys)
    due = [each for each in statistics() if each.depends_on(model, columns) and ALL not in by_name.get(each.name, ())]
    if not (keys and due):
        return by_name
    found = dependents([(each.model, path) for each in due for path in each.paths_to(model)], model, keys)
    for each in due:
        known = by_name.get(each.name, set())
        if each.numbering and model is each.model:
            by_name[each.name] = known | moved(each.numbering, model, keys, known, is_after)
        else:
            by_name[each.name] = known | each.touched(model, keys, found)
    return by_name


def moved(numbering: Numbering, model: Model, keys: Collection[Key], known: set[Any], is_after: bool) -> set[Any]:
    """Where rows are before they change for the first time; new ones were nowhere."""
    left = set(keys) - {each.key for each in known if isinstance(each, Before)}
    if len(left) + len(known) > MAX_ROWS:
        return {ALL}
    places = {} if is_after else numbering.places(model, left)
    return {Before(key, places.get(key)) for key in left}


def settled(due: Due) -> dict[str, Keys]:
    """What to note of all that was touched, after the last change."""
    noted: dict[str, Keys] = {}
    for each in statistics():
        if keys := due.get(each.name):
            before = [row for row in keys if isinstance(row, Before)]
            if ALL not in keys and before and each.numbering:
                keys = keys.difference(before) | each.numbering.noted(each.model, before)
            noted[each.name] = {ALL} if ALL in keys else keys
    return {name: keys for name, keys in noted.items() if keys}


def before_save(sender: Model, instance: Any, raw: bool = False, **kwargs: Any) -> None:
    """Records what a row affects before it changes."""
    instance._touches, instance._columns = None, None
    if raw or settings.STATISTICS == IMPORTED:
        return
    # Saving a row that was read earlier would restore its old statistics, even those that are recomputed between this
    # check and the write. So the row is locked.
    names = (*FACTS.get(sender, ()), *sorted(figures(sender)))
    rows = sender._base_manager.select_for_update(no_key=True).filter(pk=instance.pk).values_list(*names)
    stored = None if instance.pk is None else rows.first()
    if stored is None:
        instance._touches = {}
    elif differing := {name for name, value in zip(names, stored, strict=True) if value != getattr(instance, name)}:
        # Figures that were read earlier may follow from any source.
        instance._columns = differing if differing <= {*FACTS.get(sender, ())} else None
        instance._touches = touched(sender, [instance.pk], columns=instance._columns)


def after_save(sender: Model, instance: Any, raw: bool = False, **kwargs: Any) -> None:
    note_touched(instance, [instance.pk])


def before_delete(sender: Model, instance: Any, **kwargs: Any) -> None:
    """Records what a row affects before it is deleted."""
    instance._touches, instance._columns = None, None
    if settings.STATISTICS != IMPORTED:
        instance._touches = touched(sender, [instance.pk])


def after_delete(sender: Model, instance: Any, **kwargs: Any) -> None:
    note_touched(instance, [])


def note_touched(instance: Any, keys: Iterable[Key]) -> None:
    """Notes what a row affected before a change, and what it affects afterwards if it still exists."""
    before, columns = getattr(instance, "_touches", None), getattr(instance, "_columns", None)
    instance._touches = None
    if before is not None:
        pending.note(settled(touched(type(instance), keys, before, columns, is_after=True)))


def links_changed(sender: Model, instance: models.Model, model: Model, pk_set: set[Key] | None, **kwargs: Any) -> None:
    """Notes what the rows at both ends of added or removed m2m links affect."""
    if settings.STATISTICS != IMPORTED:
        pending.note(settled(touched(model, pk_set or (), touched(type(instance), [instance.pk]))))


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
