"""Shadow mode in the running loop: told once, over restarts and blindness too."""

from contextlib import suppress
from dataclasses import replace

import pytest
from support.installation import SHOP

from responder.domain.targets import Mode
from responder.errors import StoreError
from responder.ports import EventQuery


async def would(setup):
    told = await setup.one.events(EventQuery(target=SHOP, limit=1000))
    return [(one.action, one.reason) for one in reversed(told) if one.kind == "would"]


@pytest.fixture
async def shadow(setup):
    setup.policy = replace(setup.policy, mode=Mode.SHADOW)
    await setup.begin()
    await setup.step()
    setup.alertmanager.fire("shop")
    await setup.step()
    return setup


async def test_what_would_be_done_is_told_with_its_guards(shadow):
    assert await would(shadow) == [("engage", "demand")]
    shadow.alertmanager.firing.clear()
    await shadow.run(4)
    assert await would(shadow) == [("engage", "demand")]
    await shadow.run(4)
    assert await would(shadow) == [("engage", "demand"), ("release", "calm")]
    assert shadow.provider.writes == []


@pytest.mark.parametrize("passes", [1, 3, 7])
async def test_a_restart_in_the_middle_tells_nothing_twice_and_forgets_no_wait(shadow, passes):
    await shadow.begin()
    await shadow.step()
    shadow.alertmanager.firing.clear()
    for done in range(8):
        await shadow.run(1)
        if done < passes:
            await shadow.begin()
    await shadow.run(8)
    assert await would(shadow) == [("engage", "demand"), ("release", "calm")]


async def test_blindness_keeps_what_would_be_on(shadow):
    shadow.alertmanager.problem = "connection refused"
    shadow.alertmanager.firing.clear()
    await shadow.run(30)
    assert await would(shadow) == [("engage", "demand")]
    shadow.alertmanager.problem = ""
    await shadow.run(8)
    assert await would(shadow) == [("engage", "demand"), ("release", "calm")]


async def test_a_policy_that_begins_to_enforce_in_the_middle_engages_for_real(shadow):
    shadow.policy = replace(shadow.policy, mode=Mode.ENFORCE)
    await shadow.begin()
    await shadow.run(1)
    assert shadow.provider.levels["example.com"] == "under_attack"
    assert await would(shadow) == [("engage", "demand"), ("release", "shadow")]


async def test_what_the_store_did_not_take_is_told_once_when_it_does(shadow):
    shadow.alertmanager.firing.clear()
    shadow.store.broken = True
    for _ in range(20):
        with suppress(StoreError):
            await shadow.step(30)
    shadow.store.broken = False
    await shadow.run(1)
    assert await would(shadow) == [("engage", "demand"), ("release", "calm")]
