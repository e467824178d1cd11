"""Shadow mode: what it tells is what the same policy would have done, had it been let."""

from datetime import timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.world import Guards, Mode, World, engaged, minutes, policy, seconds

from responder.domain.alerts import Matcher
from responder.domain.audit import Kind
from responder.domain.breaker import Failure
from responder.domain.memory import Order, State
from responder.domain.targets import OnDrift

SITES = {"shop": ["example.com", "example.org"], "blog": ["example.net"], "wiki": ["a.example"]}
GUARDS = Guards(
    minimum_duration=minutes(5),
    calm_period=minutes(4),
    maximum_sustain=minutes(30),
    max_sites_engaged=2,
    max_engagements_per_hour=4,
)
SHADOW = policy(guards=GUARDS, mode=Mode.SHADOW)
ORDERS = [Order.PAUSED, Order.RELEASED]
STEP = seconds(30)


def happen(world, event):
    """Let it happen in one of the two worlds."""
    match event:
        case ("fire", site, instance, role):
            world.fire(site, instance, **({"role": role} if role else {}))
        case ("resolve", site, instance):
            world.resolve(site, instance)
        case ("silence", matcher):
            world.silence(Matcher(*matcher))
        case ("heal",):
            world.silences.clear()
            world.sources[0].answering = world.sources[0].fed = True
        case ("alertmanager", answering, fed):
            world.sources[0].answering, world.sources[0].fed = answering, fed
        case ("order", site, order):
            world.order(order, 10, f"under_attack:{SITES[site][0]}")
        case ("jump", jump):
            world.tick(STEP, jump)


def go_on(world):
    """Make a pass, and those that follow a turn at once, as in the service."""
    world.tick(STEP)
    world.tick(seconds(0))


def engaged_in(world):
    return {one for one, memory in world.memories.items() if memory.state is State.ENGAGED}


def imagined_in(world):
    return {one for one, memory in world.memories.items() if memory.would.on}


def told(world, kind, actions):
    return [
        (entry.at, entry.target, actions[entry.action])
        for entry in world.entries
        if entry.kind is kind and entry.action in actions
    ]


def random_event(chance):
    """Return what happens next: mostly alerts that come and go."""
    site = chance.choice(list(SITES))
    return chance.choice(
        [
            *(("fire", site, chance.choice("ab"), chance.choice(["", "", "sustain"])),) * 3,
            *(("resolve", site, chance.choice("ab")),) * 5,
            *(("heal",),) * 3,
            ("silence", chance.choice([("site", "shop"), ("instance", "a")])),
            ("alertmanager", chance.choice([True, False]), chance.choice([True, False])),
            ("order", site, chance.choice(ORDERS)),
            ("jump", chance.choice([timedelta(hours=1), -timedelta(hours=1)])),
        ]
    )


@pytest.mark.long
@settings(
    max_examples=max(5, settings.default.max_examples // 8),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(seed=st.integers(0, 2**32 - 1), stamps=st.booleans())
def test_it_tells_what_the_same_policy_does_when_it_may_act(seed, stamps):
    chance = Random(seed)
    real = World(SITES, rules=policy(guards=GUARDS), stamps=stamps)
    shadow = World(SITES, rules=SHADOW, stamps=stamps)
    for _ in range(25):
        event = random_event(chance)
        for world in (real, shadow):
            happen(world, event)
        for _ in range(chance.randint(1, 25)):
            go_on(real)
            go_on(shadow)
            assert imagined_in(shadow) == engaged_in(real)
    assert shadow.calls == []
    done = told(real, Kind.STATE, {"engaged": "engage", "released": "release"})
    would = told(shadow, Kind.WOULD, {"engage": "engage", "release": "release"})
    assert sorted(would) == sorted(done)


def would_be_on(**changes):
    """Return a world in which shadow mode would just have engaged its target."""
    world = World(rules=policy(mode=Mode.SHADOW, **changes))
    world.tick()
    world.fire()
    go_on(world)
    assert world.memory().would.on
    return world


def changed_to(world, **changes):
    world.inventory.policies = (policy(**changes),)


def would(world):
    return [(one.action, one.reason) for one in world.entries if one.kind is Kind.WOULD]


def test_the_release_is_told_only_when_calm_would_have_been_proven():
    world = would_be_on()
    world.resolve()
    world.run(minutes(15))
    assert world.decided() == ("none", "in_sync")
    assert world.memory().decision.detail == "would be on: calm_period"
    assert would(world) == [("engage", "demand")]
    world.run(minutes(3))
    assert would(world) == [("engage", "demand"), ("release", "calm")]


def test_the_explanation_says_what_it_would_be_doing():
    world = World(rules=policy(mode=Mode.SHADOW))
    world.tick()
    world.fire()
    world.tick()
    assert world.memory().decision.detail == "would engage: firing: Load"
    world.tick()
    assert world.decided() == ("hold", "shadow")
    assert world.memory().decision.detail == "would be on: in_sync: firing: Load"


def test_an_alert_that_finds_it_on_already_would_have_engaged_nothing():
    world = World(rules=policy(mode=Mode.SHADOW))
    world.tick()
    world.human("under_attack")
    world.fire()
    world.run(minutes(5))
    assert world.decided() == ("none", "external")
    assert would(world) == []


def test_what_somebody_else_switches_off_in_the_attack_would_have_been_respected():
    world = would_be_on()
    world.human("under_attack")
    world.run(minutes(11))
    world.human("low")
    world.run(minutes(11))
    assert would(world) == [("engage", "demand"), ("release", "drift")]


def test_where_drift_is_not_respected_it_would_have_stayed_on():
    world = would_be_on(on_drift=OnDrift.ENFORCE)
    world.human("under_attack")
    world.run(minutes(11))
    world.human("low")
    world.run(minutes(11))
    assert would(world) == [("engage", "demand")]


def test_what_would_be_adopted_would_be_released_too():
    world = World(rules=policy(mode=Mode.SHADOW, adopt=True))
    world.tick()
    world.human("under_attack")
    world.fire()
    world.run(minutes(2))
    world.resolve()
    world.run(minutes(20))
    assert would(world) == [("engage", "demand"), ("release", "calm")]
    assert world.calls == []


def test_an_order_that_really_engages_ends_what_was_only_imagined():
    world = would_be_on()
    world.order(Order.ENGAGED)
    world.run(minutes(5))
    assert world.level() == "under_attack"
    assert would(world) == [("engage", "demand"), ("release", "shadow")]


@pytest.mark.parametrize("mode", [Mode.ENFORCE, Mode.OFF])
def test_a_policy_that_leaves_shadow_mode_ends_what_was_only_imagined(mode):
    world = would_be_on()
    changed_to(world, mode=mode)
    world.run(minutes(1))
    assert would(world) == [("engage", "demand"), ("release", "shadow")]
    assert (world.level() == "under_attack") is (mode is Mode.ENFORCE)


def test_sustain_alone_keeps_what_is_imagined_and_starts_nothing_real():
    world = would_be_on()
    world.fire(instance="edge", role="sustain")
    world.resolve()
    world.run(minutes(60))
    assert would(world) == [("engage", "demand")]
    changed_to(world, mode=Mode.ENFORCE)
    world.run(minutes(5))
    assert world.calls == []


def test_what_really_is_on_is_not_imagined_beside_it():
    world = engaged()
    changed_to(world, mode=Mode.SHADOW)
    world.run(minutes(5))
    world.resolve()
    world.run(minutes(20))
    assert world.level() == "high"
    assert would(world) == []


def test_a_zone_that_cannot_be_read_would_be_engaged_unseen():
    world = World(rules=policy(mode=Mode.SHADOW))
    world.tick()
    world.read_fault = Failure.SERVER_ERROR
    world.fire()
    world.run(minutes(1), seconds(1))
    assert would(world) == [("engage", "demand")]


def test_the_shadow_takes_no_place_from_what_is_real():
    sites = {name: [f"{name}.example"] for name in "abc"}
    limited = Guards(max_sites_engaged=1)
    world = World(sites, rules=policy(mode=Mode.SHADOW, guards=limited))
    acting = policy(name="acting", guards=limited, match=(Matcher("alertname", "Flood"),))
    world.inventory.policies = (acting, world.policy)
    world.tick()
    world.fire("a")
    go_on(world)
    world.fire("b")
    world.run(minutes(1))
    assert imagined_in(world) == {"under_attack:a.example"}
    waiting = world.memory("under_attack:b.example").decision.detail
    assert waiting.startswith("would wait: max_sites_engaged: sites engaged 1 of 1;")
    world.fire("c", alertname="Flood")
    world.tick()
    assert world.level("under_attack:c.example") == "under_attack"
