"""The history of rows: who changed what and when, and how to restore a former version.

Each row that a request changes gets one version, regardless of the number of statements. Imports and the mirror write
no versions, which would slow them down: the first edit afterwards also stores the imported state."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import models, transaction
from simple_history.models import HistoricalRecords

from spacedevs.statistics.registry import FACTS, figures

FOUND = "State before the first edit"
ADDED, CHANGED, DELETED = "+", "~", "-"


class Versions(HistoricalRecords):
    """The versions of a table, without foreign keys.

    They store only the keys of related rows, so that rows can be deleted. And Django needs half a minute to migrate a
    hundred tables that refer to each other."""

    def __init__(self, **kwargs):
        super().__init__(history_user_id_field=models.BigIntegerField(null=True), **kwargs)

    @property
    def kept(self):
        """The versions of this request, by row; None outside of requests, which write no versions."""
        request = getattr(self.context, "request", None)
        if request is None:
            return None
        if not hasattr(request, "versions"):
            request.versions = {}
        return request.versions

    def finalize(self, sender, **kwargs):
        super().finalize(sender, **kwargs)
        models.signals.pre_save.connect(self.pre_save, sender=sender, weak=False)

    def copy_fields(self, model):
        """The columns of a table, with keys for relations."""
        copies = super().copy_fields(model)
        return {name: key_column(model._meta.get_field(name)) or copy for name, copy in copies.items()}

    def get_meta_options(self, model):
        return {**super().get_meta_options(model), "default_permissions": ()}

    def get_meta_options_m2m(self, through_model):
        return {**super().get_meta_options_m2m(through_model), "default_permissions": ()}

    def pre_save(self, instance, raw=False, **kwargs):
        if not raw and not instance._state.adding:
            self.keep_found(instance)

    def pre_delete(self, instance, **kwargs):
        super().pre_delete(instance, **kwargs)
        self.keep_found(instance)

    def keep_found(self, instance):
        """Stores the state of a row before a change, unless its last version equals it."""
        if self.kept is None or key_of(instance) in self.kept:
            return
        found = type(instance)._base_manager.filter(pk=instance.pk).first()
        if found and not is_kept(found):
            found._history_user, found._change_reason = None, FOUND
            super().create_historical_record(found, CHANGED)
            del self.kept[key_of(found)]

    def create_historical_record(self, instance, history_type, using=None):
        if self.kept is None:
            return
        earlier = self.kept.pop(key_of(instance), None)
        if earlier:
            history_type = earlier.history_type if history_type == CHANGED else history_type
            drop(earlier)
            if (earlier.history_type, history_type) == (ADDED, DELETED):
                return  # added and deleted in the same request
        if history_type != CHANGED or not is_kept(instance):
            super().create_historical_record(instance, history_type, using)

    def create_historical_record_m2ms(self, history_instance, instance):
        for field in history_instance._history_m2m_fields:
            kept = self.m2m_models[field]._base_manager
            rows = field.remote_field.through._base_manager.filter(**{field.m2m_column_name(): instance.pk}).values()
            kept.bulk_create(kept.model(history=history_instance, **row) for row in rows)
        self.kept[key_of(instance)] = history_instance


def key_column(field):
    """A plain column for the key of a relation; None for other fields."""
    if not field.is_relation:
        return None
    kind = models.UUIDField if isinstance(field.target_field, models.UUIDField) else models.BigIntegerField
    column = kind(null=True, db_column=field.column)
    column.set_attributes_from_name(field.attname)
    return column


def key_of(row):
    return type(row), row.pk


def versions_of(model, pk):
    """The versions of a row, newest first."""
    return model.versions.filter(**{model._meta.pk.attname: pk})


def last_kept(model, pk):
    """The version that restores a row: the last one before its deletion, which still has its relations."""
    versions = versions_of(model, pk)
    return versions.exclude(history_type=DELETED).first() or versions.first()


def links(version):
    """Each to-many relation of a version, and its rows by the stored keys."""
    for field in version._history_m2m_fields:
        yield field, HistoricalRecords.m2m_models[field].objects.filter(history=version)


def drop(version):
    for _, rows in links(version):
        rows.delete()
    version.delete()


def columns(model):
    """The stored columns, without the key."""
    return [field for field in model.versions.model.tracked_fields if not field.primary_key]


def many(version):
    """The keys of the related rows of a version, by relation."""
    return {field.name: set(rows.values_list(field.m2m_reverse_name(), flat=True)) for field, rows in links(version)}


def is_kept(row) -> bool:
    """Whether the last version of a row equals the row, except for totals."""
    model = type(row)
    compared = [field for field in columns(model) if field.attname not in figures(model) - {*FACTS.get(model, ())}]
    last = versions_of(type(row), row.pk).first()
    return (
        last is not None
        and last.history_type != DELETED
        and all(getattr(last, field.attname) == getattr(row, field.attname) for field in compared)
        and all(keys == set(getattr(row, name).values_list("pk", flat=True)) for name, keys in many(last).items())
    )


def deleted(model):
    """The last version of each deleted row, the last deleted one first; `kept_id` names the version that restores it,
    see `last_kept`."""
    pk = model._meta.pk.attname
    of_row = model.versions.filter(**{pk: models.OuterRef(pk)}).order_by("-history_date", "-history_id")
    return (
        model.versions.filter(history_type=DELETED)
        .filter(history_id=models.Subquery(of_row.values("history_id")[:1]))
        .exclude(**{f"{pk}__in": model._base_manager.values("pk")})
        .annotate(kept_id=models.Subquery(of_row.exclude(history_type=DELETED).values("history_id")[:1]))
        .order_by("-history_date", "-history_id")
    )


def changes(version, older):
    """The changes of a version: the fields, with their former and new values as text."""
    before, now = many(older), many(version)
    for field in columns(version.instance_type):
        was, became = getattr(older, field.attname), getattr(version, field.attname)
        if was != became and field.editable:
            yield field, in_words(field, was), in_words(field, became)
    for field, _ in links(version):
        was, became = before[field.name], now[field.name]
        if was != became:
            yield field, in_words(field, was), in_words(field, became)


def in_words(field, value) -> str:
    """A value of a field as text: related rows by name, deleted ones by key."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    if not field.is_relation:
        return "" if value is None else str(value)
    keys = value if isinstance(value, set) else {value} - {None}
    rows = field.related_model._base_manager.in_bulk(keys)
    return ", ".join(sorted(str(rows.get(key, f"{key}, deleted")) for key in keys))


@transaction.atomic
def revert(version, apart=()):
    """Restores a version of a row, except for totals and other columns that nobody edits; raises ValidationError if
    the result is invalid."""
    model = version.instance_type
    row = model._base_manager.filter(pk=getattr(version, model._meta.pk.attname)).first() or version.instance
    for field in columns(model):
        if (field.editable and field.name not in apart) or row._state.adding:
            setattr(row, field.attname, value_now(field, getattr(version, field.attname)))
    row.clean()
    row.validate_unique()
    row.validate_constraints()
    row._change_reason = f"Restored from {version.history_date:%Y-%m-%d %H:%M:%S} UTC"
    row.save()
    for field, _ in links(version):
        there = field.related_model._base_manager.filter(pk__in=many(version)[field.name])
        getattr(row, field.name).set(there)
    return row


def value_now(field, value):
    """The former value of a column; None if the row that it refers to is deleted."""
    if not field.is_relation or value is None:
        return value
    if field.related_model._base_manager.filter(pk=value).exists():
        return value
    if field.null:
        return None
    raise ValidationError(f"The {field.verbose_name} that it referred to no longer exists.")
