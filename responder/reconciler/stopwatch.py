"""The one place where the clock's two faces become a moment of observed time."""

from datetime import datetime, timedelta

from responder.domain.clock import ZERO, Moment
from responder.ports import Clock

__all__ = ["Stopwatch"]


class Stopwatch:
    """Measures what passed with the clock that only runs forwards.

    A jump of the calendar is seen by people, and by nothing that waits.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._monotonic = clock.monotonic()
        self._moment = Moment(clock.now())

    def resume(self, wall: datetime, elapsed: timedelta) -> None:
        """Go on from a moment that was stored before this process began."""
        now = self._clock.now()
        self._moment = Moment(wall, elapsed).later(now, max(now - wall, ZERO))
        self._monotonic = self._clock.monotonic()

    def now(self) -> Moment:
        """Return this moment."""
        monotonic = self._clock.monotonic()
        passed = monotonic - self._monotonic
        self._monotonic = monotonic
        self._moment = self._moment.later(self._clock.now(), passed)
        return self._moment
