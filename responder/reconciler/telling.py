"""Telling people, through every Alertmanager: changes at once, what stands again and again.

An alert that nobody repeats resolves by itself, so nothing needs to be said at the end of a life;
and an Alertmanager that was away, or began anew, hears everything with the next repetition. Each
is told on its own: one that hangs delays no other, and no pass.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from responder.domain.notice import Notice, Overview, Subject
from responder.domain.notices import Told, notices
from responder.errors import AlertmanagerError
from responder.metrics import Live, Metrics

__all__ = ["Sink", "Telling"]

LASTING = 4
"""An alert is over after so many repetitions that did not come, as with Prometheus."""

LOOK_EVERY = timedelta(seconds=5)
"""Some alerts begin or end by time alone, without any news."""

LOOK_GAP = timedelta(seconds=1)
"""Between two looks, however much happens: an attack on many sites is one change."""

RETRY = timedelta(seconds=10)
"""An Alertmanager that took nothing is told again this soon."""

_log = structlog.get_logger("responder.telling")


class Sink(Protocol):
    """One Alertmanager to tell."""

    source: str

    async def post(self, notices: Sequence[Notice]) -> None:
        """Tell all of these; raises AlertmanagerError."""
        ...


class Telling:
    """Keeps every Alertmanager told of what people must know; runs where the loop acts."""

    def __init__(
        self,
        sinks: Sequence[Sink],
        live: Callable[[], Live],
        metrics: Metrics,
        now: Callable[[], datetime],
        resend_delay: timedelta,
    ) -> None:
        self._sinks = tuple(sinks)
        self._live = live
        self._metrics = metrics
        self._now = now
        self._refresh = resend_delay
        self._lasting = resend_delay * LASTING
        self._news = asyncio.Event()
        self._bells = {sink.source: asyncio.Event() for sink in self._sinks}
        self._problems: dict[str, str] = {}
        self._blind_mark: timedelta | None = None
        self._told = Told()
        for sink in self._sinks:
            metrics.tells(sink.source)

    def wake(self) -> None:
        """Say that something may have changed."""
        self._news.set()

    @asynccontextmanager
    async def beside(self) -> AsyncIterator[None]:
        """Tell while the block runs; a surprise here ends the telling, and never the block."""
        task = asyncio.create_task(self.run(), name="telling")
        task.add_done_callback(_ended)
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def run(self) -> None:
        """Look and tell until cancelled; without an Alertmanager there is nobody to tell."""
        async with asyncio.TaskGroup() as group:
            if self._sinks:
                group.create_task(self._look_for_ever())
            for sink in self._sinks:
                group.create_task(self._tell_for_ever(sink))

    async def _look_for_ever(self) -> None:
        while True:
            await _rung(self._news, LOOK_EVERY)
            self._news.clear()
            self.look()
            await asyncio.sleep(LOOK_GAP.total_seconds())

    def look(self) -> None:
        """Work out what people must be told now; what is new is told at once."""
        live = self._live()
        if not live.blind:
            self._blind_mark = None
        elif self._blind_mark is None:
            self._blind_mark = live.now.elapsed
        active = notices(_overview(live, self._blind_mark))
        before, self._told = self._told, self._told.revised(active, live.now.wall, self._lasting)
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
        """Tell one Alertmanager everything; return whether it took it."""
        said = self._told.said(self._now(), self._lasting)
        if not said:
            return True
        problem = ""
        try:
            await sink.post(said)
        except AlertmanagerError as error:
            problem = str(error)
        self._metrics.notified(sink.source, failed=bool(problem))
        self._say_changes(sink.source, problem)
        return not problem

    def _say_changes(self, url: str, problem: str) -> None:
        before = self._problems.get(url, "")
        self._problems[url] = problem
        if problem and problem != before:
            _log.warning("alertmanager takes none of our alerts", url=url, problem=problem)
        elif before and not problem:
            _log.info("alertmanager takes our alerts again", url=url)


def _overview(live: Live, blind_mark: timedelta | None) -> Overview:
    subjects = (Subject(one.target, one.policy, one.memory, one.alerts) for one in live.targets)
    return Overview(live.now, tuple(subjects), live.credential, blind_mark, live.heartbeat_silenced)


def _ended(task: asyncio.Task[None]) -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None:
        _log.critical("people are told nothing more; restart the responder", error=repr(error))


async def _rung(bell: asyncio.Event, longest: timedelta) -> None:
    """Wait for the bell, but no longer than this."""
    with suppress(TimeoutError):
        async with asyncio.timeout(longest.total_seconds()):
            await bell.wait()
