"""The OpenAPI document, generated from the declarations of the resources: `Generator` makes 3.1, `Generator30` 3.0."""

import re
from threading import Lock
from uuid import UUID

from django.conf import settings
from django.db.models import CharField, UUIDField
from django.utils import translation
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import append_meta, build_basic_type, build_object_type, get_lib_doc_excludes
from drf_spectacular.settings import patched_settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, PolymorphicProxySerializer
from rest_framework import serializers

from spacedevs.api.exports.renderers import EXCEL_EU, ExportRenderer
from spacedevs.api.feeds.renderers import FeedRenderer

from .filters.field_selection import FIELDS, OMIT
from .serializers import ResourceSerializer, column_of

UNCHANGED = OpenApiResponse(None, "The response is unchanged: its ETag matches If-None-Match.")


class Problem(serializers.Serializer):
    """An error."""

    detail = serializers.CharField()


PROBLEMS = {  # besides 400
    401: "Unknown token.",
    404: "No such record, path or format.",
    406: "No acceptable media type.",
    412: "The precondition of If-Match or If-Unmodified-Since failed.",
    414: "The query is too long.",
    429: "Rate limit exceeded; Retry-After says when to retry, RateLimit what is left.",
    503: "The database is unavailable or too slow.",
}
# Remarks on fields whose values can differ from their declared type.
LACKING = "Null if the row was imported from a less detailed response."
EMPTY = "May be empty."
JSON = "application/json"
SELECTING = {
    FIELDS: "Only these fields: names separated by commas, with dots into related records, such as "
    "`id,pad.location.name`; `pad` and `pad.*` name all of a branch. A field that the mode lacks is taken from a "
    "deeper one. The response has no other field, not even required ones.",
    OMIT: "All fields but these, named likewise.",
}
CSV = "With `format=csv`, `excel-eu` separates columns by semicolons and writes decimal commas."
EXACT = 2**53  # up to this number, a float represents each whole number exactly
CONFIGURATIONS = "Configurations"
TABLES = "The lookup tables: statuses, types, countries and others that records refer to."


def classes_without_description():
    """Classes whose docstrings do not describe components."""
    return [*get_lib_doc_excludes(), ResourceSerializer]


def remarks(field) -> list[str]:
    """Remarks on values of a field that its type does not tell."""
    column = column_of(field)
    if column is None:
        return []
    lacking = [LACKING] * (column.null and not field.allow_null)
    return lacking + [EMPTY] * (column.blank and isinstance(field, serializers.URLField))


def of_page(schema) -> dict:
    """The schema of a page of results with this schema."""
    address = append_meta(build_basic_type(OpenApiTypes.URI), {"nullable": True})
    shown = {"count": {"type": "integer"}, "next": address, "previous": address, "results": schema}
    return build_object_type(properties=shown, required=["count", "results"])


class Generator(SchemaGenerator):
    """Generates the document once per process.

    The lock is needed because the library keeps state in its classes: of two concurrent threads, one failed."""

    openapi = "3.1.0"
    making = Lock()
    made = {}  # by versions of OpenAPI and of the API

    def get_schema(self, request=None, public=False):
        # Otherwise the library would also add the requested version to the title.
        self.version, self.api_version = self.api_version or self.version or settings.CURRENT_VERSION, None
        about = {"OAS_VERSION": self.openapi, "VERSION": self.version, "SCHEMA_PATH_PREFIX": f"/{self.version}"}
        which = self.openapi, self.version
        with self.making, translation.override(settings.LANGUAGE_CODE), patched_settings(about):
            if which not in Generator.made:
                document = super().get_schema(request=None, public=True)
                Generator.made[which] = document | {"tags": self.get_tags(document["paths"])}
        return Generator.made[which]

    def _get_paths_and_endpoints(self):
        """Only those of this version."""
        return [each for each in super()._get_paths_and_endpoints() if each[0].startswith(f"/{self.version}/")]

    def get_tags(self, paths) -> list[dict]:
        """The tags of the operations, each described by its first endpoint."""
        views = {path: view for path, _, _, view in self._get_paths_and_endpoints()}
        about = {CONFIGURATIONS: TABLES}
        for path, methods in paths.items():
            about.setdefault(methods["get"]["tags"][0], views[path].about)
        return [{"name": name, "description": about[name]} for name in sorted(about)]


class Generator30(Generator):
    """Makes it for tools that do not know OpenAPI 3.1, where null is a type: the library reads this version number."""

    openapi = "3.0.3"


class ResourceSchema(AutoSchema):
    """Describes a resource by its ladder: `mode` is a parameter, and a response has one of several components."""

    def get_description(self) -> str:
        return self.view.help_text

    def get_summary(self) -> str:
        tokens, view = self._tokenize_path(), self.view
        if not hasattr(view, "part"):  # an endpoint of one object, which describes itself
            return re.split("[:;.]", view.about)[0]
        about = view.queryset.model._meta
        part = f"{tokens[-1]} " if view.part else ""
        return f"Show one {part}{about.verbose_name}" if view.detail else f"List {part}{about.verbose_name_plural}"

    def _get_serializer_field_meta(self, field, direction):
        meta = super()._get_serializer_field_meta(field, direction)
        if description := " ".join([*filter(None, [meta.get("description")]), *remarks(field)]):
            meta["description"] = description
        return meta

    def _insert_field_validators(self, field, schema):
        """Removes formats and patterns, because imported texts stay unchanged: URLs may be empty, and URLs and slugs
        may be malformed."""
        super()._insert_field_validators(field, schema)
        if isinstance(column_of(field), CharField):
            schema.pop("format", None)
            schema.pop("pattern", None)
        # For 64 bits the format tells the bounds, and clients that read them as floats would get others.
        for bound in ("minimum", "maximum"):
            if abs(schema.get(bound, 0)) > EXACT:
                del schema[bound]

    def get_tags(self) -> list[str]:
        noun = self._tokenize_path()[0]
        return [CONFIGURATIONS if noun == "config" else noun.replace("_", " ").capitalize()]

    def get_override_parameters(self) -> list[OpenApiParameter]:
        selecting = SELECTING.items() if self.view.selects_fields else ()
        tables = [OpenApiParameter("csv", enum=[EXCEL_EU], description=CSV)] if hasattr(self.view, "part") else []
        further = (OpenApiParameter(name, description=about) for name, about in selecting)
        return [*self.get_own_parameters(), *further, *tables]

    def get_own_parameters(self) -> list[OpenApiParameter]:
        if self.view.detail:
            is_uuid = isinstance(self.view.queryset.model._meta.pk, UUIDField)
            return [OpenApiParameter("id", UUID if is_uuid else int, OpenApiParameter.PATH)]
        if not self.view.modes:
            return [OpenApiParameter(name, **about) for name, about in self.view.parameters.items()]
        return [OpenApiParameter("mode", enum=list(self.view.modes), description="Level of detail in the response.")]

    def get_response_serializers(self):
        told = {200: self.get_answer(), 304: UNCHANGED, 400: self.get_complaint(), **self.get_problems()}
        kinds = FeedRenderer, ExportRenderer
        others = [each.media_type for each in self.view.get_renderers() if isinstance(each, kinds)]
        return {
            **{(status, JSON): shape for status, shape in told.items()},
            **{(200, media_type): OpenApiResponse(OpenApiTypes.STR) for media_type in others},
        }

    def _get_response_bodies(self, direction="response") -> dict:
        """The responses, with the shapes of formats that are JSON: drf-spectacular would make pages of them."""
        bodies = super()._get_response_bodies(direction)
        for renderer in self.view.get_renderers():
            if shape := getattr(renderer, "shape", None):
                bodies["200"]["content"][renderer.media_type]["schema"] = shape
        return bodies

    def get_problems(self) -> dict[int, OpenApiResponse]:
        return {status: OpenApiResponse(Problem, description) for status, description in PROBLEMS.items()}

    def get_complaint(self) -> OpenApiResponse:
        """The response for bad parameters: errors by parameter, or one for the whole request."""
        said = {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}}
        problem = self.resolve_serializer(Problem, "response").ref
        return OpenApiResponse({"anyOf": [problem, said]}, "Invalid parameter.")

    def get_answer(self):
        if self.view.detail:
            return self.view.ladder[-1]
        rungs = list(self.view.modes.values()) or [self.view.ladder[0]]
        if len(set(rungs)) == 1 or "response_mode" not in rungs[0]().fields:  # nothing distinguishes them
            for rung in rungs:
                self.resolve_serializer(rung, "response")  # so that the document contains it anyway
            return self.view.modes.get("normal", rungs[0])
        name = f"Polymorphic{self.view.noun}Endpoint"
        return PolymorphicProxySerializer(name, self.view.modes, resource_type_field_name="response_mode")


class OneSchema(ResourceSchema):
    """Describes an endpoint of one object."""

    def _is_list_view(self, serializer=None) -> bool:
        return False


class ObjectSchema(OneSchema):
    """Describes an endpoint of one object whose operation id ends with `list` in LL2 2.3.0."""

    def get_operation_id(self) -> str:
        return f"{super().get_operation_id().removesuffix('retrieve')}list"
