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
    """What an import says of a row: values by the attributes of columns."""

    values: dict[str, Any]


ImportedRows: TypeAlias = "Mapping[Model, Mapping[Key, Imported]]"


@contextmanager
def around_import(rows: ImportedRows) -> Iterator[None]:
    """Goes around the writing of what answers say of rows, and changes what they say.

    Where figures are derived, those that were told are left out, and what the rows touch is recomputed; else they are
    kept as they came."""
    if not are_derived():
        keep_told(rows)
        yield
        pending.settle_if_pending()
        return
    due: dict[str, Keys] = {}
    for model, told in rows.items():
        due = touched(model, told, due)
        for row in told.values():
            row.values = {name: value for name, value in row.values.items() if name not in figures(model)}
    yield
    for model, told in rows.items():
        due = touched(model, told, due)
    pending.note(due)
    pending.settle_if_pending()


def keep_told(rows: ImportedRows) -> None:
    """Makes the imported value of a running figure its complete value."""
    for model, told in rows.items():
        begun = running(model)
        for row in told.values() if begun else ():
            if any(name.startswith("recorded_") for name in row.values):
                row.values.update(dict.fromkeys(begun))
