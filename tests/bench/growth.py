"""Every list of every version with each filter, each order, a search, and its first and last page: what it costs among
ten times as many rows."""

from datetime import date
from functools import cache
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

import orjson
from django.conf import settings
from django.db.models import QuerySet
from django_filters import BooleanFilter

from spacedevs.api.schema import Generator
from spacedevs.api.views import Resource
from spacedevs.http.versions import called
from tests.support.routes import ROUTERS

from .inside import get, timed

REPEATED = 4  # of which the quickest counts
PAGE = 10
FLAGS = "true", "false"
FIXED = "ordering", "search"  # parameters that are asked with the same values at every size, as flags are


@cache
def documented() -> dict[str, list[str]]:
    """The parameters of each list, as the OpenAPI documents of all versions name them."""
    found = {}
    for version in (settings.CURRENT_VERSION, *settings.OLDER_VERSIONS):
        paths = Generator(api_version=version).get_schema(public=True)["paths"]
        for path, operations in paths.items():
            found[path] = [each["name"] for each in operations["get"].get("parameters", ()) if each["in"] == "query"]
    return found


def value_of(rows: QuerySet, condition) -> object:
    """A value that the filter selects at least one row by: that of the first row which has any."""
    path = condition.field_name or getattr(condition, "places", [None])[0]
    if not path:
        return None
    found = rows.order_by("pk").filter(**{f"{path}__isnull": False}).values_list(path, flat=True).first()
    if isinstance(found, str) and condition.lookup_expr in ("contains", "icontains", "startswith"):
        return found.split()[0] if found.split() else None
    return found.isoformat() if isinstance(found, date) else found


def asked_by(resource, names) -> list[dict]:
    """The queries that these parameters make: one of each filter, both directions of each order, a search."""
    rows = resource.queryset.model._default_manager.all()
    queries = [{}]
    for name in names:
        condition = resource.filterset_class.base_filters.get(name)
        if name == "ordering":
            queries += [{name: f"{sign}{term}"} for term in resource.ordering_fields for sign in ("", "-")]
        elif name == "search":
            queries += [{name: "salyut"}, {name: "xyzzy"}]
        elif isinstance(condition, BooleanFilter):
            queries += [{name: flag} for flag in FLAGS]
        elif condition and (value := value_of(rows, condition)) is not None:
            queries.append({name: value})
    return queries


def addresses() -> dict[str, str]:
    """All addresses to be asked, those of an endpoint once, by what is asked for: the values are of this database."""
    found, seen = {}, set()
    for version, router in ROUTERS.items():
        for path, endpoint, _ in router.registry:
            address = f"/{called(version)}/{path}/"
            if issubclass(endpoint, Resource) and endpoint not in seen and address in documented():
                seen.add(endpoint)
                for query in asked_by(endpoint, documented()[address]):
                    values = (
                        f"{name}={value if name in FIXED or value in FLAGS else '…'}" for name, value in query.items()
                    )
                    found[f"{address}?{'&'.join(values)}"] = f"{address}?{urlencode(query | {'limit': PAGE})}"
    return found


class Cost(NamedTuple):
    """What a page costs, and what it does for it."""

    seconds: float  # of CPU
    rows: int  # that it counts
    size: int  # of the body, in bytes


def costs(asked: dict[str, str]) -> dict[str, tuple[float, int, int]]:
    """The cost of each address, and of the last page of a list in any order."""
    return {name: tuple(cost) for page, address in asked.items() for name, cost in pages_of(page, address)}


def pages_of(page, address):
    cost = cost_of(address)
    yield page, cost
    names = {name for name, _ in parse_qsl(urlsplit(address).query)}
    if names <= {"limit", "ordering"} and cost.rows > PAGE:
        yield f"{page} (last page)", cost_of(f"{address}&offset={cost.rows - PAGE}")


def cost_of(address) -> Cost:
    status, _, body = get(address)
    if status != 200:
        raise RuntimeError(f"{status} for {address}")
    seconds = min(timed(get, address)[1] for _ in range(REPEATED))
    return Cost(seconds, orjson.loads(body)["count"], len(body))
