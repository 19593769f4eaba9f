"""The render plan: what the representations show, loaded and written once for all that show it.

Compiled once for each representation that is asked for. At request time the keys of a page are known;
then, from the root down, each table is read once for all the rows of it that are needed, and each to-many
relation once; then, from the leaves up, every distinct object becomes bytes once, and these are put in
wherever it is shown. On a page of docking events one agency is shown hundreds of times: sharing is the
gain. Statements and conversions are read off Django's own metadata; a class with a field that the plan
does not know is written by plain DRF."""

from collections import defaultdict
from collections.abc import Iterable
from functools import cache, cached_property, partial
from uuid import UUID

from django.db import connection, models
from django.urls import get_script_prefix, reverse
from rest_framework.reverse import preserve_builtin_query_params

from spacedevs.db.bulk import read_all

from .compiled import CompiledSerializer, shape
from .queries import RowSlice, TableQuery, comes_along
from .relations import RelationPath

SHARED = 1.2  # times that a row is shown on average: from there on it pays to make bytes of it first
NEVER = float("inf")
PROBES = 987654321987654321, UUID("f7a1c2d3-98b4-4c5d-8e6f-a0b1c2d3e4f5")  # keys that stand in for any other


class RenderContext:
    """What has been found and written for one answer."""

    def __init__(self, request, every):
        self.request, self.every = request, every
        self.origin = request.build_absolute_uri("/").removesuffix("/")
        self.query = preserve_builtin_query_params("", request)
        self.needed = defaultdict(set)  # shape: keys of the rows still to be read
        self.links = defaultdict(lambda: defaultdict(dict))  # (way, shape): {owner: {key: None}}, in order
        self.rows = defaultdict(dict)  # shape: {key: row}
        self.written = defaultdict(dict)  # shape: {key: what is shown}
        self.asked = defaultdict(set)  # (way, shape): owners whose links are known
        self.changes = set()  # when something shown changes though nothing is written, seconds since 1970

    def note_changes(self, moments):
        self.changes.update(filter(None, moments))

    def keep(self, part: RowSlice, rows):
        """Notes the rows of a shape, and which rows it needs in its turn."""
        kept = self.rows[part.shape]
        kept.update(zip(map(part.key, rows), map(part.pick, rows), strict=True))
        kept.pop(None, None)
        for key, one in part.shape.needs:
            self.needed[one].update(map(key, kept.values()))
            self.needed[one].discard(None)
        for joined in part.joined:
            self.keep(joined, rows)

    def known(self, shape) -> set:
        """The keys of all rows of a shape that are there or about to be read."""
        return self.needed.get(shape, set()) | self.rows.get(shape, {}).keys()

    def missing(self, shape) -> set:
        """The keys of the rows of a shape that are needed and not there yet."""
        return self.needed.get(shape, set()) - self.rows.get(shape, {}).keys()

    def is_shared(self, shape, above) -> bool:
        """Whether rows of a shape are shown much more often than there are, by the shapes that show it."""
        ones = sum(len(self.rows.get(owner, ())) for owner, way in above if way is None)
        manies = sum(sum(map(len, self.links[way, shape].values())) for _, way in above if way)
        return ones + manies > SHARED * len(self.rows[shape])

    def shown(self, way: RelationPath, target: CompiledSerializer, owners, is_first) -> list:
        """What each of these rows shows of the rows that a way leads to: all of them, or the last alone."""
        owned, written = self.links[way, target], self.written[target]
        found = [[written[key] for key in owned.get(owner, ())] for owner in owners]
        return [rows[-1] if rows else None for rows in found] if is_first else found

    def address(self, view, key: models.Field) -> tuple[str, str]:
        """What stands before and after the key in the addresses of a view."""
        before, after = route(view, PROBES[isinstance(key, models.UUIDField)], get_script_prefix())
        return self.origin + before, after + self.query


@cache
def route(view, probe, prefix) -> tuple[str, str]:
    """What stands before and after the key in the path of a view, under this prefix of all paths."""
    before, after = reverse(view, args=[probe]).split(str(probe))
    return before, after


def path_of(view, key) -> str:
    """The path of a row in a view."""
    before, after = route(view, PROBES[isinstance(key, UUID)], get_script_prefix())
    return f"{before}{key}{after}"


class Plan:
    """All statements for one representation and what it shows, in an order in which they can be asked."""

    def __init__(self, representation):
        self.root = shape(representation)
        self.order = list(leaves_first(self.root))
        shown = [each for shape in self.order for each in (*shape.ones, *shape.manies)]
        fetched = {self.root, *(shape for _, relation, shape in shown if not comes_along(relation, shape))}
        self.waves = [[TableQuery(shapes, fetched) for shapes in wave] for wave in query_rounds(self.order)]
        self.above = defaultdict(list)  # for each shape, those that show it, and by which way if it is not to one
        for owner in self.order:
            for _, relation, one in (*owner.ones, *owner.manies):
                self.above[one].append((owner, relation if isinstance(relation, RelationPath) else None))

    @cached_property
    def clocks(self) -> list:
        """What tells when a row that is shown comes or goes though nothing is written."""
        ways = {way for shape in self.order for _, way, _ in shape.manies if way.part and way.part.edges}
        return [partial(way.part.changes_at, way.target._base_manager.all()) for way in ways]

    @cached_property
    def computing(self) -> list:
        """What tells when any row changes that may be shown; where the plan writes, it knows which are."""
        return [model._default_manager.changes_at for model in {each.model for each in self.order if each.is_computed}]

    def render(self, keys: Iterable, request, every=False) -> list:
        """The rows with these keys as orjson writes them, in their order; a key that has no row is left out.

        The request is told when they change.
        With `every` all statements are asked, also those for rows that no row here needs: then it takes
        as many for any page as for any other."""
        keys = [self.root.key.get_db_prep_value(key, connection) for key in keys]
        if not keys:
            return []
        page = RenderContext(request, every)
        page.needed[self.root].update(keys)
        for wave in self.waves:
            asked = [each for reading in wave for each in reading.ask(page)]
            answers = read_all([(statement, wanted) for statement, wanted, _ in asked])
            for (_, wanted, take), rows in zip(asked, answers, strict=True):
                take(page, rows, wanted)
        for each in self.order:
            if page.rows.get(each):
                page.written[each] = each.write(page.rows[each], page, page.is_shared(each, self.above[each]))
        if page.changes:
            request.changes_at = min(page.changes | {getattr(request, "changes_at", NEVER)})
        return [page.written[self.root][key] for key in keys if key in page.written[self.root]]


@cache
def plan(representation) -> Plan:
    return Plan(representation)


def leaves_first(root, seen=None):
    """Every shape that is shown, after all those that it shows."""
    seen = set() if seen is None else seen
    if root not in seen:
        seen.add(root)
        for _, _, shown in (*root.ones, *root.manies):
            yield from leaves_first(shown, seen)
        yield root


def query_rounds(order) -> list[list[list[CompiledSerializer]]]:
    """Which shapes can be read at once, grouped by table: all that show them come in waves before.

    A group waits for the others of its table as long as anything else can be read."""
    left = [each for each in reversed(order) if each is order[-1] or not each.is_small]
    found = []
    while left:
        shown = set().union(*(each.beneath for each in left))
        ready, waiting = defaultdict(list), {each.model for each in left if each in shown}
        for each in left:
            if each not in shown:
                ready[each.model].append(each)
        groups = [group for model, group in ready.items() if model not in waiting] or list(ready.values())[:1]
        found.append(groups)
        left = [each for each in left if not any(each in group for group in groups)]
    return found
