"""How many queries the sensor may make: a tenth of what Cloudflare allows, whatever it watches."""

from collections.abc import Callable
from datetime import timedelta

__all__ = ["MOST", "Allowance"]

MOST = 30
"""Queries in any five minutes; Cloudflare's budget for GraphQL is 300."""

_AT_ONCE = 10.0
_PER_SECOND = (MOST - _AT_ONCE) / 300

PAUSE = timedelta(minutes=5)
"""How long nothing is asked after Cloudflare has said that it was too much."""


class Allowance:
    """A bucket of queries; a few of them are kept for what proves calm."""

    RESERVE = 2.0

    def __init__(self, monotonic: Callable[[], timedelta]) -> None:
        self._monotonic = monotonic
        self._mark = monotonic()
        self._tokens = _AT_ONCE
        self._paused_until = self._mark

    def take(self, *, first: bool) -> bool:
        """Take one query if it may be made now; `first` may use what is kept back."""
        now = self._monotonic()
        passed = max((now - self._mark).total_seconds(), 0.0)
        self._tokens, self._mark = min(self._tokens + passed * _PER_SECOND, _AT_ONCE), now
        if now < self._paused_until or self._tokens < (1.0 if first else 1.0 + self.RESERVE):
            return False
        self._tokens -= 1
        return True

    def pause(self) -> None:
        """Ask nothing for five minutes."""
        self._paused_until = self._monotonic() + PAUSE
