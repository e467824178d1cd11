"""The table: every combination meets a row, and no row does what it must not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.domain.audit import Action, Reason
from responder.domain.breaker import Breaker, Circuit
from responder.domain.clock import Moment
from responder.domain.credential import Credential
from responder.domain.decision import ROWS, Situation, actual, decide
from responder.domain.memory import (
    Actual,
    Backoff,
    Demand,
    Episode,
    Memory,
    Order,
    Override,
    Owner,
    Reading,
    State,
    Write,
)
from responder.domain.targets import Mode, OnDrift, Policy

WALL = datetime(2026, 11, 20, 10, tzinfo=UTC)
NOW = Moment(WALL, timedelta(hours=10))
MARKS = st.integers(0, 36_000).map(lambda count: timedelta(seconds=count))
MAYBE_MARK = st.none() | MARKS

READINGS = st.none() | st.builds(
    Reading,
    st.sampled_from(list(Actual)),
    st.sampled_from(["high", "under_attack"]),
    ineligible=st.sampled_from([None, None, None, "the zone is paused"]),
    constrained_for=st.sampled_from([timedelta(0), timedelta(minutes=15)]),
    unprepared=st.sampled_from([None, None, "no tunnel"]),
    mark=MARKS,
)
EPISODES = st.none() | st.builds(
    Episode,
    st.just(WALL),
    was_on=st.booleans(),
    drifted=st.booleans(),
    off_seen=MAYBE_MARK,
    enforced=st.integers(0, 4),
)
OVERRIDES = st.none() | st.builds(
    Override,
    st.sampled_from(list(Order)),
    st.just(WALL + timedelta(minutes=5)),
    st.just("drill"),
    st.just("operator:alice"),
    st.just(WALL),
)
WRITES = st.none() | st.builds(
    Write, st.booleans(), st.just(WALL), MARKS, st.booleans(), st.booleans()
)
MEMORIES = st.builds(
    Memory,
    st.just("t"),
    st.just("s"),
    st.just("under_attack"),
    st.just("z"),
    state=st.sampled_from(list(State)),
    owner=st.none() | st.sampled_from(list(Owner)),
    previous=st.sampled_from([None, "high"]),
    demand=st.sampled_from(list(Demand)),
    wanted=st.booleans(),
    wanted_mark=MARKS,
    calm_for=MAYBE_MARK,
    on_for=MARKS,
    on_mark=MAYBE_MARK,
    engagements=st.lists(MARKS, max_size=6).map(tuple),
    episode=EPISODES,
    override=OVERRIDES,
    reading=READINGS,
    unread_mark=MAYBE_MARK,
    write=WRITES,
    backoff=st.builds(Backoff, st.integers(0, 5), MARKS),
    read_backoff=st.builds(Backoff, st.integers(0, 5), MARKS),
)
CIRCUITS = st.builds(
    Breaker, st.sampled_from(list(Circuit)), st.integers(0, 5), MARKS, MARKS.map(lambda m: m * 2)
)
SITUATIONS = st.builds(
    Situation,
    MEMORIES,
    st.builds(
        Policy,
        st.just("p"),
        st.just("under_attack"),
        st.just(()),
        st.sampled_from(list(Mode)),
        on_drift=st.sampled_from(list(OnDrift)),
    ),
    st.just(NOW),
    st.builds(Credential, CIRCUITS, CIRCUITS),
    st.booleans(),
    st.booleans(),
)


@given(SITUATIONS)
def test_the_table_is_total_and_no_row_breaks_its_promise(s):
    decision = decide(s)
    memory, override = s.memory, s.memory.override
    if decision.until is not None and decision.reason is not Reason.PAUSED:
        assert decision.until > WALL
    if memory.reading is not None and memory.reading.ineligible:
        assert decision.reason is Reason.NOT_ELIGIBLE
    if decision.action is Action.ENGAGE:
        ordered = override is not None and override.order is Order.ENGAGED
        assert ordered or (override is None and memory.wanted and s.policy.mode is Mode.ENFORCE)
        assert ordered or memory.demand is not Demand.PAUSED
        assert s.actual is not Actual.ON
    if decision.action is Action.RELEASE:
        ordered = override is not None and override.order is Order.RELEASED
        assert ordered or (override is None and not memory.wanted and memory.ours)
        assert ordered or memory.demand not in {Demand.PAUSED, Demand.UNKNOWN}
        assert ordered or memory.on_for >= s.policy.guards.minimum_duration
        assert s.actual is Actual.ON


@given(SITUATIONS)
def test_the_first_row_that_applies_decides(s):
    applying = [row for row in ROWS if row.applies(s)]
    assert applying
    assert decide(s) == applying[0].decide(s)


def test_the_rows_stand_in_the_order_of_the_design():
    numbers = [row.number for row in ROWS]
    assert numbers == sorted(numbers)


READ = Reading(Actual.OFF, "high", mark=NOW.elapsed)
BASE = Memory("t", "s", "under_attack", "z", reading=READ, wanted_mark=NOW.elapsed)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"reading": None}, Actual.UNKNOWN),
        ({}, Actual.OFF),
        ({"wanted": True}, Actual.OFF),
        ({"wanted": True, "reading": replace(READ, mark=timedelta(0))}, Actual.UNKNOWN),
        (
            {
                "wanted": True,
                "state": State.ENGAGED,
                "reading": Reading(Actual.ON, mark=timedelta(0)),
            },
            Actual.ON,
        ),
        (
            {"wanted": True, "write": Write(True, WALL, NOW.elapsed + timedelta(seconds=1))},
            Actual.UNKNOWN,
        ),
        ({"state": State.ENGAGED, "unread_mark": NOW.elapsed}, Actual.UNKNOWN),
        ({"unread_mark": NOW.elapsed}, Actual.OFF),
    ],
)
def test_a_read_that_is_older_than_the_need_says_nothing(changes, expected):
    assert actual(replace(BASE, **changes)) is expected


def ordered(order, **changes):
    override = Override(order, WALL + timedelta(minutes=5), "drill", "operator:alice", WALL)
    return Situation(replace(BASE, override=override, **changes), Policy("p", "m", ()), NOW)


@pytest.mark.parametrize(
    ("order", "reading", "action"),
    [
        (Order.ENGAGED, Actual.OFF, Action.ENGAGE),
        (Order.ENGAGED, Actual.ON, Action.HOLD),
        (Order.RELEASED, Actual.ON, Action.RELEASE),
        (Order.RELEASED, Actual.OFF, Action.HOLD),
        (Order.PAUSED, Actual.ON, Action.HOLD),
    ],
)
def test_an_order_is_carried_out_or_stands(order, reading, action):
    decision = decide(ordered(order, reading=replace(READ, actual=reading)))
    assert (decision.action, decision.reason) == (action, Reason.OVERRIDE)
    assert decision.until == WALL + timedelta(minutes=5)


def test_an_order_to_release_waits_for_a_read():
    decision = decide(ordered(Order.RELEASED, reading=None))
    assert decision.reason is Reason.UNOBSERVED


def test_an_order_respects_the_breaker():
    broken = Breaker(Circuit.OPEN, 3, timedelta(seconds=5), NOW.elapsed + timedelta(seconds=5))
    s = replace(ordered(Order.ENGAGED), credential=Credential(writes=broken))
    assert decide(s).reason is Reason.CIRCUIT_OPEN
