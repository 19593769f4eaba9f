"""The render plan: what the representations show, loaded and written once for all that show it.

Compiled once for each representation that is asked for. At request time the keys of a context are known;
then, from the root down, each table is read once for all the rows of it that are needed, and each to-many
relation once; then, from the leaves up, every distinct object becomes bytes once, and these are put in
wherever it is shown. On a context of docking events one agency is shown hundreds of times: sharing is the
gain. Statements and conversions are read off Django's own metadata; a class with a field that the plan
does not know is written by plain DRF."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import cache, cached_property, partial
from typing import Any
from uuid import UUID

from django.db import connection, models
from django.urls import get_script_prefix, reverse
from rest_framework.request import Request
from rest_framework.reverse import preserve_builtin_query_params

from spacedevs.api.serializers import ResourceSerializer
from spacedevs.db.bulk import read_all
from spacedevs.db.clock import ClockManager
from spacedevs.http.versions import version_of, view_in

from .compiled import CompiledSerializer, Key, Row, Shown, compiled
from .queries import Links, RowSlice, TableQuery, comes_along
from .relations import RelationPath

SHARED = 1.2  # times that a row is shown on average: from there on it pays to make bytes of it first
NEVER = float("inf")
Clock = Callable[[], datetime | None]  # tells when something changes though nothing is written; None for never
Owner = tuple[CompiledSerializer, RelationPath | None]  # shows rows of another component, along a path if to many
PROBES = 987654321987654321, UUID("f7a1c2d3-98b4-4c5d-8e6f-a0b1c2d3e4f5")  # keys that stand in for any other


class RenderContext:
    """What has been found and written for one answer."""

    def __init__(self, request: Request, every: bool):
        self.request, self.every = request, every
        self.origin = request.build_absolute_uri("/").removesuffix("/")
        self.query = preserve_builtin_query_params("", request)
        self.needed: defaultdict[CompiledSerializer, set[Key]] = defaultdict(set)  # the rows still to be read
        links: Callable[[], Links] = partial(defaultdict, dict)
        self.links: defaultdict[tuple[RelationPath, CompiledSerializer], Links] = defaultdict(links)
        self.rows: defaultdict[CompiledSerializer, dict[Key, Row]] = defaultdict(dict)
        self.written: defaultdict[CompiledSerializer, dict[Key, Shown]] = defaultdict(dict)
        # The owners whose links are known:
        self.asked: defaultdict[tuple[RelationPath, CompiledSerializer], set[Key]] = defaultdict(set)
        self.changes: set[int] = set()  # when something shown changes though nothing is written, seconds since 1970

    def note_changes(self, moments: Iterable[int | None]) -> None:
        self.changes.update(filter(None, moments))

    def keep(self, part: RowSlice, rows: list[Row]) -> None:
        """Notes the rows of a component, and which rows it needs in its turn."""
        kept = self.rows[part.component]
        kept.update(zip(map(part.key, rows), map(part.pick, rows), strict=True))
        kept.pop(None, None)
        for key, one in part.component.needs:
            self.needed[one].update(map(key, kept.values()))
            self.needed[one].discard(None)
        for joined in part.joined:
            self.keep(joined, rows)

    def known(self, component: CompiledSerializer) -> set[Key]:
        """The keys of all rows of a component that are there or about to be read."""
        return self.needed.get(component, set()) | self.rows.get(component, {}).keys()

    def missing(self, component: CompiledSerializer) -> set[Key]:
        """The keys of the rows of a component that are needed and not there yet."""
        return self.needed.get(component, set()) - self.rows.get(component, {}).keys()

    def is_shared(self, component: CompiledSerializer, above: list[Owner]) -> bool:
        """Whether rows of a component are shown much more often than there are, by the components that show it."""
        ones = sum(len(self.rows.get(owner, ())) for owner, path in above if path is None)
        manies = sum(sum(map(len, self.links[path, component].values())) for _, path in above if path)
        return ones + manies > SHARED * len(self.rows[component])

    def shown(self, path: RelationPath, target: CompiledSerializer, owners: Iterable[Key]) -> list[list[Shown]]:
        """What each of these rows shows of the rows that a path leads to."""
        owned, written = self.links[path, target], self.written[target]
        return [[written[key] for key in owned.get(owner, ())] for owner in owners]

    def address(self, view: str, key: models.Field[Any, Any]) -> tuple[str, str]:
        """What stands before and after the key in the addresses of a view, in the version that is asked."""
        view = view_in(version_of(self.request), view)
        before, after = route(view, PROBES[isinstance(key, models.UUIDField)], get_script_prefix())
        return self.origin + before, after + self.query


@cache
def route(view: str, probe: int | UUID, prefix: str) -> tuple[str, str]:
    """What stands before and after the key in the path of a view, under this prefix of all paths."""
    before, after = reverse(view, args=[probe]).split(str(probe))
    return before, after


def path_of(view: str, key: int | UUID) -> str:
    """The path of a row in a view."""
    before, after = route(view, PROBES[isinstance(key, UUID)], get_script_prefix())
    return f"{before}{key}{after}"


class Plan:
    """All statements for one representation and what it shows, in an order in which they can be asked."""

    def __init__(self, representation: type[ResourceSerializer]):
        self.root = compiled(representation)
        self.order = list(leaves_first(self.root))
        shown = [each for component in self.order for each in (*component.to_one, *component.to_many)]
        fetched = {self.root, *(component for _, relation, component in shown if not comes_along(relation, component))}
        self.rounds = [[TableQuery(each, fetched) for each in tables] for tables in query_rounds(self.order)]
        self.above: defaultdict[CompiledSerializer, list[Owner]] = defaultdict(list)
        for owner in self.order:
            for _, relation, one in (*owner.to_one, *owner.to_many):
                self.above[one].append((owner, relation if isinstance(relation, RelationPath) else None))

    @cached_property
    def clocks(self) -> list[Clock]:
        """What tells when a row that is shown comes or goes though nothing is written."""
        paths = {path for component in self.order for _, path, _ in component.to_many if path.part and path.part.edges}
        return [partial(path.part.changes_at, path.target._base_manager.all()) for path in paths if path.part]

    @cached_property
    def computing(self) -> list[Clock]:
        """What tells when any row changes that may be shown; where the plan writes, it knows which are."""
        managers = {each.model._default_manager for each in self.order if each.is_computed}
        return [manager.changes_at for manager in managers if isinstance(manager, ClockManager)]

    def render(self, keys: Iterable[Any], request: Request, every: bool = False) -> list[Shown]:
        """The rows with these keys as orjson writes them, in their order; a key that has no row is left out.

        The request is told when they change.
        With `every` all statements are asked, also those for rows that no row here needs: then it takes
        as many for any context as for any other."""
        keys = [self.root.key.get_db_prep_value(key, connection) for key in keys]
        if not keys:
            return []
        context = RenderContext(request, every)
        context.needed[self.root].update(keys)
        for each_round in self.rounds:
            asked = [each for reading in each_round for each in reading.ask(context)]
            answers = read_all([(statement, wanted) for statement, wanted, _ in asked])
            for (_, wanted, take), rows in zip(asked, answers, strict=True):
                take(context, rows, wanted)
        for each in self.order:
            if context.rows.get(each):
                is_shared = context.is_shared(each, self.above[each])
                context.written[each] = each.write(context.rows[each], context, is_shared)
        if context.changes:
            told: Any = request  # the view reads it there when it finishes the response
            told.changes_at = min(context.changes | {getattr(request, "changes_at", NEVER)})
        return [context.written[self.root][key] for key in keys if key in context.written[self.root]]


@cache
def plan(representation: type[ResourceSerializer]) -> Plan:
    return Plan(representation)


def leaves_first(
    root: CompiledSerializer, seen: set[CompiledSerializer] | None = None
) -> Iterator[CompiledSerializer]:
    """Every component that is shown, after all those that it shows."""
    seen = set() if seen is None else seen
    if root not in seen:
        seen.add(root)
        for _, _, shown in (*root.to_one, *root.to_many):
            yield from leaves_first(shown, seen)
        yield root


def query_rounds(order: list[CompiledSerializer]) -> list[list[list[CompiledSerializer]]]:
    """Which components can be read at once, grouped by table: all that show them come in rounds before.

    A group waits for the others of its table as long as anything else can be read."""
    left = [each for each in reversed(order) if each is order[-1] or not each.is_small]
    found: list[list[list[CompiledSerializer]]] = []
    while left:
        shown = set().union(*(each.beneath for each in left))
        ready: defaultdict[type[models.Model], list[CompiledSerializer]] = defaultdict(list)
        waiting = {each.model for each in left if each in shown}
        for each in left:
            if each not in shown:
                ready[each.model].append(each)
        groups = [group for model, group in ready.items() if model not in waiting] or list(ready.values())[:1]
        found.append(groups)
        left = [each for each in left if not any(each in group for group in groups)]
    return found
