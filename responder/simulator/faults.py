"""Faults that can be switched on while the simulator runs, and which request meets which of them.

How a fault plays out on the wire is the business of `outages`.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

__all__ = ["ArmedFault", "Call", "Fault", "FaultKind", "Faults"]


class FaultKind(StrEnum):
    """Ways in which Cloudflare, or the road to it, is known to fail."""

    RATE_LIMITED = "rate_limited"  # 429, with Retry-After when `retry_after` is set
    SERVER_ERROR = "server_error"  # 500 with a JSON body
    BAD_GATEWAY = "bad_gateway"  # 502 with an HTML body
    UNAVAILABLE = "unavailable"  # 503 with plain text
    UNAUTHORIZED = "unauthorized"  # 401
    FORBIDDEN = "forbidden"  # 403
    SUCCESS_FALSE = "success_false"  # 200 whose body says it failed
    WEB_PAGE = "web_page"  # 200 with an HTML body, as a proxy on the way may give
    TRUNCATED = "truncated"  # the request has its effect, the JSON of the answer breaks off
    HANG = "hang"  # no answer until cleared; the request has no effect before that
    SLOW = "slow"  # the ordinary answer after `delay`
    RESET = "reset"  # the connection is reset and the request has no effect
    NOT_APPLIED = "not_applied"  # a write that answers success and changes nothing
    GRAPHQL_ERROR = "graphql_error"  # GraphQL alone: 200 with errors and no data
    GRAPHQL_EMPTY = "graphql_empty"  # GraphQL alone: an answer as if there were no data
    LATE_APPLIED = "late_applied"  # a write that takes effect after `delay`, and never answers


_WRITES_ONLY = frozenset({FaultKind.NOT_APPLIED, FaultKind.LATE_APPLIED})
_GRAPHQL_ONLY = frozenset({FaultKind.GRAPHQL_ERROR, FaultKind.GRAPHQL_EMPTY})
_READS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Call:
    """A request as faults see it: `zones` holds the id and the name of each zone it concerns.

    `prefixes` holds the ids and the CIDRs of the prefixes it names.
    """

    method: str
    path: str
    zones: frozenset[str] = frozenset()
    prefixes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault and its scope: an unset scope field matches everything.

    `zone` is a name or an id, `prefix` a CIDR or an id, `path` a part of the path, `count` the
    number of requests to meet (None: until cleared), `retry_after` whole seconds.
    """

    kind: FaultKind
    method: str | None = None
    zone: str | None = None
    prefix: str | None = None
    path: str | None = None
    count: int | None = None
    delay: timedelta = timedelta(0)
    retry_after: int | None = None

    def concerns(self, call: Call) -> bool:
        """Tell whether the request lies in this fault's scope."""
        return (
            not (self.kind in _WRITES_ONLY and call.method in _READS)
            and not (self.kind in _GRAPHQL_ONLY and not call.path.endswith("/graphql"))
            and (self.method is None or self.method.upper() == call.method)
            and (self.zone is None or self.zone in call.zones)
            and (self.prefix is None or self.prefix in call.prefixes)
            and (self.path is None or self.path in call.path)
        )


class ArmedFault:
    """A fault that was switched on: how many requests it still awaits, and whether it is over."""

    def __init__(self, number: int, fault: Fault) -> None:
        self.id = str(number)
        self.fault = fault
        self.remaining = fault.count
        self.over = asyncio.Event()

    def take(self, call: Call) -> bool:
        """Meet the request if it is in scope, and count it."""
        if self.remaining == 0 or not self.fault.concerns(call):
            return False
        if self.remaining is not None:
            self.remaining -= 1
        return True


class Faults:
    """All armed faults, oldest first; a request meets at most one, the oldest in whose scope it is.

    To be touched only by the event loop the simulator runs in; other threads use the control API.
    """

    def __init__(self) -> None:
        self._armed: dict[str, ArmedFault] = {}
        self._last = 0

    def __iter__(self) -> Iterator[ArmedFault]:
        return iter(list(self._armed.values()))

    def add(self, fault: Fault) -> ArmedFault:
        """Switch the fault on."""
        self._last += 1
        armed = ArmedFault(self._last, fault)
        self._armed[armed.id] = armed
        return armed

    def meet(self, call: Call) -> ArmedFault | None:
        """Choose the fault this request meets, if any."""
        return next((armed for armed in self._armed.values() if armed.take(call)), None)

    def clear(self, fault_id: str | None = None) -> int:
        """Switch one fault off, or all; requests held by them go on. Return how many there were."""
        ids = list(self._armed) if fault_id is None else [fault_id]
        gone = [self._armed.pop(name) for name in ids if name in self._armed]
        for armed in gone:
            armed.over.set()
        return len(gone)
