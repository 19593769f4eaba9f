"""Filters, search and ordering: declared as families of lookups, strict about what they are given."""

import re
from datetime import UTC
from functools import reduce
from operator import or_

from django import forms
from django.db import models
from django.db.models import Q
from django_filters import BaseCSVFilter, BooleanFilter
from django_filters import rest_framework as filters
from django_filters.constants import EMPTY_VALUES
from django_filters.fields import BaseCSVField, IsoDateTimeField
from django_filters.filterset import FILTER_FOR_DBFIELD_DEFAULTS
from django_filters.utils import translate_validation
from drf_spectacular.utils import extend_schema_field
from rest_framework.exceptions import ValidationError
from rest_framework.filters import OrderingFilter, SearchFilter

from spacedevs.db.ordering import total
from spacedevs.db.paths import computed, leads_to_many
from spacedevs.db.search.text import SEPARATOR, SearchText

from .widgets import Choice, DayInput, MomentInput, SeveralWidget, WordsWidget

EXACT = ("exact",)
COMPARED = ("gt", "gte", "lt", "lte")
BOUNDED = EXACT + COMPARED
CONTAINED = (*EXACT, "contains")

INT64 = 2**63 - 1


class IntegerField(forms.IntegerField):
    """A whole number in ASCII digits that every database can hold."""

    def __init__(self, **kwargs):
        super().__init__(**{"min_value": -INT64, "max_value": INT64, **kwargs})

    def to_python(self, value):
        if value not in self.empty_values and not re.fullmatch(r"\s*-?[0-9]{1,20}\s*", str(value)):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class UtcDateTimeField(IsoDateTimeField):
    """A moment, with or without a zone (UTC if none), turned to UTC before a database sees it."""

    widget = MomentInput

    def to_python(self, value):
        if isinstance(value, str):
            value = value.strip().upper()  # RFC 3339 allows a small t and z
            # A plus sign that was not escaped in a query string arrives as a space.
            value = re.sub(r"(T[\d:.]+) (\d\d:?\d\d)$", r"\1+\2", value)
        try:
            moment = super().to_python(value)
            return moment and moment.astimezone(UTC)
        except OverflowError:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None


class FlagField(forms.NullBooleanField):
    """true or false, in any case, or 1 or 0; nothing else."""

    widget = Choice(choices=[("", "Any"), ("true", "Yes"), ("false", "No")])
    values = {"": None, "true": True, "1": True, "false": False, "0": False}

    def to_python(self, value):
        try:
            return self.values[str(value or "").strip().lower()]
        except KeyError:
            raise forms.ValidationError("Must be true or false.", code="invalid") from None


class DateField(forms.DateField):
    """A day in ISO 8601."""

    widget = DayInput

    def __init__(self, **kwargs):
        super().__init__(input_formats=["%Y-%m-%d"], **kwargs)


class SeveralField(BaseCSVField):
    """Values of one kind, each of them once, up to a number if there is one."""

    base_widget_class = SeveralWidget

    def __init__(self, *, most=None, **kwargs):
        super().__init__(**kwargs)
        self.most = most

    def _get_widget_class(self, widget):
        return SeveralWidget

    def clean(self, value):
        found = super().clean(value)
        values = found and list(dict.fromkeys(found))
        if self.most and values and len(values) > self.most:
            raise forms.ValidationError(f"Ask for at most {self.most} values.", code="invalid")
        return values


# Kinds of filters --------------------------------------------------------------------------------


class Selection:
    """Selects rows by a condition; a relation to several rows makes none of them appear twice."""

    # Texts are compared alike on every database.
    spelled = {"contains": "includes", "icontains": "holds", "iexact": "is"}

    def condition(self, value) -> Q:
        """What a row that is selected must be."""
        return Q(**{f"{self.field_name}__{self.lookup_expr}": value})

    def filter(self, rows, value):
        if value in EMPTY_VALUES:
            return rows
        condition = self.condition(value)
        if leads_to_many(rows.model, self.field_name or ""):
            condition = Q(pk__in=rows.model._base_manager.filter(condition).values("pk"))
        return rows.exclude(condition) if self.exclude else rows.filter(condition)


class TextFilter(Selection, filters.CharFilter):
    """Compares a text: as it is written, but for `icontains`."""

    def condition(self, value):
        return Q(**{f"{self.field_name}__{self.spelled.get(self.lookup_expr, self.lookup_expr)}": value})


class IntegerFilter(Selection, filters.NumberFilter):
    """Compares a whole number."""

    field_class = IntegerField

    def get_max_validator(self):
        return None


class FloatFilter(Selection, filters.NumberFilter):
    """Compares a number."""

    field_class = forms.FloatField

    def get_max_validator(self):
        return None


class UuidFilter(Selection, filters.UUIDFilter):
    """Compares a UUID."""


class DateFilter(Selection, filters.DateFilter):
    """Compares a day."""

    field_class = DateField


class DateTimeFilter(Selection, filters.IsoDateTimeFilter):
    """Compares a moment."""

    field_class = UtcDateTimeField


class FlagFilter(Selection, BooleanFilter):
    """Asks yes or no."""

    field_class = FlagField


class Present(FlagFilter):
    """Asks whether there is anything at the end of a path: in any row of several, or in none of them."""

    def __init__(self, field_name, **kwargs):
        super().__init__(field_name, "isnull", **kwargs)

    def filter(self, rows, value):
        if value is None:
            return rows
        present = Q(**{f"{self.field_name}__isnull": False})
        if leads_to_many(rows.model, self.field_name):
            present = models.Exists(rows.model._base_manager.filter(present, pk=models.OuterRef("pk")))
        return rows.filter(present if value else ~present)


class Chosen(FlagFilter):
    """Asks for the rows of a part, or for the others."""

    def __init__(self, part, **kwargs):
        super().__init__(**kwargs)
        self.part = part

    def condition(self, value):
        return self.part.where if value else ~self.part.where


class Hide(FlagFilter):
    """Leaves out the rows of a part when asked to; else it asks nothing."""

    def __init__(self, part, **kwargs):
        super().__init__(**kwargs)
        self.part = part

    def filter(self, rows, value):
        return rows.exclude(self.part.where) if value else rows


class Several(Selection, BaseCSVFilter):
    """Selects the rows that have any of several values, at any of some places."""

    base_field_class = SeveralField

    def __init__(self, field_name, *others, **kwargs):
        super().__init__(field_name, "in", **kwargs)
        self.places = field_name, *others

    def condition(self, value):
        return reduce(or_, (self.condition_at(place, value) for place in self.places))

    def condition_at(self, place, value):
        return Q(**{f"{place}__in": value})


class Ids(Several, IntegerFilter):
    """Selects by ids, or other whole numbers."""


@extend_schema_field({"type": "number", "description": "Multiple values may be separated by commas."})
class Numbers(Ids):
    """The same where LL2 2.3.0 does not say that they are whole numbers."""


class Uuids(Several, filters.UUIDFilter):
    """Selects by UUIDs."""


class WordsField(SeveralField):
    def _get_widget_class(self, widget):
        return WordsWidget


class Words(Several, filters.CharFilter):
    """Selects by texts, as they are written."""

    base_field_class = WordsField


@extend_schema_field({"type": "integer"})
class Figure(IntegerFilter):
    """Compares a whole number that is computed."""


@extend_schema_field({"type": "boolean"})
class Truth(FlagFilter):
    """Asks for what is computed to be so, or not."""


class IdsOfAll(Ids):
    """Selects the rows that have all of several ids.

    They are counted: a join for each is more than a database plans in good time."""

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


COMPUTED = {models.BooleanField: Truth, models.IntegerField: Figure}


def kind_of(field) -> dict:
    """The kind of filter for a kind of column: that of the nearest kind that it descends from."""
    ours = next((KINDS[base] for base in field.__mro__ if base in KINDS), None)
    return {"filter_class": ours} if ours else FILTER_FOR_DBFIELD_DEFAULTS[field]


class ResourceFilter(filters.FilterSet):
    """The filters of one resource: a table of fields and their lookups, in Meta.

    What is computed has a table of its own, `computed`. Of each column that `dates` names, the day, the month and
    the year can be asked for."""

    FILTER_DEFAULTS = {field: kind_of(field) for field in (*FILTER_FOR_DBFIELD_DEFAULTS, *KINDS)}

    def __init__(self, *args, names=None, **kwargs):
        if names is not None:  # to make all filters of a resource takes longer than to find its rows
            self.base_filters = {name: self.base_filters[name] for name in names}
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
        return {**super().get_filters(), **figures, **{name: Numbers(name) for name in parts}}

    @classmethod
    def filter_for_lookup(cls, field, lookup_type):
        """A UUID of a related row is one as well."""
        if field.is_relation and isinstance(field.target_field, models.UUIDField):
            field = field.target_field
        return super().filter_for_lookup(field, lookup_type)


def asked_parts(filterset, asked) -> list:
    """The parts of a table that are asked for by filters which know them."""
    found = (getattr(filterset.base_filters[name], "part", None) for name in filterset.base_filters if name in asked)
    return list(filter(None, found))


class FieldFilters(filters.DjangoFilterBackend):
    """The filters of a resource; only those that are asked for are made."""

    def filter_queryset(self, request, queryset, view):
        asked = [name for name in view.filterset_class.base_filters if name in request.query_params]
        if not asked:
            return queryset
        filterset = view.filterset_class(**self.get_filterset_kwargs(request, queryset, view), names=asked)
        if not filterset.is_valid():
            raise translate_validation(filterset.errors)
        return filterset.qs


class WordSearch(SearchFilter):
    """Search by words, all of which must be found; bounded, since each word is a condition in the statement."""

    default_lookup = "holds"
    most_characters, most_words = 512, 32
    search_description = f"Words to look for, all of which must be found: at most {most_words}."

    def get_search_fields(self, view, request):
        """The text that the table keeps of the fields that are searched, or else these themselves."""
        fields = [view.path_of(name) for name in super().get_search_fields(view, request) or ()]
        text = SearchText.of(view.queryset.model)
        kept = (
            text
            and set(text.paths) == set(fields)
            and SEPARATOR not in request.query_params.get(self.search_param, "")
        )
        return [text.name] if kept else fields

    def get_search_terms(self, request):
        value = request.query_params.get(self.search_param, "")
        try:
            terms = super().get_search_terms(request)
        except ValidationError as error:
            raise ValidationError({self.search_param: error.detail}) from error
        # A quotation mark by itself quotes nothing, and an empty term would find everything.
        terms = [term for term in terms if term] or value.split()
        if len(value) > self.most_characters or len(terms) > self.most_words:
            limits = f"at most {self.most_characters} characters and {self.most_words} words"
            raise ValidationError({self.search_param: [f"Search for {limits}."]})
        return terms


class TotalOrdering(OrderingFilter):
    """Every order ends in the primary key, so that pages neither repeat nor lose a row; nulls sort as
    in PostgreSQL on every database: last ascending, first descending."""

    ordering_description = "The field to order by; with a minus sign in front, descending."

    def filter_queryset(self, request, queryset, view):
        asked = self.get_ordering(request, queryset, view) or ()
        terms = [f"{'-' * term.startswith('-')}{view.path_of(term.lstrip('-'))}" for term in asked]
        own = queryset.query.order_by or queryset.model._meta.ordering
        return queryset.order_by(*total(queryset.model, terms or own))
