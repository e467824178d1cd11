"""Prefixes on demand in one stack: routers whose bits a test sets, and a watched edge."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from responder.demo.chain import Chain
from responder.demo.processes import Process
from responder.demo.stack import Stack, prepared_stack
from responder.shipped import shipped_folder
from responder.simulator.inventory import Account
from support.services import control
from support.stack import (
    CLOCK,
    CONFIRM_ABSENCE,
    INACCURACY,
    Exporter,
    edited,
    fast_plan,
    metric,
    run,
    running_exporter,
    until,
)

KIND = "prefix_advertisement"
BUSY = "198.18.255.0/24"
"""Always at Cloudflare and no site's: that it has traffic proves how far the data reach."""
REST = timedelta(seconds=25)
"""Cloudflare's wait between an advertisement and a withdrawal."""
LONG_REST = timedelta(seconds=130)
"""The same where a policy says so; longer than any calm here takes to be proven."""
SAMPLES = timedelta(seconds=15)
"""Between two samples of the edge: more of them are more than its budget has."""
PATIENCE = timedelta(seconds=180)
"""Cloudflare's data are told by the minute, and proof takes two samples."""
HOUR = timedelta(hours=1)
ORDINARY, FLOOD = 1e6, 5e9
"""Bits a second."""
SECRET = "s3cret-of-the-webhook"

SHORTER = {
    "sources/node-exporter.yml": {"[1m]": "[5s]"},
    "detectors/volumetric-bits.yml": {"for: 30s": "for: 2s"},
    "sources/cloudflare-edge.yml": {"[10m]": "[35s]", "(600 /": "(35 /"},
    "detectors/sensor-blind.yml": {"for: 1m": "for: 2s"},
    "detectors/edge-attack-ongoing.yml": {},
}
"""The rules that are loaded, and their waits; what is as shipped, the demo of a prefix shows."""


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
        total = known + self.rates.get(site, ORDINARY) / 8 * (now - since).total_seconds()
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

    @property
    def target(self) -> str:
        return f"{KIND}:{self.prefix}"

    @property
    def least_proof(self) -> timedelta:
        """How long it takes at the least from the end of what keeps it to a proven calm."""
        plan = self.stack.plan
        return plan.resend_delay * CONFIRM_ABSENCE + plan.calm_period - INACCURACY

    def shown(self) -> dict[str, Any]:
        target = self.chain.target(self.target)
        decision = target["decision"] or {}
        return {**target, "reason": decision.get("reason"), "until": decision.get("until")}

    def until(self, **wanted: object) -> dict[str, Any]:
        def as_wanted() -> bool:
            shown = self.shown()
            return {key: shown[key] for key in wanted} == wanted

        until(f"{self.prefix} with {wanted}", as_wanted, PATIENCE)
        return self.shown()

    def alerts(self) -> dict[str, datetime]:
        """Return the names of its alerts in Alertmanager, and when each was told last."""
        return {
            one["labels"]["alertname"]: datetime.fromisoformat(one["updatedAt"])
            for one in self.chain.alerts(self.site)
        }

    def until_alert(self, name: str) -> None:
        until(f"{name} of {self.prefix}", lambda: name in self.alerts(), PATIENCE)

    def until_kept_by(self, name: str) -> None:
        """Wait until this is the only alert about it, and the responder knows."""

        def kept() -> bool:
            return [*self.alerts()] == [name] and self.shown()["demand"] == "sustain"

        until(f"{self.prefix} kept by {name} alone", kept, PATIENCE)

    def until_told_again(self, name: str) -> None:
        """Wait until an alert that stands now has been told twice more."""
        for _ in range(2):
            told = self.alerts()[name]
            until(f"{name} told again", lambda told=told: self.alerts()[name] > told)

    def pass_time(self) -> None:
        """Wait for longer than it takes to be withdrawn when nothing asks for it."""
        end = CLOCK.now() + self.least_proof * 1.5
        until(f"time to pass for {self.prefix}", lambda: CLOCK.now() > end)

    def assert_held(self) -> None:
        """It stays on, although only what stands now can ask for it."""
        self.pass_time()
        assert self.shown()["state"] == "engaged"
        assert self.writes() == [True]

    # what happens at Cloudflare

    def simulated(self) -> dict[str, Any]:
        prefixes = control(self.stack, "GET", "state")["prefixes"]
        return next(one for one in prefixes if one["cidr"] == self.prefix)

    def somebody_sets(self, *, advertised: bool) -> None:
        path = f"prefixes/{self.simulated()['id']}"
        control(self.stack, "PUT", path, {"advertised": advertised})

    def writes(self) -> list[bool]:
        """Return what was written to it, oldest first: advertise or withdraw."""
        part = self.simulated()["id"]
        return [
            one["body"]["on_demand"]["advertised"]
            for one in control(self.stack, "GET", "requests")["requests"]
            if one["method"] == "PATCH" and one["path"].endswith(part)
        ]

    def stopped_at_the_edge(self) -> str:
        """Let Cloudflare stop an attack on it, while it is advertised; return what ends that."""
        flood = {"bits": 2e9, "packets": 5e5, "outcome": "drop", "vector": "UDP Flood"}
        return control(self.stack, "POST", "traffic", {"prefix": self.prefix, **flood})["id"]

    def over_at_the_edge(self, traffic: str) -> None:
        """End it as of some minutes ago, so that nobody waits for the minute to end."""
        control(self.stack, "PATCH", f"traffic/{traffic}", {"ends": -300})

    # what is asked for, and what came of it

    def alert(self, *, lasts: timedelta) -> None:
        """Let Alertmanager hold an alert about it for so long, as Prometheus would."""
        labels = {
            "alertname": "Volumetric",
            "site": self.site,
            "mitigation": KIND,
            "role": "trigger",
        }
        ends = (CLOCK.now() + lasts).isoformat()
        url = self.stack.url("alertmanager") + "/api/v2/alerts"
        httpx.post(url, json=[{"labels": labels, "endsAt": ends}]).raise_for_status()

    def reached(self, state: str) -> datetime:
        """Return when it was told last to have reached a state."""
        events = [e for e in self.chain.events(self.target) if e["kind"] == "state"]
        return datetime.fromisoformat([e["at"] for e in events if e["action"] == state][-1])


def sampled(stack: Stack, outcome: str) -> float:
    """Return how many samples of the edge's traffic came to this."""
    labels = f'dataset="traffic",outcome="{outcome}"'
    series = f"responder_edge_samples_total{{{labels}}}"
    lines = httpx.get(stack.url("responder") + "/metrics").text
    return metric(stack, series) if f"{series} " in lines else 0.0


def until_proof(stack: Stack) -> None:
    """Wait until samples of the edge prove what they say."""
    complete = 'dataset:edge_samples_complete:ratio10m{dataset="traffic"}'
    enough = 'mitigation:threshold:global{signal="edge_coverage",bound="lower"}'
    until("complete samples", lambda: true(stack, f"max({complete}) >= max({enough})"), PATIENCE)


def true(stack: Stack, expression: str) -> bool:
    """Tell whether Prometheus finds anything that is so."""
    url = stack.url("prometheus") + "/api/v1/query"
    answer = httpx.get(url, params={"query": expression}).raise_for_status()
    return bool(answer.json()["data"]["result"])


@contextmanager
def running_networks(prefixes: Mapping[str, str]) -> Iterator[dict[str, Network]]:
    """Run the chain with a site for each prefix; the first one's must rest for long."""
    with (
        running_exporter(Router("")) as router,
        prepared_stack(fast_plan(router, dict.fromkeys(prefixes, "")), CLOCK) as stack,
        ExitStack() as chains,
    ):
        assert isinstance(router, Router)
        with_prefixes(stack, prefixes)
        stack.start()
        set_up(stack)
        yield {
            site: Network(site, prefix, stack, chains.enter_context(Chain(stack)), router)
            for site, prefix in prefixes.items()
        }


def with_prefixes(stack: Stack, prefixes: Mapping[str, str]) -> None:
    """Let the sites have prefixes in the place of zones, and load what detects and watches."""
    flags = [f"--prefix={prefix}" for prefix in prefixes.values()]
    command = ["simulator", f"--listen={stack.addresses.simulator}", f"--prefix={BUSY}=advertised"]
    python = stack.processes["simulator"].command[:3]
    stack.processes["simulator"] = Process("simulator", [*python, *command, *flags], stack.folder)
    secret = stack.folder / "cloudflare-webhook.secret"
    secret.write_text(SECRET)
    with edited(stack, "responder.yml") as config:
        config["sites"] = {site: {"prefixes": [prefix]} for site, prefix in prefixes.items()}
        config["cloudflare"] |= {"account_id": Account().id, "read_interval": "2s"}
        config["sensor"] = {"interval": f"{SAMPLES.seconds}s", "delay": "1s"}
        # That somebody has advertised keeps a prefix for an hour: it is not told of its end.
        config["notifications"] = {"secret_file": str(secret), "sustain": []}
        config["guards"] |= {"max_sites_engaged": len(prefixes)}
        first = next(iter(prefixes))
        config["policies"] = [
            policy("prefixes", REST, f'site!="{first}"'),
            policy("long rest", LONG_REST, f'site="{first}"'),
        ]
    with edited(stack, "prometheus.yml") as config:
        config["rule_files"] = [str(stack.folder / "rules" / name) for name in loaded(stack)]


def policy(name: str, rest: timedelta, match: str) -> dict[str, Any]:
    options = {"withdraw_after_advertise": f"{rest.seconds}s", "advertise_after_withdraw": "1s"}
    matchers = [f'mitigation="{KIND}"', match]
    return {"name": name, "mitigation": KIND, "match": matchers, "options": options}


def loaded(stack: Stack) -> Iterator[str]:
    """Copy the rules that are needed, with an interval of a second and shorter waits."""
    for name in ("thresholds.yml", "heartbeat.yml", "overrides.yml"):
        yield name
    for name, shorter in SHORTER.items():
        text = (shipped_folder("rules") / name).read_text()
        for long, short in {"interval: 5s": "interval: 1s", **shorter}.items():
            assert long in text, f"{name} has no {long}"
            text = text.replace(long, short)
        copied = Path(stack.folder / "rules" / name)
        copied.parent.mkdir(exist_ok=True)
        copied.write_text(text)
        yield name


def set_up(stack: Stack) -> None:
    """Let Cloudflare be quick, have traffic to tell of, and send its notifications."""
    pace = {"advertise_takes": 1, "withdraw_takes": 1, "advertise_after_withdraw": 1}
    pace["withdraw_after_advertise"] = REST.seconds
    control(stack, "PUT", "advertising", pace)
    control(stack, "PUT", "analytics", {"lag": 0})
    visitors = {"prefix": BUSY, "bits": 8e6, "packets": 1e4, "starts": -HOUR.seconds}
    control(stack, "POST", "traffic", visitors)
    hook = stack.url("responder") + "/webhooks/cloudflare"
    done = run(stack, "notifications", "setup", "--url", hook)
    assert done.returncode == 0, done.stderr
