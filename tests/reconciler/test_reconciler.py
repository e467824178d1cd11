import asyncio
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client import generate_latest
from support.installation import BLOG, SHOP, START, Setup

from responder.domain.alerts import Alert, AlertStatus, Matcher, Silence
from responder.domain.breaker import Failure
from responder.domain.memory import Order, Override, Owner, State
from responder.domain.targets import Inventory, Target
from responder.errors import ProviderError, StoreError
from responder.metrics import LiveCollector
from responder.ports import EventQuery, UnknownTargetError
from responder.reconciler.views import remembered_views


async def test_a_firing_alert_engages_and_its_end_releases_to_what_was_there(setup):
    await setup.begin()
    await setup.step()
    setup.alertmanager.fire("shop")
    await setup.step()
    assert setup.provider.levels["example.com"] == "under_attack"
    assert setup.memory().state is State.ENGAGED
    setup.alertmanager.firing.clear()
    await setup.run(8)
    assert setup.provider.writes == [("example.com", "under_attack"), ("example.com", "high")]


async def test_a_target_that_hangs_holds_no_other(setup):
    await setup.begin()
    await setup.step()
    setup.provider.hanging["example.com"] = asyncio.Event()
    setup.alertmanager.fire("shop")
    setup.alertmanager.fire("blog")
    await setup.step()
    assert setup.memory(BLOG).state is State.ENGAGED
    assert setup.memory(SHOP).state is not State.ENGAGED


async def test_a_surprise_in_one_turn_is_fenced_and_written_down(setup):
    await setup.begin()
    setup.provider.failing["example.com"] = ZeroDivisionError("surprise")
    setup.alertmanager.fire("blog")
    await setup.step()
    assert setup.memory(BLOG).state is State.ENGAGED
    told = await setup.one.events(EventQuery(target=SHOP))
    assert any("ZeroDivisionError" in entry.detail for entry in told)


async def test_nothing_is_written_at_the_provider_without_the_store(setup):
    await setup.begin()
    await setup.step()
    setup.store.broken = True
    setup.alertmanager.fire("shop")
    with pytest.raises(StoreError):
        await setup.step()
    await setup.settle()
    assert setup.provider.writes == []
    assert setup.one.health().components[0].status == "degraded"
    assert not setup.one.health().ready
    assert not setup.one.health().ready
    setup.store.broken = False
    await setup.step()
    await setup.step()
    assert setup.provider.writes == [("example.com", "under_attack")]
    assert setup.one.health().ready


async def test_a_restart_in_a_steady_state_writes_nothing(setup):
    await setup.begin()
    await setup.step()
    setup.alertmanager.fire("shop")
    await setup.step()
    before = list(setup.provider.writes)
    for _ in range(3):
        await setup.begin()
        await setup.step()
    assert setup.provider.writes == before
    assert setup.memory().state is State.ENGAGED
    assert setup.memory().previous == "high"


async def test_waits_go_on_after_a_restart_and_downtime_is_not_calm(setup):
    await setup.begin()
    await setup.step()
    setup.alertmanager.fire("shop")
    await setup.step()
    setup.alertmanager.firing.clear()
    await setup.run(4)
    setup.clock.passed += timedelta(hours=3)
    await setup.begin()
    await setup.run(1)
    assert setup.provider.levels["example.com"] == "under_attack"
    await setup.run(3)
    assert setup.provider.levels["example.com"] == "high"


async def test_an_intent_whose_outcome_is_unknown_is_read_after_a_restart_not_repeated(setup):
    await setup.begin()
    await setup.step()
    setup.provider.hanging["example.com"] = asyncio.Event()
    setup.alertmanager.fire("shop")
    setup.clock.passed += timedelta(seconds=5)
    setup.provider.hanging.clear()
    lost = asyncio.Event()

    async def applied_but_never_answered(target, value):
        setup.provider.writes.append((target.resource, value))
        setup.provider.levels[target.resource] = value
        await lost.wait()

    real, setup.provider._write = setup.provider._write, applied_but_never_answered
    await setup.one._watch.poll(setup.alertmanager)
    await setup.one.step()
    for _ in range(100):
        await asyncio.sleep(0.001)
        if setup.provider.writes:
            break
    await setup.one._turns.stop()
    setup.provider._write = real
    await setup.begin()
    await setup.step()
    assert setup.provider.writes == [("example.com", "under_attack")]
    assert setup.memory().state is State.ENGAGED


async def test_a_webhook_is_committed_before_it_is_acknowledged(setup):
    await setup.begin()
    alert = Alert("f", {"site": "shop"}, AlertStatus.FIRING, START)
    await setup.one.hear([alert], 0)
    assert [one.alert.fingerprint for one in setup.store.load().alerts] == ["f"]
    setup.store.broken = True
    with pytest.raises(StoreError):
        await setup.one.hear([alert], 0)


async def test_a_webhook_rings_for_a_poll_at_once(setup):
    await setup.begin()
    task = asyncio.create_task(setup.one.run())
    while setup.alertmanager.polls < 1:
        await asyncio.sleep(0)
    setup.alertmanager.fire("shop")
    await setup.one.hear([setup.alertmanager.firing["shop"]], 0)
    async with asyncio.timeout(2):
        while setup.provider.levels["example.com"] != "under_attack":
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert setup.provider.levels["example.com"] == "under_attack"


async def test_an_order_is_committed_and_carried_out(setup):
    await setup.begin()
    await setup.step()
    ends = setup.clock.now() + timedelta(minutes=10)
    order = Override(Order.ENGAGED, ends, "drill", "operator:alice", setup.clock.now())
    view = await setup.one.order(SHOP, order, "operator:alice")
    assert replace(view.memory.override, mark=order.mark) == order
    assert view.memory.decision.reason == "override"
    await setup.step()
    assert setup.provider.levels["example.com"] == "under_attack"
    assert setup.memory().owner is Owner.OPERATOR
    await setup.one.order(SHOP, None, "operator:bob")
    told = await setup.one.events(EventQuery(target=SHOP))
    actors = [entry.actor for entry in told if entry.kind == "override"]
    assert actors == ["operator:bob", "operator:alice"]
    with pytest.raises(UnknownTargetError):
        await setup.one.order("under_attack:nowhere", order, "operator:alice")


async def test_what_is_ours_but_left_the_configuration_is_released_and_then_forgotten(setup):
    await setup.begin()
    await setup.step()
    setup.alertmanager.fire("shop")
    await setup.step()
    setup.targets = [target for target in setup.targets if target.id != SHOP]
    await setup.begin()
    await setup.step()
    assert SHOP in {view.memory.target for view in setup.one.targets()}
    await setup.run(9)
    assert setup.provider.levels["example.com"] == "high"
    assert SHOP not in {view.memory.target for view in setup.one.targets()}
    assert SHOP not in {memory.target for memory in setup.store.load().memories}


async def test_a_prefix_that_left_the_configuration_is_known_as_one(setup):
    prefix = Target("shop", "under_attack", "203.0.113.0/24", "prefix")
    setup.provider.levels[prefix.resource] = "withdrawn"
    setup.targets = [prefix]
    await setup.begin()
    await setup.step()
    setup.alertmanager.fire("shop")
    await setup.step()
    setup.targets = Setup().targets
    await setup.begin()
    setup.alertmanager.firing.clear()
    matcher = Matcher("prefix", "203.0.113.0/24")
    setup.alertmanager.silences = (Silence("s", (matcher,), setup.clock.now() + timedelta(days=1)),)
    await setup.run(30)
    assert setup.decided(prefix.id) == ("hold", "paused")
    shown = {view.memory.target: view.target for view in setup.one.targets()}
    assert shown[prefix.id] == prefix
    stored = remembered_views(setup.store.load(), Inventory(setup.targets, [setup.policy]))
    assert prefix in [view.target for view in stored]


async def test_a_zone_that_moves_to_another_site_keeps_its_memory(setup):
    await setup.begin()
    await setup.step()
    setup.alertmanager.fire("shop")
    await setup.step()
    setup.move(SHOP, site="store")
    await setup.begin()
    assert setup.memory().previous == "high"
    assert setup.memory().site == "store"


async def test_an_unreadable_target_counts_as_judged(setup):
    await setup.begin()
    assert not setup.one.health().ready
    setup.provider.failing["example.com"] = ProviderError(Failure.SERVER_ERROR, "500")
    await setup.step()
    assert setup.one.health().ready


async def test_readiness_waits_for_a_hanging_provider_no_longer_than_its_timeout(setup):
    await setup.begin()
    setup.provider.hanging["example.com"] = asyncio.Event()
    await setup.step(1)
    assert not setup.one.health().ready
    await setup.step(10)
    assert setup.one.health().ready


async def test_an_alertmanager_that_fails_degrades_and_blinds(setup):
    await setup.begin()
    setup.alertmanager.problem = "connection refused"
    await setup.step()
    assert setup.decided() == ("hold", "blind")
    details = {one.name: one.detail for one in setup.one.health().components}
    assert details["alertmanager http://am:9093"] == "connection refused"


async def test_a_zone_that_cannot_be_read_shows_in_the_health(setup):
    await setup.begin()
    setup.provider.failing["example.com"] = ProviderError(Failure.REFUSED, "not visible")
    await setup.step()
    details = {one.name: one for one in setup.one.health().components}
    assert details["cloudflare"].status == "degraded"
    assert details["cloudflare"].detail == f"cannot be read: {SHOP}: not visible"
    setup.provider.failing.clear()
    await setup.run(1, 5)
    assert {one.name: one for one in setup.one.health().components}["cloudflare"].status == "ok"


async def test_a_dead_api_is_said_once_and_shown(setup):
    await setup.begin()
    await setup.step()
    for zone in ("example.com", "example.net"):
        setup.provider.failing[zone] = ProviderError(Failure.UNAUTHORIZED, "Invalid API Token")
    setup.alertmanager.fire("shop")
    await setup.step()
    details = {one.name: one for one in setup.one.health().components}
    assert details["cloudflare"].status == "degraded"
    assert details["cloudflare"].detail == (
        "reads fail: unauthorized: Invalid API Token; "
        "writes fail: unauthorized: Invalid API Token; tried again by and by"
    )
    writes = len(setup.provider.writes)
    await setup.run(5, 1)
    assert len(setup.provider.writes) - writes < 12


NAMES = [
    "mitigation_engaged",
    "mitigation_engaged_seconds",
    "mitigation_state_info",
    "decision_info",
    "decisions_total",
    "webhook_requests_total",
    "webhook_alerts_total",
    "alertmanager_usable",
    "blind",
    "paused",
    "cloudflare_requests_total",
    "cloudflare_request_duration_seconds",
    "circuit_state",
    "api_budget_remaining",
    "time_to_mitigate_seconds",
    "lease_held",
    "config_reload_successful",
    "build_info",
]


@pytest.mark.parametrize("name", NAMES)
async def test_every_metric_is_there_from_the_first_scrape(setup, name):
    await setup.begin()
    metrics = setup.one._metrics
    metrics.present(["under_attack"], ["read_zone"])
    setup.registry.register(LiveCollector(setup.one.live))
    await setup.step()
    text = generate_latest(setup.registry).decode()
    assert re.search(rf"^responder_{name}({{|_bucket{{|_count{{| )", text, re.MULTILINE)


async def test_the_live_metrics_tell_what_stands_now(setup):
    await setup.begin()
    setup.registry.register(LiveCollector(setup.one.live))
    await setup.step()
    setup.alertmanager.fire("shop")
    await setup.step()
    await setup.step()
    value = setup.registry.get_sample_value
    target = {"site": "shop", "target": SHOP, "mitigation": "under_attack"}
    assert value("responder_mitigation_engaged", target) == 1
    assert value("responder_mitigation_engaged_seconds", target) >= 5
    stands = {"target": SHOP, "action": "none", "reason": "in_sync"}
    assert value("responder_decision_info", stands) == 1
    closed = {"credential": "default", "kind": "write", "state": "closed"}
    assert value("responder_circuit_state", closed) == 1
    assert value("responder_time_to_mitigate_seconds_count", {"mitigation": "under_attack"}) == 1
    assert value("responder_alertmanager_usable", {"url": "http://am:9093"}) == 1


async def test_a_changed_secret_ends_the_wait_for_the_circuit(setup):
    secrets = ["one"]
    one = await setup.begin()
    one._secret = lambda: secrets[0]
    refusal = ProviderError(Failure.UNAUTHORIZED, "the token is expired")
    setup.provider.failing["example.com"] = refusal
    setup.alertmanager.fire("shop")
    await setup.run(minutes=1)
    assert setup.decided() == ("hold", "circuit_open")

    setup.provider.failing.clear()
    secrets[0] = "two"
    await setup.step(1)
    await setup.step(1)

    assert setup.provider.levels["example.com"] == "under_attack"
