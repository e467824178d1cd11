"""The API budget: who may still call when little is left, and what is kept for releases."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.world import INTERVAL, START, World, engaged, minutes, policy, seconds

from responder.domain.budget import CAPACITY, PER_SECOND, Budget, Spending
from responder.domain.clock import Moment
from responder.domain.credential import Credential
from responder.domain.decision import Situation, decide
from responder.domain.memory import Actual, Demand, Memory, Reading, State
from responder.domain.step import read_due

NOW = Moment(START, minutes(60))
TARGET = Memory("under_attack:a", "shop", "under_attack", "a", reading=Reading(Actual.OFF, "high"))


def situation(memory, tokens):
    credential = Credential(budget=Budget(tokens, NOW.elapsed))
    return Situation(memory, policy(), NOW, credential)


@pytest.mark.parametrize(
    ("changes", "needed"),
    [
        pytest.param({}, Spending.ROUTINE_READ, id="routine"),
        pytest.param({"wanted": True, "demand": Demand.TRIGGER}, Spending.RAISE, id="wanted"),
        pytest.param({"state": State.ENGAGED, "on_mark": minutes(1)}, Spending.RAISE, id="ours"),
    ],
)
def test_a_read_needs_more_left_the_less_it_matters(changes, needed):
    memory = replace(TARGET, **changes)
    for tokens, due in ((needed - 1, False), (needed, True)):
        s = situation(memory, tokens)
        held = decide(situation(memory, 0))  # it is the read that is asked about
        assert read_due(s, held, INTERVAL) is due


def test_the_needs_are_in_the_order_of_what_they_protect():
    assert Spending.LOWER < Spending.RAISE < Spending.ROUTINE_READ < CAPACITY


@settings(deadline=None)
@given(steps=st.lists(st.tuples(st.integers(0, 120), st.integers(1, 400)), max_size=40))
def test_whatever_raising_takes_enough_is_left_to_release(steps):
    budget, at = Budget(), timedelta(0)
    for wait, calls in steps:
        at += seconds(wait)
        budget = budget.at(at)
        for _ in range(calls):
            if not budget.wait_for(Spending.RAISE):
                budget = budget.spent(3)  # read, write, read back
        assert budget.tokens >= Spending.RAISE - 3
        assert not budget.wait_for(Spending.LOWER)


@settings(deadline=None)
@given(targets=st.integers(1, 2000), every=st.integers(1, 60))
def test_routine_reads_leave_three_quarters_of_the_bucket(targets, every):
    budget = Budget()
    for second in range(0, 600, every):
        budget = budget.at(seconds(second))
        for _ in range(min(targets, 700)):
            if budget.tokens >= Spending.ROUTINE_READ:
                budget = budget.spent(2)
        assert budget.tokens >= CAPACITY * 0.75 - 2


def test_a_release_is_made_while_raising_waits_for_the_budget():
    world = World({"a": ["a.example"], "b": ["b.example"]})
    world.tick()
    world.fire("a")
    world.tick()
    world.resolve("a")
    world.run(minutes(16))
    world.fire("b")
    world.credential = replace(world.credential, budget=Budget(50.0, world.now.elapsed))
    for _ in range(8):  # 30 tokens come back at each of these passes, and are taken away again
        world.tick()
        left = min(world.credential.budget.tokens, 50.0)
        world.credential = replace(world.credential, budget=Budget(left, world.now.elapsed))
    assert world.level("under_attack:a.example") == "high"
    assert world.decided("under_attack:b.example") == ("hold", "api_budget")


def test_the_bucket_fills_at_the_rate_that_the_limit_allows():
    empty = Budget(0.0)
    assert empty.at(seconds(10)).tokens == 10 * PER_SECOND
    assert empty.at(timedelta(hours=1)).tokens == CAPACITY
    assert empty.wait_for(Spending.RAISE) == seconds(Spending.RAISE / PER_SECOND)
    assert engaged().credential.budget.tokens < CAPACITY
