"""Two sides measured in turn, and what the comparison says."""

from statistics import mean, median
from typing import NamedTuple


class NotMeasured(Exception):
    """A tool is missing, or what is to be measured is not there: no verdict."""


class Wrong(Exception):
    """An answer is wrong, and a wrong answer is never fast."""


class Taken(NamedTuple):
    """What one request took, in seconds."""

    wall: float
    cpu: float


class Side(list):
    """The rounds of one side: for each, what its requests took."""

    def requests(self):
        return [taken for batch in self for taken in batch]

    def median(self):
        return median(taken.wall for taken in self.requests())

    def minimum(self):
        return min(taken.wall for taken in self.requests())

    def cpu(self):
        return mean(taken.cpu for taken in self.requests())


class Duel(NamedTuple):
    """Ours and what it is held against, measured in the same rounds."""

    ours: Side
    theirs: Side

    def slowness(self):
        """How many times as long ours takes: the median of the rounds, so that no slow moment decides."""
        rounds = zip(self.ours, self.theirs, strict=True)
        return median(Side([mine]).median() / Side([other]).median() for mine, other in rounds)

    def speed(self):
        return 1 / self.slowness()


def duel(ours, theirs, rounds):
    """Lets both sides run a batch in each round, the other one first in every other round."""
    contest = Duel(Side(), Side())
    turns = [(contest.ours, ours), (contest.theirs, theirs)]
    for number in range(rounds):
        for side, batch in turns if number % 2 else reversed(turns):
            side.append([Taken(*taken) for taken in batch()])
    return contest
