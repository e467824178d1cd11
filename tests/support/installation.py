"""A reconciler with everything real but the outside: time, Alertmanager and the provider."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from prometheus_client import CollectorRegistry

from responder.domain.alerts import Alert, AlertStatus, Matcher
from responder.domain.hook import HookAnswer, HookOutcome
from responder.domain.memory import Actual, Reading
from responder.domain.targets import Guards, Inventory, Policy, Target
from responder.errors import ProviderError, StoreError
from responder.metrics import Metrics
from responder.ports import Poll
from responder.reconciler import Lease, Pace, Parts, Reconciler
from responder.store import StoreWriter, open_store

START = datetime(2026, 11, 20, 10, tzinfo=UTC)
SHOP = "under_attack:example.com"
BLOG = "under_attack:example.net"
GUARDS = Guards(minimum_duration=timedelta(minutes=5), calm_period=timedelta(minutes=4))


@dataclass
class FakeClock:
    passed: timedelta = timedelta(0)
    jumped: timedelta = timedelta(0)

    def now(self):
        return START + self.passed + self.jumped

    def monotonic(self):
        self.passed += timedelta(microseconds=1)  # no two moments are the same
        return self.passed


@dataclass
class FakeAlertmanager:
    clock: FakeClock
    source: str = "http://am:9093"
    firing: dict = field(default_factory=dict)
    problem: str = ""
    polls: int = 0
    silences: tuple = ()
    beats: int = 1

    def fire(self, site, **labels):
        known = {"alertname": "Load", "site": site, "mitigation": "under_attack"} | labels
        self.firing[site] = Alert(site, known, AlertStatus.FIRING, self.clock.now())

    async def poll(self):
        self.polls += 1
        if self.problem:
            return Poll(self.source, problem=self.problem)
        labels = {"alertname": "ResponderHeartbeat"}
        beats = tuple(
            Alert(f"beat{n}", labels, AlertStatus.FIRING, START, self.clock.now())
            for n in range(self.beats)
        )
        alerts = tuple(self._suppressed(alert) for alert in self.firing.values())
        return Poll(self.source, alerts, beats, self.silences, self.clock.now())

    def _suppressed(self, alert):
        silenced = any(silence.matches(alert.labels) for silence in self.silences)
        return replace(alert, status=AlertStatus.SILENCED) if silenced else alert


@dataclass
class FakeProvider:
    name: str = "under_attack"
    levels: dict = field(default_factory=lambda: {"example.com": "high", "example.net": "low"})
    writes: list = field(default_factory=list)
    reads: int = 0
    failing: dict = field(default_factory=dict)
    hanging: dict = field(default_factory=dict)
    calls: dict = field(default_factory=dict)
    withins: list = field(default_factory=list)

    async def _met(self, target):
        if target.resource in self.hanging:
            await self.hanging[target.resource].wait()
        if target.resource in self.failing:
            raise again(self.failing[target.resource])

    def call_of(self, resource):
        return self.calls.get(resource)

    async def read(self, target, within=timedelta(0)):
        self.reads += 1
        self.withins.append((target.resource, within))
        await self._met(target)
        level = self.levels[target.resource]
        return Reading(Actual.ON if level == "under_attack" else Actual.OFF, level)

    async def engage(self, target):
        return await self._write(target, "under_attack")

    async def release(self, target, previous):
        return await self._write(target, previous or "medium")

    async def _write(self, target, value):
        self.writes.append((target.resource, value))
        await self._met(target)
        self.levels[target.resource] = value
        return value


def again(error):
    """Return the failure of another call, which is another object."""
    if not isinstance(error, ProviderError):
        return error
    return ProviderError(error.failure, str(error), retry_after=error.retry_after)


@dataclass
class FakeHook:
    """Routers that note what they are told, and what had been written by then."""

    provider: FakeProvider
    calls: list = field(default_factory=list)
    written: list = field(default_factory=list)
    answers: list = field(default_factory=list)
    hanging: asyncio.Event | None = None

    async def call(self, _target, call):
        self.calls.append(call)
        self.written.append(len(self.provider.writes))
        if self.hanging is not None:
            await self.hanging.wait()
        outcome = self.answers.pop(0) if self.answers else HookOutcome.OK
        if isinstance(outcome, Exception):
            raise outcome
        return HookAnswer(outcome, "answered, after 0.01 s")


class FailingStore:
    """A real store that can be switched off, as a full disk would."""

    def __init__(self, store):
        self._store = store
        self.broken = False

    def commit(self, batch):
        if self.broken:
            raise StoreError("disk full: free some space")
        return self._store.commit(batch)

    def __getattr__(self, name):
        return getattr(self._store, name)


class Setup:
    """One installation over several lives of the service."""

    def __init__(self):
        self.clock = FakeClock()
        self.alertmanager = FakeAlertmanager(self.clock)
        self.provider = FakeProvider()
        self.hook = FakeHook(self.provider)
        self.store = FailingStore(open_store("memory://"))
        self.targets = [
            Target("shop", "under_attack", "example.com"),
            Target("blog", "under_attack", "example.net"),
        ]
        self.policy = Policy(
            "under-attack", "under_attack", (Matcher("mitigation", "under_attack"),), guards=GUARDS
        )
        self.stuck = set()
        """Targets whose turn is meant to hang, beside those of the provider."""
        self.writer = None
        self.registry = None
        self.one = None

    async def begin(self):
        self.writer = StoreWriter(self.store)
        self.registry = CollectorRegistry()
        metrics = Metrics(self.registry)
        lease = Lease(self.clock.monotonic, Pace().provider_timeout, shared=self.writer.shared)
        lease.renewed(await self.writer.claim(lease.lasts), self.clock.monotonic())
        parts = Parts(
            [self.alertmanager],
            {self.provider.name: self.provider},
            self.writer,
            self.clock,
            metrics,
            lease,
            hooks={self.provider.name: self.hook},
        )
        self.one = Reconciler(Inventory(self.targets, [self.policy]), parts, Pace())
        await self.one.start()
        return self.one

    async def step(self, seconds=5.0):
        """Let time pass, poll, pass, and wait for the turns that do not hang."""
        self.clock.passed += timedelta(seconds=seconds)
        await self.one._watch.poll(self.alertmanager)
        await self.one.step()
        await self.settle()
        await self.one.step()

    async def settle(self):
        for _ in range(200):
            await asyncio.sleep(0)
            if not self._turning():
                return
        if self.hook.hanging is None and (turning := self._turning()):
            # The store is on a thread of its own, which a busy machine lets wait.
            await asyncio.wait(turning, timeout=5)

    def _turning(self):
        return [
            task for target, task in self.one._turns._tasks.items() if target not in self._hanging()
        ]

    def _hanging(self):
        return {f"under_attack:{zone}" for zone in self.provider.hanging} | self.stuck

    async def run(self, minutes, seconds=30.0):
        for _ in range(round(minutes * 60 / seconds)):
            await self.step(seconds)

    def memory(self, target=SHOP):
        return self.one._ledger.memories[target]

    def decided(self, target=SHOP):
        decision = self.memory(target).decision
        return (str(decision.action), str(decision.reason))

    def limit(self, **guards):
        self.policy = replace(self.policy, guards=replace(GUARDS, **guards))

    def move(self, target, **changes):
        self.targets = [
            replace(one, **changes) if one.id == target else one for one in self.targets
        ]
