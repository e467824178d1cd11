"""Origins that exist only as numbers: what their exporters say, and what was recorded of them."""

import math
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import yaml
from history import Kind
from support.stack import serving

from responder.settings.durations import parse_duration

__all__ = ["INTERVAL", "PER_SITE", "Instance", "exporters", "past", "shipped_groups"]

ROOT = Path(__file__).resolve().parents[1]

INTERVAL = 5.0
"""Of scrapes and of the fast groups, in seconds."""

PER_SITE, PER_TARGET = 10, 1000
"""Instances of a site, and those that one scrape brings."""

SHORT_PAST, BASELINE_PAST = 7_800_000, 22 * 86_400_000
"""Milliseconds of history: two hours and a bit, and three weeks and a day of 5-minute means."""

GAUGES = {
    "node_load1": "0.8",
    "node_procs_running": "2",
    "node_netstat_Tcp_CurrEstab": "40",
    "node_nf_conntrack_entries": "900",
    "node_nf_conntrack_entries_limit": "65536",
    "nginx_connections_active": "30",
    "nginx_connections_reading": "1",
    "nginx_connections_writing": "3",
    'node_cpu_seconds_total{cpu="0",mode="idle"': "5",
    'node_cpu_seconds_total{cpu="1",mode="idle"': "5",
}
COUNTERS = (
    "node_pressure_cpu_waiting_seconds_total",
    "node_pressure_io_waiting_seconds_total",
    "node_netstat_Tcp_PassiveOpens",
    "node_netstat_TcpExt_SyncookiesSent",
    "node_netstat_TcpExt_SyncookiesRecv",
    "node_netstat_TcpExt_ListenDrops",
    "node_netstat_TcpExt_ListenOverflows",
    'node_network_receive_bytes_total{device="eth0"',
    'node_network_receive_packets_total{device="eth0"',
    "nginx_http_requests_total",
)
"""They grow by one a second: seconds that never all pass are no pressure to speak of."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One origin, by its number."""

    number: int

    @property
    def labels(self) -> dict[str, str]:
        """Return what tells it from others."""
        return {"site": f"site{self.number // PER_SITE}", "instance": f"origin{self.number}:9100"}


def exposition(instances: Sequence[Instance]) -> bytes:
    """Return what the exporters of all of them say; `@` stands for the value of counters."""
    lines = []
    for one in instances:
        own = ",".join(f'{name}="{value}"' for name, value in one.labels.items())
        for name, value in {**GAUGES, **dict.fromkeys(COUNTERS, "@")}.items():
            begun = f"{name}," if "{" in name else f"{name}{{"
            lines.append(f"{begun}{own}}} {value}")
        # Whether a target answers, for as many targets as there would be.
        lines += [f'up{{job="{job}",{own}}} 1' for job in ("node", "nginx")]
    return "\n".join([*lines, ""]).encode()


@contextmanager
def exporters(instances: Sequence[Instance]) -> Iterator[list[dict]]:
    """Serve them all; give the targets for Prometheus."""
    parts = [instances[at : at + PER_TARGET] for at in range(0, len(instances), PER_TARGET)]
    bodies = [exposition(part) for part in parts]
    began = time.monotonic()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answer with the counters of this moment."""
            value = f"{(time.monotonic() - began) / 10:.2f}".encode()
            body = bodies[int(self.path.strip("/"))].replace(b"@", value)
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with serving(Handler) as address:
        yield [
            {"targets": [address], "labels": {"__metrics_path__": f"/{number}"}}
            for number in range(len(parts))
        ]


def shipped_groups() -> Iterator[dict]:
    """Yield every group of the shipped rules."""
    for path in sorted((ROOT / "rules").rglob("*.yml")):
        if "tests" not in path.parts:
            yield from yaml.safe_load(path.read_text())["groups"]


def looked_back() -> dict[str, int]:
    """Return the recorded series that a rule looks back on, with the milliseconds between two."""
    groups = list(shipped_groups())
    expressions = " ".join(rule["expr"] for group in groups for rule in group["rules"])
    looked = set(re.findall(r"\b((?:instance|site):[\w:]+)\[", expressions))
    return {
        rule["record"]: round(parse_duration(group["interval"]).total_seconds() * 1000)
        for group in groups
        for rule in group["rules"]
        if rule.get("record") in looked
    }


def past(instances: Sequence[Instance]) -> Iterator[Kind]:
    """Return what had been recorded before the start: of each series what rules look back on."""
    now = int(time.time() * 1000)
    sites = [{"site": site} for site in sorted({one.labels["site"] for one in instances})]
    origins = [one.labels for one in instances]
    sources = [{**one, "source": "nginx"} for one in origins]
    for name, step in looked_back().items():
        # Thresholds of one origin are there only where somebody has set them.
        if name.startswith("instance:threshold"):
            continue
        raw = name.startswith("instance:http") and (":sum" in name or ":rate" in name)
        labels = sites if name.startswith("site:") else sources if raw else origins
        span = BASELINE_PAST if ":avg5m" in name else SHORT_PAST
        count = span // step
        values = [round(0.5 + 0.1 * math.sin(at / 50) + at % 7 / 100, 2) for at in range(count)]
        if ":points" in name:
            values = [2016.0] * count
        yield Kind([{"__name__": name, **one} for one in labels], now - span, step, values)
