"""The form in which a change of a record is told, the same wherever it is."""

from collections import defaultdict
from datetime import UTC, datetime

from rest_framework.reverse import reverse

from spacedevs.api.render_plan.plan import plan
from spacedevs.db.change_log.reading import Log

from .records import DELETED, Change, Ref, all_endpoints


def told(change: Change, log: Log, request=None) -> dict:
    """A change as `changes/` shows it, without the record; without a request, its URL is relative to this server."""
    path, key = change.ref
    return {
        "endpoint": path,
        "id": None if key is None else str(key),
        "url": url_of(change.ref, request),
        "action": change.action,
        "moment": datetime.fromtimestamp(int(change.moment), UTC),
        "fields_changed": sorted(change.fields),
        "cursor": log.cursor(change.position),
    }


def records_of(changes: list[Change], mode: str | None, request) -> dict[Ref, object]:
    """The present records of these changes in a mode, or else in their endpoint's, by the plan of each endpoint."""
    found, by_path = {}, defaultdict(list)
    for change in changes:
        if change.ref.key is not None and change.action != DELETED:
            by_path[change.ref.path].append(change.ref)
    for path, refs in by_path.items():
        endpoint = all_endpoints()[path]
        shallow = endpoint.modes.get("normal", endpoint.ladder[0])
        renderer = plan(endpoint.modes.get(mode, shallow))
        rendered = renderer.render([ref.key for ref in refs], request)
        if len(rendered) == len(refs):
            found.update(zip(refs, rendered, strict=True))
        else:  # one was deleted after the changes were read
            found.update((ref, record) for ref in refs for record in renderer.render([ref.key], request))
    return found


def url_of(ref: Ref, request) -> str:
    """The URL of a record, or of an object."""
    path, key = ref
    if key is None:
        return reverse(f"{path}-list", request=request)
    return reverse(f"{basename(path)}-detail", [key], request=request)


def basename(path) -> str:
    """The name of the views of an endpoint."""
    return all_endpoints()[path].queryset.model._meta.model_name
