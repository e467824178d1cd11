"""Whose it is, in the corners that random days seldom reach."""

from datetime import timedelta

import pytest
from support.world import INTERVAL, Guards, World, engaged, minutes, policy, seconds

from responder.domain.alerts import Matcher
from responder.domain.audit import Kind
from responder.domain.breaker import Failure
from responder.domain.memory import Actual, Order, Owner, State
from responder.domain.targets import Mode, OnDrift


def test_a_write_that_timed_out_but_landed_is_found_to_be_ours():
    world = World()
    world.tick()
    world.fault, world.answers_lost = Failure.TIMEOUT, True
    world.fire()
    world.tick()
    assert world.memory().state is State.ENGAGING
    world.fault = None
    world.run(seconds(20))
    assert world.memory().state is State.ENGAGED
    assert world.memory().owner is Owner.RESPONDER


def test_a_refused_engage_and_a_human_who_then_switches_on_is_external():
    world = World()
    world.tick()
    world.fault = Failure.REFUSED
    world.fire()
    world.tick()
    world.human("under_attack")
    world.run(minutes(3))
    assert world.decided() == ("none", "external")


def test_a_human_who_switches_on_anew_what_was_ours_owns_it():
    world = engaged()
    world.run(minutes(2))
    world.human("under_attack")
    world.run(minutes(2))
    assert world.memory().owner is Owner.EXTERNAL or world.memory().owner is Owner.OPERATOR
    world.resolve()
    world.run(minutes(60))
    assert world.level() == "under_attack"


def test_a_human_who_switches_off_after_the_attack_ends_our_ownership_and_nothing_is_written():
    world = engaged()
    world.resolve()
    world.run(minutes(5))
    world.human("low")
    world.run(minutes(30))
    assert [call.value for call in world.calls] == ["under_attack"]
    assert (world.memory().state, world.memory().owner) == (State.RELEASED, None)


def test_an_external_level_that_its_human_ends_in_the_attack_is_drift():
    world = World()
    world.human("under_attack")
    world.fire()
    world.run(minutes(2))
    world.human("medium")
    world.run(minutes(12))
    assert world.decided() == ("hold", "drift")
    assert world.calls == []


def test_an_old_answer_of_the_provider_is_no_human():
    world = engaged()
    zone = world.zones["under_attack:example.com"]
    stamp = zone.changed_at
    zone.level = "high"
    zone.changed_at = stamp - timedelta(seconds=30)
    world.run(minutes(2))
    assert world.level() == "under_attack"
    assert world.memory().state is State.ENGAGED


def test_a_release_whose_answer_was_lost_and_that_lands_after_demand_returned_is_no_drift():
    world = engaged()
    world.resolve()
    world.run(minutes(15))
    world.fault = Failure.TIMEOUT
    world.run(minutes(2))
    assert world.memory().state is State.RELEASING
    world.fire()
    world.fault = world.read_fault = None
    world.tick()
    assert world.memory().state is State.ENGAGED
    zone = world.zones["under_attack:example.com"]
    zone.level, zone.changed_at = "high", world.stamp()  # it lands now
    world.run(minutes(2))
    assert world.level() == "under_attack"
    assert world.decided() == ("none", "in_sync")


def test_an_unfinished_order_to_release_a_humans_level_leaves_it_to_the_human():
    world = World()
    world.tick()
    world.human("under_attack")
    world.fault = Failure.REFUSED
    world.order(Order.RELEASED, 5)
    world.run(minutes(4))
    assert world.memory().state is State.RELEASING
    world.run(minutes(2))
    assert world.memory().state is State.RELEASED
    world.fault = None
    world.run(minutes(30))
    assert world.level() == "under_attack"
    assert world.memory().owner is Owner.EXTERNAL


def test_an_order_that_was_lifted_by_hand_says_so_in_the_trail():
    world = World()
    world.order(Order.PAUSED, 5)
    world.run(minutes(6))
    told = [entry for entry in world.entries if entry.kind is Kind.OVERRIDE]
    assert [(entry.action, entry.detail) for entry in told] == [("ended", "its time is over")]


def test_shadow_mode_tells_what_it_would_have_done():
    world = World(rules=policy(mode=Mode.SHADOW))
    world.tick()
    world.fire()
    world.run(minutes(2))
    world.resolve()
    world.run(minutes(18))
    would = [entry.action for entry in world.entries if entry.kind is Kind.WOULD]
    assert would == ["engage", "release"]
    assert world.calls == []


@pytest.mark.long
def test_what_is_on_for_too_long_is_told_and_stays_on():
    world = engaged()
    world.run(timedelta(hours=12, minutes=5), minutes(1))
    assert world.memory().stuck == "on for longer than maximum_duration"
    assert world.level() == "under_attack"
    world.resolve()
    world.run(minutes(20))
    stuck = [entry.action for entry in world.entries if entry.kind is Kind.STUCK]
    assert stuck == ["stuck", "freed"]


def test_blindness_for_too_long_is_told_and_releases_nothing():
    world = engaged()
    world.sources[0].answering = False
    world.run(timedelta(hours=3), minutes(1))
    assert world.memory().stuck == "blind for longer than maximum_sustain"
    assert world.level() == "under_attack"


def test_sustain_alone_keeps_a_prefix_until_a_human_acts():
    world = engaged(rules=policy(sustain_expires=False))
    world.fire(instance="edge", role="sustain")
    world.resolve()
    world.run(timedelta(hours=4), minutes(1))
    assert world.level() == "under_attack"
    assert world.memory().stuck == "kept by sustain alerts alone for longer than maximum_sustain"


def test_sustain_does_not_start_anew_what_a_human_ended_after_the_episode():
    world = engaged()
    world.fire(instance="edge", role="sustain")
    world.resolve()
    world.run(minutes(30))
    assert world.memory().episode is None
    world.human("low")
    world.run(minutes(10))
    assert world.level() == "low"
    assert not world.memory().wanted


@pytest.mark.long
def test_half_open_reads_are_probed_by_one_target_at_a_time():
    world = World({f"s{n}": [f"z{n}.example"] for n in range(5)})
    world.read_fault = Failure.SERVER_ERROR
    world.run(minutes(2), seconds(1))
    before = world.reads
    world.run(minutes(5), seconds(1))
    assert world.reads - before <= 6
    world.read_fault = None
    world.run(minutes(2), seconds(1))
    assert all(one.reading is not None for one in world.memories.values())


def test_a_target_that_cannot_be_read_is_unobserved_and_not_released():
    world = engaged()
    world.resolve()
    world.run(minutes(10))
    world.read_fault = Failure.SERVER_ERROR
    world.run(minutes(20))
    assert world.level() == "under_attack"
    assert world.decided() == ("hold", "unobserved")
    world.read_fault = None
    world.run(minutes(2))
    assert world.level() == "high"


def test_what_cannot_be_read_is_still_protected_once_the_circuit_for_reads_has_opened():
    world = World()
    world.tick()
    world.read_fault = Failure.SERVER_ERROR
    world.fire()
    world.run(seconds(30), seconds(1))
    assert world.level() == "under_attack"
    assert world.memory().state is State.ENGAGING
    world.read_fault = None
    world.run(minutes(2))
    assert world.memory().state is State.ENGAGED
    assert len(world.calls) <= 2


def test_reads_of_a_quiet_target_keep_their_pace():
    world = World()
    world.run(minutes(10))
    assert world.memory().reading.actual is Actual.OFF
    assert world.reads == 10 * minutes(1) / INTERVAL


def test_a_zone_that_was_never_readable_is_tried_ever_more_seldom():
    world = World()
    world.zone_faults["under_attack:example.com"] = Failure.REFUSED
    for _ in range(1000):
        world.tick(seconds(0.1))
    assert world.reads <= 6


def test_what_a_human_ended_before_the_attack_is_no_drift_in_it():
    world = World()
    world.human("under_attack")
    world.run(minutes(2))
    world.human("high")
    world.tick(seconds(20))
    world.fire()
    world.run(minutes(1))
    assert world.level() == "under_attack"
    assert world.decided() == ("none", "in_sync")


def test_only_what_is_read_in_the_attack_is_adopted():
    world = World(rules=policy(adopt=True))
    world.human("under_attack")
    world.run(minutes(2))
    world.human("high")
    world.tick(seconds(20))
    world.fire()
    world.run(minutes(1))
    assert world.memory().state is State.ENGAGED
    assert len(world.calls) == 1


def test_ours_that_a_human_ended_just_before_a_new_attack_is_engaged_again():
    world = engaged()
    world.resolve()
    world.run(minutes(5))
    world.human("low")
    world.tick(seconds(10))
    world.fire()
    world.run(minutes(3))
    assert world.level() in {"under_attack", "low"}
    assert world.memory().previous == "low"


def test_the_hourly_limit_counts_sites_and_not_their_zones():
    guards = Guards(max_engagements_per_hour=1)
    world = World({"shop": ["example.com", "example.org"]}, rules=policy(guards=guards))
    world.tick()
    world.fire(zone="example.com")
    world.tick()
    world.fire(instance="b", zone="example.org")
    world.run(minutes(1))
    assert world.level("under_attack:example.org") == "under_attack"


def test_an_order_is_followed_by_what_is_read_after_it():
    world = World()
    world.human("under_attack")
    world.run(minutes(1))
    world.human("high")
    world.order(Order.ENGAGED)
    world.run(seconds(30))
    assert (world.level(), world.zones["under_attack:example.com"].set_by) == (
        "under_attack",
        "responder",
    )


def test_an_order_waits_for_a_read_so_that_it_can_put_back_what_was_there():
    world = World()
    world.read_fault = Failure.SERVER_ERROR
    world.order(Order.ENGAGED, 5)
    world.tick(seconds(1))
    world.read_fault = None
    world.run(minutes(30))
    assert [call.value for call in world.calls] == ["under_attack", "high"]


def test_a_humans_level_is_respected_also_while_our_release_is_refused():
    world = engaged()
    world.resolve()
    world.fault = Failure.REFUSED
    world.run(minutes(18))
    assert world.memory().state is State.RELEASING
    world.human("under_attack")
    world.fault = None
    world.run(minutes(30))
    assert (world.level(), world.zones["under_attack:example.com"].set_by) == (
        "under_attack",
        "human",
    )


def test_a_human_who_comes_first_while_raising_was_held_is_not_overwritten():
    world = World(rules=policy(mode=Mode.SHADOW))
    world.fire()
    world.run(minutes(1))
    world.human("under_attack")
    world.inventory.policies = (policy(),)
    world.run(minutes(5))
    assert world.zones["under_attack:example.com"].set_by == "human"


def test_a_zone_whose_reads_are_refused_is_still_protected():
    world = World()
    world.tick()
    world.read_fault = Failure.REFUSED
    world.fire()
    world.run(minutes(2))
    assert world.level() == "under_attack"
    assert world.memory().state is State.ENGAGING
    world.run(minutes(20))
    assert len(world.calls) < 25


def test_sustain_that_was_hidden_by_a_silence_has_not_lasted_longer_for_it():
    world = engaged()
    world.fire(instance="edge", role="sustain")
    world.resolve()
    world.run(minutes(3))
    world.silence(Matcher("site", "shop"))
    world.run(timedelta(hours=3), minutes(1))
    world.silences.clear()
    world.run(minutes(60))
    assert world.level() == "under_attack"


def test_an_order_to_release_reads_no_faster_than_its_backoff():
    world = engaged()
    world.read_fault = Failure.REFUSED
    world.order(Order.RELEASED)
    before = world.reads
    for _ in range(600):
        world.tick(seconds(0.1))
    assert world.reads - before < 6


def test_a_first_sight_of_off_makes_no_loop_of_reads():
    world = engaged(stamps=False)
    world.zones["under_attack:example.com"].changed_at = None
    world.run(minutes(1))
    world.human("low")
    world.run(minutes(1))
    world.fault = Failure.REFUSED
    world.order(Order.ENGAGED)
    before = world.reads
    for _ in range(600):
        world.tick(seconds(0.1))
    assert world.reads - before < 20


def test_a_started_engage_is_finished_while_blind():
    world = World()
    world.tick()
    world.fault = Failure.SERVER_ERROR
    world.fire()
    world.run(seconds(20))
    world.sources[0].answering = False
    world.fault = None
    world.run(minutes(2))
    assert world.level() == "under_attack"
    assert world.memory().state is State.ENGAGED


def test_a_write_without_an_answer_is_read_after_5_15_and_60_seconds():
    world = engaged()
    world.resolve()
    while world.memory().state is State.ENGAGED:
        world.tick(seconds(1))
        world.fault = Failure.TIMEOUT if world.decided()[1] == "calm_period" else world.fault
    began, looks = world.truth, []
    world.fire()
    while world.truth < began + seconds(70):
        before = world.reads
        world.tick(seconds(1))
        looks += [round((world.truth - began).total_seconds())] * (world.reads > before)
    assert {5, 15, 60} <= set(looks)
    assert len(looks) <= 6


def test_on_drift_enforce_only_what_somebody_else_switched_off_counts():
    world = engaged(rules=policy(on_drift=OnDrift.ENFORCE))
    world.run(minutes(2))
    world.human("low")
    world.run(minutes(2))
    assert world.memory().episode.enforced == 1
    assert world.level() == "under_attack"
    world.order(Order.RELEASED, 2)
    world.run(minutes(5))
    assert world.memory().episode.enforced == 1
    assert world.level() == "under_attack"


def test_calm_that_sustain_interrupts_begins_anew():
    world = engaged()
    world.resolve()
    world.run(minutes(10))
    world.fire(instance="edge", role="sustain")
    world.run(minutes(1))
    world.resolve(instance="edge")
    world.run(minutes(14))
    assert world.level() == "under_attack"
    world.run(minutes(4))
    assert world.level() == "high"


def test_the_time_of_an_operators_pause_is_no_calm():
    world = engaged()
    world.resolve()
    world.run(minutes(3))
    world.order(Order.PAUSED, 30)
    world.run(minutes(31))
    assert world.level() == "under_attack"
    world.run(minutes(10))
    assert world.level() == "under_attack"
    world.run(minutes(6))
    assert world.level() == "high"


def test_nothing_opposite_is_written_while_a_write_may_still_land():
    """A release times out, nothing can be read, and it is ordered on again."""
    world = engaged()
    world.run(minutes(1))
    world.order(Order.RELEASED)
    world.fault = Failure.TIMEOUT
    world.tick()
    released_at = world.calls[-1].at
    world.fault, world.read_fault = None, Failure.SERVER_ERROR
    world.run(seconds(5), seconds(1))
    world.order(Order.ENGAGED)
    world.run(seconds(50), seconds(1))
    assert world.decided() == ("hold", "backoff")
    assert [call.raising for call in world.calls] == [True, False]
    world.run(minutes(1), seconds(1))
    again = next(call for call in world.calls[2:])
    assert again.raising
    assert again.at - released_at >= minutes(1)


def test_what_was_read_as_on_is_never_taken_for_what_was_there_before():
    world = World()
    world.tick()
    world.human("under_attack")
    world.run(minutes(3))
    assert world.memory().reading.actual is Actual.ON
    world.read_fault = Failure.SERVER_ERROR
    world.human("low")
    world.fire()
    world.run(minutes(2))
    assert {call.value for call in world.calls} == {"under_attack"}
    assert world.memory().previous == "high"
    world.read_fault = None
    world.resolve()
    world.run(minutes(40))
    assert world.level() == "high"
