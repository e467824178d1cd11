"""The clocks of others: the `Date` of each answer, between two moments of our own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx

__all__ = ["Dated", "DatingTransport"]

_STEP = timedelta(seconds=1)
"""A Date has whole seconds: the true time is up to this much later."""


@dataclass(frozen=True, slots=True)
class Dated:
    """When an answer was given by its giver's clock, and between which moments of ours."""

    asked: datetime
    date: datetime
    answered: datetime

    @property
    def ahead(self) -> timedelta:
        """By how much the other clock is ahead at least; negative when it is behind."""
        if self.date > self.answered:
            return self.date - self.answered
        return min(self.date + _STEP - self.asked, timedelta(0))


class DatingTransport(httpx.AsyncBaseTransport):
    """Passes requests on, and keeps the latest answer's Date, also that of a refusal."""

    def __init__(self, inner: httpx.AsyncBaseTransport, now: Callable[[], datetime]) -> None:
        self._inner = inner
        self._now = now
        self.last: Dated | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request."""
        asked = self._now()
        response = await self._inner.handle_async_request(request)
        date = _date(response.headers.get("Date", ""))
        if date is not None:
            self.last = Dated(asked, date, self._now())
        return response

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
