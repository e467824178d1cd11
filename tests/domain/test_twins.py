"""Two worlds that differ in something which must not matter, and end the same."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.world import Guards, World, minutes, policy, seconds

from responder.domain.alerts import HeardAlert, Matcher
from responder.domain.breaker import Failure

GUARDS = Guards(minimum_duration=minutes(3), calm_period=minutes(4))
STEPS = st.lists(
    st.tuples(st.sampled_from(["fire", "resolve", "wait"]), st.integers(1, 30)),
    min_size=3,
    max_size=12,
)
FEW = settings(max_examples=12, deadline=None)


def nothing(_world, _index):
    """Add nothing."""


def play(world, steps, between=nothing):
    """Let one instance fire and resolve; `between` adds what must not matter."""
    world.tick()
    for index, (what, ticks) in enumerate(steps):
        between(world, index)
        if what == "fire":
            world.fire(instance="b")
        elif what == "resolve":
            world.resolve(instance="b")
        for _ in range(ticks):
            world.tick()
    return [(call.at, call.raising, call.value) for call in world.calls]


def shop():
    return World(rules=policy(guards=GUARDS))


@pytest.mark.long
@FEW
@given(STEPS, st.sets(st.integers(0, 11)), st.booleans())
def test_a_clock_that_jumps_by_an_hour_changes_no_outcome(steps, jumps, forwards):
    hour = timedelta(hours=1) if forwards else -timedelta(hours=1)

    def jump(world, index):
        if index in jumps:
            world.tick(seconds(0), jump=hour)

    assert play(shop(), steps) == play(shop(), steps, jump)


@pytest.mark.long
@FEW
@given(STEPS, st.sets(st.integers(0, 11)))
def test_a_silence_on_one_noisy_instance_changes_no_outcome(steps, noisy):
    def noise(world, index):
        if index == 0:
            world.silence(Matcher("instance", "a"))
        world.fire(instance="a") if index in noisy else world.resolve(instance="a")

    assert play(shop(), steps) == play(shop(), steps, noise)


@pytest.mark.long
@FEW
@given(STEPS, st.permutations(range(12)))
def test_webhooks_in_any_order_and_twice_change_no_outcome(steps, order):
    def ring(world, index):
        for one in list(world.sources[0].firing.values()):
            told = HeardAlert(one, world.now.wall, order[index])
            world.heard += [told, told]

    assert play(shop(), steps) == play(shop(), steps, ring)


@pytest.mark.long
@FEW
@given(STEPS, st.sampled_from([Failure.REFUSED, Failure.MALFORMED]))
def test_the_failures_of_one_target_hold_no_other(steps, failure):
    def failing(world, _index):
        world.fire(site="blog", instance="x")
        world.zone_faults["under_attack:example.net"] = failure

    sites = {"shop": ["example.com"], "blog": ["example.net"]}
    alone = play(World(sites, rules=policy(guards=GUARDS)), steps)
    beside = World(sites, rules=policy(guards=GUARDS))
    play(beside, steps, failing)
    mine = [
        (call.raising, call.value)
        for call in beside.calls
        if call.target == "under_attack:example.com"
    ]
    assert mine == [(raising, value) for _, raising, value in alone]


def test_where_one_target_opens_the_circuit_the_others_take_their_turn_at_probing():
    world = World({"shop": ["example.com"], "blog": ["example.net"]})
    world.tick()
    world.zone_faults["under_attack:example.net"] = Failure.TIMEOUT
    world.fire("blog")
    world.run(minutes(2), seconds(1))
    world.fire("shop")
    world.run(minutes(2), seconds(1))
    assert world.level() == "under_attack"
