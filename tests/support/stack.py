"""The whole chain with an origin whose load a test sets; and the sites, one for each test."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from responder.app import SystemClock
from responder.demo.chain import Chain
from responder.demo.plan import Origin, Plan
from responder.demo.stack import Stack, running_stack
from responder.demo.wait import wait_for

CALM, OVERLOAD = 0.3, 6.0
LIMIT = timedelta(seconds=25)
CLOCK = SystemClock()


@dataclass
class Exporter:
    """Serves node_exporter's metrics of origins with one core each, under `/SITE`."""

    address: str
    loads: dict[str, float] = field(default_factory=dict)

    def metrics(self, site: str) -> str:
        return (
            f"node_load1 {self.loads.get(site, CALM)}\n"
            'node_cpu_seconds_total{cpu="0",mode="idle"} 1\n'
            "node_procs_running 1\n"
        )


@contextmanager
def running_exporter() -> Iterator[Exporter]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = exporter.metrics(self.path.strip("/")).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        exporter = Exporter(f"127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield exporter
        finally:
            server.shutdown()
            thread.join()


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
def running_chain(
    zones: Mapping[str, str], interval: float = 1.0, **other: timedelta
) -> Iterator[tuple[Stack, Chain, Exporter]]:
    with running_exporter() as exporter:
        plan = replace(fast_plan(exporter, zones, interval), **other)  # type: ignore[arg-type]
        with running_stack(plan, CLOCK) as stack, Chain(stack) as chain:
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
    def reason(self) -> str | None:
        decision = self.chain.target(self.target)["decision"]
        return decision and decision["reason"]

    def overload(self) -> None:
        self.exporter.loads[self.name] = OVERLOAD

    def calm(self) -> None:
        self.exporter.loads[self.name] = CALM

    def engage(self) -> None:
        """Bring it under attack, and wait until that is answered."""
        self.overload()
        self.until_state("engaged")

    def until_state(self, state: str) -> None:
        until(
            f"{self.target} {state}",
            lambda: self.chain.target(self.target)["state"] == state,
        )

    def until_reason(self, reason: str) -> None:
        until(f"{self.target} with reason {reason}", lambda: self.reason == reason)

    def until_alert(self, state: str | None) -> None:
        """Wait until its alert is `active` or `suppressed` in Alertmanager, or gone (None)."""
        wanted = [state] if state else []
        until(
            f"the alert of {self.name} {state or 'gone'}",
            lambda: [one["status"]["state"] for one in self.chain.alerts(self.name)] == wanted,
        )

    def silence(self) -> str:
        """Silence it; return the silence's id."""
        now = CLOCK.now()
        silence = {
            "matchers": [{"name": "site", "value": self.name, "isRegex": False, "isEqual": True}],
            "startsAt": now.isoformat(),
            "endsAt": (now + timedelta(hours=1)).isoformat(),
            "createdBy": "a test",
            "comment": "deployment",
        }
        url = self.stack.url("alertmanager") + "/api/v2/silences"
        return httpx.post(url, json=silence).raise_for_status().json()["silenceID"]

    def end_silence(self, silence: str) -> None:
        url = self.stack.url("alertmanager") + f"/api/v2/silence/{silence}"
        httpx.delete(url).raise_for_status()

    def explain(self) -> str:
        return self.order("explain", self.target)

    def order(self, *words: str) -> str:
        """Run a command of the responder that must work; return what it prints."""
        done = self.stack.responder(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout


def signal_program(stack: Stack, program: str, number: int) -> None:
    os.kill(stack.processes[program].pid, number)
