"""The loop: observe, decide, apply, remember, for every target; it wakes on news or on a tick."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta

import structlog

from responder.domain.alerts import Alert, HeardAlert
from responder.domain.audit import Action, AuditEntry, Decision, Reason
from responder.domain.clock import LONGEST_STEP, ZERO
from responder.domain.decision import Situation, decide
from responder.domain.demand import Scene, Sight, Sighting, gather, see
from responder.domain.limits import storm_told
from responder.domain.memory import Memory, Override
from responder.domain.plan import Probes, plan
from responder.domain.step import observed, read_due
from responder.domain.targets import Inventory, Mode, Target
from responder.errors import StoreError
from responder.metrics import Live, Metrics
from responder.ports import (
    AlertSource,
    Changes,
    Clock,
    EventQuery,
    Health,
    Hook,
    Mitigation,
    NotedOrder,
    TargetView,
)
from responder.reconciler.facts import restored, to_facts
from responder.reconciler.heard import Heard
from responder.reconciler.hooks import Hooks
from responder.reconciler.lease import Lease
from responder.reconciler.ledger import Keeper, Ledger
from responder.reconciler.loop import run_passes
from responder.reconciler.orders import Orders, allowed
from responder.reconciler.report import alertmanagers_of, cloudflare_of, health_of, judged
from responder.reconciler.routine import Routine
from responder.reconciler.stopwatch import Stopwatch
from responder.reconciler.timing import Unrest, until_next
from responder.reconciler.turns import Turns
from responder.reconciler.views import target_of
from responder.reconciler.watch import Pace, Watch

__all__ = ["Parts", "Reconciler"]

_log = structlog.get_logger("responder.reconciler")


@dataclass(frozen=True, slots=True)
class Parts:
    """What the loop is made of."""

    sources: Sequence[AlertSource]
    mitigations: Mapping[str, Mitigation]
    keeper: Keeper
    clock: Clock
    metrics: Metrics
    lease: Lease
    secret: Callable[[], str] = str
    """Changes with the provider's secret, and gives nothing of it away."""
    hooks: Mapping[str, Hook] = field(default_factory=dict)
    """The operator's own routers, by the name of the mitigation that tells them."""


class Reconciler:
    """Keeps every target as it should be, for as long as this process holds the lease."""

    def __init__(self, inventory: Inventory, parts: Parts, pace: Pace | None = None) -> None:
        self._inventory = inventory
        self._pace = pace or Pace()
        self._keeper = parts.keeper
        self._metrics = parts.metrics
        self._secret = parts.secret
        self._stopwatch = Stopwatch(parts.clock)
        self._wake = asyncio.Event()
        moment = self._stopwatch.now
        self._watch = Watch(parts.sources, self._pace, moment, self._wake.set)
        self._heard = Heard(inventory)
        self._names = {name for one in inventory.targets.values() for name in one.labels}
        self._lease = parts.lease
        self._ledger = Ledger(parts.keeper, parts.metrics, parts.lease)
        self._turns = Turns(
            dict(parts.mitigations), self._ledger, parts.lease, moment, self._refreshed
        )
        self._hooks = Hooks(parts.hooks, inventory, self._ledger, parts.lease, moment)
        self._hooks.news = self._turns.news = self._wake.set
        self._turns.tell, self._ledger.rule = self._hooks.before, self._hooks.rule
        self._routine = Routine(parts.mitigations, self._pace)
        self._orders = Orders(inventory, self._ledger, moment)
        self._sights: dict[str, Sight] = {}
        self._probes = Probes()
        self._last = ZERO
        self._started = ZERO
        self._passes = 0
        self._resting = False
        self.passed: Callable[[], None] = _nobody
        """Called after each pass."""

    # life

    async def start(self) -> int:
        """Take up what the store remembers; raises StoreError.

        Return the number of the newest webhook that it has taken up.
        """
        snapshot = await self._keeper.load()
        facts = restored(snapshot.facts)
        if facts.moment is not None:
            self._stopwatch.resume(facts.moment.wall, facts.moment.elapsed)
        now = self._stopwatch.now()
        self._last = facts.moment.elapsed if facts.moment else now.elapsed
        self._started = now.elapsed
        self._hear(snapshot.alerts)
        self._watch.restore(facts.silences, facts.polled_seq)
        self._ledger.marks = facts.marks
        self._turns.credential = facts.credential
        self._ledger.adopt(snapshot.memories, self._inventory.targets.values())
        for intent in snapshot.open_intents:
            self._ledger.inherit(intent, now, now.elapsed + self._pace.provider_timeout)
        await self.follow(snapshot.orders)
        return max((one.seq for one in snapshot.alerts), default=0)

    async def run(self) -> None:
        """Watch and pass until cancelled; then leave every mitigation as it is."""
        try:
            await run_passes(self._watch, self._wake, self.step, self._wait)
        finally:
            await self._turns.stop()
            await self._hooks.stop()
            with suppress(StoreError):
                await self.store_all()

    async def rest(self) -> None:
        """Begin no further turn, and wait until those under way have ended."""
        self._resting = True
        await self.ended()

    def go_on(self) -> None:
        """Begin turns again."""
        self._resting = False

    async def look(self) -> None:
        """Ask every Alertmanager once."""
        await self._watch.look()

    async def ended(self) -> None:
        """Return when no turn and no call of a hook is under way."""
        await self._turns.ended()
        await self._hooks.ended()

    @property
    def busy(self) -> bool:
        """Whether a turn is under way."""
        return any(map(self._turns.busy, self._ledger.memories))

    @property
    def blind(self) -> bool:
        """Whether no Alertmanager is usable."""
        return self._watch.scene().blind

    async def store_all(self) -> None:
        """Store what is remembered, running waits included; raises StoreError."""
        await self._flush(force=True)

    def _wait(self) -> timedelta:
        memories = self._ledger.memories.values()
        return until_next(memories, self._turns.busy, self._stopwatch.now(), self._pace)

    # a pass

    async def step(self) -> None:
        """Make one pass over all targets; raises StoreError when nothing can be stored."""
        self._turns.heed(self._secret())
        now = self._stopwatch.now()
        passed, self._last = min(now.elapsed - self._last, LONGEST_STEP), now.elapsed
        self._routine.plan(self._ledger.memories.values(), self._turns.room)
        scene = self._watch.scene()
        found, strangers = gather(scene, self._inventory, self._heard)
        self._count(strangers)
        unrest = Unrest.of(scene, self._names)
        situations = [
            self._observe(target, scene, found.get(target.id, ()), passed)
            for target in self._targets()
            if self._moves(target, found, unrest)
        ]
        self._probes = replace(
            self._probes,
            reading=self._turns.reading_probe,
            writing=self._turns.writing_probe,
            raising=self._turns.raising,
        )
        earlier = self._probes.storm
        planned, self._probes = plan(
            situations, list(self._ledger.memories.values()), self._ledger.marks, self._probes
        )
        storm = storm_told(earlier, self._probes.storm, now)
        if storm is not None:
            self._ledger.note(storm)
            _log.critical("storm", detail=storm.detail)
        for situation in planned:
            self._act(situation)
        self._passes += 1
        self.passed()
        due = [] if self._resting else self._hooks.due()
        await self._flush()
        self._hooks.begin(due)

    def _targets(self) -> list[Target]:
        """Return the configured targets, and the orphans: ours, but no longer configured."""
        orphans = [
            target_of(memory, self._inventory)
            for memory in self._ledger.memories.values()
            if memory.target not in self._inventory.targets
        ]
        kept = [
            orphan
            for orphan in orphans
            if self._ledger.memories[orphan.id].ours or self._turns.busy(orphan.id)
        ]
        for orphan in orphans:
            if orphan not in kept and not self._ledger.memories[orphan.id].hook.waiting:
                self._ledger.forget(orphan.id)
        return [*self._inventory.targets.values(), *kept]

    def _moves(self, target: Target, found: Mapping[str, object], unrest: Unrest) -> bool:
        """Tell whether anything about the target can have changed since the last pass."""
        memory = self._ledger.memories[target.id]
        if not memory.idle or target.id in found or memory.decision is None:
            return True
        if self._routine.may_read(memory, self._last):
            return True
        return unrest.concerns(target)

    def _observe(
        self, target: Target, scene: Scene, sightings: Iterable[Sighting], passed: timedelta
    ) -> Situation:
        memory = allowed(self._ledger.memories[target.id], self._inventory)
        sight = see(target, memory, scene, tuple(sightings), self._inventory)
        if target.id not in self._inventory.targets:
            sight = replace(sight, policy=replace(sight.policy, mode=Mode.OFF))  # only released
        self._sights[target.id] = sight
        now = self._stopwatch.now()
        self._ledger.remember(observed(memory, sight, now, passed, scene.confirm), now)
        return self._refreshed(target.id, Situation(memory, sight.policy, now))

    def _refreshed(self, target: str, situation: Situation) -> Situation:
        """Return the situation of this moment, with what the plan of its pass has given it."""
        sight = self._sights[target]
        now = self._stopwatch.now()
        return replace(
            situation,
            memory=self._ledger.memories[target],
            policy=sight.policy,
            now=now,
            credential=self._turns.credential.at(now),
            pause_ends=sight.until,
            demand_detail=sight.detail,
        )

    def _act(self, situation: Situation) -> None:
        """Show the decision; where it needs the provider, let the target take its turn."""
        memory = situation.memory
        if self._turns.busy(memory.target):
            return
        decision = decide(situation)
        interval = self._routine.interval(memory)
        due = read_due(situation, decision, interval, self._turns.under_way)
        due = due and self._routine.admits(memory, situation.now.elapsed)
        if decision.action is Action.RELEASE and not due:
            detail = memory.read_backoff.detail or "no read can be made now"
            decision = Decision(Action.HOLD, Reason.UNOBSERVED, None, detail)
        needed = due or decision.action is Action.ENGAGE
        if needed and self._resting:
            return
        if needed and not self._turns.too_soon(memory.target, decision.action, situation.now):
            target = target_of(memory, self._inventory)
            self._turns.begin(target, situation, decision.action, interval)
            return
        if decision.action not in {Action.ENGAGE, Action.RELEASE}:
            self._ledger.remember(replace(memory, decision=decision), situation.now)

    async def _flush(self, *, force: bool = False) -> None:
        now = self._stopwatch.now()
        facts = to_facts(now, self._watch, self._ledger.marks, self._turns.credential)
        await self._ledger.flush(now, facts, force=force)

    # what the outside asks

    async def hear(self, alerts: Sequence[Alert], truncated: int) -> Sequence[HeardAlert]:
        """Keep what a webhook told, then look at Alertmanager at once; raises StoreError.

        Return it with its number.
        """
        now = self._stopwatch.now()
        heard = [HeardAlert(alert, now.wall) for alert in alerts]
        seq = await self._keeper.commit(Changes(alerts=heard))
        heard = [HeardAlert(alert, now.wall, seq) for alert in alerts]
        self.overhear(heard)
        if truncated:
            _log.warning("a webhook was truncated; set max_alerts: 0", missing=truncated)
        return heard

    def overhear(self, heard: Sequence[HeardAlert]) -> None:
        """Take what webhooks told, here or to another replica; it is committed already."""
        self._count(self._hear(heard))
        self._watch.ring()

    def _hear(self, heard: Sequence[HeardAlert]) -> Mapping[str, int]:
        self._watch.seq = max([self._watch.seq, *(one.seq for one in heard)])
        return self._heard.take(heard)

    def _count(self, strangers: Mapping[str, int]) -> None:
        for reason, count in strangers.items():
            self._metrics.unassigned_alerts.labels(reason).inc(count)

    async def order(self, target: str, override: Override | None, actor: str) -> TargetView:
        """Set or lift an operator's override, committed when it returns."""
        now = self._stopwatch.now()
        order = NotedOrder("", target, override, actor, now.wall)
        await self._orders.follow(order)
        view = self._view(self._ledger.memories[target])
        with suppress(StoreError):  # the order itself is stored; the rest is tried again
            await self.step()  # decided anew before it is answered
        current = self._ledger.memories.get(target)
        return view if current is None else self._view(current)

    async def follow(self, orders: Sequence[NotedOrder]) -> None:
        """Follow the orders that other replicas have taken; raises StoreError."""
        await self._orders.follow_all(orders)
        if orders:
            self._wake.set()

    def spend(self) -> None:
        """Count one request to the provider against the API budget."""
        self._turns.spend()

    def targets(self) -> list[TargetView]:
        """Return all targets, orphans included, in the order of their ids."""
        return [self._view(memory) for _, memory in sorted(self._ledger.memories.items())]

    def _view(self, memory: Memory) -> TargetView:
        sight = self._sights.get(memory.target)
        policy = self._inventory.policy_for(memory.mitigation, memory.policy)
        return TargetView(
            target_of(memory, self._inventory),
            sight.policy if sight else policy,
            memory,
            sight.alerts if sight else (),
        )

    def policy_of(self, target: str) -> str | None:
        """Return the name of the policy that a target is under; None when none has spoken."""
        memory = self._ledger.memories.get(target)
        return memory.policy if memory is not None else None

    async def events(self, query: EventQuery) -> list[AuditEntry]:
        """Read the audit trail, newest first; raises StoreError.

        Whatever `targets` has shown before is in it, unless the store takes nothing.
        """
        with suppress(StoreError):
            await self._flush()
        return await self._keeper.events(query)

    def health(self) -> Health:
        """Say how the service is, from what is known; it makes no call."""
        now = self._stopwatch.now()
        memories = self._ledger.memories.values()
        waited = now.elapsed - self._started >= self._pace.provider_timeout
        return health_of(
            self._keeper.problem,
            alertmanagers_of(self._watch.problems(), degraded=self._watch.scene().degraded),
            cloudflare_of(self._turns.credential.at(now), memories),
            judged=self._passes > 0 and (waited or all(map(judged, memories))),
        )

    def live(self) -> Live:
        """Return what is true at this moment, for the metrics."""
        now = self._stopwatch.now()
        scene = self._watch.scene()
        return Live(
            now,
            self.targets(),
            self._turns.credential.at(now),
            {url: not problem for url, problem in self._watch.problems().items()},
            scene.blind,
            scene.heartbeat_silenced,
        )


def _nobody() -> None:
    """Tell nobody."""
