"""Statistics during an import: stored as imported, or noted for recomputation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from spacedevs.db import pending

from .origin import are_derived
from .registry import Model, figures, running
from .signals import touched

if TYPE_CHECKING:
    from spacedevs.db.paths import Key
    from spacedevs.db.pending import Keys


class Imported(Protocol):
    """An imported row: values by the attribute names of columns."""

    values: dict[str, Any]


ImportedRows: TypeAlias = "Mapping[Model, Mapping[Key, Imported]]"


@contextmanager
def around_import(rows: ImportedRows) -> Iterator[None]:
    """Wraps the writing of imported rows, and changes their values.

    If statistics are derived, it removes imported figures and recomputes what the rows affect; otherwise it keeps
    them."""
    if not are_derived():
        keep_told(rows)
        yield
        pending.settle_if_pending()
        return
    due: dict[str, Keys] = {}
    for model, imported in rows.items():
        due = touched(model, imported, due)
        for row in imported.values():
            row.values = {name: value for name, value in row.values.items() if name not in figures(model)}
    yield
    for model, imported in rows.items():
        due = touched(model, imported, due)
    pending.note(due)
    pending.settle_if_pending()


def keep_told(rows: ImportedRows) -> None:
    """Makes the imported value of a running figure its complete value."""
    for model, imported in rows.items():
        begun = running(model)
        for row in imported.values() if begun else ():
            if any(name.startswith("recorded_") for name in row.values):
                row.values.update(dict.fromkeys(begun))
