"""Statistics during an import: kept as they are told, or noted as due."""

from contextlib import contextmanager

from spacedevs.db import pending

from .origin import are_derived
from .registry import figures, running
from .signals import touched


@contextmanager
def around_import(rows: dict):
    """Goes around the writing of what answers say of rows: {model: {key: what has its values}}.

    Where figures are derived, those that were told are left out, and what the rows touch is recomputed; else they are
    kept as they came."""
    if not are_derived():
        keep_told(rows)
        yield
        pending.settle_if_pending()
        return
    due = {}
    for model, told in rows.items():
        due = touched(model, told, due)
        for row in told.values():
            row.values = {name: value for name, value in row.values.items() if name not in figures(model)}
    yield
    for model, told in rows.items():
        due = touched(model, told, due)
    pending.note(due)
    pending.settle_if_pending()


def keep_told(rows: dict):
    """Lets what was told of a figure that runs stand for all of it."""
    for model, told in rows.items():
        begun = running(model)
        for row in told.values() if begun else ():
            if any(name.startswith("recorded_") for name in row.values):
                row.values.update(dict.fromkeys(begun))
