"""Two replicas on one store in memory; the loop of each makes its passes when it is told to."""

import asyncio
from contextlib import suppress

from prometheus_client import CollectorRegistry

from responder.domain.targets import Inventory
from responder.errors import ConfigError, StoreError
from responder.metrics import Metrics
from responder.reconciler import Pace, Parts, Plan, Reconciler, Replica
from responder.store import StoreWriter
from responder.store.twin import MemoryStore
from support.installation import FailingStore, FakeAlertmanager, FakeClock, FakeProvider, Setup


class Acting:
    """What acts, without a loop of its own: `run` only waits to be ended."""

    def __init__(self, reconciler):
        self.reconciler = reconciler
        self.closed = False

    async def run(self):
        try:
            await asyncio.Event().wait()
        finally:
            await self.reconciler._turns.stop()
            with suppress(StoreError):
                await self.reconciler._flush(force=True)

    async def aclose(self):
        self.closed = True


class One:
    """One replica, and what it shares with the others."""

    def __init__(self, clock, alertmanager, provider, store):
        self.clock, self.alertmanager, self.provider = clock, alertmanager, provider
        self.store = FailingStore(store)
        self.targets = Setup().targets
        self.policy = Setup().policy
        self.problems = []
        self.writer = StoreWriter(self.store)
        self.replica = Replica(self.plan(), self.writer, clock, self.plan)

    def plan(self):
        if self.problems:
            raise ConfigError(self.problems)
        inventory = Inventory(self.targets, [self.policy])
        return Plan(inventory, Pace().provider_timeout, lambda lease: self.build(inventory, lease))

    def build(self, inventory, lease):
        mitigations = {"under_attack": self.provider}
        metrics = Metrics(CollectorRegistry())
        parts = Parts([self.alertmanager], mitigations, self.writer, self.clock, metrics, lease)
        return Acting(Reconciler(inventory, parts, Pace()))

    @property
    def loop(self):
        return self.replica._acting.reconciler

    @property
    def acts(self):
        return self.replica._acting is not None

    async def step(self, seconds=5.0, *, rounds=True):
        """Let time pass, look at the lease, poll, pass, and wait for the turns."""
        self.clock.passed += type(self.clock.passed)(seconds=seconds)
        if rounds:
            await self.replica.begin()
        await self.loop._watch.poll(self.alertmanager)
        await self.loop.step()
        for _ in range(200):
            await asyncio.sleep(0)
            if not self.loop._turns._tasks:
                break
        await self.loop.step()

    async def end(self):
        await self.replica._stand_down()
        await self.writer.close()


class Pair:
    def __init__(self):
        self.clock = FakeClock()
        self.alertmanager = FakeAlertmanager(self.clock)
        self.provider = FakeProvider()
        first = MemoryStore("first", clock=self.clock.monotonic)
        second = MemoryStore("second", beside=first, clock=self.clock.monotonic)
        self.first, self.second = (
            One(self.clock, self.alertmanager, self.provider, store) for store in (first, second)
        )
