"""Routine reads: at their ordinary pace while that fits, and never beyond their share."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.world import START, minutes, policy, seconds

from responder.domain.audit import Action, Decision, Reason
from responder.domain.budget import Budget, Spending
from responder.domain.clock import Moment
from responder.domain.credential import Credential
from responder.domain.decision import Situation
from responder.domain.memory import Actual, Demand, Episode, Memory, Reading, State, Write
from responder.domain.pacing import CALLS_AN_HOUR, GATE_AN_HOUR, GATE_AT_ONCE, Gate, Spread, spread
from responder.domain.step import TOLERATED, first_reads, read_due, tolerance

READ_ON, READ_OFF = minutes(1), minutes(10)
EVERY = READ_ON, READ_OFF
API_BUDGET_AN_HOUR = 14_400

counts = st.integers(0, 20_000)


def calls(count):
    return [f"list{number}" for number in range(count)]


@given(on=counts, alone=counts, shared=st.integers(0, 5000))
def test_all_reads_together_stay_below_half_a_read_a_second(on, alone, shared):
    found = spread(on, alone, calls(shared), EVERY)
    rate = on / (READ_ON * found.all).total_seconds()
    rate += alone / (READ_OFF * found.all).total_seconds()
    rate += shared / (READ_OFF * found.shared).total_seconds()
    assert rate <= 0.5 + 1e-9
    assert min(found.all, found.shared) >= 1.0


@given(on=counts, alone=counts, shared=st.integers(0, 5000))
def test_quiet_calls_stay_below_a_thousand_an_hour(on, alone, shared):
    found = spread(on, alone, calls(shared), EVERY)
    an_hour = shared * 3600 / (READ_OFF * found.shared).total_seconds()
    assert an_hour <= CALLS_AN_HOUR + 1e-6
    assert CALLS_AN_HOUR < API_BUDGET_AN_HOUR / 10


@given(on=st.integers(0, 10), alone=st.integers(0, 50), shared=st.integers(0, 100))
def test_what_fits_is_read_at_its_ordinary_pace(on, alone, shared):
    assert spread(on, alone, calls(shared), EVERY) == Spread(1.0, 1.0)


@given(alone=counts)
def test_zones_are_not_held_back_by_what_is_for_shared_calls(alone):
    assert spread(0, alone, [], EVERY).all == max(1.0, alone / 600 / 0.5)


def test_those_that_one_call_answers_for_count_once():
    assert spread(0, 0, calls(60) * 100, EVERY) == Spread()


def test_a_thousand_calls_take_an_hour():
    assert READ_OFF * spread(0, 0, calls(1000), EVERY).shared == timedelta(hours=1)


@given(st.lists(st.floats(0, 900), max_size=200))
def test_no_hour_has_more_calls_than_the_gate_lets_through(waits):
    gate, at, passed = Gate(), timedelta(0), []
    for wait in waits:
        at += seconds(wait)
        gate = gate.at(at)
        while gate.open:
            gate = gate.passed()
            passed.append(at)
    hour = timedelta(hours=1)
    most = max((sum(at <= one < at + hour for one in passed) for at in passed), default=0)
    assert most <= GATE_AN_HOUR + GATE_AT_ONCE
    assert GATE_AN_HOUR + GATE_AT_ONCE < API_BUDGET_AN_HOUR / 10


def test_calls_are_let_through_faster_than_they_become_due():
    assert GATE_AN_HOUR > CALLS_AN_HOUR


NOW = Moment(START, minutes(60))
TARGET = Memory(
    "prefix_advertisement:p", "s", "prefix_advertisement", "p", reading=Reading(Actual.OFF)
)


def situation(memory, **more):
    return Situation(memory, policy(), NOW, **more)


def test_only_a_quiet_target_takes_an_answer_that_was_given_to_another():
    assert tolerance(situation(TARGET), READ_OFF) == READ_OFF * TOLERATED
    assert tolerance(situation(replace(TARGET, reading=None)), READ_OFF) == READ_OFF * TOLERATED


@pytest.mark.parametrize(
    "changes",
    [
        {"wanted": True},
        {"state": State.ENGAGED},
        {"demand": Demand.TRIGGER},
        {"demand": Demand.UNKNOWN},
        {"episode": Episode(START)},
        {"write": Write(raising=False, at=START, mark=NOW.elapsed)},
    ],
    ids=str,
)
def test_what_has_a_reason_is_asked_for_now(changes):
    assert tolerance(situation(replace(TARGET, **changes)), READ_OFF) == timedelta(0)


def test_the_probe_of_a_circuit_is_a_call():
    assert tolerance(situation(TARGET, probing_reads=True), READ_OFF) == timedelta(0)


@given(under_way=st.integers(0, 200), tokens=st.floats(0, 600))
def test_routine_reads_leave_what_the_turns_under_way_may_take(under_way, tokens):
    credential = Credential(budget=Budget(tokens, NOW.elapsed))
    nothing = Decision(Action.NONE, Reason.IN_SYNC)
    due = read_due(situation(TARGET, credential=credential), nothing, READ_OFF, under_way)
    left = tokens - under_way * Spending.TURN
    assert due is (left >= Spending.ROUTINE_READ)
    more = first_reads(tokens, under_way)
    assert due is (more > 0)
    assert not more or left - (more - 1) * Spending.TURN >= Spending.ROUTINE_READ


@given(under_way=st.integers(0, 200))
def test_a_read_that_is_needed_waits_for_no_turn_of_another(under_way):
    wanted = replace(TARGET, wanted=True, wanted_mark=NOW.elapsed)
    nothing = Decision(Action.NONE, Reason.IN_SYNC)
    assert read_due(situation(wanted), nothing, READ_OFF, under_way)
