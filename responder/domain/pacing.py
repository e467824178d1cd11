"""How far routine reads are spread out, so that they stay below their share of the API budget."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from responder.domain.clock import ZERO

__all__ = ["Gate", "Spread", "spread"]

READS_PER_SECOND = 0.5
"""Routine reads stay below this, each being up to two requests: a quarter of the API budget."""

CALLS_AN_HOUR = 1000
"""Calls that answer for many targets, of which nothing is ours or wanted, stay below this."""

GATE_AN_HOUR = 1100
"""They are let through a little faster than they become due: none of them waits for ever."""

GATE_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Spread:
    """By how much the time between two routine reads of a target grows."""

    all: float = 1.0
    shared: float = 1.0
    """For those that are quiet and share a call, instead of `all`."""


def spread(
    on: int, alone: int, calls: Collection[str], every: tuple[timedelta, timedelta]
) -> Spread:
    """Return the spread for so many targets that are on, and `alone` that are off.

    `calls` are those that answer for all other targets that are off; `every` is the time between
    two reads of a target that is on, and of one that is off.
    """
    read_on, read_off = (one.total_seconds() for one in every)
    shared = max(1.0, len(set(calls)) / read_off / (CALLS_AN_HOUR / 3600))
    rate = on / read_on + alone / read_off + len(set(calls)) / (read_off * shared)
    grown = max(1.0, rate / READS_PER_SECOND)
    return Spread(grown, grown * shared)


@dataclass(frozen=True, slots=True)
class Gate:
    """Lets shared calls through one after the other: no hour has more than its share of them."""

    left: float = float(GATE_AT_ONCE)
    mark: timedelta = ZERO

    def at(self, elapsed: timedelta) -> "Gate":
        """Return it at this mark."""
        passed = max((elapsed - self.mark).total_seconds(), 0.0)
        return Gate(min(self.left + passed * GATE_AN_HOUR / 3600, float(GATE_AT_ONCE)), elapsed)

    @property
    def open(self) -> bool:
        """Whether it lets one through."""
        return self.left >= 1.0

    def passed(self) -> "Gate":
        """Return it after one went through."""
        return Gate(self.left - 1.0, self.mark)
