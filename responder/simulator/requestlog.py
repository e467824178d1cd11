"""The bounded record of API requests: what a test or the demo looks at to see what was sent."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from responder.simulator.faults import FaultKind

__all__ = ["LoggedRequest", "RequestLog"]


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request; `status` and `answered_at` stay None while, and if, it is never answered.

    `token` is the id of the credential, never its value; `body` is kept for writes, decoded when
    it is JSON. `level` is the security level of the zone it is about, as it was when answered.
    """

    at: datetime
    method: str
    path: str
    query: str
    token: str | None
    body: object = None
    fault: FaultKind | None = None
    status: int | None = None
    answered_at: datetime | None = None
    level: str | None = None


class RequestLog:
    """The last `size` requests in order of arrival, and totals over all there ever were."""

    def __init__(self, size: int = 10_000) -> None:
        self.size = size
        self.total = 0
        self.by_method: Counter[str] = Counter()
        self.by_status: Counter[int] = Counter()
        self._entries: dict[int, LoggedRequest] = {}

    def __iter__(self) -> Iterator[LoggedRequest]:
        return iter(list(self._entries.values()))

    def begin(self, entry: LoggedRequest) -> int:
        """Note an arriving request, so that a hanging one is seen too; return its number."""
        self.total += 1
        self.by_method[entry.method] += 1
        self._entries[self.total] = entry
        if len(self._entries) > self.size:
            del self._entries[next(iter(self._entries))]
        return self.total

    def finish(self, number: int, status: int, at: datetime, level: str | None) -> None:
        """Note how the request was answered, also when its entry has been dropped meanwhile."""
        self.by_status[status] += 1
        if number in self._entries:
            answered = replace(self._entries[number], status=status, answered_at=at, level=level)
            self._entries[number] = answered
