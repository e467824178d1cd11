"""Routine reads of targets that share calls: paced by the calls, and fresh where it matters."""

from datetime import timedelta

import pytest

from responder.domain.audit import Action
from responder.domain.breaker import Circuit, Failure
from responder.domain.memory import Actual, Reading
from responder.domain.pacing import GATE_AN_HOUR, GATE_AT_ONCE
from responder.domain.targets import Target
from responder.errors import ProviderError
from responder.reconciler.timing import Unrest

ZERO = timedelta(0)


async def many(setup, count, *, shared=1):
    """Begin with so many targets, of which one call answers for `shared`, none if zero."""
    setup.targets = [Target(f"s{n}", "under_attack", f"{n}.example") for n in range(count)]
    setup.provider.levels = {one.resource: "high" for one in setup.targets}
    if shared:
        setup.provider.calls = {
            one.resource: f"list{number // shared}" for number, one in enumerate(setup.targets)
        }
    await setup.begin()


async def hours(setup, count, every=30.0):
    """Let time pass; return the resources that were read."""
    setup.provider.withins.clear()
    for _ in range(round(count * 3600 / every)):
        setup.clock.passed += timedelta(seconds=every)
        await setup.one._watch.poll(setup.alertmanager)
        await setup.one.step()
        await setup.settle()
    return [resource for resource, _ in setup.provider.withins]


def called(setup, resources):
    return [setup.provider.calls.get(one, one) for one in resources]


async def test_a_start_does_not_take_the_whole_budget_at_once(setup):
    await many(setup, 400, shared=0)
    await setup.one._watch.poll(setup.alertmanager)
    await setup.one.step()
    await setup.one.ended()
    assert 0 < setup.provider.reads <= 76
    for _ in range(10):
        await setup.step()
    assert all(one.memory.reading for one in setup.one.targets())


@pytest.mark.long
async def test_calls_beyond_a_thousand_an_hour_are_spread_out(setup):
    await many(setup, 250)
    first = await hours(setup, 0.2)
    assert set(first) == set(setup.provider.levels)
    read = await hours(setup, 1)
    assert set(read) == set(setup.provider.levels)
    assert 900 < len(read) <= GATE_AN_HOUR + GATE_AT_ONCE
    in_one = await hours(setup, 0.25)
    assert set(in_one) == set(setup.provider.levels)  # nobody waits for ever behind the others


@pytest.mark.long
async def test_those_that_share_a_call_are_read_in_the_ordinary_time(setup):
    await many(setup, 160, shared=16)
    await hours(setup, 0.1)
    read = await hours(setup, 1)
    assert len(read) == 160 * 6


@pytest.mark.long
async def test_zones_are_read_as_ever(setup):
    await many(setup, 200, shared=0)
    await hours(setup, 0.1)
    assert len(await hours(setup, 1)) >= 200 * 5


async def test_a_trigger_is_read_for_at_once_and_anew(setup):
    await many(setup, 200)
    await hours(setup, 0.2)
    setup.provider.withins.clear()
    setup.alertmanager.fire("s7")
    await setup.step()
    assert ("7.example", ZERO) in setup.provider.withins
    assert setup.provider.levels["7.example"] == "under_attack"
    others = [within for resource, within in setup.provider.withins if resource != "7.example"]
    assert ZERO not in others


async def test_an_answer_counts_from_when_it_was_given(setup):
    await many(setup, 1)
    age = timedelta(seconds=40)

    async def read(target, within):
        del target
        return Reading(Actual.OFF, "high", age=min(age, within))

    setup.provider.read = read
    await setup.step()
    (view,) = setup.one.targets()
    assert setup.one._stopwatch.now().elapsed - view.memory.reading.mark >= age
    assert setup.clock.now() - view.memory.reading.at >= age
    assert view.memory.reading.age == ZERO


async def test_one_call_that_fails_for_many_is_one_failure(setup):
    await many(setup, 16, shared=16)
    error = ProviderError(Failure.SERVER_ERROR, "500")

    async def read(target, within):
        del target, within
        raise error

    setup.provider.read = read
    setup.clock.passed += timedelta(seconds=5)
    await setup.one._watch.poll(setup.alertmanager)
    await setup.one.step()
    await setup.settle()
    assert setup.one._turns.credential.reads.circuit is Circuit.CLOSED
    assert all(one.memory.unread_mark is not None for one in setup.one.targets())


async def test_an_old_answer_does_not_say_that_the_api_works(setup):
    await many(setup, 2)
    turns = setup.one._turns
    failing = ProviderError(Failure.SERVER_ERROR, "500")
    turns._failed(failing, writing=False)
    turns._failed(like(failing), writing=False)
    before = turns.credential.reads

    async def read(target, within):
        del target
        return Reading(Actual.OFF, "high", age=min(timedelta(seconds=1), within))

    setup.provider.read = read
    await setup.one._watch.poll(setup.alertmanager)
    await setup.one.step()
    await setup.settle()
    assert turns.credential.reads.failures == before.failures == 2


def like(error):
    return ProviderError(error.failure, str(error))


@pytest.mark.long
async def test_quiet_targets_cost_a_pass_nothing_until_they_are_due(setup):
    await many(setup, 500)
    await hours(setup, 0.4)
    unrest = Unrest.of(setup.one._watch.scene(), set())
    moved = [one for one in setup.targets if setup.one._moves(one, {}, unrest)]
    assert len(moved) < 50
    assert setup.memory("under_attack:3.example").decision.action is Action.NONE


async def test_a_pass_of_a_start_looks_at_no_more_than_can_be_read(setup):
    await many(setup, 400, shared=0)
    looked = []
    observe = setup.one._observe
    setup.one._observe = lambda target, *rest: looked.append(target.id) or observe(target, *rest)
    await setup.one._watch.poll(setup.alertmanager)
    await setup.one.step()
    assert len(looked) == 400  # each is judged once, whatever can be read
    await setup.one.ended()
    looked.clear()
    await setup.one.step()
    assert len(looked) <= 2 * 76
