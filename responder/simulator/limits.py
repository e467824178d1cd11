"""The account-wide rate limit: a fixed window per token, then a block of everything.

Cloudflare counts a user's tokens, keys and dashboard together; here each token has its own count.
"""

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

__all__ = ["Allowance", "Limiter", "RateLimit", "rate_limit"]


@dataclass(frozen=True, slots=True)
class RateLimit:
    """`requests` are allowed per `window`; one more blocks the token for `block`."""

    requests: int = 1200
    window: timedelta = timedelta(seconds=300)
    block: timedelta = timedelta(seconds=300)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a request is told about the limit: requests left and whole seconds to the reset."""

    remaining: int
    seconds: int
    refused: bool


@dataclass(frozen=True, slots=True)
class _Window:
    ends: datetime
    used: int = 0
    blocked: bool = False


class Limiter:
    """Counts requests per token id; a request without a known token is not counted."""

    def __init__(self, limit: RateLimit) -> None:
        self.limit = limit
        self._windows: dict[str, _Window] = {}

    def change(self, limit: RateLimit) -> None:
        """Replace the limit and forget every count and block."""
        self.limit = limit
        self._windows.clear()

    def count(self, token_id: str | None, now: datetime) -> Allowance:
        """Count one request of this token and say whether it is still allowed."""
        window = self._counted(self._current(token_id, now), now)
        if token_id is not None:
            self._windows[token_id] = window
        remaining = max(0, self.limit.requests - window.used)
        seconds = math.ceil((window.ends - now).total_seconds())
        return Allowance(remaining, seconds, refused=window.blocked)

    def headers(self, allowance: Allowance) -> list[tuple[bytes, bytes]]:
        """Build the headers every answer carries, and `retry-after` for a refused request."""
        policy = f'"default";q={self.limit.requests};w={int(self.limit.window.total_seconds())}'
        left = f'"default";r={allowance.remaining};t={allowance.seconds}'
        headers = [(b"ratelimit", left.encode()), (b"ratelimit-policy", policy.encode())]
        if allowance.refused:
            headers.append((b"retry-after", str(allowance.seconds).encode()))
        return headers

    def _current(self, token_id: str | None, now: datetime) -> _Window:
        window = self._windows.get(token_id) if token_id is not None else None
        if window is None or now >= window.ends:
            return _Window(ends=now + self.limit.window)
        return window

    def _counted(self, window: _Window, now: datetime) -> _Window:
        if window.blocked:
            return window
        if window.used < self.limit.requests:
            return replace(window, used=window.used + 1)
        return replace(window, ends=now + self.limit.block, blocked=True)


def rate_limit(limit: RateLimit) -> dict[str, object]:
    """Show the limit in seconds."""
    return {
        "requests": limit.requests,
        "window": limit.window.total_seconds(),
        "block": limit.block.total_seconds(),
    }
