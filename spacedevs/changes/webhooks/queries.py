"""The list query of a subscription: an endpoint with filters, in which nothing is ignored."""

from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches

from django.conf import settings
from django.core.exceptions import SuspiciousOperation, ValidationError
from django.db import models
from django.http import HttpRequest, QueryDict
from rest_framework.exceptions import ValidationError as ApiError
from rest_framework.request import Request

from spacedevs.api.filters import unknown_parameters
from spacedevs.api.filters.backends import FieldFilters, WordSearch
from spacedevs.api.registry import endpoints
from spacedevs.changes.owners import graph
from spacedevs.changes.records import all_endpoints

OF_PAGES = {"changed_since", "format", "limit", "offset", "ordering", "strict"}  # parameters that choose no records
MAX_TOLD = 64  # characters of what is repeated in a message


@dataclass(frozen=True)
class Query:
    """The records of a list."""

    text: str
    endpoint: type
    parameters: QueryDict

    @classmethod
    def of(cls, text: str) -> "Query":
        """The query in a text such as `launches/upcoming/?lsp__id=121`; raises ValidationError."""
        path, _, asked = text.strip().partition("?")
        path = path.strip("/").removeprefix(f"{settings.CURRENT_VERSION}/")
        endpoint = endpoints().get(path)
        if endpoint is None:
            raise ValidationError(f"Unknown endpoint: {path[:MAX_TOLD]!r}.{nearest(path, endpoints())}")
        try:
            found = cls(f"{path}/{asked and '?'}{asked}", endpoint, QueryDict(asked))
        except SuspiciousOperation:
            raise ValidationError("Too many parameters.") from None
        found.check()
        return found

    def check(self):
        """Raises ValidationError for any parameter that would be ignored or refused."""
        known = self.endpoint.known_parameters - OF_PAGES
        complaints = unknown_parameters.ignored(self.view(), self.parameters, 1)
        complaints |= {
            name: "Has no meaning here." if name in OF_PAGES else unknown_parameters.complaint(name[:MAX_TOLD], known)
            for name in unknown_parameters.unknown(self.parameters, known)
        }
        if any("\0" in value for _, values in self.parameters.lists() for value in values):
            raise ValidationError("A parameter contains a NUL character.")
        try:
            self.rows()
        except ApiError as error:
            complaints |= {name: " ".join(map(str, texts)) for name, texts in error.detail.items()}
        if complaints:
            raise ValidationError([f"{name[:MAX_TOLD]}: {text}" for name, text in complaints.items()])

    def view(self):
        """The view of the list for a request with these parameters."""
        view, request = self.endpoint(), HttpRequest()
        request.GET, request.method = self.parameters, "GET"
        view.request, view.detail = Request(request), False
        return view

    def rows(self) -> models.QuerySet:
        """The rows of the list."""
        view, rows = self.view(), self.endpoint.rows()
        for backend in (FieldFilters, WordSearch):
            rows = backend().filter_queryset(view.request, rows, view)
        return rows.order_by()

    def matching(self, keys: Collection) -> set:
        """Those of these keys of records that are in the list now."""
        return set(self.rows().filter(pk__in=keys).values_list("pk", flat=True))

    @property
    def record_path(self) -> str:
        """The endpoint by which its records appear in `changes/`."""
        return graph().endpoints[self.endpoint.queryset.model]

    @property
    def mode(self) -> str | None:
        return self.parameters.get("mode")

    @property
    def chooses(self) -> bool:
        """Whether a record of the endpoint may be outside of the list."""
        return bool(self.endpoint.part or set(self.parameters) - {"mode"})


def known_fields(query: Query, text: str) -> str:
    """Names of fields of a record, separated by commas; raises ValidationError."""
    names = [name for name in dict.fromkeys(name.strip() for name in text.split(",")) if name]
    known = all_endpoints()[query.record_path].ladder[-1]().fields
    if unknown := [name for name in names if name not in known]:
        raise ValidationError(f"Unknown field: {unknown[0][:MAX_TOLD]!r}.{nearest(unknown[0], known)}")
    return ",".join(names)


def nearest(name: str, known: Collection[str]) -> str:
    """The question whether the most similar name was meant; "" if none is similar."""
    found = get_close_matches(name[:MAX_TOLD], known, n=1)
    return f" Did you mean {found[0]}?" if found else ""
