"""Changes as sentences, for people: "Falcon 9 | Starlink slipped from 2 to 4 December"."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime

from django.urls import reverse

from spacedevs.db.change_log.reading import Log
from spacedevs.statistics.registry import figures

from . import history
from .records import CREATED, DELETED, Change, all_endpoints, changes_after

LATEST = 50  # changes on the page without a cursor
BACK = 2_000  # entries of the log in which they are looked for


@dataclass
class Headline:
    """A change as a sentence."""

    moment: datetime
    kind: str
    name: str
    url: str
    text: str
    details: list[str]


def headlines(changes: list[Change] | None) -> list[Headline]:
    """Sentences for these changes, or for the latest, newest first."""
    if changes is None:
        log = Log.read()
        changes = changes_after(log, log.before(BACK), limit=BACK).changes[-LATEST:]
    rows, values = rows_of(changes), values_of(changes)
    return [headline(change, rows.get(change.ref), values.get(change.ref, ())) for change in reversed(changes)]


def headline(change, row, values) -> Headline:
    endpoint = all_endpoints()[change.ref.path]
    model = model_of(endpoint)
    kind = model._meta.verbose_name if model else change.ref.path
    details = [sentence(each) for entry in values for each in entry["changes"]]
    text = {CREATED: "is new", DELETED: "was deleted"}.get(change.action) or updated(change, model)
    url = "" if row is None else reverse(f"{row._meta.model_name}-detail", args=[row.pk])
    return Headline(
        datetime.fromtimestamp(int(change.moment), UTC),
        kind,
        str(row or change.ref.key or change.ref.path),
        url,
        "changed" if details and change.action not in (CREATED, DELETED) else text,
        details,
    )


def model_of(endpoint):
    """The table of an endpoint; None for an object."""
    return getattr(getattr(endpoint, "queryset", None), "model", None)


def updated(change, model) -> str:
    """What changed; totals, which follow from other records, are not listed."""
    totals = figures(model) if model else set()
    fields = ", ".join(sorted(name.replace("_", " ") for name in change.fields - totals))
    if fields:
        return f"changed: {fields}"
    return "has other totals" if change.fields else "changed"


def sentence(each) -> str:
    """The change of a tracked field as a phrase."""
    before, after = (said(each[side], each[f"{side}_id"]) for side in ("before", "after"))
    if each["field"] == "net" and each["before"] and each["after"]:
        verb = "slipped" if each["after"] > each["before"] else "moved forward"
        return f"{verb} from {before} to {after}"
    return f"{each['field'].replace('_', ' ')}: {before} → {after}"


def said(value, key) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    return str(value or key or "unknown")


def rows_of(changes) -> dict:
    """The present rows of these changes."""
    found, by_path = {}, defaultdict(list)
    for change in changes:
        if change.ref.key is not None and change.action != DELETED:
            by_path[change.ref.path].append(change.ref)
    for path, refs in by_path.items():
        rows = all_endpoints()[path].queryset.model._base_manager.in_bulk([ref.key for ref in refs])
        found.update({ref: rows[ref.key] for ref in refs if ref.key in rows})
    return found


def values_of(changes) -> dict:
    """The latest changes of tracked fields of these records."""
    found, by_path = {}, defaultdict(list)
    for change in changes:
        by_path[change.ref.path].append(change)
    for path, those in by_path.items():
        model = model_of(all_endpoints()[path])
        if not getattr(model, "tracked", ()):
            continue
        earliest = datetime.fromtimestamp(min(change.moment for change in those) - 1, UTC)
        stored = history.changes_of(model, [change.ref.key for change in those]).filter(moment__gte=earliest)
        by_key = defaultdict(list)
        for each in stored.order_by("id"):
            by_key[each.key].append(each)
        for change in those:
            mine = by_key.get(history.stored_key(model, change.ref.key), ())
            found[change.ref] = history.shown(model, mine)
    return found
