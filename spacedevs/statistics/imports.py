"""Statistics during an import: stored as imported, or noted for recomputation."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from spacedevs.db import pending

from .origin import are_derived
from .registry import FACTS, Model, figures, running, source_tables
from .signals import Due, settled, touched

if TYPE_CHECKING:
    from spacedevs.db.paths import Key


class Imported(Protocol):
    """An imported row: values by the attribute names of columns."""

    values: dict[str, Any]


ImportedRows: TypeAlias = "Mapping[Model, Mapping[Key, Imported]]"


class Affected:
    """The statistics that the writes of an import affect: keys by the names of statistics.

    Each write is looked at before and after it. That is enough for all of them together: a figure that they change is
    changed by one of them, and depends then on a row that this one writes. What does not change is not looked at."""

    def __init__(self, is_derived: bool):
        self.is_derived = is_derived
        self.due: Due = {}

    def sources(self, model: Model) -> Collection[str]:
        """The columns of a table from which statistics follow."""
        return FACTS.get(model, ()) if self.is_derived else ()

    @contextmanager
    def by_rows(
        self,
        model: Model,
        changed: Collection[Key],
        new: Collection[Key] = (),
        columns: Collection[str] | None = None,
    ) -> Iterator[None]:
        """Wraps a write that changes source columns of rows (None: any), and inserts new ones."""
        self.add(model, changed, columns)
        yield
        self.add(model, changed, columns, is_after=True)
        self.add(model, new, is_after=True)

    @contextmanager
    def by_column(self, model: Model, column: str, keys: Collection[Key]) -> Iterator[None]:
        """Wraps a write that changes one column of rows."""
        with self.by_rows(model, keys if column in self.sources(model) else (), columns=[column]):
            yield

    @contextmanager
    def by_links(self, ends: Mapping[Model, Collection[Key]]) -> Iterator[None]:
        """Wraps a write of links between rows, given by table."""
        are_sources = ends.keys() <= source_tables()
        for model, keys in ends.items() if are_sources else ():
            self.add(model, keys)
        yield
        for model, keys in ends.items() if are_sources else ():
            self.add(model, keys, is_after=True)

    def add(
        self, model: Model, keys: Iterable[Key], columns: Collection[str] | None = None, is_after: bool = False
    ) -> None:
        if self.is_derived:
            self.due = touched(model, keys, self.due, columns, is_after)


@contextmanager
def around_import(rows: ImportedRows) -> Iterator[Affected]:
    """Wraps the writing of imported rows, and changes their values.

    If statistics are derived, it removes imported figures and notes what the writes affect; otherwise it keeps
    them."""
    affected = Affected(are_derived())
    if affected.is_derived:
        for model, imported in rows.items():
            computed = figures(model)
            for row in imported.values() if computed else ():
                for name in computed & row.values.keys():
                    del row.values[name]
    else:
        keep_told(rows)
    yield affected
    pending.note(settled(affected.due))
    pending.settle_if_pending()


def keep_told(rows: ImportedRows) -> None:
    """Makes the imported value of a running figure its complete value."""
    for model, imported in rows.items():
        begun = running(model)
        for row in imported.values() if begun else ():
            if any(name.startswith("recorded_") for name in row.values):
                row.values.update(dict.fromkeys(begun))
