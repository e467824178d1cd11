"""What one account holds is not there for another one, whichever family is asked."""

from datetime import timedelta

import httpx
import pytest

from responder.simulator import Simulation
from responder.simulator.alerting.values import Destination, Policy, Sent
from responder.simulator.analytics.traffic import Flow
from responder.simulator.analytics.traffic import Span as Stretch
from responder.simulator.inventory import Account, identifier
from responder.simulator.magic.prefix import BgpPrefix, Prefix, Turn
from responder.simulator.magic.tunnel import Tunnel
from responder.simulator.mnm.rule import Rule, RuleType

THEIRS = Account("Another account")
CIDR = "203.0.113.0/24"
OURS = f"/accounts/{Account().id}"
WEBHOOK, POLICY, RULE = "a" * 32, "b" * 32, "c" * 32
TUNNEL = identifier("tunnel", f"{THEIRS.name}/gre-1")
PREFIX = identifier("prefix", CIDR)
HOUR = 'datetime_geq: "2026-11-20T09:00:00Z"'
DATASETS = ("magicTransitNetworkAnalyticsAdaptiveGroups", "mnmFlowDataAdaptiveGroups")
CHECKS = "magicTransitTunnelHealthChecksAdaptiveGroups"


@pytest.fixture
def simulation(simulation: Simulation, clock) -> Simulation:
    simulation.put_prefix(Prefix(CIDR, account=THEIRS))
    simulation.put_bgp_prefix(BgpPrefix(CIDR, turns=(Turn(advertised=True),)))
    simulation.put_tunnel(Tunnel("gre-1", account=THEIRS))
    webhook = Destination(WEBHOOK, "ops", "http://127.0.0.1:1/", account=THEIRS)
    policy = Policy(POLICY, "soc", "dos_attack_l4", webhooks=(WEBHOOK,), account=THEIRS)
    simulation.webhooks[WEBHOOK] = webhook
    simulation.policies[POLICY] = policy
    simulation.remember(Sent("d" * 32, clock(), policy, webhook, "{}"))
    simulation.mnm_rules[RULE] = Rule(RULE, "r", RuleType.THRESHOLD, (CIDR,), account=THEIRS)
    span = Stretch(clock() - timedelta(minutes=30))
    simulation.put_traffic(Flow("e" * 32, THEIRS.id, span, CIDR, "203.0.113.10", 8, 1))
    return simulation


@pytest.mark.parametrize(
    "path",
    [
        "/addressing/prefixes",
        "/magic/gre_tunnels",
        "/mnm/rules",
        "/alerting/v3/destinations/webhooks",
        "/alerting/v3/policies",
        "/alerting/v3/history",
    ],
)
async def test_a_list_has_only_what_is_the_accounts_own(api: httpx.AsyncClient, path: str):
    def items(answer: httpx.Response) -> list[object]:
        result = answer.json()["result"]
        return result["gre_tunnels"] if isinstance(result, dict) else result

    ours = await api.get(OURS + path)
    theirs = await api.get(f"/accounts/{THEIRS.id}{path}")

    assert (len(items(ours)), len(items(theirs))) == (0, 1)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/addressing/prefixes/{PREFIX}"),
        ("GET", f"/addressing/prefixes/{PREFIX}/bgp/prefixes"),
        ("PATCH", f"/addressing/prefixes/{PREFIX}/bgp/status"),
        ("GET", f"/magic/gre_tunnels/{TUNNEL}"),
        ("GET", f"/mnm/rules/{RULE}"),
        ("DELETE", f"/mnm/rules/{RULE}"),
        ("GET", f"/alerting/v3/destinations/webhooks/{WEBHOOK}"),
        ("DELETE", f"/alerting/v3/destinations/webhooks/{WEBHOOK}"),
        ("GET", f"/alerting/v3/policies/{POLICY}"),
        ("DELETE", f"/alerting/v3/policies/{POLICY}"),
    ],
)
async def test_what_is_anothers_is_not_found(api: httpx.AsyncClient, method: str, path: str):
    answer = await api.request(method, OURS + path)

    assert answer.status_code == 404


async def test_a_policy_cannot_send_to_the_webhook_of_another_account(api: httpx.AsyncClient):
    order = {"name": "soc", "alert_type": "dos_attack_l4", "enabled": True}
    order |= {"mechanisms": {"webhooks": [{"id": WEBHOOK}]}}

    ours = await api.post(f"{OURS}/alerting/v3/policies", json=order)
    theirs = await api.post(f"/accounts/{THEIRS.id}/alerting/v3/policies", json=order)

    assert (ours.status_code, theirs.status_code) == (400, 200)


@pytest.mark.parametrize("dataset", [*DATASETS, CHECKS])
async def test_analytics_are_the_accounts_own(api: httpx.AsyncClient, dataset: str):
    async def rows(account: Account) -> list[object]:
        query = (
            f'{{viewer{{accounts(filter: {{accountTag: "{account.id}"}}){{'
            f"{dataset}(limit: 1, filter: {{{HOUR}}}){{count}}}}}}}}"
        )
        answer = await api.post("/graphql", json={"query": query})
        return answer.json()["data"]["viewer"]["accounts"][0][dataset]

    assert (await rows(Account()), len(await rows(THEIRS))) == ([], 1)


async def test_a_notification_goes_to_the_policies_of_its_account(control: httpx.AsyncClient):
    order = {"alert_type": "dos_attack_l4", "lost": False}
    ours = await control.post("/notifications", json=order)
    theirs = await control.post("/notifications", json=order | {"account": THEIRS.id})

    assert (len(ours.json()["deliveries"]), len(theirs.json()["deliveries"])) == (0, 1)


def test_what_is_remembered_is_bounded(simulation: Simulation, clock):
    part = simulation.find_bgp_prefix(CIDR)
    tunnel = simulation.tunnels[TUNNEL]
    (sent,) = simulation.sent.values()
    for number in range(300):
        clock.advance(1)
        part = part.turned(clock(), simulation.pace, advertise=number % 2 == 1)
        tunnel = tunnel.became(("down", "healthy")[number % 2], clock())
    for number in range(10_001):
        simulation.remember(Sent(str(number), sent.at, sent.policy, sent.destination, "{}"))

    assert (len(part.turns), len(tunnel.turns), len(simulation.sent)) == (200, 200, 10_000)
    assert sent.id not in simulation.sent
