"""The form on an HTML page: the filters of its endpoint in groups.

It is derived from the declarations of the filters, so a new filter appears as soon as it is declared."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from django.db import models
from django.forms import BoundField
from django.urls import NoReverseMatch, resolve, reverse

from spacedevs.api.filters.filters import (
    AllIdsFilter,
    AnyOfFilter,
    DateFilter,
    DateTimeFilter,
    FlagFilter,
    TextFilter,
    TextsFilter,
    UuidsFilter,
)
from spacedevs.db.paths import field_at
from spacedevs.http.versions import view_in

TIME, RECORDS, TEXTS, FLAGS, NUMBERS = "Time, in UTC", "Related records", "Texts", "Yes/no", "Numbers"
GROUPS = TIME, RECORDS, TEXTS, FLAGS, NUMBERS  # in this order
COMPARISONS = {"gt": "more than", "gte": "at least", "lt": "less than", "lte": "at most"}
MOMENTS = {"gt": "after", "gte": "from", "lt": "before", "lte": "until"}
OTHERS = {
    "contains": "contains",
    "exact": "is",
    "icontains": "contains (any case)",
    "iexact": "is (any case)",
    "in": "is any of",
}
NOT_FILTERS = "search", "ordering", "fields", "omit"  # other parameters of the form that are shown as in use
CALENDAR = re.compile(r"__(day|month|year)$")
MAX_OPEN_FILTERS = 20  # up to this number of filters, all groups are open
A_LIST, NUMBERS_BY_COMMAS = "1,2,3", r"\s*-?\d+(\s*,\s*-?\d+)*,?\s*"


@dataclass
class Answer:
    """An input: the name of its parameter, its lookup as text, and the input itself."""

    name: str
    says: str
    bound: BoundField
    is_used: bool


@dataclass
class Question:
    """The filters of one field, and the URL of its records if they filter by ids."""

    label: str
    records: str = ""
    offers: str = ""  # the URL of records to choose from; ends with an empty search if they can be searched
    answers: list[Answer] = field(default_factory=list)


@dataclass
class Group:
    """A group of fields."""

    title: str
    questions: list[Question]
    is_open: bool

    @cached_property
    def used(self) -> int:
        return sum(answer.is_used for question in self.questions for answer in question.answers)


class Form:
    """The filters of an endpoint, with the values of a query."""

    def __init__(self, view, query):
        self.model = view.queryset.model
        self.version = view.version
        self.filterset = view.filterset_class(query, queryset=view.queryset.none())
        self.query = query

    @cached_property
    def groups(self) -> list[Group]:
        by_title = {title: {} for title in GROUPS}
        for name, filter_ in self.filterset.filters.items():
            questions = by_title[self.group_of(filter_)]
            about = (filter_.field_name or name).removesuffix("__id")
            question = questions.setdefault(about, Question(self.label(name, filter_), *self.records(filter_)))
            question.answers.append(self.answer(name, filter_))
        few = len(self.filterset.filters) <= MAX_OPEN_FILTERS
        found = [Group(title, list(questions.values()), few) for title, questions in by_title.items() if questions]
        for group in found:
            group.is_open |= bool(group.used)
        return found

    @property
    def number(self) -> int:
        return len(self.filterset.filters)

    @property
    def used(self) -> int:
        return sum(group.used for group in self.groups)

    @property
    def is_wrong(self) -> bool:
        """Whether any value is invalid."""
        return bool(self.filterset.form.errors)

    def related(self, filter_) -> type[models.Model] | None:
        """The model whose ids a filter takes."""
        found = field_at(self.model, filter_.field_name or "")
        if found is None or not (found.is_relation or found.primary_key):
            return None
        return found.related_model or found.model

    def group_of(self, filter_) -> str:
        if isinstance(filter_, DateFilter | DateTimeFilter) or CALENDAR.search(filter_.field_name or ""):
            return TIME
        if isinstance(filter_, FlagFilter):
            return FLAGS
        if isinstance(filter_, TextFilter | TextsFilter):
            return TEXTS
        return RECORDS if self.related(filter_) else NUMBERS

    def label(self, name, filter_) -> str:
        if isinstance(filter_, FlagFilter):
            return filter_.label
        words = re.sub(r"_+ids?$", "", name.removesuffix(f"__{filter_.lookup_expr}")).replace("__", " · ")
        words = words.replace("_", " ")
        return f"{words[0].upper()}{words[1:]}"

    def records(self, filter_) -> tuple[str, ...]:
        """The URL of the list of records for a filter, and the URL of records to choose from."""
        model = self.related(filter_)
        address = model and not isinstance(filter_, FlagFilter | TextFilter) and listed_at(model, self.version)
        if not address:
            return ()
        endpoint = resolve(address).func.cls
        mode = "mode=list&" * ("list" in endpoint.modes)
        return address, f"{address}?{mode}format=json&limit={'10&search=' if endpoint.search_fields else '100'}"

    def answer(self, name, filter_) -> Answer:
        bound = self.filterset.form[name]
        bound.field.help_text = ""  # the label beside the input tells about lists
        attributes = bound.field.widget.attrs
        for bounds_of_the_database in ("min", "max"):
            attributes.pop(bounds_of_the_database, None)
        if isinstance(filter_, AnyOfFilter) and not isinstance(filter_, UuidsFilter | TextsFilter):
            attributes.update(placeholder=A_LIST, pattern=NUMBERS_BY_COMMAS)
        if self.records(filter_):
            several = {"data-several": True} if isinstance(filter_, AnyOfFilter) else {}
            attributes.update({"list": f"list_{name}", "autocomplete": "off", **several})
            bound.field.widget.input_type = "text"  # suggestions are searched by name
        return Answer(name, self.says(filter_), bound, any(self.query.getlist(name)))

    def says(self, filter_) -> str:
        if isinstance(filter_, FlagFilter):
            return ""
        if isinstance(filter_, AllIdsFilter):
            return "is all of"
        kind = MOMENTS if self.group_of(filter_) == TIME else COMPARISONS
        return kind.get(filter_.lookup_expr) or OTHERS[filter_.lookup_expr]


def listed_at(model, version) -> str:
    """The URL of the list of a model's rows in a version, or "" without one; the router names it by the model."""
    try:
        return reverse(view_in(version, f"{model._meta.model_name}-list"))
    except NoReverseMatch:
        return ""


def in_use(query, view) -> Iterator[tuple[str, str, str]]:
    """The parameters of a query except page, format and mode, each with the query without it."""
    for name in query:
        if name in (*view.filter_names, *NOT_FILTERS) and any(query.getlist(name)):
            yield name, ",".join(query.getlist(name)), without(query, name, "offset")


def without(query, *names, **others) -> str:
    """The query without some parameters, and with new values for others."""
    rest = query.copy()
    for name in (*names, *others):
        rest.pop(name, None)
    rest.update(others)
    return f"?{rest.urlencode()}"
