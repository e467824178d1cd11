"""A rule of MNM that triggers, and advertises what it may."""

import json

import httpx
import pytest

from responder.simulator import Simulation
from responder.simulator.alerting.values import Destination, Policy
from responder.simulator.magic.prefix import BgpPrefix, Turn
from responder.simulator.mnm.rule import Match, Rule, RuleType
from responder.simulator.mnm.trigger import followed

FREE, BUSY, LOCKED = "203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24"
FIXED, FOREIGN = "233.252.0.0/24", "198.18.0.0/24"


@pytest.fixture
def simulation(simulation: Simulation) -> Simulation:
    for part in (
        BgpPrefix(FREE),
        BgpPrefix(BUSY, turns=(Turn(advertised=True),)),
        BgpPrefix(LOCKED, locked=True),
        BgpPrefix(FIXED, on_demand=False),
    ):
        simulation.put_bgp_prefix(part)
    return simulation


@pytest.fixture
def rule(simulation: Simulation):
    def made(*prefixes: str, **fields: object) -> Rule:
        settings = {"automatic_advertisement": True, "packet_threshold": 1e4} | fields
        kind = settings.pop("type", RuleType.THRESHOLD)
        rule = Rule("f" * 32, "flood", kind, prefixes, **settings)
        simulation.mnm_rules[rule.id] = rule
        return rule

    return made


async def _status(control: httpx.AsyncClient) -> dict[str, str]:
    answer = await control.post("/mnm/rules/flood/trigger")
    assert answer.status_code == 200
    return answer.json()["advertise_status"]


async def test_each_prefix_of_the_rule_gets_its_outcome(
    control: httpx.AsyncClient, simulation: Simulation, rule
):
    rule(FREE, BUSY, LOCKED, FIXED, FOREIGN)

    assert await _status(control) == {
        FREE: "Advertised",
        BUSY: "Already Advertised",
        LOCKED: "Locked",
        FIXED: "Could not Advertise",
        FOREIGN: "Could not Advertise",
    }
    assert simulation.find_bgp_prefix(FREE).requested.advertised is True
    assert simulation.find_bgp_prefix(LOCKED).requested.advertised is False


async def test_a_prefix_that_must_rest_is_advertised_when_it_may(
    control: httpx.AsyncClient, simulation: Simulation, rule, clock
):
    rule(BUSY)
    await control.put(f"/prefixes/{BUSY}", json={"advertised": False})
    clock.advance(60)
    delayed = await _status(control)
    before = simulation.find_bgp_prefix(BUSY).visible(clock()).advertised
    clock.advance(840)
    after = simulation.find_bgp_prefix(BUSY).visible(clock()).advertised
    again = await _status(control)

    assert (delayed, before, after) == ({BUSY: "Delayed"}, False, True)
    assert again == {BUSY: "Already Advertised"}


async def test_a_rule_without_automatic_advertisement_advertises_nothing(
    control: httpx.AsyncClient, simulation: Simulation, rule
):
    rule(FREE, automatic_advertisement=False)

    assert await _status(control) == {}
    assert simulation.find_bgp_prefix(FREE).requested.advertised is False


@pytest.mark.parametrize(
    ("match", "prefix", "outcome"),
    [
        (Match.EXACT, "203.0.113.0/25", {"203.0.113.0/25": "Could not Advertise"}),
        (Match.SUBNET, "203.0.113.0/25", {FREE: "Advertised"}),
        (Match.SUBNET, FREE, {FREE: "Advertised"}),
        (Match.SUPERNET, "203.0.112.0/23", {FREE: "Advertised"}),
        (Match.SUPERNET, "203.0.113.0/25", {"203.0.113.0/25": "Could not Advertise"}),
    ],
    ids=["exact", "subnet", "subnet-same", "supernet", "supernet-part"],
)
async def test_a_rule_for_advanced_ddos_may_mean_other_prefixes(
    control: httpx.AsyncClient, rule, match: Match, prefix: str, outcome: dict[str, str]
):
    rule(prefix, type=RuleType.ADVANCED_DDOS, prefix_match=match)

    assert await _status(control) == outcome


@pytest.mark.parametrize(
    ("kind", "attack"),
    [
        (RuleType.THRESHOLD, "fbm_volumetric_attack"),
        (RuleType.ZSCORE, "fbm_volumetric_attack"),
        (RuleType.ADVANCED_DDOS, "fbm_dosd_attack"),
    ],
)
async def test_the_attack_and_the_advertisement_are_told(
    control: httpx.AsyncClient, simulation: Simulation, rule, kind: RuleType, attack: str
):
    rule(FREE, type=kind, duration=5)
    simulation.webhooks["w"] = Destination("w", "ops", "http://127.0.0.1:1/hook")
    for alert_type in (attack, "fbm_auto_advertisement"):
        simulation.policies[alert_type] = Policy(alert_type, "soc", alert_type, webhooks=("w",))

    answer = await control.post("/mnm/rules/flood/trigger")

    told = [json.loads(sent.body) for sent in simulation.sent.values()]
    assert [body["alert_type"] for body in told] == [attack, "fbm_auto_advertisement"]
    assert (told[0]["data"]["rule_name"], told[0]["data"]["auto_advertised"]) == ("flood", True)
    assert told[1]["data"]["advertise_status"] == [{"prefix": FREE, "status": "Advertised"}]
    assert len(answer.json()["deliveries"]) == 2


async def test_a_rule_that_is_not_there_is_named(control: httpx.AsyncClient):
    answer = await control.post("/mnm/rules/nothing/trigger")

    assert (answer.status_code, answer.json()) == (404, {"error": "no rule 'nothing'"})


async def test_a_delayed_prefix_is_told_of_again_when_it_is_advertised(
    control: httpx.AsyncClient, simulation: Simulation, rule, until
):
    rule(BUSY)
    simulation.webhooks["w"] = Destination("w", "ops", "http://127.0.0.1:1/hook")
    simulation.policies["p"] = Policy("p", "soc", "fbm_auto_advertisement", webhooks=("w",))
    await control.put("/advertising", json={"advertise_after_withdraw": 0.02})
    await control.put(f"/prefixes/{BUSY}", json={"advertised": False})

    assert await _status(control) == {BUSY: "Delayed"}
    await until(lambda: len(simulation.sent) == 2)
    await until(lambda: not simulation.telling)
    told = [json.loads(sent.body)["data"]["advertise_status"] for sent in simulation.sent.values()]
    assert told == [
        [{"prefix": BUSY, "status": "Delayed"}],
        [{"prefix": BUSY, "status": "Advertised"}],
    ]


def test_a_delayed_prefix_that_was_withdrawn_meanwhile_is_not_told_of(
    simulation: Simulation, rule, clock
):
    flood, part = rule(BUSY), simulation.find_bgp_prefix(BUSY)
    kept = followed(flood, BUSY, simulation, clock())
    simulation.put_bgp_prefix(part.turned(clock(), simulation.pace, advertise=False))

    assert kept is not None
    assert followed(flood, BUSY, simulation, clock()) is None
