"""Ask in turn, each dataset at its own pace, and put what came of it on the board."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import structlog

from responder.cloudflare.analytics import AccountAnalytics, is_depleted, is_unavailable
from responder.cloudflare.analytics_rows import MINUTE, Window
from responder.errors import ProviderError
from responder.ports import Clock
from responder.sensor.board import COMPLETE, Board, Dataset, Sampled
from responder.sensor.document import ranking
from responder.sensor.geoip import Databases
from responder.sensor.requests import ZoneRequests, queries
from responder.sensor.samples import (
    by_prefix,
    by_protocol,
    by_tunnel,
    by_vector,
    doubt,
    running,
)
from responder.sensor.scope import Networks, Scope
from responder.sensor.sources import top_sources

__all__ = ["Sensor"]

TUNNELS_EVERY, ATTACKS_EVERY, FLOWS_EVERY = 3, 2, 5
"""How many times rarer than traffic these are asked for."""

LONGER = timedelta(minutes=5)
"""The window of what comes in rarely, or in steps of five minutes."""

_LONGER = frozenset({Dataset.TUNNELS, Dataset.FLOWS})

LOOK = timedelta(seconds=5)
"""Between two looks at what is due."""

_log = structlog.get_logger("responder.sensor")

_Ask = Callable[[Window], Awaitable[str]]


class Sensor:
    """Samples the edge; every failure stays here."""

    def __init__(
        self,
        scope: Scope,
        analytics: AccountAnalytics,
        requests: ZoneRequests,
        board: Board,
        clock: Clock,
    ) -> None:
        """Take `requests`, which asks for zones, and `board`, which is shown to whoever asks."""
        self._scope = scope
        self._analytics = analytics
        self._requests = requests
        self._board = board
        self._clock = clock
        self._networks = Networks(scope.prefixes)
        self._databases = Databases(scope.geoip_files)
        self._asked: dict[Dataset, timedelta] = {}
        self.restart_after = timedelta(minutes=1)
        self.observe: Callable[[str, str], None] = _ignore
        self.every = _paces(scope)
        self._asks: Mapping[Dataset, _Ask] = {
            Dataset.TRAFFIC: self._traffic,
            Dataset.REQUESTS: self._zones,
            Dataset.MITIGATIONS: self._mitigations,
            Dataset.ATTACKS: self._attacks,
            Dataset.TUNNELS: self._tunnels,
            Dataset.FLOWS: self._flows,
        }

    @asynccontextmanager
    async def beside(self) -> AsyncIterator[None]:
        """Sample while the block runs; whatever happens here, the block goes on."""
        if not self._scope:
            yield
            return
        self._board.begin(self._scope, self.every)
        task = asyncio.create_task(self._for_ever(), name="edge sensor")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})
            self._board.end()
            self._databases.close()

    async def _for_ever(self) -> None:
        """Run, and begin anew after a surprise: a sensor that has died must be seen, and live."""
        while True:
            task = asyncio.create_task(self._run(), name="edge samples")
            try:
                await asyncio.wait({task})
            finally:
                task.cancel()
                await asyncio.wait({task})
            error = None if task.cancelled() else task.exception()
            self._board.problem = f"ended by itself, and begins anew: {error!r}"
            _log.critical("the edge sensor ended; it begins anew", error=repr(error))
            await asyncio.sleep(self.restart_after.total_seconds())
            self._board.problem = ""

    async def _run(self) -> None:
        while True:
            await self.round()
            await asyncio.sleep(LOOK.total_seconds())

    async def round(self) -> None:
        """Ask for whatever is due, as far as the budget reaches: first for what proves calm.

        The others are asked side by side: if all of them hang, that is one timeout and not five.
        """
        if self._may(Dataset.TRAFFIC):
            await self._sample(Dataset.TRAFFIC)
        async with asyncio.TaskGroup() as group:
            for dataset in self._asks:
                if dataset is not Dataset.TRAFFIC and self._may(dataset):
                    group.create_task(self._sample(dataset))

    def _may(self, dataset: Dataset) -> bool:
        """Tell whether it is a dataset's turn, and take what it costs."""
        if not self._due(dataset):
            return False
        if not self._board.allowance.take(first=dataset is Dataset.TRAFFIC):
            return False
        self._asked[dataset] = self._turn(dataset)
        return True

    def _due(self, dataset: Dataset) -> bool:
        every, last = self.every.get(dataset), self._asked.get(dataset)
        if every is None or dataset in self._board.off:
            return False
        return last is None or self._clock.monotonic() - last >= every

    def _turn(self, dataset: Dataset) -> timedelta:
        """Return when this turn was due: to be a little late each time would add up."""
        now, last = self._clock.monotonic(), self._asked.get(dataset)
        every = self.every[dataset]
        return now if last is None or now - last >= 2 * every else last + every

    async def _sample(self, dataset: Dataset) -> None:
        length = LONGER if dataset in _LONGER else self._scope.interval
        step = LONGER if dataset is Dataset.FLOWS else MINUTE
        window = Window.before(self._clock.now(), self._scope.delay, length, step)
        detail = ""
        try:
            outcome = await self._asks[dataset](window)
        except ProviderError as error:
            outcome, detail = self._failed(dataset, error), str(error)
        before = self._board.sampled.get(dataset)
        self._board.sampled[dataset] = Sampled(outcome, self._clock.monotonic(), detail)
        self.observe(dataset, outcome)
        self._say(dataset, before.outcome if before else COMPLETE)

    def _say(self, dataset: Dataset, before: str) -> None:
        """Log what has changed since the last sample of a dataset."""
        last = self._board.sampled[dataset]
        if last.outcome == before:
            return
        if last.outcome == COMPLETE:
            _log.info("edge samples are complete again", dataset=dataset)
        else:
            why = last.detail or last.outcome
            _log.warning("an edge sample proves nothing", dataset=dataset, why=why)

    def _failed(self, dataset: Dataset, error: ProviderError) -> str:
        """Say what a failure means for the next query, in one word."""
        if is_depleted(error):
            self._board.allowance.pause()
            return "depleted"
        # Without traffic nothing is ever calm: that is asked for again, as rights can be given.
        if is_unavailable(error) and dataset is not Dataset.TRAFFIC:
            self._board.off[dataset] = str(error)
            return "unavailable"
        return "failed"

    async def _traffic(self, window: Window) -> str:
        traffic = await self._analytics.traffic(window)
        now = self._clock.now()
        why = doubt(traffic, window, now)
        lag = None if traffic.newest is None else now - traffic.newest
        self._see(lag=lag)
        if why:
            return why
        rates = by_prefix(traffic.groups, self._networks, window)
        self._see(prefixes=rates, window_end=window.end)
        return COMPLETE

    async def _mitigations(self, window: Window) -> str:
        vectors, sources, destinations = await self._analytics.mitigations(window)
        tops = {"destinations": ranking(destinations, "ipDestinationAddress", window)}
        found = by_vector(vectors, self._networks, window, self._scope.vectors)
        self._see(vectors=found, tops={**self._board.seen.tops, **tops})
        ranked = top_sources(sources, window, self._networks, self._databases)
        self._see(sources=ranked, geoip=self._databases.shown())
        return _whole(truncated=vectors.truncated)

    async def _tunnels(self, window: Window) -> str:
        checks = await self._analytics.tunnels(window)
        self._see(tunnels=by_tunnel(checks))
        return _whole(truncated=checks.truncated)

    async def _flows(self, window: Window) -> str:
        protocols, routers = await self._analytics.flows(window)
        tops = {"routers": ranking(routers, "routerAddress", window)}
        totals = by_protocol(protocols, window)
        self._see(protocols=totals, tops={**self._board.seen.tops, **tops})
        return _whole(truncated=protocols.truncated)

    async def _attacks(self, window: Window) -> str:
        del window  # this dataset has no time to ask for
        listed = await self._analytics.attacks()
        late = self._scope.delay + LONGER
        found = running(listed, self._networks, self._clock.now(), late)
        self._see(attacks=found)
        return _whole(truncated=listed.truncated)

    async def _zones(self, window: Window) -> str:
        requests, whole = await self._requests.ask(window, self._one_more)
        self._see(requests=requests)
        return _whole(truncated=not whole)

    def _one_more(self) -> bool:
        return self._board.allowance.take(first=False)

    def _see(self, **values: Any) -> None:
        self._board.seen = replace(self._board.seen, **values)


def _paces(scope: Scope) -> dict[Dataset, timedelta]:
    """Return how often each dataset is asked for; those with nothing to ask are left out."""
    found = {}
    if scope.prefixes:
        found = {
            Dataset.TRAFFIC: scope.interval,
            Dataset.MITIGATIONS: scope.interval,
            Dataset.ATTACKS: scope.interval * ATTACKS_EVERY,
            Dataset.TUNNELS: scope.interval * TUNNELS_EVERY,
            Dataset.FLOWS: scope.interval * FLOWS_EVERY,
        }
    if scope.zones:
        found[Dataset.REQUESTS] = scope.interval * queries(len(scope.zones))
    return found


def _whole(*, truncated: bool) -> str:
    return "truncated" if truncated else COMPLETE


def _ignore(_dataset: str, _outcome: str) -> None: ...
