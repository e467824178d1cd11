"""Waiting for something to become true: looking again and again, up to a limit."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from responder.demo.errors import StackError
from responder.ports import Clock

__all__ = ["wait_for"]

_Seen = TypeVar("_Seen")


def wait_for(
    what: str,
    look: Callable[[], _Seen | None],
    limit: timedelta,
    clock: Clock,
    *,
    every: timedelta = timedelta(milliseconds=100),
) -> _Seen:
    """Return what a look shows as soon as it shows something; raise StackError at the limit."""
    end = clock.monotonic() + limit
    while True:
        seen = look()
        if seen:
            return seen
        if clock.monotonic() >= end:
            raise StackError(f"{what}: not within {limit.total_seconds():g} s")
        time.sleep(every.total_seconds())
