"""The versions of the API: where each begins, what its views are called, and what the older ones say of the current.

The views of the current version have plain names, `launch-list`; those of another have it before: `2.2.0:launch-list`.
So where a version is asked for by its name, "" is the current one."""

from functools import lru_cache
from uuid import UUID

from django.conf import settings
from django.urls import NoReverseMatch, get_script_prefix, reverse

# Since when the older versions have been deprecated here: the day that this server first had them. RFC 9745.
DEPRECATED_AT = 1795910400  # 2026-11-29T00:00:00Z
PROBES = 987654321987654321, UUID("f7a1c2d3-98b4-4c5d-8e6f-a0b1c2d3e4f5")  # representative keys


def view_in(version, name) -> str:
    """The name of a view in a version."""
    return f"{version}:{name}" if version else name


def version_of(request) -> str:
    """The version that the path of a request lies below; that of no version is about the current one."""
    match = request.resolver_match
    return match.namespace if match and match.namespace in settings.OLDER_VERSIONS else ""


@lru_cache(maxsize=2048)
def parts_of(view: str, probe: int | UUID, prefix: str) -> tuple[str, str]:
    """The parts of a view's path before and after the key, below this prefix of all paths."""
    before, after = reverse(view, args=[probe]).split(str(probe))
    return before, after


def route(view: str, is_uuid: bool) -> tuple[str, str]:
    """The parts of the path of a record before and after its key."""
    return parts_of(view, PROBES[is_uuid], get_script_prefix())


def path_of(view: str, key: int | UUID | str) -> str:
    """The path of a record in a view; the key may be given as text."""
    before, after = route(view, not str(key).lstrip("-").isdecimal())
    return f"{before}{key}{after}"


def roots() -> dict[str, str]:
    """The root path of each version. It loads none of the older ones."""
    return {version: f"{get_script_prefix()}{called(version)}/" for version in ("", *settings.OLDER_VERSIONS)}


def called(version) -> str:
    """The form of versions in URLs."""
    return version or settings.CURRENT_VERSION


def deprecation(get_response):
    """Marks responses of older versions as deprecated (RFC 9745), with a link to their successor (RFC 5829)."""

    def middleware(request):
        response = get_response(request)
        if version_of(request):
            response["Deprecation"] = f"@{DEPRECATED_AT}"
            if response.status_code < 400:
                address = request.build_absolute_uri(successor(request.resolver_match))
                response["Link"] = f'<{address}>; rel="successor-version"'
        return response

    return middleware


def successor(match) -> str:
    """The path of the same list or record in the current version, or else its root."""
    try:
        if match.kwargs.keys() == {"pk"}:
            return path_of(match.url_name, match.kwargs["pk"])
        return reverse(match.url_name, args=match.args, kwargs=match.kwargs)
    except NoReverseMatch:
        return reverse("api-root")
