"""What the operator's own routers are told: before a change once, and after a read confirms it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from support.world import START, World, minutes, policy, seconds

from responder.domain.alerts import Matcher
from responder.domain.audit import Kind
from responder.domain.breaker import Failure
from responder.domain.clock import Moment
from responder.domain.hook import (
    MOST_TRIES,
    HookAnswer,
    HookCall,
    Hooked,
    HookEvent,
    HookOutcome,
    HookRule,
)
from responder.domain.memory import Order
from responder.domain.targets import Mode

EVERY = frozenset(HookEvent)
BEFORE = HookEvent.BEFORE_ADVERTISE
AFTER = HookEvent.AFTER_WITHDRAW
NOT = HookAnswer(HookOutcome.REFUSED, "answered 503")
OK = HookAnswer(HookOutcome.OK, "answered 200")
SITE = Matcher("site", "shop")


def world(*events: HookEvent, required: bool = False, **changes: object) -> World:
    rule = HookRule(frozenset(events or (BEFORE, AFTER)), required)
    one = World(rules=policy(hook=rule, **changes))
    one.tick()
    return one


def events(one: World) -> list[str]:
    return [str(call.event) for call in one.told]


def attacked(one: World) -> World:
    one.fire()
    one.tick()
    return one


def calm(one: World) -> World:
    one.resolve()
    one.run(minutes(20))
    one.tell_after()
    return one


def test_the_routers_hear_before_it_is_written_and_after_it_is_read_back():
    one = attacked(world(*EVERY))
    one.tell_after()
    assert [one.level(), *events(one)] == ["under_attack", "before_advertise", "after_advertise"]
    calm(one)
    assert events(one)[2:] == ["before_withdraw", "after_withdraw"]
    assert one.level() == "high"
    reasons = [(call.reason, call.actor) for call in one.told]
    assert reasons == [(why, "responder") for why in ("demand", "demand", "calm", "calm")]
    assert len({call.id for call in one.told}) == 4


def test_nothing_is_told_that_the_policy_does_not_name():
    one = calm(attacked(world(HookEvent.AFTER_ADVERTISE)))
    assert events(one) == []  # confirmed long ago, and over
    assert one.memory().hook == Hooked()


def test_routers_that_do_not_answer_delay_nothing_but_by_their_one_try():
    one = world()
    one.routers = NOT
    attacked(one)
    assert one.level() == "under_attack"
    assert events(one) == ["before_advertise"]


def test_a_write_that_is_tried_again_is_not_told_again():
    one = world()
    one.fault = Failure.SERVER_ERROR
    attacked(one)
    one.run(minutes(3))
    assert len(one.calls) > 2
    assert events(one) == ["before_advertise"]


def test_where_the_routers_are_needed_it_waits_for_them_with_the_same_call():
    one = world(required=True)
    one.routers = NOT
    attacked(one)
    assert one.decided() == ("hold", "precondition")
    held = one.memory().decision
    assert held.until == one.now.wall + seconds(5)
    assert "before_advertise" in held.detail
    assert "answered 503" in held.detail
    one.run(minutes(5), seconds(5))
    assert one.calls == []
    assert 8 < len(one.told) < 16  # five seconds, doubling to half a minute
    one.routers = OK
    one.run(minutes(1), seconds(5))
    assert one.level() == "under_attack"
    assert len({call.id for call in one.told}) == 1


def test_the_receiver_may_say_when_it_will_be_ready():
    one = world(required=True)
    one.routers = replace(NOT, retry_after=minutes(2))
    attacked(one)
    assert one.memory().decision.until == one.now.wall + minutes(2)
    one.routers = replace(NOT, retry_after=timedelta(days=9))
    one.run(minutes(2))
    assert one.memory().decision.until <= one.now.wall + minutes(5)


def test_a_policy_that_needs_them_no_more_goes_on_at_once():
    one = world(required=True)
    one.routers = NOT
    attacked(one)
    one.policy = replace(one.policy, hook=HookRule(frozenset({BEFORE})))
    one.inventory.policies = (one.policy,)
    one.tick(seconds(1))
    assert one.level() == "under_attack"


@pytest.mark.parametrize("order", [Order.ENGAGED, Order.RELEASED])
def test_an_order_is_told_and_waits_for_nobody(order):
    one = world(*EVERY, required=True)
    if order is Order.RELEASED:
        attacked(one)
    one.routers, one.told = NOT, []
    one.order(order)
    one.tick()
    assert one.level() == ("under_attack" if order is Order.ENGAGED else "high")
    call = one.told[0]
    event = BEFORE if order is Order.ENGAGED else HookEvent.BEFORE_WITHDRAW
    assert (call.event, call.reason) == (event, "override")
    assert call.actor == one.memory().override.actor == one.memory().hook.after.actor


def test_an_order_that_fails_at_the_provider_tells_them_no_second_time():
    one = world(required=True)
    one.routers, one.fault = NOT, Failure.REFUSED
    one.order(Order.ENGAGED)
    one.run(minutes(5))
    assert len(one.calls) > 2
    assert len(one.told) == 1


def test_an_order_ends_the_wait_for_routers_without_another_call():
    one = world(required=True)
    one.routers = NOT
    attacked(one)
    one.order(Order.ENGAGED)
    one.tick(seconds(1))
    assert one.level() == "under_attack"
    assert len(one.told) == 1


def test_it_stays_on_until_the_routers_have_taken_the_call_before_the_withdrawal():
    """To stay advertised is safe; to withdraw to routers that announce nothing is an outage."""
    one = attacked(world(HookEvent.BEFORE_WITHDRAW))
    one.routers = NOT
    calm(one)
    assert one.decided() == ("hold", "precondition")
    assert one.level() == "under_attack"
    one.routers = OK
    one.run(minutes(1))
    assert one.level() == "high"
    assert len({call.id for call in one.told}) == 1


def test_an_attack_that_returns_before_the_withdrawal_is_told_as_advertised():
    one = attacked(world(HookEvent.BEFORE_WITHDRAW, HookEvent.AFTER_ADVERTISE))
    one.tell_after()
    one.routers = NOT
    calm(one)
    one.routers = OK
    one.fire()
    one.tick()
    one.tell_after()
    assert events(one)[0] == events(one)[-1] == "after_advertise"
    assert one.told[-1].reason == "given_up"
    assert one.memory().hook.before is None


def test_an_attack_that_ends_before_anything_was_written_is_told_as_withdrawn():
    one = world(required=True)
    one.routers = NOT
    attacked(one)
    calm(one)
    assert one.calls == []
    one.routers = OK
    one.run(minutes(1))
    one.tell_after()
    assert (events(one)[-1], one.told[-1].reason) == ("after_withdraw", "given_up")
    assert one.memory().hook.before is None


def test_a_pause_gives_nothing_up():
    one = world(required=True)
    one.routers = NOT
    attacked(one)
    one.order(Order.PAUSED, minutes=3)
    one.run(minutes(2))
    assert one.memory().hook.before is not None
    assert one.memory().hook.after is None


def test_what_somebody_else_has_switched_off_is_told_as_withdrawn():
    one = attacked(world())
    one.human("low")
    one.run(minutes(3))
    one.tell_after()
    assert events(one) == ["before_advertise", "after_withdraw"]
    assert (one.told[-1].reason, one.told[-1].actor) == ("drift", "somebody else")


def test_what_is_somebody_elses_now_is_not_told_as_withdrawn():
    one = attacked(world())
    one.human("under_attack")
    one.run(minutes(3))
    assert not one.memory().ours
    one.tell_after()
    assert events(one) == ["before_advertise"]


def test_a_later_attack_is_another_call():
    one = calm(attacked(world()))
    attacked(one)
    assert events(one) == ["before_advertise", "after_withdraw", "before_advertise"]
    assert one.told[0].id != one.told[2].id


@pytest.mark.parametrize("told", [(BEFORE, AFTER), (AFTER,)])
def test_a_call_that_is_overtaken_by_the_next_attack_is_never_made(told):
    """It would tell routers that are needed now that they are not."""
    one = world(*told)
    one.routers = OK
    attacked(one)
    one.resolve()
    one.run(minutes(20))
    one.routers = NOT
    one.tell_after()
    tried = one.memory().hook.after
    assert (tried.event, tried.tries, one.memory().hook.waiting) == (AFTER, 1, True)
    assert not one.memory().idle
    attacked(one)
    assert one.memory().hook.after is None
    dropped = [entry for entry in one.entries if entry.kind is Kind.HOOK]
    assert [(entry.action, entry.reason) for entry in dropped] == [("after_withdraw", "superseded")]
    assert tried.id in dropped[0].detail


def test_a_call_after_a_change_is_tried_a_bounded_number_of_times():
    one = attacked(world())
    one.resolve()
    one.run(minutes(20))
    one.routers = NOT
    for _ in range(200):
        one.tell_after()
        one.tick()
    assert events(one).count("after_withdraw") == MOST_TRIES
    assert len({call.id for call in one.told if call.event is AFTER}) == 1
    assert not one.memory().hook.waiting


def test_a_receiver_that_is_gone_is_called_no_more():
    call = HookCall.of(AFTER, "t", Moment(START), "calm", "responder")
    gone = HookAnswer(HookOutcome.GONE, "answered 410")
    assert call.answered(gone, Moment(START), most=MOST_TRIES).done
    assert not call.answered(gone, Moment(START), most=None).done  # what is needed is asked again


@pytest.mark.parametrize("mode", [Mode.SHADOW, Mode.OFF])
def test_a_policy_that_does_not_act_tells_nobody(mode):
    one = calm(attacked(world(*EVERY, mode=mode)))
    assert one.told == []
    assert one.memory().hook == Hooked()


def test_without_the_store_nobody_is_told_and_nothing_is_written():
    one = world()
    one.routers = None
    attacked(one)
    assert one.calls == []
    waiting = one.memory().hook.before
    one.routers = OK
    one.tick()
    assert one.level() == "under_attack"
    assert [call.id for call in one.told] == [waiting.id]


def test_what_changed_during_the_call_is_decided_anew():
    """A silence that comes while the routers take their time is respected."""
    one = world()
    tell = one._tell
    one._tell = lambda call: (one.silence(SITE), one.order(Order.PAUSED), tell(call))[-1]
    attacked(one)
    assert one.calls == []
    assert one.decided() == ("hold", "override")


def test_the_opposite_of_what_was_told_takes_a_turn_of_its_own():
    one = world(*EVERY)
    tell = one._tell

    def turned(call):
        if not one.told:
            one.human("under_attack")
            one.now = one.now.later(one.now.wall + seconds(3), seconds(3))
            one.order(Order.RELEASED)
        return tell(call)

    one._tell = turned
    attacked(one)
    assert [one.level(), *events(one)] == ["under_attack", "before_advertise"]
    one.tick()
    assert [one.level(), *events(one)] == ["high", "before_advertise", "before_withdraw"]


def test_a_change_that_is_given_up_while_they_are_called_is_not_made():
    one = world()
    tell = one._tell

    def given_up(call):
        one.remember(replace(one.memory(), wanted=False, override=None))
        return tell(call)

    one._tell = given_up
    attacked(one)
    assert one.calls == []
    assert one.memory().hook.before is None
    assert one.memory().hook.after.event is AFTER


@pytest.mark.parametrize(
    ("event", "rule", "holds"),
    [
        (BEFORE, HookRule(EVERY), False),
        (BEFORE, HookRule(EVERY, required=True), True),
        (BEFORE, HookRule(frozenset({AFTER}), required=True), False),
        (HookEvent.BEFORE_WITHDRAW, HookRule(EVERY), True),
        (HookEvent.BEFORE_WITHDRAW, HookRule(), False),
        (AFTER, HookRule(EVERY, required=True), False),
    ],
)
def test_what_may_hold_is_what_the_policy_still_names(event, rule, holds):
    assert rule.holds(event) is holds
