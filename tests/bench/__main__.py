"""Measure the goals: python -m tests.bench [--gate] [--sqlite] [--rounds N] [G1 G2 …]"""

import argparse
import signal
import sys

from .databases import Postgres, Sqlite
from .goals import GOALS, LATER
from .lab import Lab
from .measure import NotMeasured, Wrong

HEADINGS = ["goal", "measured", "found", "floor", "aim", "", "median ms", "minimum ms", "CPU ms"]
WIDTHS = [4, 46, 9, 8, 8, 12, 17, 17, 17]


def arguments(given=None):
    parser = argparse.ArgumentParser(prog="dev.py bench", description="Measure how fast the server is.")
    parser.add_argument("goals", nargs="*", metavar="GOAL", help="G1, G2 and so on; all if none is named")
    parser.add_argument("--gate", action="store_true", help="fail when a floor is missed")
    parser.add_argument("--sqlite", action="store_true", help="on SQLite alone")
    parser.add_argument("--rounds", type=int, default=5, help="5 unless told")
    options = parser.parse_args(given)
    if unknown := set(options.goals) - {goal.name for goal in (*GOALS, *LATER)}:
        parser.error(f"no goal is called {', '.join(sorted(unknown))}")
    return options


def chosen(options, engine):
    """The goals to be measured on this engine."""
    if options.goals:
        return [goal for goal in (*GOALS, *LATER) if goal.name in options.goals]
    return [goal for goal in GOALS if goal.on_sqlite or engine is Postgres]


def line(cells):
    return "  ".join(str(cell).ljust(width) for cell, width in zip(cells, WIDTHS, strict=False)).rstrip()


def number(value, unit=""):
    return f"{value:,.4g}{unit}"


def times(contest):
    """Ours and theirs in milliseconds: median, minimum, CPU."""
    sides = [(side.median(), side.minimum(), side.cpu()) for side in contest or ()]
    return [" / ".join(f"{seconds * 1000:.3g}" for seconds in pair) for pair in zip(*sides, strict=True)]


def measure(goal, lab):
    """A line of the table, and whether the floor was missed."""
    wanted = [number(goal.floor, goal.unit), number(goal.aim, goal.unit)]
    try:
        value, contest = goal.measure(lab)
    except NotMeasured as why:
        return [goal.name, goal.what, "-", *wanted, "not measured:", why], False
    except Wrong as why:
        return [goal.name, goal.what, "-", *wanted, "MISSED:", why], True
    verdict = goal.verdict(value)
    return [goal.name, goal.what, number(value, goal.unit), *wanted, verdict, *times(contest)], verdict == "MISSED"


def run(options, engine):
    """Measures on one engine, and says how many floors were missed."""
    missed = 0
    print(f"\n{engine.name}; times are ours / theirs\n\n{line(HEADINGS)}", flush=True)
    with Lab(engine, options.rounds) as lab:
        for goal in chosen(options, engine):
            cells, is_missed = measure(goal, lab)
            missed += is_missed
            print(line(cells), flush=True)
    return missed


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # an exit, so that the servers are ended
    options = arguments()
    engines = [Sqlite] if options.sqlite else [Postgres, Sqlite]
    missed = sum(run(options, engine) for engine in engines)
    for goal in LATER:
        if goal.name not in options.goals:
            print(f"\n{goal.name} was not measured: {goal.what}")
    print(f"\n{missed} missed" if missed else "\nNo floor was missed by what was measured")
    return bool(options.gate and missed)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
