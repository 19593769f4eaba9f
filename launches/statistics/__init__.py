"""The figures that follow from launches, from what flew in them and from how it came down.

Definitions, in the terms of Launch Library, whose answers were recorded in 2024 and 2026 and bear them out where that
is said. A launch is known by its status:

- An **attempt** has lifted off: launch successful (3), failure (4), in flight (6), partial failure (7), payload
  deployed (9). A **success** is 3 or 9, a **failure** 4 or 7; what is in flight is neither yet. Recorded totals are
  the sum of both. **Pending** is what is go (1), to be determined (2), on hold (5) or to be confirmed (8).
- A launch is **orbital** unless the orbit of its mission is the one called Suborbital, as for the parameter
  `include_suborbital`; also when it failed, or nobody knows its orbit, and from the Moon.
- A **streak**, consecutive successes, ends with a failure, also a partial one, and begins again after it.
- A **year** is that of the launch's time, UTC.
- A **landing** counts as attempted once its outcome is known: `attempt` is set, and it succeeded or did not. So it is
  in all recorded answers: attempts are successes and failures, and planned landings are none of them.
- A ship **comes to space** with any attempt but a failure, and is there until the end of its mission; where none is
  known, until it flies again, though nobody can tell how much of that time counts."""

from . import launches, people, rockets, ships

__all__ = ["launches", "people", "rockets", "ships"]
