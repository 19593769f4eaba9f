"""Records that come piece by piece, of which one may have to wait for another.

A record that claims a row of another's may have come too early: that of the other, without the row, may come later.
So it waits for the end, and is refused only then."""

from .outcome import Outcome
from .records import ingest_each

MAX_WAITING = 250  # records; they are held in memory, and written at once


def is_row(record) -> bool:
    return isinstance(record.value, dict) and isinstance(record.value.get("id"), int | str)


def subject(record):
    """Of which row a record speaks, and how much it says of it."""
    return record.value["id"], frozenset(record.value)


class Intake:
    """Takes records in, but for those that have to wait."""

    def __init__(self, component: str | None = None):
        self.component, self.waiting, self.gone = component, {}, set()

    def take(self, found) -> Outcome:
        """Takes records in; of a row that one is waiting for, what comes later counts."""
        taken = ingest_each(found, self.component, self.gone)
        refused, taken.refused = taken.refused, []
        for record in filter(is_row, found):
            self.waiting.pop(subject(record), None)
        for each in refused:
            if each.is_contested and is_row(each.record) and len(self.waiting) < MAX_WAITING:
                self.waiting[subject(each.record)] = each
                taken.rows[each.kind, "refused"] -= 1
            else:
                taken.refused.append(each)
        return taken

    def take_again(self) -> Outcome:
        """Takes in what has waited, all of it together, for some may let go what others claim; the rest waits on."""
        return self.take([each.record for each in self.waiting.values()])

    def end(self) -> Outcome:
        """Takes in what has waited, or refuses it."""
        found, gone = [each.record for each in self.waiting.values()], self.gone
        self.waiting, self.gone = {}, set()
        return ingest_each(found, self.component, gone)

    @property
    def holders(self) -> list[tuple[type, object]]:
        """The rows that have what others wait for: their models and keys."""
        problems = [problem.contested for each in self.waiting.values() for problem in each.problems]
        return list(dict.fromkeys((contested.holder_model, contested.holder) for contested in problems))
