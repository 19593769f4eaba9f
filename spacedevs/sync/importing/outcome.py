"""What an import is given, and what becomes of it."""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from .batch import Problem


class Record(NamedTuple):
    """A record to be taken in: where it stands, and the endpoint that what surrounds it speaks of."""

    place: str
    value: object
    endpoint: type | None = None

    def holds(self, problem: Problem) -> bool:
        return problem.place == self.place or problem.place.startswith(f"{self.place}/")

    @property
    def title(self) -> str:
        """What people call it."""
        told = [self.value.get(name) for name in ("id", "name")] if isinstance(self.value, dict) else []
        return " ".join(str(each)[:80] for each in told if each is not None)


class Refusal(NamedTuple):
    """A record that was not taken in: what it is, and what is wrong with it."""

    kind: str
    record: Record
    problems: list[Problem]

    @property
    def is_contested(self) -> bool:
        """Whether nothing is wrong with it but that another has what it claims."""
        return all(problem.contested for problem in self.problems)

    def __str__(self):
        return f"{self.kind} {self.record.title}".strip() + f": {'; '.join(map(str, self.problems))}"


@dataclass
class Outcome:
    """What became of some records: rows by ("Agency", "created"), what nobody here knows by
    ("AgencyMini", "mascot"), and the records that were refused."""

    rows: Counter = field(default_factory=Counter)
    unknown: Counter = field(default_factory=Counter)
    refused: list[Refusal] = field(default_factory=list)

    def add(self, other: "Outcome"):
        self.rows.update(other.rows)
        self.unknown.update(other.unknown)
        self.refused += other.refused
