"""What a restart must take up, and what must not outlive it."""

import asyncio
from datetime import timedelta

import pytest
from support.installation import SHOP

from responder.domain.alerts import Matcher, Silence
from responder.domain.breaker import Failure
from responder.domain.memory import Order, Override, State
from responder.errors import ProviderError, StoreError
from responder.ports import Changes, EventQuery, Intent


async def test_a_silence_that_ended_does_not_outlive_a_restart(setup):
    await setup.begin()
    await setup.step()
    setup.alertmanager.fire("shop")
    await setup.step()
    ends = setup.clock.now() + timedelta(minutes=30)
    setup.alertmanager.silences = (Silence("s", (Matcher("site", "shop"),), ends, "alice"),)
    await setup.run(5)
    assert setup.decided() == ("hold", "paused")
    await setup.begin()
    setup.alertmanager.silences = ()
    setup.alertmanager.firing.clear()
    await setup.run(12)
    assert setup.provider.levels["example.com"] == "high"


async def test_a_silence_is_remembered_over_a_restart_while_alertmanager_is_away(setup):
    await setup.begin()
    ends = setup.clock.now() + timedelta(minutes=30)
    setup.alertmanager.silences = (Silence("s", (Matcher("site", "shop"),), ends, "alice"),)
    await setup.step()
    setup.alertmanager.problem = "connection refused"
    setup.alertmanager.fire("shop")
    await setup.begin()
    await setup.step()
    await setup.one.hear([setup.alertmanager.firing["shop"]], 0)
    await setup.step()
    assert setup.provider.writes == []
    setup.clock.passed += timedelta(minutes=40)
    await setup.one.hear([setup.alertmanager.firing["shop"]], 0)
    await setup.step()
    assert setup.provider.levels["example.com"] == "under_attack"


async def test_webhooks_are_newer_than_the_poll_also_after_a_restart(setup):
    await setup.begin()
    for _ in range(5):
        await setup.one.hear([], 0)
    await setup.step()
    await setup.step(20)
    setup.alertmanager.problem = "connection refused"
    await setup.begin()
    await setup.step()
    setup.alertmanager.fire("shop")
    await setup.one.hear([setup.alertmanager.firing["shop"]], 0)
    await setup.step()
    assert setup.provider.levels["example.com"] == "under_attack"


async def test_a_release_that_cannot_be_read_makes_no_loop(setup):
    await setup.begin()
    await setup.step()
    setup.alertmanager.fire("shop")
    await setup.step()
    setup.alertmanager.firing.clear()
    await setup.run(4)
    for zone in ("example.com", "example.net"):
        setup.provider.failing[zone] = ProviderError(Failure.SERVER_ERROR, "500")
    await setup.run(4, 5)
    assert setup.memory().state is State.ENGAGED
    reads = setup.provider.reads
    for _ in range(200):
        await setup.one.step()
        await asyncio.sleep(0)
    assert setup.provider.reads - reads <= 2
    assert setup.decided() == ("hold", "unobserved")


async def test_an_order_that_could_not_be_stored_is_not_followed(setup):
    await setup.begin()
    await setup.step()
    ends = setup.clock.now() + timedelta(minutes=10)
    order = Override(Order.ENGAGED, ends, "drill", "operator:alice", setup.clock.now())
    setup.store.broken = True
    with pytest.raises(StoreError):
        await setup.one.order(SHOP, order, "operator:alice")
    setup.store.broken = False
    await setup.run(2)
    assert setup.memory().override is None
    assert setup.provider.writes == []


async def test_a_target_that_hangs_in_its_turn_to_raise_keeps_its_place_in_the_limits(setup):
    setup.limit(max_sites_engaged=1)
    await setup.begin()
    await setup.step()
    setup.clock.passed += timedelta(minutes=1)
    setup.provider.hanging["example.com"] = asyncio.Event()
    setup.alertmanager.fire("shop")
    await setup.step(20)
    setup.alertmanager.fire("blog", severity="critical")
    await setup.step(20)
    assert setup.provider.levels["example.net"] == "low"
    setup.provider.hanging.pop("example.com").set()
    await setup.step()
    assert setup.provider.levels["example.com"] == "under_attack"


async def test_two_prometheus_servers_that_nothing_tells_apart_show_in_the_health(setup):
    await setup.begin()
    setup.alertmanager.beats = 2
    await setup.step()
    assert "heartbeat" in {one.name for one in setup.one.health().components}


async def test_an_intent_that_a_crash_left_open_is_closed_as_unknown(setup):
    await setup.begin()
    left = Intent("i1", SHOP, "engage", None, setup.clock.now())
    setup.store.commit([Changes(intents=[left])])
    assert len(setup.store.load().open_intents) == 1
    await setup.begin()
    await setup.step()
    assert setup.store.load().open_intents == []
    told = setup.store.events(EventQuery(target=SHOP))
    assert [(one.action, one.reason) for one in told if one.kind == "outcome"] == [
        ("engage", "unknown")
    ]
