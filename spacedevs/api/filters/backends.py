"""Filtering, search and ordering as Django REST framework calls them: one backend each."""

from django_filters import rest_framework as filters
from django_filters.utils import translate_validation
from rest_framework.exceptions import ValidationError
from rest_framework.filters import OrderingFilter, SearchFilter

from spacedevs.db.ordering import total
from spacedevs.db.search.text import SEPARATOR, SearchText


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
