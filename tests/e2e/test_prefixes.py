"""Prefixes on demand"""

import json
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import httpx
import pytest
from support.demos import Demo, processes_of, running_demo
from support.prefixes import (
    FLOOD,
    HOUR,
    LONG_REST,
    ORDINARY,
    PATIENCE,
    SAMPLES,
    Network,
    running_networks,
    sampled,
    true,
    until_proof,
)
from support.services import add_fault, clear_fault, control
from support.stack import CLOCK, INACCURACY, until
from support.together import Story, Together

from responder.simulator.inventory import Account
from responder.simulator.state import default_token

pytestmark = pytest.mark.e2e

PREFIXES = {
    "flooded": "203.0.113.0/24",
    "told": "198.51.100.0/24",
    "shared": "192.0.2.0/24",
    "unseen": "198.18.1.0/24",
    "external": "198.18.2.0/24",
    "cut-off": "198.18.3.0/24",
}
"""The first one's policy has the long rest."""

ATTACK, BLIND = "EdgeAttackOngoing", "MitigationSensorBlind"
GRAPHQL = "/graphql"

STEPS = (
    "minimum_duration 1m (else 15m)",
    "withdraw_after_advertise 120s (else 15m)",
    "# before",
    "a flood: 5 Gbit/s where 20 Mbit/s came",
    "the upper threshold is 500 Mbit/s",
    "VolumetricBits fires",
    "engage: demand",
    "PATCH advertised: 200; requested advertised, routed withdrawn",
    "engaged: demand (a read confirms it",
    "# advertised",
    "requested advertised, routed advertised",
    "the flood ends: 20 Mbit/s",
    "the alert is over",
    "cooldown until",
    "decision  hold (cooldown)",
    "calm is proven",
    "release: calm",
    "PATCH withdrawn: 200; requested withdrawn, routed advertised",
    "released: calm (a read confirms it",
    "requested withdrawn, routed withdrawn",
    "# withdrawn",
    "What it took:",
    "withdrawn -> advertised -> withdrawn",
    "Where to look next:",
)
"""What a demo of a prefix tells, in this order."""

Networks = dict[str, Network]

beside_the_others = Together(at_once=3)


@pytest.fixture(scope="module", autouse=True)
def demo(request: pytest.FixtureRequest, tmp_path_factory) -> Iterator[Demo | None]:
    """Begin the demo first, if it was asked for: it takes longest."""
    if any(getattr(item, "cls", None) is TestADemoToItsEnd for item in request.session.items):
        with running_demo(tmp_path_factory.mktemp("demo"), "--prefix") as demo:
            yield demo
    else:
        yield None


@pytest.fixture(scope="module")
def networks() -> Iterator[Networks]:
    with running_networks(PREFIXES) as networks:
        networks["external"].somebody_sets(advertised=True)
        yield networks


@pytest.fixture(scope="module", autouse=True)
def begun(request: pytest.FixtureRequest, networks: Networks) -> Iterator[dict[str, Future[None]]]:
    """Begin those that wait for Cloudflare's minutes, whatever the others do meanwhile."""

    def tell(story: Story) -> None:
        story(networks)

    with beside_the_others.begun(request, tell) as begun:
        yield begun


def notify(network: Network, key: str, *, ended: bool = False) -> None:
    """Let Cloudflare's own monitoring tell of an attack on a prefix, or of its end."""
    told = {"prefix": network.prefix}
    order = {"alert_type": "fbm_volumetric_attack", "key": key, "ended": ended, "data": told}
    sent = control(network.stack, "POST", "notifications", order)
    assert [one["status"] for one in sent["deliveries"]] == [200]


def advertising_rule(network: Network) -> str:
    """Let Cloudflare's own monitoring have a rule that advertises the prefix; return its id."""
    url = f"{network.stack.url('simulator')}/client/v4/accounts/{Account().id}/mnm/rules"
    rule = {"name": network.site, "type": "threshold", "packet_threshold": 1e4}
    rule |= {"prefixes": [network.prefix], "automatic_advertisement": True}
    headers = {"Authorization": f"Bearer {default_token().value}"}
    return httpx.post(url, json=rule, headers=headers).raise_for_status().json()["result"]["id"]


def assert_in_the_ledger(network: Network) -> None:
    """Its minutes are those from one confirmed change to the next."""
    done = network.stack.responder("ledger", "--since", "1d", "--output", "json")
    assert done.returncode == 0, done.stderr
    months = [one for one in json.loads(done.stdout)["months"] if one["target"] == network.target]
    minutes = (network.reached("released") - network.reached("engaged")).total_seconds() / 60
    assert sum(one["ours_minutes"] for one in months) == pytest.approx(minutes, abs=0.1)
    assert sum(one["engagements"] for one in months) == 1
    assert sum(one["external_minutes"] for one in months) == 0


def sensor_health(network: Network) -> str:
    components = network.chain.health()["components"]
    return next(one["status"] for one in components if one["name"] == "edge sensor")


def met(network: Network, fault: str, outcome: str) -> str:
    """Let questions about the edge fail, until a sample has come to this; return the fault."""
    known = sampled(network.stack, outcome)
    added = add_fault(network.stack, fault, path=GRAPHQL)
    until(f"a sample with {fault}", lambda: sampled(network.stack, outcome) > known, PATIENCE)
    return added


# what nobody can see


def test_a_sensor_whose_questions_fail_keeps_a_prefix_until_there_is_proof(networks):
    """An error inside a 200, an empty answer and none at all are no calm: it stays on."""
    network, stack = networks["unseen"], networks["unseen"].stack
    network.alert(lasts=HOUR)
    network.until(state="engaged")
    for kind, outcome in (
        ("graphql_error", "failed"),
        ("graphql_empty", "unproven"),
        ("hang", "failed"),
    ):
        fault = met(network, kind, outcome)
        network.until_alert(BLIND)
        network.alert(lasts=-SAMPLES)
        network.until_kept_by(BLIND)
        network.assert_held()
        assert sensor_health(network) == "degraded"
        clear_fault(stack, fault)
    proof = CLOCK.now()
    network.until(state="released", actual="off")
    assert network.writes() == [True, False]
    assert network.reached("released") - proof >= SAMPLES - INACCURACY


# who else switches it


def test_what_somebody_else_advertised_is_withdrawn_by_us_after_an_attack(networks):
    """Cloudflare's own monitoring advertises and never withdraws; that is left to us."""
    network = networks["external"]
    until_proof(network.stack)
    network.until(state="released", reason="external")
    for advertised in (False, True):  # so that the wait between two changes begins now
        network.somebody_sets(advertised=advertised)
    network.alert(lasts=HOUR)
    network.until(state="engaged")
    network.alert(lasts=-SAMPLES)
    held = network.until(reason="cooldown")
    assert held["until"] is not None
    network.until(state="released", actual="off")
    assert network.writes() == [False]


@beside_the_others
def test_cloudflare_and_we_advertise_at_once_and_a_human_withdraws_meanwhile(networks):
    """One advertisement, which is ours; the human's hand is respected; in the end we withdraw."""
    network = networks["shared"]
    network.until(state="released", reason="in_sync")
    rule = advertising_rule(network)
    network.alert(lasts=HOUR)
    control(network.stack, "POST", f"mnm/rules/{rule}/trigger")
    first = network.until(state="engaged")
    assert (first["actual"], first["owner"]) == ("on", "responder")
    assert network.writes() in ([], [True])

    network.somebody_sets(advertised=False)
    network.until(state="released", reason="drift")
    network.pass_time()
    assert not network.simulated()["advertised"]

    control(network.stack, "POST", f"mnm/rules/{rule}/trigger")
    network.until(state="engaged", owner="responder")
    notify(network, rule, ended=True)
    network.alert(lasts=-SAMPLES)
    network.until(state="released", actual="off")
    assert network.writes() in ([False], [True, False])


class TestADemoInTheMiddle:
    """Here because it waits while others do; in a class because it is no fault (docs/faults.md)."""

    def test_ctrl_c_ends_everything(self, tmp_path):
        with running_demo(tmp_path, "--prefix") as demo:
            demo.until_told("a flood")
            running = processes_of(demo.folder)
            demo.interrupt()
            code = demo.end()
        assert running != []
        assert "stopped; nothing of it runs any more" in demo.told
        assert code == 130
        assert processes_of(demo.folder) == []
        assert not Path(demo.folder).exists()


# what only the edge sees


@beside_the_others
def test_a_prefix_is_kept_while_only_the_edge_sees_the_attack_and_then_withdrawn(networks):
    """The routers are calm and it stays on; proof, Cloudflare's own wait, and it goes off."""
    network = networks["flooded"]
    network.until(state="released", reason="in_sync")
    attack = network.stopped_at_the_edge()
    network.router.receive(network.site, FLOOD)
    shown = network.until(state="engaged")
    assert (shown["actual"], shown["owner"]) == ("on", "responder")
    until("the routers", lambda: network.simulated()["state"] == "confirmed")
    network.router.receive(network.site, ORDINARY)
    network.until_kept_by(ATTACK)
    network.assert_held()

    network.over_at_the_edge(attack)
    held = network.until(demand="none", reason="cooldown")
    assert held["until"] is not None
    network.until(state="released", actual="off")
    assert network.reached("released") - network.reached("engaged") >= LONG_REST - INACCURACY
    assert network.writes() == [True, False]
    assert_in_the_ledger(network)


@beside_the_others
def test_a_notified_attack_that_is_said_to_be_over_is_not_over_while_the_edge_stops_it(networks):
    """Monitoring tells START and END; it stays on until the edge has nothing to stop."""
    network = networks["told"]
    network.until(state="released", reason="in_sync")
    attack = network.stopped_at_the_edge()
    notify(network, "an attack")
    network.until(state="engaged")
    network.until_alert(ATTACK)
    notify(network, "an attack", ended=True)
    network.until_kept_by(ATTACK)
    network.assert_held()

    over = CLOCK.now()
    network.over_at_the_edge(attack)
    network.until(state="released", actual="off")
    assert network.reached("released") - over >= network.least_proof
    assert network.writes() == [True, False]
    assert_in_the_ledger(network)


# nobody looks; this ends the responder, which all of the others need


def test_a_depleted_budget_and_then_a_dead_sensor_keep_a_prefix(networks):
    """After a 429 nothing is asked, and a dead responder tells nothing: Prometheus remembers."""
    network, stack = networks["cut-off"], networks["cut-off"].stack
    until_proof(stack)
    network.alert(lasts=HOUR)
    network.until(state="engaged")
    control(stack, "PUT", "graphql-limit", {"requests": 1})
    url, headers = stack.url("simulator"), {"Authorization": f"Bearer {default_token().value}"}
    httpx.post(f"{url}/client/v4{GRAPHQL}", json={"query": "{viewer{zones}}"}, headers=headers)
    until("a depleted budget", lambda: sampled(stack, "depleted") == 1, PATIENCE)
    network.until_alert(BLIND)
    network.alert(lasts=-SAMPLES)
    network.until_kept_by(BLIND)
    network.assert_held()

    stack.processes["responder"].kill()
    until("its death seen", lambda: true(stack, "absent(responder_lease_held)"))
    network.until_told_again(BLIND)
    control(stack, "PUT", "graphql-limit", {})
    stack.start_one("responder")
    assert network.shown()["state"] == "engaged"
    assert network.writes() == [True]
    network.until(state="released", actual="off")
    assert network.writes() == [True, False]


class TestADemoToItsEnd:
    """The rules as shipped, which takes as long as all of the above."""

    def test_the_story_tells_every_step_and_leaves_nothing_behind(self, demo):
        assert demo.end() == 0, demo.told
        told = rest = demo.told
        for step in STEPS:
            assert step in rest, f"{step} is not told after what comes before it:\n{told}"
            rest = rest.partition(step)[2]
        assert "not seen" not in told
        assert demo.seconds("request to routed (simulated)") == pytest.approx(15, abs=0.1)
        assert demo.seconds("advertised in all") >= 120
        assert processes_of(demo.folder) == []
        assert not Path(demo.folder).exists()
