"""The main job in simulated time, and the cases that left other tools stuck, naked or fighting."""

from dataclasses import replace
from datetime import timedelta

import pytest
from support.world import Guards, Mode, World, engaged, minutes, policy, seconds

from responder.domain.alerts import HeardAlert, Matcher
from responder.domain.breaker import Failure
from responder.domain.memory import Demand, Order, Owner, State
from responder.domain.targets import OnDrift

SHOP = Matcher("site", "shop")
ONE = Matcher("instance", "a")


def test_an_alert_switches_on_and_its_proven_end_puts_back_what_was_there():
    world = engaged()
    assert world.level() == "under_attack"
    assert world.memory().owner is Owner.RESPONDER
    assert world.decided() == ("none", "in_sync")
    world.resolve()
    world.run(minutes(15))
    assert world.decided() == ("hold", "calm_period")
    world.run(minutes(3))
    assert world.level() == "high"
    assert world.memory().state is State.RELEASED
    assert [call.value for call in world.calls] == ["under_attack", "high"]


def test_the_minimum_duration_is_shown_while_it_is_what_ends_last():
    world = engaged(
        rules=policy(guards=Guards(minimum_duration=minutes(40), calm_period=minutes(2)))
    )
    world.resolve()
    world.run(minutes(5))
    decision = world.memory().decision
    assert decision.reason == "minimum_duration"
    assert abs((decision.until - world.now.wall) - minutes(35)) <= seconds(10)


def test_a_silence_that_hides_the_end_pauses_and_its_end_releases():
    world = engaged()
    silence = world.silence(ONE)
    world.run(minutes(1))
    assert world.decided() == ("hold", "paused")
    world.resolve()
    world.run(minutes(60))
    assert world.level() == "under_attack"
    world.silences.remove(silence)
    world.run(minutes(20))
    assert world.level() == "high"


def test_an_alert_silenced_before_it_fires_never_engages():
    world = World()
    world.silence(SHOP)
    world.fire()
    world.run(minutes(10))
    assert world.decided() == ("hold", "paused")
    assert world.calls == []


def test_a_silence_on_one_noisy_instance_neither_disarms_nor_holds_the_site():
    world = World()
    world.silence(ONE)
    world.fire(instance="a")
    world.run(minutes(1))
    world.fire(instance="b")
    world.tick()
    assert world.level() == "under_attack"
    world.resolve(instance="b")
    world.run(minutes(20))
    assert world.level() == "high"


def test_a_dead_prometheus_holds_what_is_on_and_says_blind():
    world = engaged()
    world.sources[0].fed = False
    world.resolve()
    world.run(minutes(60))
    assert world.decided() == ("hold", "blind")
    assert world.level() == "under_attack"
    world.sources[0].fed = True
    world.run(minutes(20))
    assert world.level() == "high"


def test_a_webhook_engages_while_no_alertmanager_is_usable():
    world = World()
    world.tick()
    world.sources[0].answering = False
    world.run(minutes(1))
    world.fire()
    told = next(iter(world.sources[0].firing.values()))
    world.heard.append(HeardAlert(told, world.now.wall, 1))
    world.tick()
    assert world.level() == "under_attack"


def test_a_webhook_older_than_the_last_good_poll_proves_nothing():
    world = World()
    world.fire()
    told = next(iter(world.sources[0].firing.values()))
    world.resolve()
    world.heard.append(HeardAlert(told, world.now.wall, 1))
    world.tick()
    world.sources[0].answering = False
    world.run(minutes(1))
    assert world.calls == []


def test_an_alert_seen_by_one_of_two_alertmanagers_is_enough_and_absence_needs_both():
    world = World(sources=2)
    world.fire(source=0)
    world.tick()
    assert world.level() == "under_attack"
    world.fire(source=1)
    world.resolve(source=0)
    world.run(minutes(60))
    assert world.level() == "under_attack"
    world.resolve(source=1)
    world.run(minutes(20))
    assert world.level() == "high"


def test_what_a_human_switched_off_stays_off_until_the_episode_ends():
    world = engaged()
    world.run(minutes(1))
    world.human("low")
    world.run(minutes(30))
    assert world.decided() == ("hold", "drift")
    assert world.memory().owner is Owner.OPERATOR
    world.resolve()
    world.run(minutes(20))
    world.fire()
    world.tick()
    assert world.level() == "under_attack"
    world.resolve()
    world.run(minutes(20))
    assert world.level() == "low"


def test_without_a_stamp_of_change_two_reads_prove_the_drift():
    world = engaged(stamps=False)
    world.zones["under_attack:example.com"].changed_at = None
    world.run(minutes(1))
    world.human("low")
    world.run(minutes(5))
    assert world.decided() == ("hold", "drift")
    assert world.level() == "low"


def test_drift_is_enforced_three_times_at_most():
    world = engaged(rules=policy(on_drift=OnDrift.ENFORCE))
    for _ in range(6):
        world.run(minutes(2))
        world.human("low")
    world.run(minutes(5))
    assert sum(call.raising for call in world.calls) == 4
    assert world.decided() == ("hold", "drift")


def test_under_attack_found_before_us_is_left_alone():
    world = World()
    world.human("under_attack")
    world.fire()
    world.run(minutes(5))
    assert world.decided() == ("none", "external")
    assert world.memory().owner is Owner.EXTERNAL
    world.resolve()
    world.run(minutes(60))
    assert world.calls == []


def test_an_adopted_target_is_released_like_ours_to_the_level_known_before():
    world = World(rules=policy(adopt=True))
    world.tick()
    world.human("under_attack")
    world.run(minutes(11))
    world.fire()
    world.tick()
    world.tick()
    assert world.memory().owner is Owner.RESPONDER
    world.resolve()
    world.run(minutes(20))
    assert world.level() == "high"


@pytest.mark.parametrize("mode", [Mode.SHADOW, Mode.OFF])
def test_shadow_and_off_start_nothing_but_release_what_is_ours(mode):
    world = engaged()
    rules = policy(mode=mode)
    world.inventory.policies = (rules,)
    world.resolve()
    world.run(minutes(20))
    assert world.level() == "high"
    world.fire()
    world.run(minutes(2))
    assert world.level() == "high"
    assert world.decided() == ("hold", "shadow" if mode is Mode.SHADOW else "policy_off")


def test_thirty_seconds_of_500_delay_the_engagement_by_fifteen_at_most():
    world = World()
    world.tick()
    world.fault = world.read_fault = Failure.SERVER_ERROR
    world.fire()
    for _ in range(30):
        world.tick(seconds(1))
    world.fault = world.read_fault = None
    for _ in range(15):
        world.tick(seconds(1))
    assert world.memory().state is State.ENGAGED


def test_a_dead_api_is_not_hammered():
    world = World({"shop": ["example.com"], "blog": ["example.net"]})
    world.tick()
    world.fault = world.read_fault = Failure.SERVER_ERROR
    world.fire("shop")
    world.fire("blog")
    before = world.reads
    world.run(minutes(10), seconds(1))
    assert len(world.calls) + world.reads - before < 60


def test_one_forbidden_zone_does_not_hold_the_others():
    world = World({"shop": ["example.com"], "blog": ["example.net"]})
    world.tick()
    world.zone_faults["under_attack:example.com"] = Failure.REFUSED
    world.fire("shop")
    world.fire("blog")
    world.run(seconds(10), seconds(1))
    assert world.level("under_attack:example.net") == "under_attack"
    assert world.decided() == ("hold", "backoff")


def test_accepted_but_not_applied_is_never_reported_as_engaged():
    world = World()
    world.tick()
    world.not_applied = True
    world.fire()
    world.run(minutes(3))
    assert world.memory().state is State.ENGAGING
    assert world.decided() == ("hold", "backoff")
    assert len(world.calls) <= 8
    world.not_applied = False
    world.run(minutes(5))
    assert world.memory().state is State.ENGAGED


def test_a_failed_engage_that_is_no_longer_wanted_ends_in_released():
    world = World()
    world.tick()
    world.fault = Failure.SERVER_ERROR
    world.fire()
    world.run(seconds(20))
    world.resolve()
    world.run(minutes(5))
    world.fault = None
    world.run(minutes(5))
    assert world.memory().state is State.RELEASED
    assert world.level() == "high"


def test_demand_that_returns_calls_a_release_back_and_keeps_owner_and_previous():
    world = engaged()
    world.resolve()
    world.fault = Failure.TIMEOUT
    world.run(minutes(18))
    assert world.memory().state is State.RELEASING
    world.fire()
    world.fault = None
    world.run(seconds(20))
    assert world.memory().state is State.ENGAGED
    assert (world.memory().owner, world.memory().previous) == (Owner.RESPONDER, "high")


def test_an_operators_order_to_engage_ends_by_itself_and_is_released():
    world = World()
    world.tick()
    world.order(Order.ENGAGED, 30)
    world.tick()
    assert world.level() == "under_attack"
    assert world.decided() == ("hold", "override")
    assert world.memory().owner is Owner.OPERATOR
    world.run(minutes(60))
    assert world.level() == "high"


def test_an_operators_order_to_release_beats_demand_and_is_no_drift_afterwards():
    world = engaged()
    world.order(Order.RELEASED, 10)
    world.tick()
    assert world.level() == "high"
    world.run(minutes(9))
    assert world.level() == "high"
    world.run(minutes(2))
    assert world.level() == "under_attack"


def test_an_operators_pause_stops_everything():
    world = World()
    world.tick()
    world.order(Order.PAUSED, 10)
    world.fire()
    world.run(minutes(9))
    assert world.calls == []
    world.run(minutes(2))
    assert world.level() == "under_attack"


def test_orders_work_in_shadow_mode():
    world = World(rules=policy(mode=Mode.SHADOW))
    world.tick()
    world.order(Order.ENGAGED)
    world.tick()
    assert world.level() == "under_attack"


def test_a_zone_that_is_paused_at_the_provider_is_not_eligible():
    world = World()
    world.zones["under_attack:example.com"].ineligible = "the zone is paused"
    world.fire()
    world.run(minutes(2))
    assert world.decided() == ("hold", "not_eligible")
    assert world.calls == []


def test_sustain_keeps_what_is_on_but_starts_nothing_and_not_for_ever():
    world = World()
    world.fire(instance="edge", role="sustain")
    world.run(minutes(5))
    assert world.calls == []
    world.fire()
    world.tick()
    world.resolve()
    world.run(minutes(90))
    assert world.level() == "under_attack"
    assert world.memory().demand is Demand.SUSTAIN
    world.run(minutes(60))
    assert world.level() == "high"
    assert any(entry.kind == "stuck" for entry in world.entries)


def test_flapping_makes_the_calm_grow():
    world = World()
    for _ in range(3):
        world.fire()
        world.run(minutes(1))
        world.resolve()
        world.run(minutes(18))
    assert world.decided() == ("hold", "flap_hold")
    world.run(minutes(15))
    assert world.level() == "high"


def test_max_sites_engaged_holds_the_least_severe():
    sites = {name: [f"{name}.example"] for name in ("a", "b", "c")}
    world = World(sites, rules=policy(guards=Guards(max_sites_engaged=2)))
    world.tick()
    world.fire("a", severity="warning")
    world.fire("b", severity="critical")
    world.fire("c", severity="critical")
    world.tick()
    levels = [world.level(f"under_attack:{name}.example") for name in sites]
    assert levels == ["high", "under_attack", "under_attack"]
    assert world.decided("under_attack:a.example") == ("hold", "max_sites_engaged")


def test_max_engagements_per_hour_holds_until_the_oldest_leaves_the_hour():
    sites = {name: [f"{name}.example"] for name in ("a", "b")}
    world = World(sites, rules=policy(guards=Guards(max_engagements_per_hour=1)))
    world.tick()
    world.fire("a")
    world.tick()
    world.fire("b")
    world.run(minutes(59))
    assert world.decided("under_attack:b.example") == ("hold", "max_engagements_per_hour")
    world.run(minutes(2))
    assert world.level("under_attack:b.example") == "under_attack"


def test_the_heartbeat_silenced_pauses_everything():
    world = engaged()
    world.silence(Matcher("alertname", "ResponderHeartbeat"))
    world.resolve()
    world.run(minutes(60))
    assert world.decided() == ("hold", "paused")
    assert world.level() == "under_attack"


@pytest.mark.parametrize("jump", [timedelta(hours=1), -timedelta(hours=1)])
def test_a_clock_that_jumps_neither_releases_early_nor_holds_longer(jump):
    world = engaged()
    world.resolve()
    world.run(minutes(5))
    world.tick(jump=jump)
    world.run(minutes(11))
    assert world.level() == "under_attack"
    world.run(minutes(2))
    assert world.level() == "high"


def test_a_machine_that_slept_makes_no_calm_out_of_it():
    world = engaged()
    world.resolve()
    world.run(minutes(3))
    world.tick(timedelta(hours=8))
    world.run(minutes(5))
    assert world.level() == "under_attack"


def test_a_refused_release_is_tried_again_until_it_works():
    world = engaged()
    world.resolve()
    world.run(minutes(10))
    world.fault = Failure.REFUSED
    world.run(minutes(30))
    assert world.memory().state is State.RELEASING
    world.fault = None
    world.run(minutes(6))
    assert world.level() == "high"


def test_a_write_in_doubt_is_read_right_before_it_is_repeated():
    world = World()
    world.tick()
    world.fire()
    world.fault = Failure.TIMEOUT
    world.tick()
    world.fault = None
    waiting = replace(world.memory().backoff, until=world.now.elapsed + seconds(9))
    world.remember(replace(world.memory(), backoff=waiting))
    world.run(seconds(8), seconds(4))  # read as off meanwhile
    assert world.decided() == ("hold", "backoff")
    world.zones[world.memory().target].level = "under_attack"  # now it lands
    world.tick(seconds(2))
    assert world.memory().state is State.ENGAGED
    assert [call.raising for call in world.calls] == [True]
