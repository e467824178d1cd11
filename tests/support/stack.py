"""The whole chain with an origin whose load a test sets; and the sites, one for each test."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import yaml

from responder.app import SystemClock
from responder.demo.chain import Chain
from responder.demo.configs import SENDER_FILE
from responder.demo.plan import Origin, Plan
from responder.demo.stack import Stack, prepared_stack
from responder.demo.wait import wait_for

CALM, OVERLOAD = 0.3, 6.0
LIMIT = timedelta(seconds=60)
"""Long enough for a machine with other work; only a test that fails waits for it."""
PATIENT = timedelta(seconds=30)
"""How long a call to the simulated Cloudflare may take, where none is to be made twice."""
CLOCK = SystemClock()
INACCURACY = timedelta(seconds=0.1)
"""Waits are measured here by the calendar, and in the service by the clock that runs forwards."""
CONFIRM_ABSENCE = 1.5
"""Resend delays for which everything must be absent, as it is promised."""


@dataclass
class Exporter:
    """Serves node_exporter's metrics of origins with one core each, under `/SITE`."""

    address: str
    loads: dict[str, float] = field(default_factory=dict)
    dead: set[str] = field(default_factory=set)
    """Sites whose exporter gives no answer."""

    def metrics(self, site: str) -> str:
        return (
            f"node_load1 {self.loads.get(site, CALM)}\n"
            'node_cpu_seconds_total{cpu="0",mode="idle"} 1\n'
            "node_procs_running 1\n"
        )


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve on a free port of loopback; give the address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def running_exporter(exporter: Exporter | None = None) -> Iterator[Exporter]:
    exporter = exporter or Exporter("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site = self.path.strip("/")
            if site in exporter.dead:
                return  # closes the connection
            body = exporter.metrics(site).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with serving(Handler) as exporter.address:
        yield exporter


def numbered(count: int) -> dict[str, str]:
    """Return so many sites with a zone each."""
    return {f"site{number}": f"site{number}.example" for number in range(count)}


def fast_plan(exporter: Exporter, zones: Mapping[str, str], interval: float = 1.0) -> Plan:
    """Return a plan in which everything that can be waited for takes two or three seconds."""
    return Plan(
        zones=zones,
        origins={site: Origin(exporter.address, f"/{site}") for site in zones},
        interval=timedelta(seconds=interval),
        resend_delay=timedelta(seconds=2 * interval),
        poll_interval=timedelta(seconds=1),
        minimum_duration=timedelta(seconds=3),
        calm_period=timedelta(seconds=2),
        provider_timeout=timedelta(seconds=4),
    )


@contextmanager
def edited(stack: Stack, name: str) -> Iterator[dict[str, Any]]:
    """Change one of the configurations of a stack that is prepared and not started."""
    path = stack.folder / name
    config = yaml.safe_load(path.read_text())
    yield config
    path.write_text(yaml.safe_dump(config, sort_keys=False))


def run(stack: Stack, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the responder, as its user would; also one of two words."""
    command = [sys.executable, "-m", "responder", *words, "--config", str(stack.config)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)


def as_planned(stack: Stack) -> None:
    """Change nothing."""


@contextmanager
def running_chain(
    zones: Mapping[str, str],
    interval: float = 1.0,
    prepare: Callable[[Stack], None] = as_planned,
    **other: timedelta,
) -> Iterator[tuple[Stack, Chain, Exporter]]:
    """Run the whole chain; `prepare` may change the stack before it starts, `other` the plan."""
    with running_exporter() as exporter:
        plan = replace(fast_plan(exporter, zones, interval), **other)  # type: ignore[arg-type]
        with prepared_stack(plan, CLOCK) as stack:
            prepare(stack)
            stack.start()
            with Chain(stack) as chain:
                yield stack, chain, exporter


def until(what: str, look: Callable[[], object], limit: timedelta = LIMIT) -> object:
    return wait_for(what, look, limit, CLOCK)


@dataclass
class Site:
    """One site of the chain, as a test handles it."""

    name: str
    stack: Stack
    chain: Chain
    exporter: Exporter

    @property
    def zone(self) -> str:
        return self.stack.plan.zones[self.name]

    @property
    def target(self) -> str:
        return f"under_attack:{self.zone}"

    @property
    def levels_written(self) -> list[str]:
        return [write.level for write in self.chain.writes(self.zone)]

    @property
    def last_write(self) -> datetime:
        """When the last write came, by the clock of this machine."""
        return self.chain.writes(self.zone)[-1].at

    @property
    def confirm(self) -> timedelta:
        """How long an absence takes at the least to be believed."""
        return self.stack.plan.resend_delay * CONFIRM_ABSENCE - INACCURACY

    @property
    def proof(self) -> timedelta:
        """How long it takes at the least from the end of an attack to a proven calm."""
        return self.confirm + self.stack.plan.calm_period

    @property
    def level(self) -> str:
        return self.chain.level(self.zone)

    @property
    def reason(self) -> str | None:
        decision = self.chain.target(self.target)["decision"]
        return decision and decision["reason"]

    def overload(self) -> None:
        self.exporter.loads[self.name] = OVERLOAD

    def calm(self) -> datetime:
        """End the attack; return a moment at which it was not over yet."""
        before = CLOCK.now()
        self.exporter.loads[self.name] = CALM
        return before

    def engage(self) -> None:
        """Bring it under attack, and wait until that is answered."""
        self.overload()
        self.until_state("engaged")

    def until_state(self, state: str) -> None:
        until(
            f"{self.target} {state}",
            lambda: self.chain.target(self.target)["state"] == state,
        )

    def until_demand(self, demand: str) -> None:
        until(
            f"{self.target} with demand {demand}",
            lambda: self.chain.target(self.target)["demand"] == demand,
        )

    def until_reason(self, reason: str) -> None:
        until(f"{self.target} with reason {reason}", lambda: self.reason == reason)

    def until_alert(self, state: str | None, alertmanager: str = "") -> None:
        """Wait until its alert is `active` or `suppressed` in Alertmanager, or gone (None)."""
        wanted = [state] if state else []
        until(
            f"the alert of {self.name} {state or 'gone'}",
            lambda: [one["status"]["state"] for one in self.alerts(alertmanager)] == wanted,
        )

    def alerts(self, alertmanager: str = "") -> list[dict[str, Any]]:
        """Return its alerts, in another Alertmanager than that of the stack if one is named."""
        if not alertmanager:
            return self.chain.alerts(self.name)
        query = {"filter": [f'site="{self.name}"', 'mitigation=~".+"']}
        return httpx.get(f"{alertmanager}/api/v2/alerts", params=query).raise_for_status().json()

    def human_sets(self, level: str) -> None:
        """Change the level at the simulated Cloudflare, as somebody at the dashboard would."""
        url = f"{self.stack.url('simulator')}/simulator/zones/{self.zone}"
        httpx.put(url, json={"level": level}).raise_for_status()

    def tell(self, alert: Mapping[str, Any], status: str) -> None:
        """Post a webhook about one of its alerts, with the right token."""
        token = (self.stack.folder / SENDER_FILE).read_text()
        answer = httpx.post(
            self.stack.url("responder") + "/webhooks/alertmanager",
            json={"version": "4", "alerts": [{**alert, "status": status}]},
            headers={"Authorization": f"Bearer {token}"},
        )
        answer.raise_for_status()

    def explain(self) -> str:
        return self.order("explain", self.target)

    def order(self, *words: str) -> str:
        """Run a command of the responder that must work; return what it prints."""
        done = self.stack.responder(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout


def signal_program(stack: Stack, program: str, number: int) -> None:
    os.kill(stack.processes[program].pid, number)


def down(stack: Stack) -> set[str]:
    """Return the sites whose exporters Prometheus cannot scrape."""
    url = stack.url("prometheus") + "/api/v1/query"
    answer = httpx.get(url, params={"query": "up == 0"}).raise_for_status().json()
    return {one["metric"].get("site", "") for one in answer["data"]["result"]}


def metric(stack: Stack, series: str) -> float:
    """Return what the responder's metrics say of one series."""
    lines = httpx.get(stack.url("responder") + "/metrics").text.splitlines()
    (value,) = [line.rpartition(" ")[2] for line in lines if line.startswith(f"{series} ")]
    return float(value)


def until_blind(stack: Stack) -> None:
    """Wait until no Alertmanager is usable; a webhook that came since may still ask for a site."""
    until("blindness", lambda: metric(stack, "responder_blind") == 1)


@contextmanager
def lent(sites: Iterator[Site]) -> Iterator[Site]:
    """Give a site that is calm; afterwards everything runs, and asks for nothing."""
    fresh = next(sites)
    fresh.until_reason("in_sync")
    try:
        yield fresh
    finally:
        fresh.calm()
        fresh.exporter.dead.discard(fresh.name)
        for process in fresh.stack.processes.values():
            if process.exit_code is not None:
                fresh.stack.start_one(process.name)
