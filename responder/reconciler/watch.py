"""Watching Alertmanager: polls at their pace and at once after a webhook, never waiting on one."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from responder.domain.alerts import Silence
from responder.domain.clock import Moment
from responder.domain.demand import Scene, View, judge
from responder.ports import AlertSource, Poll

__all__ = ["Pace", "Watch"]

SHORTEST_GAP = timedelta(milliseconds=200)
"""Between two polls of one Alertmanager, however many webhooks ring."""

_log = structlog.get_logger("responder.alertmanager")


@dataclass(frozen=True, slots=True)
class Pace:
    """How often to look, and how long things take on the other side."""

    poll_interval: timedelta = timedelta(seconds=5)
    resend_delay: timedelta = timedelta(minutes=1)
    heartbeat_labels: tuple[str, ...] = ()
    webhook_ttl: timedelta = timedelta(minutes=15)
    read_on: timedelta = timedelta(minutes=1)
    """Between two reads of a target that is on."""
    read_off: timedelta = timedelta(minutes=10)
    provider_timeout: timedelta = timedelta(seconds=10)


class Watch:
    """What all Alertmanagers last said."""

    def __init__(
        self,
        sources: Iterable[AlertSource],
        pace: Pace,
        moment: Callable[[], Moment],
        news: Callable[[], None],
    ) -> None:
        self._sources = tuple(sources)
        self._pace = pace
        self._moment = moment
        self._news = news
        self._bells = {source.source: asyncio.Event() for source in self._sources}
        self._views: dict[str, View] = {}
        self._answering: set[str] = set()
        self.silences: dict[str, tuple[Silence, ...]] = {}
        self.seq = 0
        """Of the newest webhook that has been taken."""
        self.polled_seq = 0

    @property
    def answered(self) -> bool:
        """Whether every Alertmanager has been asked at least once."""
        return len(self._views) == len(self._sources)

    def ring(self) -> None:
        """Ask for a poll of every Alertmanager at once; without one, for a pass."""
        for bell in self._bells.values():
            bell.set()
        if not self._bells:
            self._news()

    async def run(self) -> None:
        """Poll all Alertmanagers until cancelled, each at its own pace."""
        async with asyncio.TaskGroup() as group:
            for source in self._sources:
                group.create_task(self._poll_for_ever(source))

    async def _poll_for_ever(self, source: AlertSource) -> None:
        bell = self._bells[source.source]
        gap = SHORTEST_GAP.total_seconds()
        interval = self._pace.poll_interval.total_seconds()
        while True:
            bell.clear()
            await self.poll(source)
            await asyncio.sleep(min(gap, interval))
            try:
                async with asyncio.timeout(max(interval - gap, 0.0)):
                    await bell.wait()
            except TimeoutError:
                continue

    async def look(self) -> None:
        """Ask every Alertmanager once, all at the same time."""
        await asyncio.gather(*map(self.poll, self._sources))

    async def poll(self, source: AlertSource) -> None:
        """Ask one Alertmanager, and tell the loop."""
        seq = self.seq
        poll = await source.poll()
        view = self._judged(poll)
        self._say_changes(view)
        self._views[source.source] = view
        if view.usable:
            self.polled_seq = max(self.polled_seq, seq)
        self._news()

    def _judged(self, poll: Poll) -> View:
        answered = poll.date is not None and not poll.problem
        (self._answering.add if answered else self._answering.discard)(poll.source)
        if poll.date is None or poll.problem:
            return View(poll.source, problem=poll.problem or "did not answer")
        self.silences[poll.source] = poll.silences
        return judge(poll.source, poll.heartbeats, poll.alerts, poll.date, self._base())

    def _say_changes(self, view: View) -> None:
        before = self._views.get(view.source)
        if before is not None and before.problem == view.problem:
            return
        if view.problem:
            _log.warning("alertmanager not usable", url=view.source, problem=view.problem)
        else:
            _log.info("alertmanager usable", url=view.source)

    def _base(self) -> Scene:
        wall = self._moment().wall
        known = [
            one
            for source, silences in self.silences.items()
            for one in silences
            if source in self._answering or one.ends_at > wall
        ]
        return Scene(
            silences=tuple(dict.fromkeys(known)),
            heartbeat_labels=self._pace.heartbeat_labels,
            resend_delay=self._pace.resend_delay,
            polled_seq=self.polled_seq,
            webhook_ttl=None if self._sources else self._pace.webhook_ttl,
            wall=wall,
        )

    def scene(self) -> Scene:
        """Return everything that is known of the alerts now."""
        return replace(self._base(), views=tuple(self._views.values()))

    def restore(self, silences: Mapping[str, tuple[Silence, ...]], seq: int) -> None:
        """Take up what was read before a restart, of the Alertmanagers that are still asked."""
        asked = {source.source for source in self._sources}
        self.silences = {one: silences[one] for one in silences if one in asked}
        self.polled_seq = seq
        self.seq = max(self.seq, seq)

    def problems(self) -> dict[str, str]:
        """Return why each Alertmanager is not usable, empty text when it is."""
        unknown = View("", problem="not asked yet")
        return {one.source: self._views.get(one.source, unknown).problem for one in self._sources}
