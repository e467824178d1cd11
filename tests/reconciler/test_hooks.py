"""The operator's own routers are told in order, once, and again only after a crash."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from support.installation import SHOP

from responder.domain.breaker import Failure
from responder.domain.hook import HookEvent, HookOutcome, HookRule
from responder.domain.targets import Mode
from responder.errors import ProviderError, StoreError
from responder.ports import EventQuery

TOLD = frozenset({HookEvent.BEFORE_ADVERTISE, HookEvent.AFTER_WITHDRAW})
OK, REFUSED, TIMEOUT = HookOutcome.OK, HookOutcome.REFUSED, HookOutcome.TIMEOUT


@pytest.fixture
async def routed(setup):
    """Return an installation whose policy has a hook, with nothing going on."""
    setup.policy = replace(setup.policy, hook=HookRule(TOLD))
    await setup.begin()
    await setup.step()
    yield setup
    await setup.one._hooks.stop()


def events(setup):
    return [str(call.event) for call in setup.hook.calls]


async def trail(setup):
    found = await setup.one.events(EventQuery(target=SHOP))
    return [(one.action, one.reason, one.detail) for one in reversed(found) if one.kind == "hook"]


async def attacked(setup):
    setup.alertmanager.fire("shop")
    await setup.step()


async def over(setup):
    setup.alertmanager.firing.clear()
    await setup.run(12)
    await setup.one._hooks.ended()


async def test_the_routers_are_told_before_the_write_and_after_the_read(routed):
    await attacked(routed)
    assert (events(routed), routed.hook.written) == (["before_advertise"], [0])
    await over(routed)
    assert routed.provider.levels["example.com"] == "high"
    assert (events(routed), routed.hook.written) == (["before_advertise", "after_withdraw"], [0, 2])
    told = await trail(routed)
    assert [one[:2] for one in told] == [("before_advertise", "ok"), ("after_withdraw", "ok")]
    assert "answered, after 0.01 s, try 1; id evt_" in told[0][2]


async def test_routers_that_fail_are_audited_and_it_goes_on(routed):
    routed.hook.answers = [TIMEOUT]
    await attacked(routed)
    assert routed.provider.writes == [("example.com", "under_attack")]
    assert [one[:2] for one in await trail(routed)] == [("before_advertise", "timeout")]


async def test_where_they_are_needed_it_waits_and_calls_again(routed):
    routed.policy = replace(routed.policy, hook=HookRule(TOLD, required=True))
    routed.hook.answers = [TIMEOUT, REFUSED]
    await routed.begin()
    await attacked(routed)
    assert routed.decided() == ("hold", "precondition")
    assert routed.provider.writes == []
    for _ in range(5):
        await routed.step()
    assert routed.provider.writes == [("example.com", "under_attack")]
    assert [one[1] for one in await trail(routed)] == ["timeout", "refused", "ok"]
    assert len({call.id for call in routed.hook.calls}) == 1


async def test_a_write_that_fails_is_tried_again_without_telling_them_again(routed):
    routed.provider.failing["example.com"] = ProviderError(Failure.REFUSED, "403")
    await attacked(routed)
    routed.provider.failing.clear()
    await routed.begin()
    await routed.run(2)
    assert routed.provider.levels["example.com"] == "under_attack"
    assert events(routed) == ["before_advertise"]


async def test_a_crash_during_the_first_call_repeats_it_under_its_id(routed):
    routed.hook.hanging = asyncio.Event()
    routed.alertmanager.fire("shop")
    routed.clock.passed += timedelta(seconds=5)
    await routed.one._watch.poll(routed.alertmanager)
    await routed.one.step()
    for _ in range(100):
        await asyncio.sleep(0.001)
        if routed.hook.calls:
            break
    crashed = routed.one
    routed.hook.hanging = None
    await routed.begin()
    await routed.step()
    await crashed._turns.stop()
    assert events(routed) == ["before_advertise"] * 2
    assert len({call.id for call in routed.hook.calls}) == 1
    assert routed.provider.writes == [("example.com", "under_attack")]


async def test_a_crash_before_the_routers_heard_of_the_withdrawal_loses_nothing(routed):
    await attacked(routed)
    routed.hook.hanging = asyncio.Event()
    routed.alertmanager.firing.clear()
    await routed.run(12)
    assert events(routed) == ["before_advertise", "after_withdraw"]
    crashed = routed.one
    routed.hook.hanging = None
    await routed.begin()
    await routed.step()
    await routed.one._hooks.ended()
    await crashed._hooks.stop()
    assert events(routed)[1:] == ["after_withdraw"] * 2
    assert len({call.id for call in routed.hook.calls}) == 2
    await routed.begin()
    await routed.run(2)
    assert len(routed.hook.calls) == 3  # what they have taken is not told again


async def test_a_crash_between_the_write_and_the_read_that_confirms_it_loses_nothing(routed):
    await attacked(routed)
    routed.alertmanager.firing.clear()
    lost, release = asyncio.Event(), routed.provider.release

    async def applied_but_never_answered(target, previous):
        await release(target, previous)
        await lost.wait()

    routed.provider.release = applied_but_never_answered
    routed.stuck.add("under_attack:example.com")
    await routed.run(12)
    assert routed.provider.levels["example.com"] == "high"
    assert events(routed) == ["before_advertise"]
    crashed = routed.one
    routed.provider.release = release
    routed.stuck.clear()
    await routed.begin()
    await routed.run(2)
    await routed.one._hooks.ended()
    await crashed._turns.stop()
    assert events(routed) == ["before_advertise", "after_withdraw"]


async def test_a_call_after_a_change_that_hangs_holds_neither_passes_nor_the_next_attack(routed):
    await attacked(routed)
    routed.hook.hanging = asyncio.Event()
    routed.alertmanager.firing.clear()
    await routed.run(12)
    _, hung = routed.one._hooks._tasks[SHOP]
    routed.hook.hanging, call, given_up = None, routed.hook.call, []

    async def watched(*told):
        given_up.append(bool(hung.cancelling()) or hung.cancelled())
        return await call(*told)

    routed.hook.call = watched
    reading = routed.provider.hanging["example.com"] = asyncio.Event()
    await attacked(routed)
    routed.provider.hanging.clear()
    reading.set()  # the turn goes on while no pass is made
    await routed.settle()
    await asyncio.wait({hung}, timeout=1)
    assert given_up == [True]  # before they are told the opposite
    assert routed.provider.levels["example.com"] == "under_attack"
    assert events(routed) == ["before_advertise", "after_withdraw", "before_advertise"]
    assert ("after_withdraw", "superseded") in [one[:2] for one in await trail(routed)]


async def test_a_call_that_keeps_failing_is_given_up_and_says_so(routed):
    await attacked(routed)
    routed.hook.answers = [REFUSED] * 99
    await over(routed)
    await routed.run(60)
    assert events(routed).count("after_withdraw") == 10
    told = await trail(routed)
    assert [one[1] for one in told[1:]] == ["refused"] * 10
    assert ["given up" in one[2] for one in told[1:]] == [False] * 9 + [True]


async def test_a_surprise_in_a_call_neither_spins_nor_ends_anything(routed):
    await attacked(routed)
    routed.hook.answers = [ZeroDivisionError("surprise")]
    await over(routed)
    assert events(routed)[1:] == ["after_withdraw"] * 2
    assert [one[:2] for one in await trail(routed)][-1] == ("after_withdraw", "ok")


async def test_without_the_store_nobody_is_told(routed):
    routed.store.broken = True
    routed.alertmanager.fire("shop")
    with pytest.raises(StoreError):
        await routed.step()
    await routed.settle()
    assert (routed.hook.calls, routed.provider.writes) == ([], [])
    routed.store.broken = False
    await routed.step()
    await routed.step()
    assert (events(routed), routed.hook.written) == (["before_advertise"], [0])


async def test_shadow_mode_calls_nobody(routed):
    routed.policy = replace(routed.policy, mode=Mode.SHADOW)
    await routed.begin()
    await attacked(routed)
    await over(routed)
    assert (routed.hook.calls, routed.provider.writes) == ([], [])


async def test_what_left_the_configuration_is_told_as_withdrawn_before_it_is_forgotten(routed):
    await attacked(routed)
    routed.targets = [one for one in routed.targets if one.id != SHOP]
    routed.hook.answers = [REFUSED]
    await routed.begin()
    await over(routed)
    await routed.run(1)
    await routed.one._hooks.ended()
    assert events(routed) == ["before_advertise", "after_withdraw", "after_withdraw"]
    await routed.run(1)
    assert SHOP not in routed.one._ledger.memories


async def waits(setup):
    """Let the first call after a change be refused, so that it is due again in five seconds."""
    await attacked(setup)
    setup.hook.answers = [REFUSED]
    setup.alertmanager.firing.clear()
    while "after_withdraw" not in events(setup):
        await setup.step(20)
    await setup.one._hooks.ended()
    assert setup.memory().hook.waiting


async def pass_when_due(setup):
    setup.clock.passed += timedelta(seconds=20)
    await setup.one.step()
    await asyncio.sleep(0)
    await setup.one._hooks.ended()


async def test_a_replica_without_the_lease_tells_nobody(routed):
    await waits(routed)
    lease = routed.one._hooks._lease
    ends, lease._ends = lease._ends, None
    await pass_when_due(routed)
    assert events(routed).count("after_withdraw") == 1
    lease._ends = ends
    await pass_when_due(routed)
    assert events(routed).count("after_withdraw") == 2


async def test_who_rests_begins_no_call(routed):
    await waits(routed)
    await routed.one.rest()
    await pass_when_due(routed)
    assert events(routed).count("after_withdraw") == 1
    routed.one.go_on()
    await pass_when_due(routed)
    assert events(routed).count("after_withdraw") == 2
