"""Time as the decisions see it: the calendar for people, observed time for every wait."""

from dataclasses import dataclass
from datetime import datetime, timedelta

__all__ = ["LONGEST_STEP", "ZERO", "Moment"]

ZERO = timedelta(0)

LONGEST_STEP = timedelta(seconds=60)
"""The most that one pass may add to observed time: a sleeping machine makes no calm."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One point in time, said twice.

    `wall` is an aware UTC datetime, for stamps and for showing an `until`; no wait is measured
    with it, because clocks jump. `elapsed` is observed time since the store was created: it
    never runs backwards and grows by at most `LONGEST_STEP` from one pass to the next.
    """

    wall: datetime
    elapsed: timedelta = ZERO

    def later(self, wall: datetime, passed: timedelta) -> "Moment":
        """Return the next moment, `passed` having been measured since this one."""
        return Moment(wall, self.elapsed + min(max(passed, ZERO), LONGEST_STEP))

    def until(self, mark: timedelta) -> datetime:
        """Project a mark in observed time on the calendar."""
        return self.wall + (mark - self.elapsed)
