"""Each guard alone: why it holds, until when, and that its `until` is true."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.domain.audit import Action, Decision, Reason
from responder.domain.breaker import Breaker, Circuit, Failure
from responder.domain.budget import Budget
from responder.domain.clock import ZERO, Moment
from responder.domain.credential import Credential
from responder.domain.guards import LOWERING, RAISING, Proposal, calm_needed, strictest
from responder.domain.memory import Actual, Backoff, Memory, Reading, State, Write
from responder.domain.targets import Guards, Policy

WALL = datetime(2026, 11, 20, 10, tzinfo=UTC)
NOW = Moment(WALL, timedelta(hours=100))
POLICY = Policy("p", "under_attack", ())
SECONDS = st.integers(-200, 8000).map(lambda count: timedelta(seconds=count))


def memory(state=State.RELEASED, **changes):
    return Memory("t", "s", "under_attack", "z", state=state, **changes)


def proposal(raising, remembered, **changes):
    base = Proposal(remembered, POLICY, NOW, Credential(), False, None, False, raising)
    return replace(base, **changes)


ON = memory(State.ENGAGED, on_for=timedelta(hours=1), calm_for=timedelta(hours=3))
OPEN = Breaker(Circuit.OPEN, 3, timedelta(seconds=5), NOW.elapsed + timedelta(seconds=5))
EMPTY = Budget(0.0, NOW.elapsed)
OFF = Reading(Actual.OFF, "high", mark=NOW.elapsed)

HOLDS = [
    (True, memory(), {"credential": Credential(writes=OPEN)}, Reason.CIRCUIT_OPEN, 5),
    (False, ON, {"credential": Credential(writes=OPEN)}, Reason.CIRCUIT_OPEN, 5),
    (True, memory(), {"credential": Credential(budget=EMPTY)}, Reason.API_BUDGET, 50),
    (False, ON, {"credential": Credential(budget=EMPTY)}, Reason.API_BUDGET, 0.5),
    (
        True,
        memory(State.ENGAGING, backoff=Backoff(1, NOW.elapsed + timedelta(seconds=5))),
        {},
        Reason.BACKOFF,
        5,
    ),
    (
        True,
        memory(reading=replace(OFF, constrained_for=timedelta(minutes=15))),
        {},
        Reason.COOLDOWN,
        900,
    ),
    (True, memory(reading=replace(OFF, unprepared="no tunnel")), {}, Reason.PRECONDITION, None),
    (
        True,
        memory(),
        {"admission": Decision(Action.HOLD, Reason.MAX_SITES_ENGAGED)},
        Reason.MAX_SITES_ENGAGED,
        None,
    ),
    (
        False,
        replace(ON, on_for=timedelta(minutes=1)),
        {},
        Reason.MINIMUM_DURATION,
        240,
    ),
    (False, replace(ON, calm_for=timedelta(minutes=1)), {}, Reason.CALM_PERIOD, 840),
    (False, replace(ON, calm_for=None), {}, Reason.CALM_PERIOD, 900),
    (
        False,
        replace(ON, calm_for=ZERO, engagements=(NOW.elapsed,) * 3),
        {},
        Reason.FLAP_HOLD,
        1800,
    ),
    (
        True,
        memory(
            unread_mark=NOW.elapsed,
            read_backoff=Backoff(1, NOW.elapsed + timedelta(seconds=1), Failure.TIMEOUT, "x"),
        ),
        {"unread": True},
        Reason.BACKOFF,
        1,
    ),
    (
        False,
        replace(ON, write=Write(True, WALL, NOW.elapsed)),
        {},
        Reason.BACKOFF,
        5,
    ),
    (
        True,
        memory(State.ENGAGING, write=Write(True, WALL, NOW.elapsed, accepted=True)),
        {"unread": True},
        Reason.BACKOFF,
        5,
    ),
]


@pytest.mark.parametrize(("raising", "remembered", "changes", "reason", "wait"), HOLDS)
def test_a_guard_holds_with_its_reason_and_the_end_of_its_wait(
    raising, remembered, changes, reason, wait
):
    held = strictest(proposal(raising, remembered, **changes), RAISING if raising else LOWERING)
    assert held is not None
    assert (held.action, held.reason) == (Action.HOLD, reason)
    expected = None if wait is None else WALL + timedelta(seconds=wait)
    assert held.until == expected


@pytest.mark.parametrize("raising", [True, False])
def test_without_cause_nothing_holds(raising):
    remembered = memory() if raising else ON
    assert strictest(proposal(raising, remembered), RAISING if raising else LOWERING) is None


def test_a_half_open_circuit_lets_the_one_through_that_probes():
    half = Credential(writes=replace(OPEN, open_until=NOW.elapsed)).at(NOW)
    assert strictest(proposal(True, memory(), credential=half), RAISING) is not None
    probing = proposal(True, memory(), credential=half, probing=True)
    assert strictest(probing, RAISING) is None


def test_an_open_circuit_shows_what_this_target_was_told():
    told = [
        memory(),
        memory(read_backoff=Backoff(detail="the token is expired")),
        memory(backoff=Backoff(detail="500"), read_backoff=Backoff(detail="the token is expired")),
    ]
    held = [
        strictest(proposal(True, one, credential=Credential(writes=OPEN)), RAISING) for one in told
    ]
    assert [one and one.detail for one in held] == [
        "writes to the provider fail",
        "writes to the provider fail: the token is expired",
        "writes to the provider fail: 500",
    ]


def later(p, wait):
    """The same proposal after good passes for so long."""
    elapsed = NOW.elapsed + wait
    remembered = replace(
        p.memory,
        on_for=p.memory.on_for + wait,
        calm_for=(p.memory.calm_for or ZERO) + wait,
    )
    now = Moment(WALL + wait, elapsed)
    return replace(p, memory=remembered, now=now, credential=p.credential.at(now), probing=True)


@pytest.mark.parametrize(
    ("raising", "remembered", "changes"),
    [(row[0], row[1], row[2]) for row in HOLDS if row[4] is not None],
)
def test_at_its_until_a_guard_has_let_go(raising, remembered, changes):
    guards = RAISING if raising else LOWERING
    first = proposal(raising, remembered, **changes)
    for guard in guards:
        held = guard(first)
        if held is not None and held.until is not None:
            again = guard(later(first, held.until - WALL))
            assert again is None or again.until != held.until


@given(
    raising=st.booleans(),
    on_for=SECONDS,
    calm_for=SECONDS,
    backoff=SECONDS,
    constrained=SECONDS,
    tokens=st.floats(0, 600),
    engagements=st.integers(0, 9),
    unread=st.booleans(),
)
def test_the_order_of_guards_changes_the_reason_never_the_outcome(
    raising, on_for, calm_for, backoff, constrained, tokens, engagements, unread
):
    remembered = memory(
        State.ENGAGING if raising else State.RELEASING,
        on_for=on_for,
        calm_for=calm_for,
        backoff=Backoff(1, NOW.elapsed + backoff),
        reading=replace(OFF, constrained_for=constrained),
        engagements=(NOW.elapsed,) * engagements,
    )
    credential = Credential(budget=Budget(tokens, NOW.elapsed))
    one = proposal(raising, remembered, credential=credential, unread=unread)
    guards = RAISING if raising else LOWERING
    outcomes = {strictest(one, order) for order in list(islice(permutations(guards), 0, None, 701))}
    assert len(outcomes) == 1
    held = outcomes.pop()
    if held is not None and held.until is not None:
        assert held.until > WALL
        ends = [hold.until for guard in guards if (hold := guard(one)) is not None]
        assert held.until == max(ends)


@pytest.mark.parametrize(
    ("engagements", "minutes"), [(0, 15), (2, 15), (3, 30), (4, 60), (5, 120), (9, 120)]
)
def test_from_the_third_engagement_on_calm_must_last_longer(engagements, minutes):
    remembered = memory(engagements=(NOW.elapsed,) * engagements)
    assert calm_needed(remembered, POLICY, NOW)[1] == timedelta(minutes=minutes)


def test_a_calm_period_that_is_longer_than_the_longest_flap_hold_stays():
    policy = replace(POLICY, guards=Guards(calm_period=timedelta(hours=3)))
    remembered = memory(engagements=(NOW.elapsed,) * 5)
    assert calm_needed(remembered, policy, NOW)[1] == timedelta(hours=3)
