"""What the trail says of an attack, in the words that the report reads back."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.world import START, Mode, World, engaged, minutes, policy, seconds

from responder.domain.audit import AuditEntry, Kind
from responder.domain.breaker import Failure
from responder.domain.history import Evidence, Known
from responder.domain.memory import Order, State
from responder.domain.report import sums
from responder.domain.trail import Asked, asked, severity

SHOP = "under_attack:example.com"
END = START + timedelta(hours=1)


def told(world, kind):
    return [entry for entry in world.entries if entry.kind is kind]


def test_an_engagement_tells_its_policy_and_how_long_its_alert_had_waited():
    world = World()
    world.tick()
    world.fire()
    world.tick(seconds(4))
    (entry,) = told(world, Kind.STATE)
    assert entry.detail == (
        "a read confirms it, now under_attack; policy under-attack, 4.0 s after its alert began"
    )
    assert asked(entry) == Asked("under-attack", seconds(4))
    assert (entry.before, entry.after) == ("high", "under_attack")


def test_a_release_tells_the_value_that_was_there():
    world = engaged()
    world.resolve()
    world.run(minutes(18))
    entry = told(world, Kind.STATE)[-1]
    assert (entry.action, entry.before, entry.after) == ("released", "under_attack", "high")


def caused(world):
    return [(entry.action, entry.reason) for entry in told(world, Kind.STATE)]


def test_a_change_tells_why_it_was_made_and_not_what_is_decided_since():
    world = engaged()
    world.resolve()
    world.run(minutes(18))
    assert caused(world) == [("engaged", "demand"), ("released", "calm")]


def test_a_change_that_an_operator_ordered_tells_that():
    world = World()
    world.tick()
    world.order(Order.ENGAGED)
    world.tick()
    world.order(Order.RELEASED)
    world.tick()
    assert caused(world) == [("engaged", "override"), ("released", "override")]


def test_a_change_that_is_confirmed_later_tells_the_same_reason():
    world = World()
    world.tick()
    world.fault, world.answers_lost = Failure.TIMEOUT, True
    world.fire()
    world.tick()
    world.fault = None
    world.run(seconds(20))
    world.resolve()
    world.run(minutes(1))
    world.fault = Failure.TIMEOUT
    world.run(minutes(16))
    world.fault = None
    world.run(minutes(3))
    assert caused(world) == [("engaged", "demand"), ("released", "calm")]


def test_a_change_by_somebody_else_tells_no_reason_of_ours():
    world = engaged()
    world.human("low")
    world.run(minutes(1))
    world.human("under_attack")
    world.run(minutes(2))
    assert caused(world)[1][1] == "drift"
    assert not {"demand", "calm"} & {reason for _, reason in caused(world)[1:]}


def test_the_release_of_what_never_came_on_tells_no_value_that_was_there():
    world = World()
    world.tick()
    world.fault = Failure.SERVER_ERROR
    world.fire()
    world.run(seconds(20))
    world.resolve()
    world.run(minutes(5))
    world.fault = None
    world.run(minutes(5))
    (entry,) = told(world, Kind.STATE)
    assert (entry.action, entry.before, entry.after) == ("released", None, "high")


def test_a_release_that_was_called_back_in_time_was_no_engagement():
    world = engaged()
    world.resolve()
    world.fault = Failure.TIMEOUT
    world.run(minutes(18))
    assert world.memory().state is State.RELEASING
    world.fire()
    world.fault = None
    world.run(seconds(20))
    entry = told(world, Kind.STATE)[-1]
    assert (entry.action, entry.detail) == ("engaged", "still on, it is under_attack")
    evidence = Evidence(world.entries, {SHOP: Known("under-attack", engaged=True)}, START, END)
    (found,) = sums(evidence, START, END)
    assert (found.real.count, found.real.toggles) == (1, 1)


def test_only_the_first_engagement_of_an_attack_tells_how_long_its_alert_had_waited():
    world = engaged()
    world.order(Order.RELEASED, 5)
    world.run(minutes(6))
    first, _, second = told(world, Kind.STATE)
    assert asked(first).after is not None
    assert asked(second) == Asked("under-attack", None)


def test_an_operators_engagement_waited_for_no_alert():
    world = World()
    world.fire()
    world.order(Order.ENGAGED)
    world.tick()
    assert asked(told(world, Kind.STATE)[0]).after is None


def test_what_shadow_mode_would_have_engaged_tells_the_same():
    world = World(rules=policy(mode=Mode.SHADOW))
    world.tick()
    world.fire()
    world.tick(seconds(4))
    world.tick(seconds(0))
    (entry,) = told(world, Kind.WOULD)
    assert asked(entry) == Asked("under-attack", seconds(4))


def test_an_entry_of_an_older_version_names_no_policy():
    old = AuditEntry(START, SHOP, "shop", Kind.STATE, "engaged", detail="a read confirms it")
    assert asked(old) == Asked()


@given(
    said=st.text(),
    name=st.text(min_size=1).filter(lambda text: "; policy " not in text and ", " not in text),
    tenths=st.none() | st.integers(0, 100_000),
)
def test_nothing_that_an_alert_says_passes_for_a_policy(said, name, tenths):
    waited = "" if tenths is None else f", {tenths / 10:.1f} s after its alert began"
    detail = f"{said}; policy {name}{waited}"
    after = None if tenths is None else timedelta(milliseconds=100) * tenths
    entry = AuditEntry(START, SHOP, "shop", Kind.WOULD, "engage", detail=detail)
    assert asked(entry) == Asked(name, after)


def test_an_order_that_stands_for_days_is_told_of_once_a_day():
    world = World()
    world.tick()
    world.order(Order.PAUSED, 60 * 24 * 3 + 30)
    world.run(timedelta(hours=73), minutes(10))
    found = told(world, Kind.OVERRIDE)
    assert [(one.action, one.detail) for one in found] == [
        ("standing", "paused for 1 d now: drill"),
        ("standing", "paused for 2 d now: drill"),
        ("standing", "paused for 3 d now: drill"),
        ("ended", "its time is over"),
    ]
    assert [severity(one) for one in found] == ["warning", "warning", "warning", "info"]
    assert timedelta(0) <= found[0].at - START - timedelta(days=1) <= minutes(10)


@pytest.mark.parametrize(("hours", "days"), [(0, 0), (23, 0), (24, 1), (47, 1), (48, 2), (-5, 0)])
def test_an_order_is_old_from_its_first_whole_day_on(hours, days):
    world = World()
    world.order(Order.PAUSED)
    order = world.memory().override
    assert order.standing(START + timedelta(hours=hours)) == days


def test_a_new_order_in_the_place_of_an_old_one_begins_its_days_anew():
    world = World()
    world.tick()
    world.order(Order.PAUSED, 60 * 24 * 5)
    world.run(timedelta(hours=25), minutes(10))
    world.order(Order.PAUSED, 60 * 24 * 5)
    world.run(timedelta(hours=23), minutes(10))
    assert world.memory().override.days_told == 0


def test_the_trail_of_an_attack_adds_up():
    world = engaged()
    world.run(minutes(10))
    world.resolve()
    world.run(minutes(30))
    began, ended = (one.at for one in told(world, Kind.STATE))
    known = {SHOP: Known("under-attack")}
    (found,) = sums(Evidence(world.entries, known, START, world.now.wall), START, world.now.wall)
    assert (found.real.count, found.real.time, found.real.toggles) == (1, ended - began, 2)
    assert found.real.waits == (seconds(15),)
    assert found.holds["calm_period"].count == 1


@pytest.mark.long
@settings(deadline=None)
@given(
    firing=st.lists(st.tuples(st.booleans(), st.integers(1, 60)), max_size=8),
    shadow=st.booleans(),
)
def test_the_report_of_any_trail_says_for_how_long_it_was_on(firing, shadow):
    rules = policy(mode=Mode.SHADOW if shadow else Mode.ENFORCE)
    world = World(rules=rules)
    world.tick()
    on = timedelta(0)
    for fires, passes in firing:
        (world.fire if fires else world.resolve)()
        for _ in range(passes):
            world.tick(seconds(0))
            memory, before = world.memory(), world.now.wall
            is_on = memory.would.on if shadow else memory.state is State.ENGAGED
            world.tick(seconds(45))
            on += (world.now.wall - before) if is_on else timedelta(0)
    stands = world.memory().state is State.ENGAGED
    target = Known("under-attack", engaged=stands, shadow=shadow)
    evidence = Evidence(world.entries, {SHOP: target}, START, world.now.wall)
    (found,) = sums(evidence, START, world.now.wall)
    assert (found.would if shadow else found.real).time == on
