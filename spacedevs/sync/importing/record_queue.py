"""A queue of records, in which one may have to wait for another.

A record that claims a row of another owner may come before the record that releases the row. So it waits until the
end, and is refused only then."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from typing import TYPE_CHECKING, TypeAlias, cast

from .outcome import Outcome, Record, Refusal
from .records import ingest_each

if TYPE_CHECKING:
    from spacedevs.db.paths import Key

    from .batch import Model

Subject: TypeAlias = tuple[Hashable, frozenset[str]]  # the id of a row, and the fields that a record has of it

MAX_WAITING = 250  # waiting records, held in memory and written together


def is_row(record: Record) -> bool:
    return isinstance(record.value, dict) and isinstance(record.value.get("id"), int | str)


def subject(record: Record) -> Subject:
    """The row of a record, and the number of its fields."""
    value = cast("dict[str, Hashable]", record.value)  # see `is_row`
    return value["id"], frozenset(value)


class Intake:
    """Imports records, except for those that must wait."""

    def __init__(self, component: str | None = None):
        self.component = component
        self.waiting: dict[Subject, Refusal] = {}
        self.gone: set[tuple[Model, Key]] = set()  # rows that are no more where the records come from
        self.complete: Collection[Model] = ()  # models of which names make no new rows

    def take(self, records: Sequence[Record]) -> Outcome:
        """Imports records; a later record of the same row replaces a waiting one."""
        taken = ingest_each(records, self.component, self.gone, self.complete)
        refused, taken.refused = taken.refused, []
        for record in filter(is_row, records):
            self.waiting.pop(subject(record), None)
        for each in refused:
            if each.is_contested and is_row(each.record) and len(self.waiting) < MAX_WAITING:
                self.waiting[subject(each.record)] = each
                taken.rows[each.kind, "refused"] -= 1
            else:
                taken.refused.append(each)
        return taken

    def take_again(self) -> Outcome:
        """Imports the waiting records together, because some may release what others claim; the rest keeps waiting."""
        return self.take([each.record for each in self.waiting.values()])

    def end(self) -> Outcome:
        """Imports the waiting records or refuses them."""
        left, gone = [each.record for each in self.waiting.values()], self.gone
        self.waiting, self.gone = {}, set()
        return ingest_each(left, self.component, gone, self.complete)

    @property
    def holders(self) -> list[tuple[Model, Key]]:
        """The present owners that others wait for: models and keys."""
        claims = [problem.contested for each in self.waiting.values() for problem in each.problems]
        return list(dict.fromkeys((claim.holder_model, claim.holder) for claim in claims if claim))
