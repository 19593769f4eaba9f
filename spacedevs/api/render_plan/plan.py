"""The render plan: reads each row once, and renders each distinct object once per response.

A plan is compiled once for each serializer; those of selected fields are made when they are asked for, and the most
recently used ones are kept. For a request, the keys of the page are known. From the root down, the plan reads each
table once for all needed rows, and each to-many relation once. From the leaves up, it renders every distinct object as
bytes once, and inserts these bytes wherever the object is shown. This saves most of the work: a page of docking events
shows the same agency hundreds of times. Statements and conversions come from Django's metadata;
plain DRF renders serializers with fields that the plan does not support."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import cache, cached_property, lru_cache, partial
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from rest_framework.request import Request
from rest_framework.reverse import preserve_builtin_query_params

from spacedevs.api.filters.field_selection import Selection
from spacedevs.api.serializers import ResourceSerializer
from spacedevs.db.bulk import any_key, read_all
from spacedevs.db.clock import ClockManager
from spacedevs.db.paths import column_sql, quoted
from spacedevs.http.versions import route, version_of, view_in

from .compiled import CompiledSerializer, Key, Row, Shown, compiled
from .limited import limited
from .queries import Links, RowSlice, TableQuery, comes_along
from .relations import RelationPath

SHARED = 1.2  # average number of occurrences of a row from which rendering it as bytes first pays off
NEVER = float("inf")
# The plans of selections that a process keeps. One takes 0.1 MB, one of 200 names 0.8 MB; it is made in 0.2 to 50 ms.
MAX_LIMITED = 64
Clock = Callable[[], datetime | None]  # returns the next change without any write; None for never
Owner = tuple[
    CompiledSerializer, RelationPath | None
]  # a component that shows another one, with the path if it is to-many


class RenderContext:
    """The rows and rendered objects of one response."""

    def __init__(self, request: Request, every: bool):
        self.request, self.every = request, every
        self.origin = request.build_absolute_uri("/").removesuffix("/")
        # The format of this response, for the addresses in it; nobody opens a record in the format of a whole list.
        is_whole = getattr(getattr(request, "accepted_renderer", None), "is_whole", False)
        self.query = "" if is_whole else preserve_builtin_query_params("", request)
        self.needed: defaultdict[CompiledSerializer, set[Key]] = defaultdict(set)  # the keys still to be read
        links: Callable[[], Links] = partial(defaultdict, dict)
        self.links: defaultdict[tuple[RelationPath, CompiledSerializer], Links] = defaultdict(links)
        self.rows: defaultdict[CompiledSerializer, dict[Key, Row]] = defaultdict(dict)
        self.written: defaultdict[CompiledSerializer, dict[Key, Shown]] = defaultdict(dict)
        # The owners whose related keys are known:
        self.asked: defaultdict[tuple[RelationPath, CompiledSerializer], set[Key]] = defaultdict(set)
        self.changes: set[int] = set()  # the next change without any write, in seconds since 1970

    def note_changes(self, moments: Iterable[int | None]) -> None:
        self.changes.update(filter(None, moments))

    def keep(self, part: RowSlice, rows: list[Row]) -> None:
        """Stores the rows of a component, and requests the rows that they need."""
        kept = self.rows[part.component]
        kept.update(zip(map(part.key, rows), map(part.pick, rows), strict=True))
        kept.pop(None, None)
        for key, one in part.component.needs:
            self.needed[one].update(map(key, kept.values()))
            self.needed[one].discard(None)
        for joined in part.joined:
            self.keep(joined, rows)

    def known(self, component: CompiledSerializer) -> set[Key]:
        """The keys of all rows of a component that are loaded or requested."""
        return self.needed.get(component, set()) | self.rows.get(component, {}).keys()

    def missing(self, component: CompiledSerializer) -> set[Key]:
        """The keys of the needed rows of a component that are not loaded yet."""
        return self.needed.get(component, set()) - self.rows.get(component, {}).keys()

    def is_shared(self, component: CompiledSerializer, above: list[Owner]) -> bool:
        """Whether rows of a component occur often enough to render them as bytes first."""
        ones = sum(len(self.rows.get(owner, ())) for owner, path in above if path is None)
        manies = sum(sum(map(len, self.links[path, component].values())) for _, path in above if path)
        return ones + manies > SHARED * len(self.rows[component])

    def shown(self, path: RelationPath, target: CompiledSerializer, owners: Iterable[Key]) -> list[list[Shown]]:
        """The rendered rows at the end of a path, for each of these rows."""
        owned, written = self.links[path, target], self.written[target]
        return [[written[key] for key in owned.get(owner, ())] for owner in owners]

    def address(self, view: str, key: models.Field[Any, Any]) -> tuple[str, str]:
        """The parts of a view's URLs before and after the key, in the requested version."""
        view = view_in(version_of(self.request), view)
        before, after = route(view, isinstance(key, models.UUIDField))
        return self.origin + before, after + self.query


class Plan:
    """All statements for a serializer and everything that it nests, in an executable order."""

    def __init__(self, representation: type[ResourceSerializer], selection: Selection | None = None):
        self.root = limited(compiled(representation), selection, {})
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
        """Functions that return when a shown row enters or leaves a subset without any write."""
        paths = {path for component in self.order for _, path, _ in component.to_many if path.part and path.part.edges}
        return [partial(path.part.changes_at, path.target._base_manager.all()) for path in paths if path.part]

    @cached_property
    def computing(self) -> list[Clock]:
        """Functions that return the next change of any row; when the plan renders, it knows the shown rows itself."""
        managers = {each.model._default_manager for each in self.order if each.is_computed}
        return [manager.changes_at for manager in managers if isinstance(manager, ClockManager)]

    def render(
        self, keys: Iterable[Any], request: Request, every: bool = False, among: str | None = None
    ) -> list[Shown]:
        """The rendered rows with these keys, in order, without missing ones.

        It stores the moment of their next change in the request. With `every` it executes all statements, even those
        without needed rows, so that their number is the same for every page. `among` is a statement of `keys_among`,
        to render only rows of this subset; it is sent along with the statements of the first round."""
        keys = [self.root.key.get_db_prep_value(key, connection) for key in keys]
        if not keys:
            return []
        context = RenderContext(request, every)
        context.needed[self.root].update(keys)
        excluded: set[Key] = set()

        def exclude(context: RenderContext, rows: list[Row], wanted: set[Key]) -> None:
            excluded.update(wanted.difference(key for (key,) in rows))

        first = [(among, set(keys), exclude)] if among else []
        for each_round in self.rounds:
            asked = [*first, *(each for reading in each_round for each in reading.ask(context))]
            first = []
            answers = read_all([(statement, wanted) for statement, wanted, _ in asked])
            for (_, wanted, take), rows in zip(asked, answers, strict=True):
                take(context, rows, wanted)
        for each in self.order:
            if context.rows.get(each):
                is_shared = context.is_shared(each, self.above[each])
                context.written[each] = each.write(context.rows[each], context, is_shared)
        if context.changes:
            told: Any = request  # the view reads it at the end of the response
            told.changes_at = min(context.changes | {getattr(request, "changes_at", NEVER)})
        shown = context.written[self.root]
        return [shown[key] for key in keys if key in shown and key not in excluded]


def keys_among(rows: models.QuerySet[Any, Any]) -> str | None:
    """A statement for those of given keys that are among these rows; None if their condition has parameters."""
    try:
        statement, parameters = rows.order_by().values_list("pk").query.sql_with_params()
    except EmptyResultSet:
        return None
    if parameters:
        return None
    key, table = rows.model._meta.pk, quoted(rows.model._meta.db_table)
    return f"{statement} AND {any_key(column_sql(rows.model, key.name, table), key)}"


def plan(representation: type[ResourceSerializer], selection: Selection | None = None) -> Plan:
    """The plan for a serializer, or for some of its fields."""
    return whole_plan(representation) if selection is None else limited_plan(representation, selection)


@cache
def whole_plan(representation: type[ResourceSerializer]) -> Plan:
    return Plan(representation)


@lru_cache(maxsize=MAX_LIMITED)
def limited_plan(representation: type[ResourceSerializer], selection: Selection) -> Plan:
    return Plan(representation, selection)


def leaves_first(
    root: CompiledSerializer, seen: set[CompiledSerializer] | None = None
) -> Iterator[CompiledSerializer]:
    """All components, each after those that it shows."""
    seen = set() if seen is None else seen
    if root not in seen:
        seen.add(root)
        for _, _, shown in (*root.to_one, *root.to_many):
            yield from leaves_first(shown, seen)
        yield root


def query_rounds(order: list[CompiledSerializer]) -> list[list[list[CompiledSerializer]]]:
    """The components that can be read in the same round, grouped by table; those that show them come in earlier
    rounds.

    A component waits for others of its table as long as anything else can be read."""
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
