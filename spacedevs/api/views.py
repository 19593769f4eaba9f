"""The base classes of endpoints: everything follows from one declaration."""

import re
from functools import cached_property, partial
from typing import Self

from django.db import connection, models
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import classproperty
from django.utils.http import http_date
from django.utils.module_loading import import_string
from django.utils.safestring import mark_safe
from rest_framework import viewsets
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.settings import api_settings
from rest_framework.versioning import NamespaceVersioning

from spacedevs.api.browsable.query_counter import Cost
from spacedevs.api.exports import exports
from spacedevs.api.feeds import feeds
from spacedevs.api.filters import field_selection, unknown_parameters
from spacedevs.api.filters.backends import TotalOrdering
from spacedevs.api.filters.filters import ResourceFilter, asked_parts
from spacedevs.api.render_plan.composed import composed, known_among, written
from spacedevs.api.render_plan.plan import Plan, plan
from spacedevs.declarations import refuse_unknown_attributes
from spacedevs.http.headers import may_be_staff
from spacedevs.http.versions import view_in
from spacedevs.later import Description

from .models import KnownByName, key_pattern
from .serializers import loaded


class Endpoint:
    """An endpoint: its ladder of serializers, and its help."""

    ladder: tuple[type[Serializer], ...] = ()
    search_fields = ()
    ordering_fields = ()
    filter_names = ()
    examples = {}
    version = ""  # of the API, as in the router; "" is the current one
    planned = True  # the render plan renders responses, not plain DRF
    selects_fields = True  # by the parameters `fields` and `omit`
    parameters: dict[str, dict] = {}  # that no filter declares, as OpenAPI describes them
    # Whether this response can change without a new version and without the clock: then it must not be kept.
    is_passing = False

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        refuse_unknown_attributes(cls)

    allowed_methods = ("GET",)  # as recorded, although HEAD and OPTIONS work

    @classproperty
    def noun(cls) -> str:
        """The noun: the name of the class that declares the ladder."""
        return next(each.__name__ for each in cls.__mro__ if "ladder" in vars(each))

    @classproperty
    def modes(cls) -> dict:
        """The serializers by mode, shallowest first; empty if there is only one."""
        return {rung.Meta.mode: rung for rung in cls.ladder} if len(cls.ladder) > 1 else {}

    @property
    def mode_class(self) -> type[Serializer]:
        """The serializer of the requested mode."""
        if self.detail:
            return self.ladder[-1]
        # An unsupported mode is ignored; upstream is inconsistent about it.
        return self.modes.get(self.request.query_params.get("mode"), self.modes.get("normal", self.ladder[0]))

    @cached_property
    def choice(self) -> field_selection.Choice:
        """The serializer and its fields that the response shows."""
        if not self.selects_fields:
            return field_selection.Choice(self.mode_class)
        rungs = self.ladder[self.ladder.index(self.mode_class) :]
        return field_selection.choice(self.request.query_params, rungs, is_feed=feeds.is_wanted(self.request))

    def get_serializer_class(self):
        return self.choice.representation

    @property
    def plan(self) -> Plan:
        return plan(self.choice.representation, self.choice.selection)

    @classproperty
    def known_parameters(cls) -> set[str]:
        selecting = field_selection.UNORDERED if cls.selects_fields else ()
        return {*unknown_parameters.COMMON, *selecting, *cls.filter_names}

    @classproperty
    def about(cls) -> str:
        """A sentence about it."""
        return in_a_sentence(cls)

    def clocks(self) -> list:
        """Functions that return the next change of the response without any write."""
        return []

    def ignored_values(self) -> dict[str, str]:
        """The parameters with invalid values, each with an error message."""
        return {}

    def dispatch(self, request, *args, **kwargs):
        if not may_be_staff(request):
            return super().dispatch(request, *args, **kwargs)
        self.cost = Cost()
        with connection.execute_wrapper(self.cost.count):
            response = super().dispatch(request, *args, **kwargs)
        self.cost.end()
        return response

    def determine_version(self, request, *args, **kwargs):
        """The requested version, and the function that makes URLs in it."""
        return self.version or None, NamespaceVersioning()

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        known = self.known_parameters
        self.unknown = unknown_parameters.unknown(request.query_params, known)
        values = self.ignored_values()
        self.ignored = [*values, *self.choice.ignored]
        if unknown_parameters.is_strict(request.query_params) and (self.unknown or self.ignored):
            unknown_parameters.refuse(self.unknown, known, {**values, **self.choice.complaints})
        # Computed before anything is read, so that a change in between expires the response at once.
        self.expires = min(filter(None, (changes_at() for changes_at in self.clocks())), default=None)

    def finalize_response(self, request, response, *args, **kwargs):
        response = super().finalize_response(request, response, *args, **kwargs)
        if getattr(self, "unknown", None):
            response[unknown_parameters.HEADER] = unknown_parameters.named(self.unknown)
        if getattr(self, "ignored", None):
            response[unknown_parameters.VALUES_HEADER] = unknown_parameters.named(self.ignored)
        known = [self.expires.timestamp()] if getattr(self, "expires", None) else []
        moment = min([*known, *filter(None, [getattr(request, "changes_at", None)])], default=None)
        if moment:
            response["Expires"] = http_date(moment)
        if self.is_passing:
            response["Cache-Control"] = "no-store"
        return response

    @property
    def is_planned(self) -> bool:
        """Whether the render plan renders this response: JSON or the HTML page."""
        accepted = getattr(self.request, "accepted_media_type", None)
        return self.planned and accepted in ("application/json", "text/html")

    def get_view_description(self, html=False):
        markdown = import_string("markdown.markdown") if html else str
        return mark_safe(markdown(self.help_text))  # noqa: S308

    @property
    def help_text(self) -> str:
        """The help in Markdown, for the browsable API and the OpenAPI document."""
        root = reverse(view_in(self.version, "api-root"))
        context = {
            "resource": self,
            "root": root.removesuffix("/"),
            "path": reverse(view_in(self.version, f"{self.basename}-list")).removeprefix(root.removesuffix("/")),
            "docs": reverse(view_in(self.version, "docs")),
            "deepest_mode": f"mode={[*self.modes][-1]}" if self.modes else "",
            "some_fields": f"fields={','.join([*field_selection.branches(self.ladder[-1])][:3])}",
            "search_fields": sorted(self.search_fields),
            "ordering_fields": sorted(self.ordering_fields),
        }
        return re.sub(r"\n{3,}", "\n\n", render_to_string("api/help.md", context)).strip()


def in_a_sentence(cls) -> str:
    """The docstring of a class itself, if it has one."""
    said = cls.__dict__.get("__doc__") or ""
    is_list_of_fields = said.startswith(f"{cls.__name__}(")  # which Django generates
    return "" if is_list_of_fields else said.partition("\n")[0]


class OneObject(Endpoint, viewsets.GenericViewSet):
    """An endpoint of one object that is not a row: `get_object` returns it, with rows as querysets."""

    pagination_class = None
    filter_backends = ()
    schema = Description("spacedevs.api.schema.ObjectSchema")

    def list(self, request, *args, **kwargs):
        shown, selection = self.get_serializer(self.get_object()), self.choice.selection
        if not self.is_planned:
            return Response(field_selection.pruned(shown.data, selection))
        return written(composed(shown, shown.instance, request, selection))

    def get_view_name(self):
        return super().get_view_name().removesuffix(" List")


class Resource(Endpoint, viewsets.ReadOnlyModelViewSet):
    """An endpoint of rows with a ladder of serializers.

    A list uses the serializer of mode normal, or else the first one, unless `mode` names another; a detail uses the
    last one."""

    filterset_class = ResourceFilter
    paths = {}  # translates prefixes of the contract's search and ordering fields into paths of our models
    part = None  # the subset of rows; None for all rows
    below: tuple[str, ...] = ()  # the paths of what the router adds below its records
    feed: type[feeds.Feed] | None = None  # the feed of its rows, if any
    hit = None  # how a search finds its rows by name, if it does: see spacedevs/search/hits.py
    schema = Description("spacedevs.api.schema.ResourceSchema")

    @classmethod
    def showing(cls, *ladder, attributes=(), **parameters) -> type[Self]:
        """The same endpoint for another version, with its own ladder and additional filters."""
        filters = type(cls.filterset_class.__name__, (cls.filterset_class,), parameters)
        about = {"__doc__": cls.__doc__, "ladder": ladder, "filterset_class": filters}
        return type(cls.__name__, (cls,), {**about, **dict(attributes)})

    @classproperty
    def renderer_classes(cls):
        further = [*(feeds.FORMATS if cls.feed else ()), *exports.formats_of(cls.queryset.model)]
        return [*api_settings.DEFAULT_RENDERER_CLASSES, *further]

    def get_renderers(self):
        if self.request and self.request.method == "OPTIONS":  # which has no other format
            return [each() for each in api_settings.DEFAULT_RENDERER_CLASSES]
        return super().get_renderers()

    @classproperty
    def exports(cls) -> list[str]:
        return [each.format for each in exports.formats_of(cls.queryset.model)]

    @property
    def other_format(self):
        """The module that answers in the requested format, if it is neither JSON nor the page for people."""
        return next((each for each in (feeds, exports) if each.is_wanted(self.request)), None)

    @classproperty
    def filter_names(cls):
        return sorted(cls.filterset_class.base_filters)

    @classproperty
    def lookup_value_regex(cls):
        return f"(?:{key_pattern(cls.queryset.model)})"

    @classproperty
    def about(cls) -> str:
        return in_a_sentence(cls) or in_a_sentence(cls.queryset.model)

    @classmethod
    def path_of(cls, name) -> str:
        """The path in our models for a name of the contract."""
        for theirs, ours in cls.paths.items():
            if name.startswith(theirs):
                return ours + name.removeprefix(theirs)
        return name

    @classmethod
    def rows(cls, *, detail=False) -> models.QuerySet:
        """The rows of the list or of details."""
        rows = cls.queryset.all()
        if issubclass(rows.model, KnownByName) and not detail:
            rows = rows.filter(pk__gte=0)
        return cls.part.of(rows) if cls.part else rows

    def get_queryset(self):
        rows = self.rows(detail=self.detail)
        return rows if self.is_planned or self.other_format else loaded(rows, self.get_serializer_class())

    def ignored_values(self):
        if self.detail:
            return {}
        asked, other = self.request.query_params, self.other_format
        pages = other.PAGINATION if other else self.pagination_class
        return {**unknown_parameters.ignored(self, asked, pages.max_limit), **exports.ignored(asked)}

    def clocks(self):
        parts = [self.part, *asked_parts(self.filterset_class, self.request.query_params)]
        parts += [self.feed.clock] if feeds.is_wanted(self.request) else []
        rows = [partial(part.changes_at, self.queryset.all()) for part in parts if part and part.edges]
        shown = self.plan
        is_read_along = self.is_planned or self.other_format  # loaded by the render plan, or not shown
        return [*shown.clocks, *rows, *self.figures_asked, *(() if is_read_along else shown.computing)]

    @property
    def figures_asked(self) -> list:
        """Functions that return the next change of computed values that the query filters or orders by."""
        figures = self.queryset.query.annotations.keys()
        asked = self.request.query_params
        named = [*asked, *(term.lstrip("-") for term in asked.get(TotalOrdering.ordering_param, "").split(","))]
        is_asked = any(name.partition("__")[0] in figures for name in named)
        return [self.queryset.model._default_manager.changes_at] if is_asked else []

    def list(self, request, *args, **kwargs):
        if self.other_format:
            return self.other_format.answer(self, self.filter_queryset(self.get_queryset()))
        if not self.is_planned:
            response = super().list(request, *args, **kwargs)
            response.data["results"] = field_selection.pruned(response.data["results"], self.choice.selection)
            return response
        rows = self.filter_queryset(self.get_queryset())
        keys = self.paginator.keys_of(rows, request)
        page = self.get_paginated_response(self.plan.render(keys, request, every=True))
        return written(page.data, of_rows=request)

    def retrieve(self, request, *args, **kwargs):
        if self.other_format:
            only = self.get_queryset().filter(pk=self.kwargs["pk"])
            return self.other_format.answer(self, self.filter_queryset(only))
        if not self.is_planned:
            response = super().retrieve(request, *args, **kwargs)
            response.data = field_selection.pruned(response.data, self.choice.selection)
            return response
        rows = self.get_queryset()
        if request.query_params:
            rows = self.filter_queryset(rows)
        key = rows.model._meta.pk.to_python(self.kwargs["pk"])
        is_part = bool(rows.query.where)  # the endpoint has only a subset of the rows
        among = known_among(type(self)) if is_part and not request.query_params else None
        if is_part and not among:
            key = get_object_or_404(rows.values_list("pk", flat=True), pk=key)
        for record in self.plan.render([key], request, among=among):
            return written(record, of_rows=request)
        raise Http404(f"No {rows.model._meta.object_name} matches the given query.")


class ConfigResource(Resource):
    """The endpoint of a lookup table: one serializer, no filters of its own."""

    @classmethod
    def of(cls, representation) -> type[Resource]:
        """The endpoint of a lookup table with this serializer, searched and ordered by its texts."""
        model = representation.Meta.model
        texts = [
            field.name
            for field in model._meta.fields
            if type(field) is models.CharField and field.name in representation.Meta.fields
        ]
        declared = {
            "queryset": model._default_manager.all(),
            "ladder": (representation,),
            "search_fields": texts,
            "ordering_fields": ["id", *texts],
        }
        return type(model.__name__, (cls,), declared)
