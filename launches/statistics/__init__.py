"""Statistics that follow from launches, flights and landings.

Definitions, in the terms of Launch Library. "Recorded" means that its responses of 2024 and 2026 confirm it.

- An **attempt** is a launch that has lifted off, by its status: launch successful (3), failure (4), in flight (6),
  partial failure (7), payload deployed (9). A **success** is 3 or 9, a **failure** 4 or 7; 6 is neither. Recorded
  totals are the sum of successes and failures. **Pending** is go (1), to be determined (2), on hold (5) or to be
  confirmed (8).
- A launch is **orbital** unless the orbit of its mission is named Suborbital, as for the parameter
  `include_suborbital`. Failed launches, launches with unknown orbit and launches from the Moon are orbital.
- A **streak**, or consecutive successes, ends with a failure, also a partial one.
- A **year** is the year (UTC) of the launch's time.
- A **landing** is attempted if `attempt` is set and the outcome is known. Recorded: attempts are the sum of successes
  and failures; planned landings do not count.
- A spacecraft **reaches space** with any attempt except a failure, and stays there until the end of its mission. If
  that is unknown, it stays until its next flight, but this time is not counted."""

from . import launches, numbers, people, rockets, ships

__all__ = ["launches", "numbers", "people", "rockets", "ships"]
