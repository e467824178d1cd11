import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from support.installation import BLOG, SHOP
from support.replicas import Pair

from responder.domain.breaker import Circuit, Failure
from responder.domain.memory import Order, Override, State
from responder.domain.writes import after_intent
from responder.errors import ConfigError, FencedError, ProviderError, StoreError
from responder.metrics import LiveCollector
from responder.ports import Changes, EventQuery, Intent, UnknownTargetError

LONG_DEAD = timedelta(seconds=20)


@pytest.fixture
async def pair():
    one = Pair()
    yield one
    for event in one.provider.hanging.values():
        event.set()
    await one.first.end()
    await one.second.end()


@pytest.fixture
async def engaged(pair):
    """Return the pair with the shop engaged by the first."""
    await pair.first.step()
    await pair.second.replica.begin()
    pair.alertmanager.fire("shop")
    await pair.first.step()
    assert pair.provider.writes == [("example.com", "under_attack")]
    return pair


def paused(pair, minutes=30):
    ends = pair.clock.now() + timedelta(minutes=minutes)
    return Override(Order.PAUSED, ends, "a deploy", "operator:ann", pair.clock.now())


async def memory(one, target):
    return next(v.memory for v in await one.replica.targets() if v.memory.target == target)


async def test_one_acts_and_the_other_stands_by(pair):
    await pair.first.replica.begin()
    await pair.second.replica.begin()
    assert (pair.first.acts, pair.second.acts) == (True, False)


async def test_a_lease_that_is_not_renewed_goes_to_the_other(engaged):
    engaged.clock.passed += LONG_DEAD
    await engaged.second.replica.begin()
    assert engaged.second.acts
    await engaged.second.step()
    engaged.alertmanager.firing.clear()
    for _ in range(30):
        await engaged.second.step(30)
    assert engaged.provider.writes == [("example.com", "under_attack"), ("example.com", "high")]


async def test_a_takeover_in_a_steady_state_writes_nothing(engaged):
    engaged.clock.passed += LONG_DEAD
    await engaged.second.step()
    await engaged.second.step()
    assert engaged.provider.writes == [("example.com", "under_attack")]


async def test_a_lease_that_is_given_up_goes_to_the_other_at_once(pair):
    await pair.first.replica.begin()
    running = asyncio.create_task(pair.first.replica.run())
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait({running})
    await pair.second.replica.begin()
    assert pair.second.acts


async def test_an_old_holder_that_was_asleep_writes_nothing(pair):
    await pair.first.step()
    await pair.second.replica.begin()
    pair.clock.passed += LONG_DEAD
    await pair.second.step()
    pair.alertmanager.fire("shop")
    with pytest.raises(FencedError, match="another replica"):
        await pair.first.step(rounds=False)
    assert pair.provider.writes == []
    await pair.first.replica.begin()
    assert not pair.first.acts


async def test_the_store_refuses_an_old_holder_that_takes_itself_for_the_acting_one(pair):
    await pair.first.step()
    pair.clock.passed += LONG_DEAD
    await pair.second.step()
    lease = pair.first.replica._lease
    lease._ends = pair.clock.monotonic() + timedelta(hours=1)
    pair.alertmanager.fire("shop")
    with pytest.raises(FencedError):
        await pair.first.step(rounds=False)
    assert pair.provider.writes == []


async def test_no_call_is_made_under_a_lease_that_may_end_before_it(pair):
    await pair.first.step()
    pair.alertmanager.fire("shop")
    lease = pair.first.replica._lease
    lease._ends = pair.clock.monotonic() + timedelta(seconds=9)
    await pair.first.step(0.0, rounds=False)
    assert pair.provider.writes == []
    outcomes = [
        entry.detail
        for entry in await pair.first.replica.events(EventQuery(target=SHOP))
        if entry.kind == "outcome"
    ]
    assert outcomes
    assert all("another replica might act" in detail for detail in outcomes)
    await pair.first.step()
    assert pair.provider.writes == [("example.com", "under_attack")]


async def test_a_webhook_that_the_standby_takes_rings_at_the_acting_one(pair):
    await pair.first.step()
    await pair.second.replica.begin()
    await pair.first.step(20)
    pair.alertmanager.problem = "connection refused"
    await pair.first.step()
    pair.alertmanager.fire("shop")
    await pair.second.replica.hear([pair.alertmanager.firing["shop"]], 0)
    await pair.first.step()
    assert pair.provider.writes == [("example.com", "under_attack")]


async def test_a_webhook_is_taken_from_another_replica_once(pair):
    await pair.first.step()
    await pair.second.replica.begin()
    pair.alertmanager.fire("shop")
    await pair.second.replica.hear([pair.alertmanager.firing["shop"]], 0)
    await pair.first.replica.begin()
    news = await pair.first.writer.news(pair.first.replica._news_read)
    assert news.alerts == []


async def test_an_order_that_the_standby_takes_is_followed_by_the_acting_one(engaged):
    shown = await engaged.second.replica.order(SHOP, paused(engaged), "operator:ann")
    assert shown.memory.override is not None
    await engaged.first.step()
    assert engaged.first.loop._ledger.memories[SHOP].override.order is Order.PAUSED
    assert (await engaged.second.writer.load()).orders == []


async def test_an_order_is_followed_by_who_takes_over(engaged):
    await engaged.second.replica.order(SHOP, paused(engaged), "operator:ann")
    engaged.clock.passed += LONG_DEAD
    await engaged.second.step()
    assert (await memory(engaged.second, SHOP)).override.order is Order.PAUSED


async def test_an_order_is_lifted_over_the_standby(engaged):
    await engaged.first.replica.order(SHOP, paused(engaged), "operator:ann")
    await engaged.second.replica.order(SHOP, None, "operator:bob")
    await engaged.first.step()
    assert (await memory(engaged.first, SHOP)).override is None


async def test_an_order_for_a_target_that_went_meanwhile_is_dropped(engaged):
    await engaged.second.replica.order(BLOG, paused(engaged), "operator:ann")
    engaged.first.targets = engaged.first.targets[:1]
    await engaged.first.replica.reload()
    await engaged.first.step()
    assert (await engaged.first.writer.load()).orders == []


async def test_an_order_that_may_no_longer_be_followed_is_told_of(engaged):
    order = replace(paused(engaged), order=Order.ENGAGED)
    await engaged.second.replica.order(BLOG, order, "operator:ann")
    engaged.first.targets = engaged.first.targets[:1]
    await engaged.first.replica.reload()
    await engaged.first.step()
    assert (await engaged.first.writer.load()).orders == []
    trail = await engaged.first.replica.events(EventQuery(target=BLOG))
    (told,) = [one for one in trail if one.kind == "override"]
    assert (told.action, told.actor) == ("dropped", "operator:ann")
    assert told.detail.startswith("engaged: a deploy; no such target is configured")
    assert engaged.provider.writes == [("example.com", "under_attack")]


async def test_orders_that_wait_give_way_to_the_newest_for_their_target(engaged):
    for minutes in (10, 20, 30):
        await engaged.second.replica.order(SHOP, paused(engaged, minutes), "operator:ann")
    await engaged.second.replica.order(BLOG, paused(engaged), "operator:bob")
    noted = (await engaged.second.writer.load()).orders
    assert sorted(one.target for one in noted) == [SHOP, BLOG]
    told = await engaged.second.replica.events(EventQuery(target=SHOP))
    assert [(one.action, one.actor) for one in told if one.kind == "override"] == [
        ("superseded", "operator:ann"),
        ("superseded", "operator:ann"),
    ]
    await engaged.first.step()
    standing = (await memory(engaged.first, SHOP)).override
    assert standing.ends_at - standing.set_at == timedelta(minutes=30)
    assert (await engaged.second.writer.load()).orders == []


async def test_a_pause_and_its_end_that_both_wait_leave_nothing(engaged):
    await engaged.second.replica.order(SHOP, paused(engaged), "operator:ann")
    await engaged.second.replica.order(SHOP, None, "operator:bob")
    await engaged.first.step()
    assert (await memory(engaged.first, SHOP)).override is None


async def test_the_standby_refuses_an_order_for_an_unknown_target(engaged):
    with pytest.raises(UnknownTargetError):
        await engaged.second.replica.order("under_attack:x.org", paused(engaged), "operator:ann")


async def test_the_standby_shows_what_the_acting_one_stored(engaged):
    shown = await memory(engaged.second, SHOP)
    assert (shown.state, shown.previous) == (State.ENGAGED, "high")


async def test_circuits_and_budget_are_taken_over(engaged):
    engaged.provider.failing["example.net"] = ProviderError(Failure.UNAUTHORIZED, "401")
    engaged.alertmanager.fire("blog")
    await engaged.first.step()
    before = engaged.first.loop._turns.credential
    assert Circuit.CLOSED not in {before.reads.circuit, before.writes.circuit} - {Circuit.OPEN}
    engaged.clock.passed += LONG_DEAD
    await engaged.second.replica.begin()
    assert engaged.second.loop._turns.credential.reads == before.reads
    assert engaged.second.loop._turns.credential.budget.tokens <= before.budget.tokens


async def test_who_takes_over_waits_for_a_call_that_may_still_land(pair):
    await pair.first.step()
    now = pair.first.loop._stopwatch.now()
    announced = after_intent(pair.first.loop._ledger.memories[SHOP], now, raising=True)
    intent = Intent("i1", SHOP, "engage", None, now.wall)
    await pair.first.writer.commit(Changes(memories=[announced], intents=[intent], fence=1))
    pair.alertmanager.fire("shop")
    pair.clock.passed += LONG_DEAD
    await pair.second.step()
    assert pair.provider.writes == []
    held = pair.second.loop._ledger.memories[SHOP].decision
    assert held.reason == "backoff"
    assert "may still land" in held.detail
    await pair.second.step(11)
    assert pair.provider.writes == [("example.com", "under_attack")]


async def test_without_the_store_the_acting_one_goes_on_looking_and_says_so(engaged):
    engaged.first.store.broken = True
    engaged.first.store.claim = _refuse
    with pytest.raises(StoreError):
        await engaged.first.replica.begin()
    assert engaged.first.acts
    health = engaged.first.replica.health()
    assert {one.status for one in health.components} == {"ok", "degraded"}
    assert not health.ready
    assert (await memory(engaged.first, SHOP)).state is State.ENGAGED
    engaged.first.store.broken = False
    del engaged.first.store.claim
    await engaged.first.step()
    assert engaged.first.replica.health().ready


def _refuse(_lasts):
    raise StoreError("the server is gone: start it")


async def test_a_standby_is_ready_and_names_who_acts(engaged):
    health = engaged.second.replica.health()
    assert health.ready
    assert "standby: first acts" in {one.detail for one in health.components}


def scraped(one):
    registry = CollectorRegistry()
    registry.register(LiveCollector(one.replica.live))
    return generate_latest(registry).decode()


async def test_only_the_acting_one_has_series_of_targets(engaged):
    acting, standby = scraped(engaged.first), scraped(engaged.second)
    assert "responder_lease_held 1.0" in acting
    assert 'responder_mitigation_engaged{mitigation="under_attack"' in acting
    assert "responder_lease_held 0.0" in standby
    assert SHOP not in standby


async def test_a_reload_takes_new_sites_and_makes_orphans_of_those_removed(engaged):
    engaged.first.targets = [engaged.first.targets[1]]
    await engaged.first.replica.reload()
    await engaged.first.step()
    shop = await memory(engaged.first, SHOP)
    assert shop.state is State.ENGAGED
    engaged.alertmanager.firing.clear()
    for _ in range(30):
        await engaged.first.step(30)
    assert engaged.provider.writes[-1] == ("example.com", "high")
    assert SHOP not in {view.memory.target for view in await engaged.first.replica.targets()}


async def test_a_reload_waits_for_the_turns_under_way(engaged):
    engaged.provider.hanging["example.net"] = asyncio.Event()
    engaged.alertmanager.fire("blog")
    await engaged.first.loop._watch.poll(engaged.alertmanager)
    await engaged.first.loop.step()
    reload = asyncio.create_task(engaged.first.replica.reload())
    for _ in range(20):
        await asyncio.sleep(0)
    assert not reload.done()
    engaged.provider.hanging.pop("example.net").set()
    await reload
    await engaged.first.step()
    assert engaged.provider.writes.count(("example.net", "under_attack")) == 1


async def test_a_refused_configuration_leaves_the_old_one_and_says_so(engaged):
    engaged.first.problems = ["sites: none"]
    with pytest.raises(ConfigError, match="sites: none"):
        await engaged.first.replica.reload()
    assert engaged.first.acts
    assert "responder_config_reload_successful 0.0" in scraped(engaged.first)
    engaged.first.problems = []
    await engaged.first.replica.reload()
    assert "responder_config_reload_successful 1.0" in scraped(engaged.first)


async def test_a_reload_in_a_steady_state_writes_nothing(engaged):
    await engaged.first.replica.reload()
    await engaged.first.step()
    assert engaged.provider.writes == [("example.com", "under_attack")]
    guards = replace(engaged.first.policy.guards, minimum_duration=timedelta(hours=2))
    engaged.first.policy = replace(engaged.first.policy, guards=guards)
    await engaged.first.replica.reload()
    engaged.alertmanager.firing.clear()
    for _ in range(60):
        await engaged.first.step(60)
    assert engaged.provider.writes == [("example.com", "under_attack")]


async def test_a_standby_takes_a_new_configuration_too(engaged):
    engaged.second.targets = engaged.second.targets[:1]
    await engaged.second.replica.reload()
    assert [one.memory.target for one in await engaged.second.replica.targets()] == [SHOP]
