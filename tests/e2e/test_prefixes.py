"""A prefix on demand, from the bits at its routers to its withdrawal, with everything real."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest
from support.services import control
from support.stack import CLOCK, Exporter, edited, fast_plan, numbered, running_exporter, until

from responder.demo.chain import Chain
from responder.demo.processes import Process
from responder.demo.stack import Stack, prepared_stack
from responder.shipped import shipped_folder
from responder.simulator.inventory import Account

pytestmark = pytest.mark.e2e

PREFIXES = {"site0": "203.0.113.0/24", "site1": "198.51.100.0/24"}
REST = timedelta(seconds=25)
"""Between an advertisement and a withdrawal."""
PATIENCE = timedelta(seconds=180)
"""The detector looks at a whole minute, and fires after half of one."""
CALM, FLOOD = 1e6, 5e9
"""Bits a second."""


@dataclass
class Router(Exporter):
    """Routers that count what they receive, as node_exporter does on Linux."""

    rates: dict[str, float] = field(default_factory=dict)
    counted: dict[str, tuple[float, timedelta]] = field(default_factory=dict)

    def receive(self, site: str, bits: float) -> None:
        self.count(site)
        self.rates[site] = bits

    def count(self, site: str) -> float:
        now = CLOCK.monotonic()
        known, since = self.counted.get(site, (0.0, now))
        total = known + self.rates.get(site, CALM) / 8 * (now - since).total_seconds()
        self.counted[site] = (total, now)
        return total

    def metrics(self, site: str) -> str:
        received = f'node_network_receive_bytes_total{{device="eth0"}} {self.count(site):.0f}\n'
        return super().metrics(site) + received


@dataclass
class Network:
    """One site with one prefix."""

    site: str
    prefix: str
    stack: Stack
    chain: Chain
    router: Router

    def shown(self) -> dict[str, Any]:
        target = self.chain.target(f"prefix_advertisement:{self.prefix}")
        decision = target["decision"] or {}
        return {**target, "reason": decision.get("reason"), "until": decision.get("until")}

    def until(self, **wanted: object) -> dict[str, Any]:
        def as_wanted() -> bool:
            shown = self.shown()
            return {key: shown[key] for key in wanted} == wanted

        until(f"{self.prefix} with {wanted}", as_wanted, PATIENCE)
        return self.shown()

    def simulated(self) -> dict[str, Any]:
        prefixes = control(self.stack, "GET", "state")["prefixes"]
        return next(one for one in prefixes if one["cidr"] == self.prefix)

    def writes(self) -> list[bool]:
        """Return what was written to it, oldest first: advertise or withdraw."""
        part = self.simulated()["id"]
        return [
            one["body"]["on_demand"]["advertised"]
            for one in control(self.stack, "GET", "requests")["requests"]
            if one["method"] == "PATCH" and one["path"].endswith(part)
        ]

    def alert(self, *, lasts: timedelta) -> None:
        """Let Alertmanager hold an alert about it for so long, as Prometheus would."""
        labels = {
            "alertname": "Volumetric",
            "site": self.site,
            "mitigation": "prefix_advertisement",
            "role": "trigger",
        }
        ends = (CLOCK.now() + lasts).isoformat()
        url = self.stack.url("alertmanager") + "/api/v2/alerts"
        httpx.post(url, json=[{"labels": labels, "endsAt": ends}]).raise_for_status()


@pytest.fixture(scope="module")
def networks() -> Iterator[dict[str, Network]]:
    with running_exporter(Router("")) as router:
        assert isinstance(router, Router)
        with prepared_stack(fast_plan(router, numbered(2)), CLOCK) as stack:
            with_prefixes(stack)
            stack.start()
            rest = REST.total_seconds()
            control(stack, "PUT", "advertising", {"withdraw_after_advertise": rest})
            with Chain(stack) as chain:
                yield {
                    site: Network(site, prefix, stack, chain, router)
                    for site, prefix in PREFIXES.items()
                }


def with_prefixes(stack: Stack) -> None:
    """Let the sites have prefixes in the place of zones, and load the detector of bits."""
    known = stack.processes["simulator"]
    flags = [f"--prefix={prefix}" for prefix in PREFIXES.values()]
    stack.processes["simulator"] = Process("simulator", [*known.command, *flags], stack.folder)
    with edited(stack, "responder.yml") as config:
        config["sites"] = {site: {"prefixes": [prefix]} for site, prefix in PREFIXES.items()}
        config["cloudflare"] |= {"account_id": Account().id, "read_interval": "2s"}
        rest = f"{REST.seconds}s"
        config["policies"] = [
            {
                "name": "prefixes",
                "mitigation": "prefix_advertisement",
                "options": {"withdraw_after_advertise": rest},
            }
        ]
    detector = shipped_folder("rules") / "detectors" / "volumetric-bits.yml"
    with edited(stack, "prometheus.yml") as config:
        copied = stack.folder / detector.name
        copied.write_text(detector.read_text().replace("interval: 5s", "interval: 1s"))
        config["rule_files"].append(str(copied))


def test_too_many_bits_advertise_a_prefix_until_a_proven_calm(networks):
    """The detector fires, the prefix is advertised and confirmed, and withdrawn when it is calm."""
    network, other = networks["site0"], networks["site1"]
    network.until(state="released", reason="in_sync")
    network.router.receive(network.site, FLOOD)
    shown = network.until(state="engaged")
    assert (shown["actual"], shown["owner"]) == ("on", "responder")
    assert network.simulated()["advertised"]
    network.router.receive(network.site, CALM)
    network.until(state="released", actual="off")
    assert network.writes() == [True, False]
    assert other.writes() == []


def test_what_somebody_else_advertised_is_withdrawn_by_us_after_an_attack(networks):
    """Cloudflare's own monitoring advertises and never withdraws; that is left to us."""
    network = networks["site1"]
    network.until(state="released", reason="in_sync")
    control(network.stack, "PUT", f"prefixes/{network.simulated()['id']}", {"advertised": True})
    network.until(state="released", reason="external")
    network.alert(lasts=timedelta(seconds=8))
    network.until(state="engaged")
    held = network.until(reason="cooldown")
    assert held["until"] is not None
    network.until(state="released", actual="off")
    assert network.writes() == [False]
