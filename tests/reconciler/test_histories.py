"""Histories that nobody wrote: two replicas, and whatever may befall them, in any order.

Crashes, leases that pass, reloads that drop a site, orders on either, stores and providers that
fail. When all is well again, what was switched on must be off, and the trail must be whole.
"""

import asyncio
import random
from contextlib import suppress
from datetime import timedelta

import pytest
from support.installation import BLOG, SHOP
from support.replicas import One, Pair

from responder.domain.breaker import Failure
from responder.domain.memory import Order, Override, State
from responder.errors import ProviderError, StoreError
from responder.ports import TargetView, UnknownTargetError

ZONES = {SHOP: "example.com", BLOG: "example.net"}
BEFORE = {"example.com": "high", "example.net": "low"}
FALLBACK = "medium"


class History:
    """One random history; every method named `do_` is a thing that may happen."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.pair = Pair()
        self.ones = [self.pair.first, self.pair.second]
        self.stores = [one.store._store for one in self.ones]
        self.targets = list(self.pair.first.targets)
        self.given = 0
        self.acknowledged = []
        self.gone = []

    @property
    def kept(self):
        return self.stores[0].kept

    def any_one(self):
        return self.random.choice(self.ones)

    def any_target(self):
        return self.random.choice(list(ZONES))

    async def step(self, one, seconds):
        self.pair.clock.passed += timedelta(seconds=seconds)
        with suppress(StoreError):
            await one.replica.begin()
            if one.acts:
                await self.passes(one, one.loop)

    async def passes(self, one, loop):
        await loop._watch.poll(self.pair.alertmanager)
        with suppress(StoreError):
            await loop.step()
        for _ in range(200):
            await asyncio.sleep(0)
            if not loop._turns._tasks:
                break
        if one.acts and one.loop is loop:
            await loop.step()

    async def do_step(self):
        await self.step(self.any_one(), self.random.choice([0.5, 1, 5, 14]))

    async def do_steps(self):
        one = self.any_one()
        for _ in range(self.random.choice([2, 20])):
            await self.step(one, self.random.choice([5, 30]))

    async def do_fire(self):
        self.pair.alertmanager.fire(self.random.choice(["shop", "blog"]))

    async def do_resolve(self):
        self.pair.alertmanager.firing.pop(self.random.choice(["shop", "blog"]), None)

    async def do_blind(self):
        self.pair.alertmanager.problem = self.random.choice(["", "", "connection refused"])

    async def do_hear(self):
        with suppress(StoreError):
            await self.any_one().replica.hear([*self.pair.alertmanager.firing.values()], 0)

    async def do_order(self):
        await self.order(self.any_one())

    async def order(self, one):
        self.given += 1
        target, name = self.any_target(), f"order {self.given};"
        override, clock = None, self.pair.clock
        if self.random.random() < 0.7:
            ends = clock.now() + timedelta(minutes=self.random.choice([1, 5, 30]))
            order = self.random.choice(list(Order))
            override = Override(order, ends, name, "operator:ann", clock.now())
        with suppress(StoreError, UnknownTargetError):
            view = await one.replica.order(target, override, "operator:ann")
            assert isinstance(view, TargetView)
            if override is not None:
                self.acknowledged.append(name)

    async def do_all_at_once(self):
        one, other = self.random.sample(self.ones, 2)
        things = [self.order(one), self.step(one, 1), self.step(other, 14), self.reload(one)]
        self.random.shuffle(things)
        await asyncio.gather(*things)

    async def do_crash(self):
        number = self.random.randrange(2)
        gone, pair = self.ones[number], self.pair
        if gone.acts:
            await gone.loop._turns.stop()
            gone.replica._running.cancel()
            gone.replica._acting = None
        self.gone.append(gone)
        store = self.stores[number]
        self.ones[number] = One(pair.clock, pair.alertmanager, pair.provider, store)
        self.ones[number].targets = gone.targets

    async def do_reload(self):
        one = self.any_one()
        one.targets = self.random.choice([self.targets, self.targets[:1], self.targets[1:]])
        await self.reload(one)

    async def reload(self, one):
        with suppress(StoreError):
            await one.replica.reload()

    async def do_store(self):
        self.any_one().store.broken = self.random.choice([True, False, False])

    async def do_provider(self):
        self.pair.provider.failing.clear()
        if self.random.random() < 0.4:
            failure = self.random.choice(list(Failure))
            zone = self.random.choice(list(ZONES.values()))
            self.pair.provider.failing[zone] = ProviderError(failure, "fails")

    async def run(self):
        things = [getattr(self, name) for name in dir(self) if name.startswith("do_")]
        for _ in range(self.random.randint(20, 60)):
            await self.random.choice(things)()
        self.pair.alertmanager.problem = ""
        self.pair.alertmanager.firing.clear()
        self.pair.provider.failing.clear()
        for one in self.ones:
            one.store.broken, one.targets = False, list(self.targets)
        for one in self.ones:
            await self.reload(one)
        for _ in range(100):
            await self.step(self.ones[0], 30)

    async def end(self):
        for one in self.ones:
            await one.end()
        for one in self.gone:
            await one.writer.close()


@pytest.mark.long
@pytest.mark.parametrize("seed", range(30))
async def test_whatever_happened_it_ends_off_and_told(seed):
    history = History(seed)
    await history.run()
    kept = history.kept
    await history.end()
    levels = history.pair.provider.levels
    assert all(level in {BEFORE[zone], FALLBACK} for zone, level in levels.items())
    assert {memory.state for memory in kept.memories.values()} == {State.RELEASED}
    assert not kept.orders
    told = " ".join(entry.detail for entry in kept.entries)
    assert [name for name in history.acknowledged if name not in told] == []
    kinds = [entry.kind for entry in kept.entries]
    assert kinds.count("intent") == kinds.count("outcome")
