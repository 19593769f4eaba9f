"""Filters: declared by groups of lookups, with strict validation."""

from collections.abc import Sequence

from django import forms
from django.db import models
from django.db.models import Q
from django_filters import BaseCSVFilter, BooleanFilter
from django_filters import rest_framework as filters
from django_filters.constants import EMPTY_VALUES
from django_filters.filterset import FILTER_FOR_DBFIELD_DEFAULTS, FilterSetMetaclass, FilterSetOptions

from spacedevs.db.paths import computed, leads_to_many
from spacedevs.declarations import refuse_unknown_options
from spacedevs.later import described_as

from .fields import DateField, FlagField, IntegerField, SeveralField, UtcDateTimeField, WordsField

EXACT = ("exact",)
COMPARED = ("gt", "gte", "lt", "lte")
BOUNDED = EXACT + COMPARED
CONTAINED = (*EXACT, "contains")


# Kinds of filters --------------------------------------------------------------------------------


class ConditionFilter:
    """Selects rows by a condition, without duplicates for to-many relations."""

    # Texts compare the same on every database.
    spelled = {"contains": "includes", "icontains": "holds", "iexact": "is"}

    def condition(self, value) -> Q:
        """The condition on selected rows."""
        return Q(**{f"{self.field_name}__{self.lookup_expr}": value})

    def filter(self, rows, value):
        if value in EMPTY_VALUES:
            return rows
        condition = self.condition(value)
        if leads_to_many(rows.model, self.field_name or ""):
            condition = Q(pk__in=rows.model._base_manager.filter(condition).values("pk"))
        return rows.exclude(condition) if self.exclude else rows.filter(condition)


class TextFilter(ConditionFilter, filters.CharFilter):
    """Compares a text, case-sensitive except for `icontains`."""

    def condition(self, value):
        return Q(**{f"{self.field_name}__{self.spelled.get(self.lookup_expr, self.lookup_expr)}": value})


class IntegerFilter(ConditionFilter, filters.NumberFilter):
    """Compares a whole number."""

    field_class = IntegerField

    def get_max_validator(self):
        return None


class FloatFilter(ConditionFilter, filters.NumberFilter):
    """Compares a number."""

    field_class = forms.FloatField

    def get_max_validator(self):
        return None


class UuidFilter(ConditionFilter, filters.UUIDFilter):
    """Compares a UUID."""


class DateFilter(ConditionFilter, filters.DateFilter):
    """Compares a day."""

    field_class = DateField


class DateTimeFilter(ConditionFilter, filters.IsoDateTimeFilter):
    """Compares a moment."""

    field_class = UtcDateTimeField


class FlagFilter(ConditionFilter, BooleanFilter):
    """Compares a boolean."""

    field_class = FlagField


class PresenceFilter(FlagFilter):
    """Selects by whether a path leads to any value."""

    def __init__(self, field_name, **kwargs):
        super().__init__(field_name, "isnull", **kwargs)

    def filter(self, rows, value):
        if value is None:
            return rows
        present = Q(**{f"{self.field_name}__isnull": False})
        if leads_to_many(rows.model, self.field_name):
            present = models.Exists(self.leading_rows(rows.model, present))
        return rows.filter(present if value else ~present)

    def leading_rows(self, model, present) -> models.QuerySet:
        """The rows that lead from a row to a value: those at the first relation if possible, without the table of the
        row itself, which databases would read again."""
        first, _, rest = self.field_name.partition("__")
        relation = model._meta.get_field(first)
        if not relation.one_to_many:
            return model._base_manager.filter(present, pk=models.OuterRef("pk"))
        rows = relation.related_model._base_manager.filter(**{relation.field.name: models.OuterRef("pk")})
        return rows.filter(**{f"{rest}__isnull": False}) if rest else rows


class SubsetFilter(FlagFilter):
    """Selects the rows of a subset, or all others."""

    def __init__(self, part, **kwargs):
        super().__init__(**kwargs)
        self.part = part

    def condition(self, value):
        return self.part.where if value else ~self.part.where


class ExcludeSubsetFilter(FlagFilter):
    """Excludes the rows of a subset if the value is true; otherwise it has no effect."""

    def __init__(self, part, **kwargs):
        super().__init__(**kwargs)
        self.part = part

    def filter(self, rows, value):
        return rows.exclude(self.part.where) if value else rows


class AnyOfFilter(ConditionFilter, BaseCSVFilter):
    """Selects the rows with any of several values in any of several columns."""

    base_field_class = SeveralField

    def __init__(self, field_name, *others, **kwargs):
        super().__init__(field_name, "in", **kwargs)
        self.places = field_name, *others

    def places_for(self, value) -> Sequence[str]:
        """The columns that are asked for a value."""
        return self.places

    def condition(self, value):
        first, *others = [self.condition_at(place, value) for place in self.places_for(value)]
        if not others:
            return first
        # Databases use no index for an OR over columns of several tables.
        rows = self.model._base_manager.order_by()
        found = (rows.filter(condition).values("pk") for condition in others)
        return Q(pk__in=rows.filter(first).values("pk").union(*found))

    def condition_at(self, place, value):
        return Q(**{f"{place}__in": value})


class IdsFilter(AnyOfFilter, IntegerFilter):
    """Selects by ids, or other whole numbers."""


@described_as({"type": "number", "description": "Separate multiple values with commas."})
class NumbersFilter(IdsFilter):
    """The same, where LL2 2.3.0 does not declare integers."""


class UuidsFilter(AnyOfFilter, filters.UUIDFilter):
    """Selects by UUIDs."""


class TextsFilter(AnyOfFilter, filters.CharFilter):
    """Selects by texts, case-sensitive."""

    base_field_class = WordsField


@described_as({"type": "integer"})
class ComputedIntegerFilter(IntegerFilter):
    """Compares a computed whole number."""


@described_as({"type": "boolean"})
class ComputedFlagFilter(FlagFilter):
    """Compares a computed boolean."""


class AllIdsFilter(IdsFilter):
    """Selects the rows related to all of several ids.

    It counts matches, because the database's planner is too slow with a join for each id."""

    def __init__(self, field_name, **kwargs):
        super().__init__(field_name, most=32, **kwargs)

    def filter(self, rows, value):
        if not value:
            return rows
        has_any = rows.model._base_manager.order_by().filter(self.condition(value)).values("pk")
        has_all = has_any.annotate(number=models.Count(self.field_name, distinct=True)).filter(number=len(set(value)))
        return rows.filter(pk__in=has_all.values("pk"))


KINDS = {
    models.DateField: DateFilter,
    models.DateTimeField: DateTimeFilter,
    models.BooleanField: FlagFilter,
    models.FloatField: FloatFilter,
    models.AutoField: IntegerFilter,
    models.IntegerField: IntegerFilter,
    models.ForeignKey: IntegerFilter,
    models.CharField: TextFilter,
    models.TextField: TextFilter,
    models.UUIDField: UuidFilter,
}


COMPUTED = {models.BooleanField: ComputedFlagFilter, models.IntegerField: ComputedIntegerFilter}


def kind_of(field) -> dict:
    """The filter class for a kind of column: that of its nearest base class."""
    ours = next((KINDS[base] for base in field.__mro__ if base in KINDS), None)
    return {"filter_class": ours} if ours else FILTER_FOR_DBFIELD_DEFAULTS[field]


class MadeLater(FilterSetMetaclass):
    """Makes the filters of a class when they are first asked for: most processes never need those of most classes."""

    def __new__(cls, name, bases, attrs):
        attrs["declared_filters"] = cls.get_declared_filters(bases, attrs)
        made = type.__new__(cls, name, bases, attrs)  # the rest of what the library does, but for the filters
        made._meta = FilterSetOptions(getattr(made, "Meta", None))
        return made

    @property
    def base_filters(cls):
        if "made_filters" not in vars(cls):
            cls.made_filters = cls.get_filters()
        return cls.made_filters


class ResourceFilter(filters.FilterSet, metaclass=MadeLater):
    """The filters of a resource: a table of fields and lookups in Meta.

    Computed values have their own table, `computed`. Each column in `dates` gets filters for day, month and year."""

    OPTIONS = frozenset({"model", "fields", "exclude", "filter_overrides", "form", "computed", "dates"})

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        refuse_unknown_options(cls, cls.OPTIONS)

    FILTER_DEFAULTS = {field: kind_of(field) for field in (*FILTER_FOR_DBFIELD_DEFAULTS, *KINDS)}

    def __init__(self, *args, names=None, **kwargs):
        declared = type(self).base_filters
        # Copying all filters of a resource takes longer than the query.
        self.base_filters = declared if names is None else {name: declared[name] for name in names}
        super().__init__(*args, **kwargs)

    @classmethod
    def get_filters(cls):
        meta = getattr(cls, "Meta", None)
        declared = getattr(meta, "computed", {})
        figures = {
            cls.get_filter_name(name, lookup): COMPUTED[type(computed(cls.Meta.model, name).output_field)](
                name, lookup
            )
            for name, lookups in declared.items()
            for lookup in lookups
        }
        parts = [f"{column}__{part}" for column in getattr(meta, "dates", ()) for part in ("day", "month", "year")]
        return {**super().get_filters(), **figures, **{name: NumbersFilter(name) for name in parts}}

    @classmethod
    def filter_for_lookup(cls, field, lookup_type):
        """The id of a related row may be a UUID too."""
        if field.is_relation and isinstance(field.target_field, models.UUIDField):
            field = field.target_field
        return super().filter_for_lookup(field, lookup_type)


def asked_parts(filterset, names) -> list:
    """The subsets that the filters of a query use."""
    parts = (getattr(filterset.base_filters[name], "part", None) for name in filterset.base_filters if name in names)
    return list(filter(None, parts))
