"""The endpoints of the router, and how to find one by a URL or a file name."""

import re
from functools import cache, lru_cache
from pathlib import PurePath
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import Resolver404, resolve, reverse

from spacedevs.http.versions import view_in

from .serializers import ResourceSerializer
from .views import OneObject, Resource

VERSION = settings.CURRENT_VERSION
VERSIONED = re.compile(r"/(2\.\d\.\d)/(?:[a-z_]+/)+(?:[\w-]+/?)?$")  # the URL of a list or a record


def endpoints(version="") -> dict[str, type[Resource]]:
    """Every endpoint of rows by its path below the root, such as "config/orbits"; by default of the current
    version."""
    return endpoints_of(settings.ROOT_URLCONF, version=version)


def objects() -> dict[str, type[OneObject]]:
    """By path, every endpoint of one object that shows rows which no other endpoint shows."""
    found = endpoints_of(settings.ROOT_URLCONF, OneObject)
    return {path: endpoint for path, endpoint in found.items() if whole_tables(endpoint)}


def all_paths(version="") -> dict[str, str]:
    """The names of all views in the root of a version, by their paths below it."""
    listed = resolve(reverse(view_in(version, "api-root"))).func.view_initkwargs["api_root_dict"]
    return {path: view_in(version, name) for path, name in listed.items()}


@cache
def endpoints_of(urlconf, kind=Resource, version="") -> dict[str, type]:
    found = {path: endpoint_at(reverse(name), kind, version) for path, name in all_paths(version).items()}
    return {path: endpoint for path, endpoint in found.items() if endpoint}


@cache
def whole_tables(endpoint) -> dict[str, type[ResourceSerializer]]:
    """The fields of an object that show whole tables without keys."""
    rung = getattr(endpoint, "ladder", None)
    shown = {name: type(getattr(field, "child", field)) for name, field in rung[0]().fields.items()} if rung else {}
    return {
        name: cls for name, cls in shown.items() if issubclass(cls, ResourceSerializer) and "id" not in cls.Meta.fields
    }


def endpoint_by_url(url, is_record=False) -> type[Resource] | None:
    """The endpoint of a URL of a list or a record, on any host."""
    try:
        path = urlsplit(url).path
    except (AttributeError, TypeError, ValueError):  # not a URL
        return None
    return endpoint_at(re.sub("[^/]+/?$", "", path) if is_record else path) if isinstance(path, str) else None


def version_by_url(url) -> str | None:
    """The version of Launch Library in a URL, on any host."""
    try:
        found = VERSIONED.search(urlsplit(url).path)
    except (AttributeError, TypeError, ValueError):  # not a URL
        return None
    return found and found[1]


def version_of(record) -> str | None:
    """The version of Launch Library of a record, from its own URL or else from others in it; None if unknown."""
    found = [record]
    for each in found:
        if isinstance(each, dict):
            if version := version_by_url(each.get("url")):
                return version
            found += each.values()
        elif isinstance(each, list):
            found += each
    return None


@lru_cache(maxsize=256)
def endpoint_at(path, kind=Resource, version="") -> type | None:
    """The endpoint of a path, if it belongs to the current version, which is the only one for imports."""
    try:
        match = resolve(path)
    except Resolver404:
        return None
    found = getattr(match.func, "cls", object)
    return found if issubclass(found, kind) and match.namespace == version else None


def endpoint_by_name(name) -> type[Resource] | None:
    """The endpoint in the name of a file or folder, such as config/orbits.json or payloads_detailed_2.json."""
    nouns = {path.rpartition("/")[2]: endpoint for path, endpoint in endpoints().items() if not endpoint.part}
    for part in reversed(PurePath(name).parts):
        for noun in sorted(nouns, key=len, reverse=True):
            if re.search(rf"(?<![a-z]){noun.removesuffix('s')}s?(?![a-z])", part.lower()):
                return nouns[noun]
    return None
