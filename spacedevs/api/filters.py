"""Filters, search and ordering: declared as families of lookups, strict about what they are given."""

import re
from datetime import UTC

from django import forms
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import F
from django_filters import BooleanFilter
from django_filters import rest_framework as filters
from django_filters.fields import IsoDateTimeField
from django_filters.filterset import FILTER_FOR_DBFIELD_DEFAULTS
from rest_framework.exceptions import ValidationError
from rest_framework.filters import OrderingFilter, SearchFilter

from .search import SEPARATOR, SearchText

EXACT = ("exact",)
COMPARED = ("gt", "gte", "lt", "lte")
BOUNDED = EXACT + COMPARED

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

    def to_python(self, value):
        if isinstance(value, str):
            # A plus sign that was not escaped in a query string arrives as a space.
            value = re.sub(r"(T[\d:.]+) (\d\d:?\d\d)$", r"\1+\2", value.strip())
        try:
            moment = super().to_python(value)
            return moment and moment.astimezone(UTC)
        except OverflowError:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None


class Choice(forms.Select):
    """A drop-down that shows what was asked for in whatever case it was written."""

    def format_value(self, value):
        return [{"1": "true", "0": "false"}.get(part, part) for part in map(str.lower, super().format_value(value))]


class FlagField(forms.NullBooleanField):
    """true or false, in any case, or 1 or 0; nothing else."""

    widget = Choice(choices=[("", "Any"), ("true", "Yes"), ("false", "No")])
    values = {"": None, "true": True, "1": True, "false": False, "0": False}

    def to_python(self, value):
        try:
            return self.values[str(value or "").strip().lower()]
        except KeyError:
            raise forms.ValidationError("Must be true or false.", code="invalid") from None


class IntegerFilter(filters.NumberFilter):
    """Compares a whole number."""

    field_class = IntegerField

    def get_max_validator(self):
        return None


class DateTimeFilter(filters.IsoDateTimeFilter):
    """Compares a moment."""

    field_class = UtcDateTimeField


class FlagFilter(BooleanFilter):
    """Asks yes or no."""

    field_class = FlagField


class Absent(FlagFilter):
    """Asks whether a field is empty."""

    def __init__(self, field_name, **kwargs):
        super().__init__(field_name, "isnull", **kwargs)


class ResourceFilter(filters.FilterSet):
    """The filters of one resource: a table of fields and their lookups, in Meta."""

    FILTER_DEFAULTS = {
        **FILTER_FOR_DBFIELD_DEFAULTS,
        **{
            field: {"filter_class": IntegerFilter}
            for field in (models.AutoField, models.IntegerField, models.ForeignKey, models.OneToOneField)
        },
        models.DateTimeField: {"filter_class": DateTimeFilter},
        models.BooleanField: {"filter_class": FlagFilter},
    }


class FieldFilters(filters.DjangoFilterBackend):
    """The filters of a resource."""

    template = "api/fields.html"


class WordSearch(SearchFilter):
    """Search by words, all of which must be found; bounded, since each word is a condition in the statement."""

    template = "api/search.html"
    default_lookup = "holds"
    most_characters, most_words = 512, 32
    search_description = f"Words to look for, all of which must be found: at most {most_words}."

    def get_search_fields(self, view, request):
        """The text that the table keeps of the fields that are searched, or else these themselves."""
        fields = super().get_search_fields(view, request)
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

    template = "api/ordering.html"
    ordering_description = "The field to order by; with a minus sign in front, descending."

    def filter_queryset(self, request, queryset, view):
        terms = self.get_ordering(request, queryset, view) or queryset.query.order_by
        return queryset.order_by(*total(queryset.model, terms or queryset.model._meta.ordering))


def total(model, terms) -> list:
    """The order of these terms, made total and alike on every database."""
    key = model._meta.pk.name
    terms = [term for term in terms if term.lstrip("-") != "pk"]
    if key not in (term.lstrip("-") for term in terms):
        terms.append(key)
    return [order(model, term) for term in terms]


def order(model, term):
    """One term of an order, with the place of nulls said where there can be any."""
    path = term.lstrip("-")
    if not may_be_null(model, path):
        return term
    return F(path).desc(nulls_first=True) if term.startswith("-") else F(path).asc(nulls_last=True)


def may_be_null(model, path) -> bool:
    """Whether a field, or a relation on the way to it, may be empty; true of annotations."""
    for name in path.split("__"):
        try:
            field = model._meta.get_field(name)
        except FieldDoesNotExist:
            return True
        if field.null or not field.concrete:
            return True
        model = field.related_model or model
    return False
