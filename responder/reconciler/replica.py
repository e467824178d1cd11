"""One of possibly several replicas: it takes what comes from outside, and acts while it may."""

import asyncio
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

import structlog

from responder.domain.alerts import Alert, HeardAlert
from responder.domain.audit import AuditEntry
from responder.domain.clock import Moment
from responder.domain.memory import Override
from responder.domain.targets import Inventory
from responder.errors import ConfigError, StoreError
from responder.metrics import Live
from responder.ports import (
    Changes,
    Claim,
    Clock,
    Component,
    ComponentStatus,
    EventQuery,
    Health,
    NotedOrder,
    TargetView,
    UnknownTargetError,
)
from responder.reconciler.core import Reconciler
from responder.reconciler.lease import Lease
from responder.reconciler.ledger import Keeper
from responder.reconciler.orders import outdated, superseded
from responder.reconciler.views import may_order, remembered_views

__all__ = ["Acting", "Plan", "Replica"]

ROUND = timedelta(milliseconds=500)
"""Between two looks at the lease, and at what other replicas took from the outside."""

_log = structlog.get_logger("responder.replica")


class Acting(Protocol):
    """Everything that runs only while this replica acts."""

    @property
    def reconciler(self) -> Reconciler:
        """The loop."""
        ...

    async def run(self) -> None:
        """Run until cancelled; then leave every mitigation as it is."""
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
        ...


@dataclass(frozen=True, slots=True)
class Plan:
    """What a configuration comes to: what it names, and how to build what acts on it."""

    inventory: Inventory
    call: timedelta
    """How long a call to the provider may take."""
    build: Callable[[Lease], Acting]


class Replica:
    """Implements ports.Automation: by the loop while it acts, by the store while it stands by.

    Losing the lease, getting it and a new configuration are one and the same: the loop ends, and
    a new one takes up what the store remembers, as after a restart.
    """

    def __init__(
        self, plan: Plan, keeper: Keeper, clock: Clock, replan: Callable[[], Plan]
    ) -> None:
        """`replan` reads the configuration anew; it raises ConfigError."""
        self._plan = plan
        self._keeper = keeper
        self._clock = clock
        self._replan = replan
        self._lease = self._new_lease()
        self._acting: Acting | None = None
        self._hearing: Reconciler | None = None
        """Who is told of webhooks: who acts, already while it takes up what the store remembers."""
        self._running: asyncio.Task[None] | None = None
        self._turning = asyncio.Lock()
        self._news_read = 0
        self._holder = ""
        self._reloaded = True
        self._failing = False

    def _new_lease(self) -> Lease:
        return Lease(self._clock.monotonic, self._plan.call, shared=self._keeper.shared)

    # life

    async def begin(self) -> Claim:
        """Make the first round; raises StoreError."""
        async with self._turning:
            return await self._round()

    async def run(self) -> None:
        """Act whenever the lease is held, until cancelled; raises what ends the loop by itself."""
        try:
            while True:
                await self._pause()
                async with self._turning:
                    await self._try_round()
        finally:
            await self._stand_down()
            with suppress(StoreError):
                await self._keeper.give_up()

    async def _try_round(self) -> None:
        """Make a round; what the store fails at is said once, and tried again with the next."""
        try:
            await self._round()
        except StoreError as error:
            if not self._failing:
                _log.error("the store fails; nothing is switched until it works", error=str(error))
            self._failing = True
            return
        if self._failing:
            _log.info("the store works again")
        self._failing = False

    async def _pause(self) -> None:
        """Wait for the next round; where nobody shares the store there is none."""
        running = self._running
        waiting = {running} if running is not None else set()
        pause = ROUND.total_seconds() if self._keeper.shared or not waiting else None
        if not waiting:
            await asyncio.sleep(ROUND.total_seconds())
            return
        done, _ = await asyncio.wait(waiting, timeout=pause)
        for task in done:
            if task is self._running:
                task.result()

    async def _round(self) -> Claim:
        asked_at = self._clock.monotonic()
        claim = await self._keeper.claim(self._lease.lasts)
        if self._acting is not None and (not claim.mine or claim.token != self._lease.token):
            _log.warning("another replica acts now", holder=claim.holder)
            await self._stand_down()
        self._lease.renewed(claim, asked_at)
        self._holder = claim.holder
        if claim.mine and self._acting is None:
            await self._act()
        if self._acting is not None and self._keeper.shared:
            await self._catch_up(self._acting.reconciler)
        return claim

    async def _act(self) -> None:
        """Build the loop and let it take up what the store remembers; raises StoreError."""
        acting = self._plan.build(self._lease)
        self._hearing = acting.reconciler
        try:
            self._news_read = await acting.reconciler.start()
        except StoreError:
            self._hearing = None
            await acting.aclose()
            raise
        _log.info("acting", token=self._lease.token, targets=len(acting.reconciler.targets()))
        self._acting = acting
        self._running = asyncio.create_task(acting.run(), name="reconciler")

    async def _stand_down(self) -> None:
        acting, running = self._acting, self._running
        self._acting = self._running = self._hearing = None
        if running is not None:
            running.cancel()
            await asyncio.wait({running})
        if acting is not None:
            await acting.aclose()

    async def _catch_up(self, reconciler: Reconciler) -> None:
        """Take what other replicas have heard and been ordered."""
        news = await self._keeper.news(self._news_read)
        if news.alerts:
            self._news_read = max(one.seq for one in news.alerts)
            reconciler.overhear(news.alerts)
        await reconciler.follow(news.orders)

    async def reload(self) -> None:
        """Take the configuration anew, between two passes; ConfigError leaves the old one."""
        try:
            plan = self._replan()
        except ConfigError as error:
            self._reloaded = False
            _log.error("the configuration is refused; the old one stays", problems=error.problems)
            raise
        acting = self._acting
        try:
            await self._rest()  # the lease is renewed meanwhile
            async with self._turning:
                await self._stand_down()
                self._plan = plan
                self._lease = self._new_lease()
                self._reloaded = True
                _log.info("the configuration is taken", targets=len(plan.inventory.targets))
                await self._keeper.take_up()
                await self._round()
        finally:
            if acting is not None and self._acting is acting:  # given up before it stood down
                acting.reconciler.go_on()

    async def _rest(self) -> None:
        if self._acting is None:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(self._plan.call.total_seconds()):
                await self._acting.reconciler.rest()

    # what the outside asks

    async def hear(self, alerts: Sequence[Alert], truncated: int) -> None:
        """Keep what a webhook told; returns when it is committed, raises StoreError."""
        told = self._hearing
        if told is not None:
            heard = await told.hear(alerts, truncated)
        else:
            now = self._clock.now()
            seq = await self._keeper.commit(
                Changes(alerts=[HeardAlert(one, now) for one in alerts])
            )
            heard = [HeardAlert(one, now, seq) for one in alerts]
        begun = self._hearing
        if begun is not None and begun is not told:  # meanwhile, perhaps before these were stored
            begun.overhear(heard)

    async def order(self, target: str, override: Override | None, actor: str) -> TargetView:
        """Set or lift an operator's override, committed when it returns.

        On standby it is noted for the replica that acts, which follows it within a second. Who
        acts does not change meanwhile: one that begins might have read the store before.
        """
        async with self._turning:
            if self._acting is not None:
                return await self._acting.reconciler.order(target, override, actor)
            return await self._note(target, override, actor)

    async def _note(self, target: str, override: Override | None, actor: str) -> TargetView:
        """Note an order for who acts, in the place of those that it makes void."""
        inventory, snapshot = self._plan.inventory, await self._keeper.load()
        order = NotedOrder(uuid.uuid4().hex, target, override, actor, self._clock.now())
        for view in remembered_views(snapshot, inventory):
            memory = view.memory
            if memory.target == target and may_order(memory, inventory, override):
                void = outdated(snapshot.orders, order)
                told = [superseded(one, memory.site, order) for one in void]
                ids = [one.id for one in void]
                await self._keeper.commit(Changes(orders=[order], followed=ids, entries=told))
                return replace(view, memory=replace(memory, override=override))
        raise UnknownTargetError(target)

    async def targets(self) -> list[TargetView]:
        """Return all targets, orphans included, in the order of their ids; raises StoreError."""
        if self._acting is not None:
            return self._acting.reconciler.targets()
        return remembered_views(await self._keeper.load(), self._plan.inventory)

    async def events(self, query: EventQuery) -> list[AuditEntry]:
        """Read the audit trail, newest first; raises StoreError."""
        if self._acting is not None:
            return await self._acting.reconciler.events(query)
        return await self._keeper.events(query)

    def health(self) -> Health:
        """Say how the service is, from what is known; it makes no call."""
        if self._acting is not None:
            health = self._acting.reconciler.health()
            return replace(health, components=(*health.components, *self._role()))
        problem = self._keeper.problem
        status = ComponentStatus.FAILED if problem else ComponentStatus.OK
        store = Component("store", status, problem)
        return Health(bool(self._holder) and not problem, (store, *self._role()))

    def _role(self) -> list[Component]:
        if not self._keeper.shared:
            return []
        if self._acting is None:
            detail = f"standby: {self._holder or 'nobody'} acts"
            return [Component("lease", ComponentStatus.OK, detail)]
        if self._lease.bears_a_call:
            return [Component("lease", ComponentStatus.OK, "this replica acts")]
        detail = "cannot be renewed: nothing is written to the provider until it is"
        return [Component("lease", ComponentStatus.DEGRADED, detail)]

    def policy_of(self, target: str) -> str | None:
        """Return the name of the policy that a target is under; None when none has spoken."""
        return self._acting.reconciler.policy_of(target) if self._acting is not None else None

    def live(self) -> Live:
        """Return what is true at this moment, for the metrics; on standby nothing of targets."""
        acting = self._acting
        live = acting.reconciler.live() if acting else Live(Moment(self._clock.now()))
        held = acting is not None and self._lease.held
        return replace(live, lease_held=held, config_reloaded=self._reloaded)
