"""A question that is put once, however many checks want its answer."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

__all__ = ["Once"]

_Answer = TypeVar("_Answer")


class Once(Generic[_Answer]):
    """Asks at the first call; every call gets the same answer, or the same error."""

    def __init__(self, ask: Callable[[], Awaitable[_Answer]]) -> None:
        self._ask = ask
        self._asked: asyncio.Future[_Answer] | None = None

    async def __call__(self) -> _Answer:
        """Return the answer."""
        if self._asked is None:
            self._asked = asyncio.ensure_future(self._ask())
        # A check that runs out of time must not take the answer from the others.
        return await asyncio.shield(self._asked)
