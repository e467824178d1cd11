"""The API budget as a token bucket: never more than 1200 requests in any five minutes."""

from dataclasses import dataclass
from datetime import timedelta

from responder.domain.clock import ZERO

__all__ = ["Budget", "Spending"]

CAPACITY = 600.0
PER_SECOND = 2.0
"""A full bucket plus five minutes of refill is 1200, Cloudflare's own limit."""


class Spending:
    """How many tokens must be left for a call to be made, by what the call is for."""

    ROUTINE_READ = CAPACITY * 0.75  # stays below a quarter, whatever the number of targets
    RAISE = 100.0  # keeps the reserve, without which a storm could leave everything on
    LOWER = 1.0
    TURN = 2.0  # what a turn under way may still take: begun all at once they would take it all


@dataclass(frozen=True, slots=True)
class Budget:
    """What is left, at a mark in observed time."""

    tokens: float = CAPACITY
    mark: timedelta = ZERO

    def at(self, elapsed: timedelta) -> "Budget":
        """Return the bucket refilled up to this mark."""
        passed = max((elapsed - self.mark).total_seconds(), 0.0)
        return Budget(min(self.tokens + passed * PER_SECOND, CAPACITY), elapsed)

    def spent(self, requests: int = 1) -> "Budget":
        """Return the bucket after some requests; never below empty."""
        return Budget(max(self.tokens - requests, 0.0), self.mark)

    def wait_for(self, needed: float) -> timedelta:
        """Return how long until this many tokens are there, zero when they are."""
        return timedelta(seconds=max(needed - self.tokens, 0.0) / PER_SECOND)
