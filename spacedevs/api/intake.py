"""Records that come piece by piece, of which one may have to wait for another.

A record that claims a row of another's may have come too early: that of the other, without the row, may come later.
So it waits for the end, and is refused only then."""

from .ingest import Outcome, ingest_each

MOST_WAITING = 250  # records; they are held in memory, and written at once


def is_row(record) -> bool:
    return isinstance(record.value, dict) and isinstance(record.value.get("id"), int | str)


def subject(record):
    """Of which row a record speaks, and how much it says of it."""
    return record.value["id"], frozenset(record.value)


class Intake:
    """Takes records in, and knows what became of them."""

    def __init__(self, component: str | None = None):
        self.component, self.outcome, self.waiting = component, Outcome(), {}

    def take(self, found):
        """Takes records in, but for those that have to wait; what is said anew does so no longer."""
        taken = ingest_each(found, self.component)
        refused, taken.refused = taken.refused, []
        for record in filter(is_row, found):
            self.waiting.pop(subject(record), None)
        for each in refused:
            if each.is_contested and is_row(each.record) and len(self.waiting) < MOST_WAITING:
                self.waiting[subject(each.record)] = each.record
                taken.rows[each.kind, "refused"] -= 1
            else:
                taken.refused.append(each)
        self.outcome.add(taken)

    def end(self):
        """Takes in what has waited, all of it together: some may let go what others claim."""
        found, self.waiting = list(self.waiting.values()), {}
        self.outcome.add(ingest_each(found, self.component))
