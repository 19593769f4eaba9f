"""The input and the outcome of an import."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from .batch import Problem

if TYPE_CHECKING:
    from spacedevs.api.views import Resource


class Record(NamedTuple):
    """A record to import: its place, and the endpoint that its page or file name indicates."""

    place: str
    value: object
    endpoint: type[Resource] | None = None

    def holds(self, problem: Problem) -> bool:
        return problem.place == self.place or problem.place.startswith(f"{self.place}/")

    @property
    def title(self) -> str:
        """Its title for people."""
        known = [self.value.get(name) for name in ("id", "name")] if isinstance(self.value, dict) else []
        return " ".join(str(each)[:80] for each in known if each is not None)


class Refusal(NamedTuple):
    """A refused record and its problems."""

    kind: str
    record: Record
    problems: list[Problem]

    @property
    def is_contested(self) -> bool:
        """Whether its only problem is that another record owns a row that it claims."""
        return all(problem.contested for problem in self.problems)

    def __str__(self) -> str:
        return f"{self.kind} {self.record.title}".strip() + f": {'; '.join(map(str, self.problems))}"


@dataclass
class Outcome:
    """The outcome for some records: numbers of rows by ("Agency", "created"), unknown fields by
    ("AgencyMini", "mascot"), and refused records."""

    rows: Counter[tuple[str, str]] = field(default_factory=Counter)
    unknown: Counter[tuple[str, str]] = field(default_factory=Counter)
    refused: list[Refusal] = field(default_factory=list)

    def add(self, other: Outcome) -> None:
        self.rows.update(other.rows)
        self.unknown.update(other.unknown)
        self.refused += other.refused
