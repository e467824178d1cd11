"""Baselines in a real Prometheus: with which history there is one, and what a restart does."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import yaml
from support.alertmanager import free_port, program
from support.stack import CLOCK, until

from responder.demo.processes import Process

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
LOADED = ["thresholds.yml", *(f"baselines/{one}.yml" for one in ("http-requests", "origin-load"))]
AT_ONCE = {"1m": "1s", "5m": "10s", "15m": "2s"}
"""Groups of these intervals, and how often a test lets them be evaluated."""
SHOP = 'site="shop"'
ORIGIN = f'{SHOP},instance="origin-1:9100"'
REQUESTS, LOAD = 20.0, 0.5
BASELINES = {"site:http_requests:baseline": REQUESTS, "instance:node_load1_per_core:baseline": LOAD}
STEP = 300
"""Seconds between two of the means that baselines are made of."""


@dataclass
class Server:
    """A Prometheus with the baselines, and with the past that it was given."""

    folder: Path
    process: Process
    url: str
    started: float = 0
    """In seconds since 1970."""

    def value(self, series: str) -> float | None:
        """Return the last value; what was recorded before the start does not count."""
        found = self._get("/api/v1/query", query=f"{series}[1m]")["result"]
        at, value = found[0]["values"][-1] if found else (0, None)
        return float(value) if at > self.started else None

    def evaluated(self) -> dict[str, float]:
        """Return when each group of a baseline was last evaluated; 0 for never."""
        text = httpx.get(self.url + "/metrics", trust_env=False).text
        pattern = (
            r'prometheus_rule_group_last_evaluation_timestamp_seconds\{rule_group="[^"]*;'
            r'(baseline-[^"]+)"\} (\S+)'
        )
        return {name: max(float(at), 0) for name, at in re.findall(pattern, text)}

    def start(self, intervals: Mapping[str, str]) -> None:
        """Start it with these intervals in place of the shipped ones."""
        for name in LOADED:
            text = (ROOT / "rules" / name).read_text()
            for shipped, instead in intervals.items():
                text = text.replace(f"interval: {shipped}\n", f"interval: {instead}\n")
            (self.folder / "rules" / Path(name).name).write_text(text)
        self.started = CLOCK.now().timestamp()
        self.process.start()
        until("Prometheus", self._ready)

    def restart(self, intervals: Mapping[str, str]) -> None:
        self.process.stop()
        self.start(intervals)

    def _ready(self) -> bool:
        try:
            return httpx.get(self.url + "/-/ready", trust_env=False).is_success
        except httpx.HTTPError:
            return False

    def _get(self, path: str, **query: str) -> dict:
        answer = httpx.get(self.url + path, params=query, timeout=10, trust_env=False)
        return answer.raise_for_status().json()["data"]


@contextmanager
def prometheus(folder: Path, history: timedelta) -> Iterator[Server]:
    """Prepare a Prometheus that has seen a steady site for so long, not started yet."""
    (folder / "rules").mkdir()
    write_past(folder, history)
    config = {"rule_files": [f"{folder}/rules/*.yml"], "global": {"evaluation_interval": "1s"}}
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    address = f"127.0.0.1:{free_port()}"
    words = [
        program("prometheus"),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        "--storage.tsdb.retention.time=30d",
        f"--web.listen-address={address}",
    ]
    process = Process("prometheus", words, folder)
    try:
        yield Server(folder, process, f"http://{address}")
    finally:
        process.stop()


def write_past(folder: Path, history: timedelta) -> None:
    now = int(CLOCK.now().timestamp())
    moments = range(now - int(history.total_seconds()), now, STEP)
    lines = [
        f"{name}{{{labels}}} {value} {moment}"
        for name, labels, value in (
            ("instance:node_load1_per_core:avg5m", ORIGIN, LOAD),
            ("site:http_requests:avg5m", SHOP, REQUESTS),
        )
        for moment in moments
    ]
    (folder / "past.txt").write_text("\n".join([*lines, "# EOF", ""]))
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics"]
    subprocess.run(
        [*command, folder / "past.txt", folder / "data"], check=True, capture_output=True
    )


def test_an_hour_of_history_is_enough_for_sharp_floods_and_not_for_a_baseline(tmp_path):
    with prometheus(tmp_path, timedelta(minutes=59)) as server:
        server.start(AT_ONCE)
        until("a median", lambda: server.value("site:http_requests:median_1h") == REQUESTS)
        windows = {"baseline-http-requests-windows", "baseline-origin-load-week"}
        until("the windows", lambda: all(server.evaluated()[one] for one in windows))
        assert [server.value(series) for series in BASELINES] == [None, None]


def test_baselines_outlive_a_restart_before_their_windows_are_evaluated_again(tmp_path):
    with prometheus(tmp_path, timedelta(hours=7)) as server:
        server.start(AT_ONCE)
        for series in BASELINES:
            until(series, lambda series=series: server.value(series))
        before = {series: server.value(series) for series in BASELINES}
        # From here on as shipped, but for what joins the windows: that has a minute.
        server.restart({"1m": "1s"})
        for series in BASELINES:
            until(f"{series} again", lambda series=series: server.value(series))
        assert {series: server.value(series) for series in BASELINES} == before
        assert 0 in server.evaluated().values(), "the windows were evaluated before"


def test_groups_are_spread_over_their_interval_and_keep_their_moment_over_a_restart(tmp_path):
    interval = 8.0
    intervals = dict.fromkeys(AT_ONCE, f"{interval:g}s")

    def moments() -> dict[str, float]:
        until("evaluations", lambda: server.evaluated() and all(server.evaluated().values()))
        return {name: at % interval for name, at in server.evaluated().items()}

    with prometheus(tmp_path, timedelta(hours=1)) as server:
        server.start(intervals)
        first = moments()
        assert max(first.values()) - min(first.values()) > interval / 8
        server.restart(intervals)
        for name, moment in moments().items():
            apart = abs(moment - first[name])
            assert min(apart, interval - apart) < 1, f"{name} has moved"
