"""A queue of records, in which one may have to wait for another.

A record that claims a row of another owner may come before the record that releases the row. So it waits until the
end, and is refused only then."""

from .outcome import Outcome
from .records import ingest_each

MAX_WAITING = 250  # waiting records, held in memory and written together


def is_row(record) -> bool:
    return isinstance(record.value, dict) and isinstance(record.value.get("id"), int | str)


def subject(record):
    """The row of a record, and the number of its fields."""
    return record.value["id"], frozenset(record.value)


class Intake:
    """Imports records, except for those that must wait."""

    def __init__(self, component: str | None = None):
        self.component, self.waiting, self.gone = component, {}, set()

    def take(self, found) -> Outcome:
        """Imports records; a later record of the same row replaces a waiting one."""
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
        """Imports the waiting records together, because some may release what others claim; the rest keeps waiting."""
        return self.take([each.record for each in self.waiting.values()])

    def end(self) -> Outcome:
        """Imports the waiting records or refuses them."""
        found, gone = [each.record for each in self.waiting.values()], self.gone
        self.waiting, self.gone = {}, set()
        return ingest_each(found, self.component, gone)

    @property
    def holders(self) -> list[tuple[type, object]]:
        """The present owners that others wait for: models and keys."""
        problems = [problem.contested for each in self.waiting.values() for problem in each.problems]
        return list(dict.fromkeys((contested.holder_model, contested.holder) for contested in problems))
