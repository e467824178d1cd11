"""Windows of time, the stretches they are cut into, and the record of what happened in one.

A record has a value for each dimension of its kind, and sums; the datasets group them.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

from responder.simulator.analytics.traffic import Span
from responder.simulator.envelope import moment

__all__ = ["TIMES", "Record", "Window", "spelled"]

TIMES: Mapping[str, int] = {
    "datetime": 60,
    "datetimeMinute": 60,
    "datetimeFiveMinutes": 300,
    "datetimeFifteenMinutes": 900,
    "datetimeHour": 3600,
    "date": 86400,
}
"""Dimensions of time, and how many seconds each lumps together."""


@dataclass(frozen=True, slots=True)
class Record:
    """What happened in one stretch: `count` events; averages are weighted by it."""

    dimensions: Mapping[str, object]
    count: float
    sums: Mapping[str, float] = field(default_factory=dict)
    averages: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Window:
    """What is asked for, cut into stretches of `step` seconds, or whole without one."""

    start: datetime
    end: datetime
    step: int | None = None

    def stretches(self) -> Iterator["Window"]:
        """Cut it at the multiples of the step."""
        if self.step is None and self.start < self.end:
            yield self
        if self.step is None:
            return
        at = self.start
        while at < self.end:
            whole = math.floor(at.timestamp() / self.step + 1) * self.step
            then = min(self.end, datetime.fromtimestamp(whole, UTC))
            yield Window(at, then, self.step)
            at = then

    def cut(self, span: Span) -> "Window":
        """Leave only what lies in the span; what is left may be empty."""
        within = span.within(self.start, self.end)
        start, end = within or (self.start, self.start)
        return Window(start, end, self.step)

    def times(self) -> Mapping[str, str]:
        """Say when this stretch was, in each dimension of time."""
        return _times(self.start)


@lru_cache(maxsize=16_384)
def _times(at: datetime) -> Mapping[str, str]:
    # Kept, because every shape of traffic is cut into the same stretches.
    return {name: _lumped(at, name, seconds) for name, seconds in TIMES.items()}


def _lumped(at: datetime, name: str, seconds: int) -> str:
    lumped = datetime.fromtimestamp(math.floor(at.timestamp() / seconds) * seconds, UTC)
    return lumped.date().isoformat() if name == "date" else spelled(lumped)


def spelled(at: datetime) -> str:
    """Spell a moment as GraphQL does, in whole seconds."""
    return f"{(moment(at) or '')[:19]}Z"
