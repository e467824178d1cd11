"""Prefixes in the loop: two hands on one switch, an account of many, and one without any."""

from datetime import timedelta

import httpx
import pytest
from support.account import PrefixSetup

from responder.domain.breaker import Circuit
from responder.domain.budget import Spending

CIDR = "11.0.0.0/24"
TARGET = f"prefix_advertisement:{CIDR}"


@pytest.fixture
async def one():
    """Begin with one prefix, withdrawn, of which nothing is wanted."""
    setup = PrefixSetup(1)
    await setup.begin()
    await setup.pass_()
    assert setup.decided(TARGET) == ("none", "in_sync")
    yield setup
    await setup.one._turns.stop()


@pytest.fixture
async def engaged(one):
    one.fire_at(CIDR)
    await one.pass_()
    await one.pass_()
    assert str(one.memory(TARGET).state) == "engaged"
    return one


async def passes(setup, minutes, seconds=15.0):
    for _ in range(round(minutes * 60 / seconds)):
        await setup.pass_(seconds)


class TestTwoActors:
    """Somebody else switches the same prefix in the same moment."""

    async def test_who_withdraws_during_an_attack_is_respected_and_not_fought(self, engaged):
        await passes(engaged, 1)
        engaged.cloud.turn(CIDR, advertised=False)
        await passes(engaged, 60)
        assert engaged.cloud.writes == [(CIDR, True)]
        assert engaged.decided(TARGET) == ("hold", "drift")

    async def test_who_advertises_in_the_moment_of_our_write_changes_nothing(self, one):
        one.fire_at(CIDR)
        await one.one.look()
        answer = one.cloud.answer_write
        one.cloud.answer_write = lambda cidr, to: (
            one.cloud.turn(cidr, advertised=True),
            answer(cidr, to),
        )
        await passes(one, 1)
        assert one.cloud.writes == [(CIDR, True)]
        assert str(one.memory(TARGET).state) == "engaged"

    async def test_who_withdraws_in_the_moment_of_our_write_is_seen_by_the_read_back(self, one):
        one.fire_at(CIDR)
        answer = one.cloud.answer_write
        one.cloud.answer_write = lambda cidr, to: (
            answer(cidr, to),
            one.cloud.turn(cidr, advertised=False),
        )
        await one.pass_()
        assert str(one.memory(TARGET).state) == "engaging"  # never told as done
        assert one.memory(TARGET).reading.value == "withdrawn"

    async def test_who_withdraws_just_before_us_leaves_us_nothing_to_do(self, engaged):
        await passes(engaged, 20)
        engaged.alertmanager.firing.clear()
        await passes(engaged, 5)
        engaged.cloud.turn(CIDR, advertised=False)
        await passes(engaged, 30)
        assert engaged.cloud.writes == [(CIDR, True)]
        assert engaged.decided(TARGET) == ("none", "in_sync")
        assert not engaged.memory(TARGET).ours

    async def test_who_advertises_again_after_us_keeps_it(self, engaged):
        await passes(engaged, 20)
        engaged.alertmanager.firing.clear()
        await passes(engaged, 30)
        assert engaged.cloud.writes == [(CIDR, True), (CIDR, False)]
        engaged.cloud.turn(CIDR, advertised=True)
        await passes(engaged, 60)
        assert len(engaged.cloud.writes) == 2
        assert engaged.decided(TARGET) == ("none", "external")


@pytest.mark.long
async def test_a_start_with_200_prefixes_keeps_what_raising_needs():
    setup = PrefixSetup(200)
    await setup.begin()
    left = []
    for _ in range(60):
        await setup.pass_()
        left.append(setup.one._turns.credential.budget.tokens)
    await setup.one._turns.stop()
    assert all(one.memory.reading for one in setup.one.targets())
    assert min(left) >= Spending.ROUTINE_READ - 3
    assert len(setup.calls) <= 1 + 200 + 5  # the account, each list, and the tunnels


@pytest.mark.long
async def test_200_prefixes_that_stand_together_are_a_few_calls():
    setup = PrefixSetup(200, together=8)
    await setup.begin()
    for _ in range(120):
        await setup.pass_(30)
    await setup.one._turns.stop()
    assert len([one for one in setup.calls if one[1] == "list_bgp_prefixes"]) <= 25 * 7
    assert len([one for one in setup.calls if one[1] == "read_bgp_prefix"]) == 0


@pytest.mark.long
async def test_an_account_without_magic_transit_is_said_and_costs_little():
    setup = PrefixSetup(200)
    errors = [{"code": 10000, "message": "Authentication error"}]
    document = {"success": False, "errors": errors, "messages": [], "result": None}
    setup.cloud.refusal = httpx.Response(403, json=document)
    await setup.begin()
    setup.fire_at(CIDR)
    for _ in range(20):
        await setup.pass_(60)
    await setup.one._turns.stop()
    assert setup.one._turns.credential.reads.circuit is Circuit.CLOSED
    assert "IP Prefixes: Read" in setup.memory(TARGET).read_backoff.detail
    assert setup.cloud.writes == []
    assert len(setup.calls) < 1440 / 3  # in twenty minutes
    setup.cloud.refusal = None
    for _ in range(6):
        await setup.pass_(60)
    assert setup.cloud.writes == [(CIDR, True)]


async def test_a_change_by_somebody_else_is_seen_within_the_ordinary_time():
    setup = PrefixSetup(32, together=16)
    await setup.begin()
    for _ in range(30):
        await setup.pass_(30)
    setup.cloud.turn("11.0.9.0/24", advertised=True)
    began = setup.clock.passed
    target = "prefix_advertisement:11.0.9.0/24"
    while setup.decided(target) != ("none", "external"):
        await setup.pass_()
        assert setup.clock.passed - began <= timedelta(minutes=11)
    await setup.one._turns.stop()
