"""What is said of prefixes, their tunnels and their other controllers, by a simulated account."""

from dataclasses import replace

import httpx
import pytest
from doctor.installation import NOW, Clock

from responder.doctor import Entrance, Status, examine, open_context
from responder.doctor.registry import CHECKS
from responder.simulator import Fault, FaultKind, create_app, seed
from responder.simulator.inventory import Account
from responder.simulator.magic.prefix import BgpPrefix, Turn
from responder.simulator.magic.tunnel import Health, HealthTurn, Tunnel
from responder.simulator.mnm.rule import Match, Rule, RuleType
from responder.simulator.state import default_token

pytestmark = pytest.mark.long
OK, WARNING, FAILURE, SKIPPED = Status.OK, Status.WARNING, Status.FAILURE, Status.SKIPPED
PREFIX = "203.0.113.0/24"
PROVISIONED, TUNNELS, MONITORING = (
    "prefixes/provisioned",
    "prefixes/tunnels",
    "prefixes/monitoring",
)


class Network:
    """An installation with prefixes, and the simulated account that they are in."""

    def __init__(self, world):
        self.world = world
        world.config["sites"] = {"office": {"prefixes": [PREFIX]}}
        world.config["cloudflare"]["account_id"] = Account().id
        self.token = replace(default_token(), value="cfut_s3cret")
        self.simulation = seed({}, tokens=[self.token])
        self.put()
        self.tunnel("gre-1")

    def put(self, **situation):
        self.simulation.put_bgp_prefix(BgpPrefix(PREFIX, **situation))

    def tunnel(self, name, health=Health.HEALTHY):
        self.simulation.put_tunnel(Tunnel(name, turns=(HealthTurn(health),)))

    def rule(self, *prefixes, advertises=True, **other):
        rule = Rule("r1", "flood", RuleType.ADVANCED_DDOS, prefixes, advertises, **other)
        self.simulation.mnm_rules[rule.id] = rule

    def options(self, **options):
        policy = {"name": "prefixes", "mitigation": "prefix_advertisement", "options": options}
        self.world.config["policies"] = [policy]

    def forbid(self, *permissions):
        allowed = self.token.permissions - set(permissions)
        self.simulation.put_token(replace(self.token, permissions=allowed))

    def fail(self, path):
        self.simulation.faults.add(Fault(FaultKind.SERVER_ERROR, path=path))

    async def examined(self):
        """Return the findings of each check of prefixes."""
        checks = [check for check in CHECKS if check.name.startswith("prefixes/")]
        app = create_app(self.simulation, clock=lambda: NOW)
        self.way = Way(httpx.MockTransport(self.world.answer), httpx.ASGITransport(app))
        entrance = Entrance("http://127.0.0.1:9847")
        connect = lambda _trust: self.way  # noqa: E731
        async with open_context(self.world.settings(), Clock(), entrance, connect) as context:
            findings = await examine(context, checks)
        return {
            check.name: [one for one in findings if one.check == check.name] for check in checks
        }

    async def only(self, check):
        (finding,) = (await self.examined())[check]
        return finding


class Way(httpx.AsyncBaseTransport):
    """Leads to the simulator what is for Cloudflare, and the rest to the plain world."""

    def __init__(self, others, cloudflare):
        self.others, self.cloudflare, self.asked = others, cloudflare, []

    async def handle_async_request(self, request):
        if request.url.host != "cf.test":
            return await self.others.handle_async_request(request)
        self.asked.append((request.method, request.url.path))
        return await self.cloudflare.handle_async_request(request)


@pytest.fixture
def network(world):
    return Network(world)


async def test_a_prefix_that_is_ready_is_ok_in_every_point(network):
    found = await network.examined()

    assert {name: [one.status for one in found[name]] for name in found} == {
        PROVISIONED: [OK],
        TUNNELS: [OK],
        MONITORING: [OK],
    }
    assert found[PROVISIONED][0].subject == PREFIX
    assert "withdrawn" in found[PROVISIONED][0].seen
    assert "1 of 1 tunnels" in found[TUNNELS][0].seen


async def test_nothing_is_ever_written(network):
    network.rule(PREFIX)

    await network.examined()

    writes = [one for one in network.way.asked if one[0] != "GET"]
    assert [(method, path.rpartition("/")[2]) for method, path in writes] == [("POST", "graphql")]
    assert len(network.simulation.bgp_prefixes) == 1


async def test_without_prefixes_nothing_is_asked(network):
    network.world.config["sites"] = {"shop": {"zones": ["example.com"]}}

    found = await network.examined()

    assert {one.status for each in found.values() for one in each} == {OK}
    assert network.way.asked == []


@pytest.mark.parametrize(
    ("situation", "seen"),
    [
        ({"on_demand": False}, "not on demand"),
        ({"locked": True}, "locked"),
        ({"bgp_controlled": True}, "BGP signals"),
    ],
)
async def test_a_prefix_that_the_api_may_not_switch_fails(network, situation, seen):
    network.put(**situation)

    finding = await network.only(PROVISIONED)

    assert finding.status is FAILURE
    assert seen in finding.seen
    assert finding.advice


async def test_since_when_it_is_advertised_is_told(network):
    network.put(turns=(Turn(advertised=True, at=NOW),))

    finding = await network.only(PROVISIONED)

    assert finding.status is OK
    assert finding.seen.endswith("advertised since 2026-11-20 10:00 UTC")


@pytest.mark.parametrize("cidr", ["203.0.112.0/23", "203.0.113.0/25"])
async def test_what_contains_it_or_is_a_part_of_it_is_not_the_prefix(network, cidr):
    network.simulation.bgp_prefixes.clear()
    network.simulation.prefixes.clear()
    network.simulation.put_bgp_prefix(BgpPrefix(cidr))

    finding = await network.only(PROVISIONED)

    assert (finding.status, finding.subject) == (FAILURE, PREFIX)
    assert "is not among the BGP prefixes of the account" in finding.seen


async def test_a_cloudflare_with_other_troubles_blames_no_prefix(network):
    network.fail("/addressing/")
    network.fail("graphql")
    network.fail("/mnm/")

    found = await network.examined()

    assert {one.status for each in found.values() for one in each} == {SKIPPED}
    assert all(one.advice == "ask again" for each in found.values() for one in each)


async def test_a_cloudflare_that_does_not_take_the_credential_is_asked_no_more(network):
    network.world.write("cloudflare.token", "cfut_another")

    found = await network.examined()

    assert {one.status for each in found.values() for one in each} == {SKIPPED}
    assert {path.rpartition("/")[2] for _, path in network.way.asked} == {"verify"}


async def test_a_thousand_prefixes_are_not_all_asked_about(network):
    prefixes = [f"10.{number // 256}.{number % 256}.0/24" for number in range(1000)]
    network.world.config["sites"]["office"]["prefixes"] = prefixes
    for cidr in prefixes:
        network.simulation.put_bgp_prefix(BgpPrefix(cidr))

    found = await network.examined()

    assert found[PROVISIONED][-1].seen.startswith("not checked: 950 more prefixes")
    assert [one.status for one in found[PROVISIONED]] == [OK] * 50 + [SKIPPED]
    assert len(network.way.asked) <= 160


@pytest.mark.parametrize(
    ("needed", "healths", "status", "seen"),
    [
        pytest.param(2, [Health.HEALTHY], FAILURE, "1 of 1", id="too few"),
        pytest.param(1, [Health.DOWN], FAILURE, "0 of 1", id="none"),
        pytest.param(1, [Health.HEALTHY, Health.DOWN], WARNING, "1 of 2", id="one is down"),
        pytest.param(2, [Health.HEALTHY] * 2, OK, "2 of 2", id="enough"),
        pytest.param(1, [], WARNING, "no tunnel was checked", id="unknown"),
        pytest.param(0, [Health.DOWN], OK, "min_working_tunnels is 0", id="not wanted"),
    ],
)
async def test_enough_tunnels_carry_traffic(network, needed, healths, status, seen):
    network.options(min_working_tunnels=needed)
    network.simulation.tunnels.clear()
    for number, health in enumerate(healths):
        network.tunnel(f"gre-{number}", health)

    finding = await network.only(TUNNELS)

    assert finding.status is status
    assert seen in finding.seen
    assert bool(finding.advice) is (status is not OK)


async def test_the_tunnel_that_is_down_is_named(network):
    network.tunnel("gre-broken", Health.DOWN)

    assert (await network.only(TUNNELS)).advice == "repair gre-broken"


async def test_health_that_may_not_be_read_is_warned_of(network):
    network.forbid("Account Analytics Read")

    finding = await network.only(TUNNELS)

    assert finding.status is WARNING
    assert finding.advice == "give the token Account Analytics Read"


async def test_a_rule_that_advertises_one_of_ours_by_itself_is_a_second_controller(network):
    network.rule("192.0.2.0/24", PREFIX)

    finding = await network.only(MONITORING)

    assert (finding.status, finding.subject) == (WARNING, "rule flood")
    assert f"it advertises {PREFIX} by itself" in finding.seen


@pytest.mark.parametrize(
    ("prefix", "other"),
    [
        pytest.param(PREFIX, {"advertises": False}, id="tells only"),
        pytest.param(PREFIX, {"advertises": None}, id="not said"),
        pytest.param("192.0.2.0/24", {}, id="another prefix"),
    ],
)
async def test_a_rule_that_leaves_ours_alone_is_fine(network, prefix, other):
    network.rule(prefix, **other)

    finding = await network.only(MONITORING)

    assert finding.status is OK
    assert finding.seen.startswith("none of 1 rules")


@pytest.mark.parametrize(
    ("match", "prefix", "meant"),
    [
        (Match.SUBNET, "203.0.113.64/26", True),
        (Match.SUBNET, "203.0.112.0/23", False),
        (Match.SUPERNET, "203.0.112.0/23", True),
        (Match.SUPERNET, "203.0.113.64/26", False),
        (Match.EXACT, "203.0.112.0/23", False),
        (Match.EXACT, PREFIX, True),
    ],
)
async def test_a_rule_means_what_its_match_says(network, match, prefix, meant):
    network.rule(prefix, prefix_match=match)

    assert (await network.only(MONITORING)).status is (WARNING if meant else OK)


async def test_rules_that_may_not_be_read_are_skipped(network):
    network.forbid("Magic Network Monitoring Read", "Magic Network Monitoring Write")

    finding = await network.only(MONITORING)

    assert finding.status is SKIPPED
    assert "Magic Network Monitoring Read" in finding.advice
