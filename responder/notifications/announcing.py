"""Telling every Alertmanager what Cloudflare has told, for as long as it stands.

It is told at once, again every `resend_delay` with an end four of these ahead, and its end at once:
an alert of a responder that is gone ends by itself. Runs where the loop acts.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

import structlog

from responder.domain.notices import Told
from responder.errors import AlertmanagerError, StoreError
from responder.notifications.intake import Intake
from responder.reconciler.telling import LASTING, RETRY, Sink

__all__ = ["Announcing"]

LOOK_EVERY = timedelta(seconds=1)
"""What stands can end by its age alone; and another replica may have taken a notification."""

OVERLAP = timedelta(minutes=1)
"""How far the clocks of replicas may differ, with what a commit may take."""

_log = structlog.get_logger("responder.notifications")


class Announcing:
    """Keeps every Alertmanager told of Cloudflare's notifications."""

    def __init__(
        self,
        intake: Intake,
        sinks: Sequence[Sink],
        now: Callable[[], datetime],
        resend_delay: timedelta,
    ) -> None:
        self._intake = intake
        self._sinks = tuple(sinks)
        self._now = now
        self._refresh = resend_delay
        self._lasting = resend_delay * LASTING
        self._bells = {sink.source: asyncio.Event() for sink in self._sinks}
        self._problems: dict[str, str] = {}
        self._told = Told()
        self._recalled_at: datetime | None = None
        self._failing = False
        self.fill_for_ever: Callable[[], Coroutine[None, None, None]] | None = None
        """What fills gaps until it is cancelled; None where there is no history to ask."""

    @asynccontextmanager
    async def beside(self) -> AsyncIterator[None]:
        """Tell while the block runs; a surprise here ends the telling, and never the block."""
        task = asyncio.create_task(self.run(), name="announcing")
        task.add_done_callback(_ended)
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def run(self) -> None:
        """Tell until cancelled; without an Alertmanager there is nobody to tell."""
        async with asyncio.TaskGroup() as group:
            if self._sinks:
                group.create_task(self._look_for_ever())
                if self.fill_for_ever is not None:
                    group.create_task(self.fill_for_ever())
            for sink in self._sinks:
                group.create_task(self._tell_for_ever(sink))

    async def _look_for_ever(self) -> None:
        while True:
            self._intake.news.clear()
            await self.recall()
            self.look()
            await _rung(self._intake.news, LOOK_EVERY)

    async def recall(self) -> None:
        """Take up what was kept before this life, and what other replicas have taken since."""
        last, now = self._recalled_at, self._now()
        if last is not None and not self._intake.shared:
            return
        since = now - self._intake.rules.maximum_age if last is None else last - OVERLAP
        try:
            await self._intake.recall(since)
        except StoreError as error:
            if not self._failing:
                _log.error("kept notifications cannot be read", error=str(error))
            self._failing = True
            return
        self._failing = False
        self._recalled_at = now

    def look(self) -> None:
        """Work out what stands now; what is new or over is told at once."""
        now = self._now()
        active = self._intake.book.notices(now, self._intake.rules)
        before, self._told = self._told, self._told.revised(active, now, self._lasting)
        if before.standing.keys() != self._told.standing.keys():
            for bell in self._bells.values():
                bell.set()

    async def _tell_for_ever(self, sink: Sink) -> None:
        bell = self._bells[sink.source]
        while True:
            bell.clear()
            worked = await self.tell(sink)
            await _rung(bell, self._refresh if worked else min(RETRY, self._refresh))

    async def tell(self, sink: Sink) -> bool:
        """Tell one Alertmanager everything that stands; return whether it took it."""
        said = self._told.said(self._now(), self._lasting)
        if not said:
            return True
        problem = ""
        try:
            await sink.post(said)
        except AlertmanagerError as error:
            problem = str(error)
        if problem and problem != self._problems.get(sink.source):
            _log.warning("alertmanager takes no notification", url=sink.source, problem=problem)
        self._problems[sink.source] = problem
        self._intake.metrics.notified(sink.source, failed=bool(problem))
        return not problem


def _ended(task: asyncio.Task[None]) -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None:
        _log.critical("notifications become no alerts; restart the responder", error=repr(error))


async def _rung(bell: asyncio.Event, longest: timedelta) -> None:
    """Wait for the bell, but no longer than this."""
    with suppress(TimeoutError):
        async with asyncio.timeout(longest.total_seconds()):
            await bell.wait()
