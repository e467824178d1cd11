"""Prefixes on demand at the simulated Cloudflare, over real sockets, with a clock that is ours."""

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
from responder.mitigations.prefix_advertisement import PrefixOptions, build
from responder.mitigations.provider import Provider
from responder.simulator import Fault, FaultKind, running, seed
from responder.simulator.inventory import Account, identifier
from responder.simulator.magic.prefix import BgpPrefix, Pace, Turn
from responder.simulator.magic.tunnel import Health, Tunnel
from responder.simulator.state import default_token

pytestmark = pytest.mark.integration
CLOCK = SystemClock()
START = datetime(2026, 11, 20, 10, tzinfo=UTC)
PREFIX, PART = "203.0.113.0/24", "198.51.100.0/24"
TURNED_ON = (Turn(advertised=True, at=START),)


class World:
    """The simulated account, the mitigation that speaks to it, and the time of both."""

    def __init__(self) -> None:
        self.now = START
        known = replace(default_token(), value="cfat_of-an-account")
        self.simulation = seed({"example.com": "high"}, tokens=[known])
        self.simulation.put_bgp_prefix(BgpPrefix(PREFIX))
        self.options = PrefixOptions()

    def part(self, cidr: str = PREFIX) -> BgpPrefix:
        return self.simulation.bgp_prefixes[identifier("bgp_prefix", cidr)]

    def put(self, **situation: object) -> None:
        self.simulation.put_bgp_prefix(replace(self.part(), **situation))

    def later(self, **passed: float) -> None:
        self.now += timedelta(**passed)

    async def read(self, cidr: str = PREFIX):
        return await self.mitigation.read(target(cidr))


def target(cidr: str = PREFIX) -> Target:
    return Target("office", "prefix_advertisement", cidr, "prefix")


@pytest.fixture
async def world():
    world = World()
    async with running(world.simulation, lambda: world.now) as endpoints:
        client = CloudflareClient(
            Endpoint(endpoints.base_url, timedelta(seconds=1)),
            Token(lambda: "cfat_of-an-account"),
            CLOCK.monotonic,
        )
        zones = Zones(client, CLOCK.monotonic)
        options = lambda _: world.options  # noqa: E731 - what a policy says changes in the tests
        provider = Provider(client, zones, options, Account().id, lambda: world.now)
        world.mitigation = build(provider)
        yield world
        world.simulation.faults.clear()
        await client.aclose()


async def test_it_is_advertised_and_withdrawn_again(world):
    before = await world.read()
    assert (before.actual, before.value, before.ineligible) == (Actual.OFF, "withdrawn", None)
    assert await world.mitigation.engage(target()) == "advertised"
    assert (await world.read()).actual is Actual.ON
    world.later(minutes=15)
    assert await world.mitigation.release(target(), "advertised") == "withdrawn"
    assert (await world.read()).value == "withdrawn"


async def test_a_part_of_a_prefix_is_switched_and_nothing_else(world):
    for cidr in ("198.51.100.0/23", PART, "2001:db8::/48"):
        within = "198.51.100.0/23" if cidr == PART else ""
        world.simulation.put_bgp_prefix(BgpPrefix(cidr, within))
    for cidr in (PART, "2001:db8::/48"):
        await world.mitigation.engage(target(cidr))
    advertised = [
        part.cidr for part in world.simulation.bgp_prefixes.values() if part.requested.advertised
    ]
    assert sorted(advertised) == [PART, "2001:db8::/48"]


@pytest.mark.parametrize(
    "cidr", ["203.0.112.0/24", "203.0.113.0/25", "203.0.112.0/23", "2001::/48"]
)
async def test_what_is_not_exactly_provisioned_is_never_switched(world, cidr):
    for call in (world.mitigation.read(target(cidr)), world.mitigation.engage(target(cidr))):
        with pytest.raises(ProviderError, match=rf"{cidr} is not among the BGP prefixes") as raised:
            await call
        assert raised.value.failure is Failure.REFUSED
    assert not world.part().requested.advertised


@pytest.mark.parametrize(
    ("situation", "said"),
    [
        ({"on_demand": False}, "not on demand"),
        ({"locked": True}, "locked"),
        ({"bgp_controlled": True}, "BGP signals"),
    ],
)
async def test_a_prefix_that_cannot_be_switched_says_why(world, situation, said):
    world.put(**situation)
    assert said in (await world.read()).ineligible


@pytest.mark.parametrize("advertised", [True, False])
async def test_the_rest_between_two_changes_is_told_before_cloudflare_refuses(world, advertised):
    world.options = PrefixOptions(withdraw_after_advertise="10m", advertise_after_withdraw="20m")
    world.put(turns=(Turn(advertised=advertised, at=START),))
    whole = timedelta(minutes=10 if advertised else 20)
    assert (await world.read()).constrained_for == whole
    world.later(minutes=4)
    assert (await world.read()).constrained_for == whole - timedelta(minutes=4)
    world.later(hours=1)
    assert (await world.read()).constrained_for == timedelta(0)
    world.later(hours=-9)  # a clock that is behind Cloudflare's must not wait for hours
    assert (await world.read()).constrained_for == whole


async def test_a_refusal_for_time_waits_for_that_time_and_for_nothing_else(world):
    world.put(turns=(Turn(advertised=False, at=START),))
    await world.read()
    world.later(minutes=6)
    with pytest.raises(ProviderError, match="less than 15 minutes ago") as raised:
        await world.mitigation.engage(target())
    assert raised.value.failure is Failure.REFUSED  # and not the account's own limit
    assert raised.value.retry_after == timedelta(minutes=9)
    assert not world.part().requested.advertised


async def test_a_limit_of_the_account_is_no_matter_of_the_prefix(world):
    world.simulation.faults.add(Fault(FaultKind.RATE_LIMITED, retry_after=30))
    with pytest.raises(ProviderError) as raised:
        await world.mitigation.engage(target())
    assert raised.value.failure is Failure.RATE_LIMITED


async def test_a_change_that_is_not_seen_yet_is_not_told(world):
    world.simulation.pace = Pace(visible_after=timedelta(minutes=2))
    await world.mitigation.engage(target())
    assert (await world.read()).actual is Actual.OFF
    world.later(minutes=2)
    assert (await world.read()).actual is Actual.ON


async def test_a_prefix_that_was_made_anew_is_found_again(world):
    await world.read()
    old = world.simulation.bgp_prefixes.pop(world.part().id)
    with pytest.raises(ProviderError):
        await world.read()
    world.simulation.put_bgp_prefix(old)
    assert (await world.read()).actual is Actual.OFF


class TestTunnels:
    """Advertising into dead tunnels would be an outage of our own making."""

    @pytest.fixture(autouse=True)
    def tunnels(self, world):
        for name in ("gre-1", "gre-2"):
            world.simulation.put_tunnel(Tunnel(name))
        world.later(hours=1)

    async def unprepared(self, world):
        world.later(minutes=2)  # longer than an answer is remembered
        return (await world.read()).unprepared

    def health(self, world, name, state):
        tunnel = world.simulation.tunnels[Tunnel(name).id]
        world.simulation.put_tunnel(tunnel.became(Health(state), world.now))
        world.later(minutes=30)

    async def test_one_that_works_is_enough(self, world):
        assert await self.unprepared(world) is None
        self.health(world, "gre-1", "down")
        assert await self.unprepared(world) is None
        self.health(world, "gre-2", "down")
        assert "0 of 2 tunnels carry traffic, and 1 must" in await self.unprepared(world)
        self.health(world, "gre-2", "degraded")
        assert await self.unprepared(world) is None

    async def test_how_many_must_work_is_configured(self, world):
        self.health(world, "gre-1", "down")
        world.options = PrefixOptions(min_working_tunnels=2)
        assert "1 of 2 tunnels" in await self.unprepared(world)
        self.health(world, "gre-2", "down")
        world.options = PrefixOptions(min_working_tunnels=0)
        assert await self.unprepared(world) is None

    async def test_what_is_advertised_already_needs_none(self, world):
        for name in ("gre-1", "gre-2"):
            self.health(world, name, "down")
        world.put(turns=TURNED_ON)
        assert await self.unprepared(world) is None

    @pytest.mark.parametrize(
        "kind",
        [
            FaultKind.GRAPHQL_ERROR,
            FaultKind.GRAPHQL_EMPTY,
            FaultKind.RATE_LIMITED,
            FaultKind.WEB_PAGE,
        ],
    )
    async def test_health_that_cannot_be_read_holds_nothing(self, world, kind):
        """What is not known is not dead: an attack is no time to wait for analytics."""
        for name in ("gre-1", "gre-2"):
            self.health(world, name, "down")
        world.simulation.faults.add(Fault(kind, path="/graphql"))
        assert await self.unprepared(world) is None
