"""From changed rows to changed records: which records of the API an entry of the log concerns, and what became of
them.

A record appears once, with its last change. Whether it was deleted follows from the data, not from the log: two
transactions that overlap may log in another order than they write."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from spacedevs.api.registry import endpoints, objects
from spacedevs.db.change_log.reading import BATCH, Entry, Log, Position
from spacedevs.db.dataset_version import data_models

from .owners import fields_showing, graph, tables_below

CREATED, UPDATED, DELETED = "created", "updated", "deleted"
MOST_READ = 20_000  # entries for one page, so that a rare endpoint does not make it read the whole log


class Ref(NamedTuple):
    """A record: the path of its endpoint and its key; an object of the API, such as a dashboard, has no key."""

    path: str
    key: object


@dataclass
class Change:
    """The last change of a record."""

    ref: Ref
    position: Position
    moment: float  # seconds since 1970, UTC
    action: str = UPDATED
    fields: set[str] = field(default_factory=set)  # of the record, as far as known


@dataclass(frozen=True)
class Page:
    """Changes in the order of the log, and the position up to which they were read."""

    changes: list[Change]
    until: Position
    has_more: bool


def changes_after(log: Log, after: Position, paths: Collection[str] | None = None, limit: int = 100) -> Page:
    """The records that changed after a position: at most `limit`, unless one row concerns more."""
    tables = None if paths is None else frozenset().union(*(tables_below()[path] for path in paths))
    found: dict[Ref, Change] = {}
    has_begun: set[Ref] = set()  # whose own row was inserted
    until, has_more, read = after, False, 0
    while not has_more:
        batch = log.batch(until, tables)
        read += len(batch)
        concerned = Owners(batch)
        for entry in batch:
            refs = [ref for ref in concerned.of(entry) if paths is None or ref.path in paths]
            if found and len(found.keys() | set(refs)) > limit:
                has_more = True
                break
            for ref in refs:
                note(found, has_begun, ref, entry)
            until = entry.position
        if len(batch) < BATCH:
            break
        has_more = has_more or read >= MOST_READ
    if not has_more:
        until = max(until, log.now)
    decide(found, has_begun)
    return Page(sorted(found.values(), key=lambda change: change.position), until, has_more)


def note(found, has_begun, ref, entry):
    """Takes an entry into the change of a record."""
    change = found.setdefault(ref, Change(ref, entry.position, entry.moment))
    change.position, change.moment = entry.position, entry.moment
    endpoint = all_endpoints()[ref.path]
    if ref.key is None:
        return
    if entry.action == "i" and endpoint.queryset.model._meta.db_table == entry.table:
        has_begun.add(ref)
    by_column = fields_showing(endpoint).get(entry.table, {})
    change.fields.update(by_column.get("", ()), *(by_column.get(column, ()) for column in entry.columns))


def decide(found, has_begun):
    """Sets what became of the records: what there is now was created or updated, and anything else was deleted."""
    by_path = defaultdict(list)
    for ref in found:
        if ref.key is not None:
            by_path[ref.path].append(ref.key)
    there = {path: existing(all_endpoints()[path].queryset.model, keys) for path, keys in by_path.items()}
    for ref, change in found.items():
        if ref.key is not None and ref.key not in there[ref.path]:
            change.action, change.fields = DELETED, set()
        elif ref in has_begun:
            change.action, change.fields = CREATED, set()


def existing(model, keys) -> set:
    """Those of these keys that a table has."""
    return set(model._base_manager.filter(pk__in=keys).values_list("pk", flat=True))


@cache
def all_endpoints() -> dict[str, type]:
    """The endpoints whose records the log can name, by path."""
    whole = {path: endpoint for path, endpoint in endpoints().items() if not endpoint.part}
    return {**whole, **{path: endpoint for path, endpoint in objects().items() if path in graph().objects.values()}}


class Owners:
    """The records that the entries of a batch concern. Rows are looked up for all of them together."""

    def __init__(self, entries: Iterable[Entry]):
        self.models = data_models()
        self.known = graph()
        self.above: dict[tuple, set[tuple]] = {}  # of a row, the rows that show it
        left = {start for entry in entries for start in self.starts(entry)}
        while left := {row for row in left if not self.is_end(row) and row not in self.above}:
            self.look_up(left)
            left = {owner for row in left for owner in self.above[row]}

    def starts(self, entry) -> list[tuple]:
        """The rows that an entry begins with: its own, or that of its owners."""
        model = self.models.get(entry.table)
        if model is None:  # a table of another release
            return []
        own = model, to_python(model, entry.key)
        if self.is_end(own):
            return [own]
        owners = [(self.models[table], key) for table, key in entry.owners if table in self.models]
        found = [(owner, to_python(owner, key)) for owner, key in owners]
        return [*found, own] if entry.action == "u" else found

    def is_end(self, row) -> bool:
        return row[0] in self.known.endpoints or row[0] in self.known.objects

    def look_up(self, rows):
        """Finds the owners of rows."""
        keys = defaultdict(set)
        for model, key in rows:
            self.above[model, key] = set()
            keys[model].add(key)
        for model, wanted in keys.items():
            for column in self.known.keys.get(model, ()):
                pairs = model._base_manager.filter(pk__in=wanted).values_list("pk", column.attname)
                self.add(model, column.related_model, pairs)
            for owner, relation in self.known.named_by.get(model, ()):
                pairs = owner._base_manager.filter(**{f"{relation}__in": wanted}).values_list(relation, "pk")
                self.add(model, owner, pairs)

    def add(self, model, owner, pairs):
        for key, owner_key in pairs:
            if owner_key is not None and (model, key) in self.above:
                self.above[model, key].add((owner, owner_key))

    def of(self, entry) -> list[Ref]:
        """The records that an entry concerns."""
        found, left, seen = {}, self.starts(entry), set()
        while left:
            row = left.pop()
            if row in seen:
                continue
            seen.add(row)
            model, key = row
            if model in self.known.endpoints:
                found[Ref(self.known.endpoints[model], key)] = None
            elif model in self.known.objects:
                found[Ref(self.known.objects[model], None)] = None
            else:
                left += self.above.get(row, ())
        return list(found)


def to_python(model, key):
    """A key of a table from the text of the database."""
    return model._meta.pk.to_python(key)
