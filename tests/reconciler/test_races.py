"""What comes in between: an order, a webhook or an end, while the store or a reload takes its time.

A held store answers nothing until it is let go, so that the order of things is the test's.
"""

import asyncio
import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
from support.installation import BLOG, SHOP, FakeAlertmanager, FakeClock, FakeProvider, Setup
from support.replicas import One, Pair

from responder.domain.alerts import Alert, AlertStatus
from responder.domain.breaker import Failure
from responder.domain.memory import Order, Override, State
from responder.errors import ProviderError, StoreError
from responder.ports import EventQuery, UnknownTargetError
from responder.store.twin import MemoryStore

LONG_DEAD = timedelta(seconds=20)
STRANGER = Alert("x", {"site": "nobody's"}, AlertStatus.FIRING, FakeClock().now())


def override(order, clock):
    ends = clock.now() + timedelta(minutes=30)
    return Override(order, ends, "a deploy", "operator:ann", clock.now())


@contextmanager
def held(store, name):
    """Let a call of the store come to nothing before the block ends; yield when it has begun."""
    real, begun, gate = getattr(store, name), threading.Event(), threading.Event()

    def hold(*given):
        found = real(*given)
        begun.set()
        gate.wait(5)
        return found

    setattr(store, name, hold)
    try:
        yield begun
    finally:
        setattr(store, name, real)
        gate.set()


async def until(condition):
    async with asyncio.timeout(3):
        while not condition():
            await asyncio.sleep(0.001)


async def soon(awaited):
    """Begin it, and let it come as far as it can."""
    task = asyncio.create_task(awaited)
    for _ in range(20):
        await asyncio.sleep(0)
    return task


@pytest.fixture
async def pair():
    one = Pair()
    yield one
    for event in one.provider.hanging.values():
        event.set()
    await one.first.end()
    await one.second.end()


@pytest.fixture
async def alone():
    """Return a replica whose store nobody shares, as on SQLite."""
    clock = FakeClock()
    alertmanager, store = FakeAlertmanager(clock), MemoryStore("only", clock=clock.monotonic)
    one = One(clock, alertmanager, FakeProvider(), store)
    await one.step()
    yield one
    await one.end()


async def test_a_webhook_that_comes_while_a_replica_takes_over_is_heard(pair):
    await pair.first.step()
    await pair.second.replica.begin()
    await pair.second.replica.order(SHOP, override(Order.PAUSED, pair.clock), "operator:ann")
    pair.alertmanager.problem = "connection refused"
    pair.clock.passed += LONG_DEAD
    with held(pair.second.store, "load") as loading:
        taking = await soon(pair.second.replica.begin())
        await until(loading.is_set)
        pair.alertmanager.fire("blog")
        hearing = await soon(pair.second.replica.hear([pair.alertmanager.firing["blog"]], 0))
    await asyncio.gather(taking, hearing)
    await pair.second.step()
    assert pair.provider.writes == [("example.net", "under_attack")]


async def test_an_order_that_comes_while_a_reload_reads_the_store_is_followed(alone):
    with held(alone.store, "load") as loading:
        reload = await soon(alone.replica.reload())
        await until(loading.is_set)
        ordered = override(Order.PAUSED, alone.clock)
        ordering = await soon(alone.replica.order(SHOP, ordered, "operator:ann"))
    await asyncio.gather(reload, ordering)
    await alone.step()
    assert alone.loop._ledger.memories[SHOP].override.order is Order.PAUSED


async def test_a_reload_that_is_given_up_leaves_the_loop_at_work(pair):
    await pair.first.step()
    pair.provider.hanging["example.net"] = asyncio.Event()
    pair.alertmanager.fire("blog")
    await pair.first.loop._watch.poll(pair.alertmanager)
    await pair.first.loop.step()
    reload = await soon(pair.first.replica.reload())
    reload.cancel()
    await asyncio.wait({reload})
    pair.provider.hanging.pop("example.net").set()
    pair.alertmanager.fire("shop")
    await pair.first.step()
    await pair.first.step()
    assert sorted(pair.provider.writes) == [
        ("example.com", "under_attack"),
        ("example.net", "under_attack"),
    ]


async def test_a_reload_whose_store_fails_has_put_the_configuration_in_force(alone):
    def refuse():
        raise StoreError("the copy cannot be read")

    alone.store.take_up = refuse
    alone.targets = alone.targets[:1]
    with pytest.raises(StoreError, match="the copy"):
        await alone.replica.reload()
    await alone.step()
    assert [one.memory.target for one in await alone.replica.targets()] == [SHOP]


@pytest.fixture
async def setup():
    one = Setup()
    await one.begin()
    await one.step()
    yield one
    await one.one._turns.stop()


async def test_an_order_that_is_acknowledged_outlives_what_its_turn_stores_meanwhile(setup):
    """The intent of an engagement waits behind the order, then nothing is stored any more."""
    commit, commits = setup.store.commit, []

    def fails_after_two(batch):
        commits.append(batch)
        if len(commits) > 2:
            raise StoreError("disk full: free some space")
        return commit(batch)

    setup.alertmanager.fire("shop")
    setup.clock.passed += timedelta(seconds=15)
    await setup.one._watch.poll(setup.alertmanager)
    setup.store.commit = fails_after_two
    with held(setup.store, "commit") as committing:
        hearing = await soon(setup.one.hear([STRANGER], 0))
        await until(committing.is_set)
        pause = override(Order.PAUSED, setup.clock)
        ordering = await soon(setup.one.order(SHOP, pause, "operator:ann"))
        passing = await soon(setup.one.step())
    _, order, _ = await asyncio.gather(hearing, ordering, passing, return_exceptions=True)
    await setup.one._turns.stop()
    setup.store.commit = commit
    await setup.begin()  # after a crash
    assert len(commits) > 2
    assert isinstance(order, StoreError) or setup.memory().override is not None


async def test_an_order_that_is_acknowledged_is_in_the_trail_whatever_happens_next(setup):
    commit, commits = setup.store.commit, []

    def fails_after_one(batch):
        commits.append(batch)
        if len(commits) > 1:
            raise StoreError("disk full: free some space")
        return commit(batch)

    setup.store.commit = fails_after_one
    await setup.one.order(SHOP, override(Order.PAUSED, setup.clock), "operator:ann")
    assert len(commits) > 1
    told = setup.store.events(EventQuery(target=SHOP))
    assert [(one.kind, one.action, one.actor) for one in told[:1]] == [
        ("override", "paused", "operator:ann")
    ]
    setup.store.commit = commit
    await setup.run(1)
    told = setup.store.events(EventQuery(target=SHOP))
    assert [one.kind for one in told].count("override") == 1


async def test_an_orphan_that_is_found_off_while_it_is_ordered_is_unknown(setup):
    setup.alertmanager.fire("shop")
    await setup.step()
    setup.targets = [one for one in setup.targets if one.id != SHOP]
    await setup.begin()
    await setup.step()
    setup.provider.levels["example.com"] = "low"
    while setup.memory().ours:
        setup.clock.passed += timedelta(seconds=30)
        await setup.one._watch.poll(setup.alertmanager)
        await setup.one.step()
        await setup.settle()
    with held(setup.store, "commit") as committing:
        pause = override(Order.PAUSED, setup.clock)
        ordering = await soon(setup.one.order(SHOP, pause, "operator:ann"))
        await until(committing.is_set)
        passing = await soon(setup.one.step())
    await passing
    with pytest.raises(UnknownTargetError):
        await ordering
    assert SHOP not in {memory.target for memory in setup.store.load().memories}


async def test_an_orphan_under_an_order_to_engage_is_not_switched_on(setup):
    real = setup.provider.engage

    async def refused(_target):
        raise ProviderError(Failure.REFUSED, "not now")

    setup.provider.engage = refused
    await setup.one.order(SHOP, override(Order.ENGAGED, setup.clock), "operator:ann")
    await setup.settle()
    assert setup.memory().state is State.ENGAGING
    setup.provider.engage = real
    setup.targets = [one for one in setup.targets if one.id != SHOP]
    await setup.begin()
    await setup.run(3)
    assert setup.provider.writes == []
    assert SHOP not in setup.one._ledger.memories
    told = [one for one in setup.store.events(EventQuery(target=SHOP)) if one.kind == "override"]
    assert (told[0].action, told[0].actor) == ("ended", "responder")


async def test_every_intent_of_the_trail_has_its_outcome_also_when_the_store_took_none(setup):
    commit = setup.store.commit

    def refuse_intents(batch):
        if any(changes.intents for changes in batch):
            raise StoreError("the disk is full")
        return commit(batch)

    setup.store.commit = refuse_intents
    setup.alertmanager.fire("shop")
    await setup.run(minutes=0.2, seconds=3)
    setup.store.commit = commit
    await setup.run(minutes=0.2, seconds=3)
    assert setup.memory().state is State.ENGAGED
    told = setup.store.events(EventQuery(target=SHOP, limit=1000))
    kinds = [one.kind for one in reversed(told) if one.kind in {"intent", "outcome"}]
    assert len(kinds) > 2
    assert kinds == ["intent", "outcome"] * (len(kinds) // 2)


async def test_what_a_target_is_shown_as_is_in_the_trail_that_is_asked_for_next(alone):
    alone.alertmanager.fire("shop")
    alone.clock.passed += timedelta(seconds=5)
    await alone.loop._watch.poll(alone.alertmanager)
    await alone.loop.step()
    await alone.loop.ended()
    shown = next(one.memory for one in await alone.replica.targets() if one.memory.target == SHOP)
    assert shown.state is State.ENGAGED
    told = await alone.replica.events(EventQuery(target=SHOP))
    assert (told[0].kind, told[0].action) == ("state", "engaged")


async def test_the_trail_can_be_read_while_the_store_takes_nothing(setup):
    setup.alertmanager.fire("shop")
    await setup.step()
    setup.alertmanager.fire("blog")
    setup.clock.passed += timedelta(seconds=5)
    await setup.one._watch.poll(setup.alertmanager)
    setup.store.broken = True
    with pytest.raises(StoreError):
        await setup.one.step()
    told = await setup.one.events(EventQuery(target=SHOP))
    assert "engaged" in {one.action for one in told}
    assert setup.memory(BLOG).state is not State.ENGAGED
