"""Under Attack Mode at the simulated Cloudflare, over real sockets, through each of its faults."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from responder.app import SystemClock
from responder.cloudflare.client import CloudflareClient, Endpoint
from responder.cloudflare.credentials import Token
from responder.cloudflare.zones import Zones
from responder.domain.breaker import Failure
from responder.domain.memory import Actual
from responder.domain.targets import Target
from responder.errors import ProviderError
from responder.mitigations.under_attack import UnderAttack
from responder.simulator import Fault, FaultKind, running, seed
from responder.simulator.inventory import TokenStatus
from responder.simulator.state import default_token

pytestmark = pytest.mark.integration
CLOCK = SystemClock()
TARGET = Target("shop", "under_attack", "example.com")
TOKEN = "cfut_of-a-user"


@pytest.fixture
async def cloudflare():
    """The simulation, and the mitigation that speaks to it over a socket."""
    known = replace(default_token(), value=TOKEN)
    simulation = seed({"example.com": "high"}, tokens=[known])
    async with running(simulation, CLOCK.now) as endpoints:
        client = CloudflareClient(
            Endpoint(endpoints.base_url, timedelta(seconds=1)),
            Token(lambda: TOKEN),
            CLOCK.monotonic,
        )
        zones = Zones(client, CLOCK.monotonic)
        mitigation = UnderAttack(client, zones, lambda _: "medium")
        yield simulation, mitigation
        simulation.faults.clear()
        await client.aclose()


def level(simulation):
    return simulation.find_zone("example.com").level


async def test_it_goes_on_and_back_to_what_was_there(cloudflare):
    simulation, mitigation = cloudflare
    before = await mitigation.read(TARGET)
    assert (before.actual, before.value, before.ineligible) == (Actual.OFF, "high", None)
    await mitigation.engage(TARGET)
    assert (await mitigation.read(TARGET)).actual is Actual.ON
    await mitigation.release(TARGET, "high")
    assert level(simulation) == "high"


FAULTS = [
    (Fault(FaultKind.RATE_LIMITED, retry_after=30), Failure.RATE_LIMITED, False),
    (Fault(FaultKind.RATE_LIMITED), Failure.RATE_LIMITED, False),
    (Fault(FaultKind.SERVER_ERROR), Failure.SERVER_ERROR, False),
    (Fault(FaultKind.BAD_GATEWAY), Failure.SERVER_ERROR, False),
    (Fault(FaultKind.UNAVAILABLE), Failure.SERVER_ERROR, False),
    (Fault(FaultKind.UNAUTHORIZED), Failure.UNAUTHORIZED, False),
    (Fault(FaultKind.FORBIDDEN), Failure.REFUSED, False),
    (Fault(FaultKind.SUCCESS_FALSE), Failure.REFUSED, False),
    (Fault(FaultKind.WEB_PAGE), Failure.MALFORMED, False),
    (Fault(FaultKind.TRUNCATED), Failure.MALFORMED, True),
    (Fault(FaultKind.HANG), Failure.TIMEOUT, False),
    (Fault(FaultKind.SLOW, delay=timedelta(seconds=5)), Failure.TIMEOUT, False),
    (Fault(FaultKind.RESET), Failure.TIMEOUT, False),
    (Fault(FaultKind.LATE_APPLIED), Failure.TIMEOUT, True),
]


@pytest.mark.parametrize(
    ("fault", "failure", "applied"), FAULTS, ids=lambda value: getattr(value, "kind", None)
)
async def test_each_fault_of_a_write_is_told_for_what_it_is(cloudflare, fault, failure, applied):
    simulation, mitigation = cloudflare
    await mitigation.read(TARGET)
    simulation.faults.add(fault)
    with pytest.raises(ProviderError) as caught:
        await mitigation.engage(TARGET)
    assert caught.value.failure is failure
    assert TOKEN not in str(caught.value)
    assert (level(simulation) == "under_attack") is applied
    if fault.retry_after is not None:
        assert caught.value.retry_after == timedelta(seconds=30)


@pytest.mark.parametrize(
    "change",
    [{"status": TokenStatus.DISABLED}, {"expires_on": datetime(2026, 1, 1, tzinfo=UTC)}],
    ids=["revoked", "expired"],
)
async def test_a_dead_token_is_to_blame_also_where_its_permission_is_named(cloudflare, change):
    simulation, mitigation = cloudflare
    await mitigation.read(TARGET)
    simulation.put_token(replace(simulation.find_token("default"), **change))
    for call in (mitigation.read(TARGET), mitigation.engage(TARGET)):
        with pytest.raises(ProviderError) as caught:
            await call
        assert caught.value.failure is Failure.UNAUTHORIZED


async def test_a_token_without_a_permission_is_not_to_blame_for_other_zones(cloudflare):
    simulation, mitigation = cloudflare
    reader = replace(simulation.find_token("default"), permissions=frozenset({"Zone Read"}))
    simulation.put_token(reader)
    with pytest.raises(ProviderError, match="'Zone Settings Read'") as caught:
        await mitigation.read(TARGET)
    assert caught.value.failure is Failure.REFUSED


async def test_what_is_accepted_but_not_applied_is_only_seen_by_reading_back(cloudflare):
    simulation, mitigation = cloudflare
    simulation.faults.add(Fault(FaultKind.NOT_APPLIED))
    await mitigation.engage(TARGET)
    assert (await mitigation.read(TARGET)).actual is Actual.OFF


async def test_a_zone_that_is_paused_or_moved_is_not_eligible(cloudflare):
    simulation, mitigation = cloudflare
    simulation.put_zone(replace(simulation.find_zone("example.com"), paused=True))
    assert "paused" in (await mitigation.read(TARGET)).ineligible


async def test_a_zone_that_the_token_does_not_see_says_what_to_do(cloudflare):
    _, mitigation = cloudflare
    with pytest.raises(ProviderError, match=r"nowhere\.example"):
        await mitigation.read(Target("shop", "under_attack", "nowhere.example"))
