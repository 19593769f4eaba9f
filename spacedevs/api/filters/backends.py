"""Backends of Django REST framework for filters, search and ordering."""

from django_filters import rest_framework as filters
from django_filters.utils import translate_validation
from rest_framework.exceptions import ValidationError
from rest_framework.filters import OrderingFilter, SearchFilter

from spacedevs.db.ordering import total
from spacedevs.db.search.text import SEPARATOR, SearchText


class FieldFilters(filters.DjangoFilterBackend):
    """The filters of a resource; creates only those that the query uses."""

    def filter_queryset(self, request, queryset, view):
        used = [name for name in view.filterset_class.base_filters if name in request.query_params]
        if not used:
            return queryset
        filterset = view.filterset_class(**self.get_filterset_kwargs(request, queryset, view), names=used)
        if not filterset.is_valid():
            raise translate_validation(filterset.errors)
        return filterset.qs


class WordSearch(SearchFilter):
    """Search by words, all of which must occur; their number is limited, because each is a condition in the
    statement."""

    default_lookup = "holds"
    most_characters, most_words = 512, 32
    search_description = f"Words that must all occur; at most {most_words}."

    def get_search_fields(self, view, request):
        """The stored search text of the table, or else the searched fields."""
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
        # A single quotation mark quotes nothing, and an empty term would match everything.
        terms = [term for term in terms if term] or value.split()
        if len(value) > self.most_characters or len(terms) > self.most_words:
            limits = f"at most {self.most_characters} characters and {self.most_words} words"
            raise ValidationError({self.search_param: [f"Search for {limits}."]})
        return terms


class TotalOrdering(OrderingFilter):
    """Every ordering ends with the primary key, so that pages neither repeat nor lose a row. On every database nulls
    sort as in PostgreSQL: last ascending, first descending."""

    ordering_description = "The field to sort by; a leading minus sign means descending."

    def filter_queryset(self, request, queryset, view):
        names = self.get_ordering(request, queryset, view) or ()
        terms = [f"{'-' * term.startswith('-')}{view.path_of(term.lstrip('-'))}" for term in names]
        return queryset.order_by(*total(queryset.model, terms or self.default_order(queryset, view)))

    def default_order(self, queryset, view):
        """The order of a list: its endpoint's, or that of its version, or the table's."""
        of_version = getattr(view.ladder[0], "orders", {})
        return queryset.query.order_by or of_version.get(queryset.model) or queryset.model._meta.ordering
