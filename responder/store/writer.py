"""The asynchronous face of a store: one thread, and one transaction for all who wait."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from responder.domain.audit import AuditEntry
from responder.errors import StoreError
from responder.ports import Changes, Claim, EventQuery, News, SharedStore, Snapshot

__all__ = ["StoreWriter"]

T = TypeVar("T")

PATIENCE = timedelta(seconds=4)
"""Below the five seconds within which a webhook must be refused when the store does not answer."""

CAPACITY = 2000
"""Commits that may wait: at the slowest rate to expect of a disk still within the patience."""

GROUP = 1000
"""Alerts, and commits without any, that share a transaction: none waits for an endless one."""


class _Waiting:
    """Changes on their way, and the future that their caller waits for."""

    def __init__(self, changes: Changes) -> None:
        self.changes = changes
        # An error is a result here: a caller that was cancelled never asks for it.
        self.settled: asyncio.Future[int | StoreError] = asyncio.Future()

    def settle(self, result: int | StoreError) -> None:
        """Tell the caller, if it still waits."""
        if not self.settled.done():
            self.settled.set_result(result)


class StoreWriter:
    """Runs a store on a thread of its own; used from one event loop.

    A call that takes longer than `patience` raises StoreError. A commit that had begun by then may
    still land, one that had not is dropped; who repeats it must do so with changes that may be
    written twice. A caller that is cancelled has its changes committed all the same.
    """

    def __init__(
        self, store: SharedStore, *, patience: timedelta = PATIENCE, capacity: int = CAPACITY
    ) -> None:
        self._store = store
        self._patience = patience.total_seconds()
        self._capacity = capacity
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._queue: deque[_Waiting] = deque()
        self._drain: asyncio.Task[None] | None = None
        self._closed = False
        self._problem = ""

    @property
    def shared(self) -> bool:
        """Whether there can be several replicas on this store at all."""
        return self._store.shared

    @property
    def problem(self) -> str:
        """Why the last call failed; empty when it worked."""
        return self._problem

    async def load(self) -> Snapshot:
        """Read everything that a start needs."""
        return await self._call(self._store.load)

    async def events(self, query: EventQuery) -> list[AuditEntry]:
        """Read the audit trail, newest first."""
        return await self._call(partial(self._store.events, query))

    async def claim(self, lasts: timedelta) -> Claim:
        """Take or renew the lease for so long, if nobody else holds it."""
        return await self._call(partial(self._store.claim, lasts))

    async def give_up(self) -> None:
        """Let the next one have the lease at once."""
        await self._call(self._store.give_up)

    async def news(self, after: int) -> News:
        """Return the alerts that others stored after this number, and all orders."""
        return await self._call(partial(self._store.news, after))

    async def take_up(self) -> None:
        """Let what a restore has laid beside the store become its content."""
        await self._call(self._store.take_up)

    async def prune(self, before: datetime) -> int:
        """Delete entries, closed intents and alerts older than this; return how many.

        Between two steps whoever waits for a commit has the store.
        """
        steps, deleted = self._store.prune(before), 0
        while (step := await self._call(partial(next, steps, None))) is not None:
            deleted += step
        return deleted

    async def commit(self, changes: Changes) -> int:
        """Return when the changes are durable; all who wait meanwhile share the next commit.

        The number is that of the commit's alerts, as `SharedStore.commit` gives it.
        """
        self._refuse_when_closed()
        if len(self._queue) >= self._capacity:
            raise StoreError(
                f"{self._capacity} commits are waiting for the store: it is slower than the "
                "webhooks; look for trouble with its disk or server"
            )
        waiting = _Waiting(changes)
        self._queue.append(waiting)
        if self._drain is None:
            self._drain = asyncio.create_task(self._drain_queue())
        # Neither giving up nor being cancelled here takes the changes out of a begun commit.
        await asyncio.wait({waiting.settled}, timeout=self._patience)
        if not waiting.settled.done():
            waiting.settled.cancel()
            waiting.changes = Changes()  # its place in the queue must not keep them in memory
            raise self._late()
        result = waiting.settled.result()
        if isinstance(result, StoreError):
            raise result
        return result

    async def close(self) -> None:
        """Commit what waits, close the store and end the thread, all within the patience."""
        if self._closed:
            return
        self._closed = True
        drain = self._drain
        try:
            async with asyncio.timeout(self._patience):
                if drain is not None:
                    await asyncio.wait({drain})
                await self._ask(self._store.close)
        except TimeoutError:
            raise self._late() from None
        finally:
            if drain is not None:
                drain.cancel()
            self._thread.shutdown(wait=False)

    async def _call(self, ask: Callable[[], T]) -> T:
        self._refuse_when_closed()
        try:
            async with asyncio.timeout(self._patience):
                return await self._ask(ask)
        except TimeoutError:
            raise self._late() from None

    async def _ask(self, ask: Callable[[], T]) -> T:
        """Run it on the thread and remember how that went."""
        try:
            answer = await asyncio.get_running_loop().run_in_executor(self._thread, ask)
        except StoreError as error:
            self._problem = str(error)
            raise
        self._problem = ""
        return answer

    async def _drain_queue(self) -> None:
        try:
            while self._queue:
                await self._land(self._next_group())
        finally:
            self._drain = None

    def _next_group(self) -> list[_Waiting]:
        group, size = [], 0
        while self._queue and size < GROUP:
            group.append(self._queue.popleft())
            size += len(group[-1].changes.alerts) or 1
        return group

    async def _land(self, group: list[_Waiting]) -> None:
        """Commit a group; when that fails its halves, down to the one that is to blame."""
        group = [one for one in group if not one.settled.done()]
        if not group:
            return
        result = await self._attempt([one.changes for one in group])
        if isinstance(result, StoreError) and len(group) > 1:
            middle = len(group) // 2
            await self._land(group[:middle])
            await self._land(group[middle:])
            return
        for one in group:
            one.settle(result)

    async def _attempt(self, batch: list[Changes]) -> int | StoreError:
        try:
            return await self._ask(partial(self._store.commit, batch))
        except StoreError as error:
            return error

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise StoreError("the store is closed: the service is stopping; ask again later")

    def _late(self) -> StoreError:
        self._problem = (
            f"the store did not answer within {self._patience:g} s; look for trouble with its "
            "disk or server"
        )
        return StoreError(self._problem)
