"""A real Prometheus with a simulated past: OpenMetrics text, made into blocks by promtool."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import httpx

from detecting.worlds import BEGIN, Seen
from responder.demo.addresses import free_ports
from responder.demo.processes import Process

__all__ = ["WAITED", "Asked", "History", "Points", "Sample", "exposed", "lines", "raw", "waited"]

POINTS = 10_000
"""Steps of one range query; Prometheus refuses more than 11,000 points."""

_CONFIG = """
global: {scrape_interval: 1m}
storage: {tsdb: {out_of_order_time_window: 30d}}
"""
"""Without the window, nothing could be written beside blocks that reach further."""

Points = Iterable[tuple[int, float]]
"""Epoch seconds and values."""

Sample = tuple[str, dict[str, str], float]
"""Name, labels, value."""


def lines(name: str, labels: Mapping[str, str], points: Points) -> Iterator[str]:
    """Write one series."""
    inner = ",".join(f'{key}="{value}"' for key, value in labels.items())
    head = f"{name}{{{inner}}}"
    return (f"{head} {value!r} {at}\n" for at, value in points)


_EXPOSED: tuple[tuple[str, bool, Callable[[Mapping[str, float], float], float]], ...] = (
    ("instance:node_load1_per_core:ratio", False, lambda seen, _: seen["load"]),
    ("instance:node_cpu:count", False, lambda _, cores: cores),
    ("node_procs_running", False, lambda seen, cores: seen["queue"] * cores),
    ("instance:node_procs_running_per_core:avg15s", False, lambda seen, _: seen["queue"]),
    ("instance:node_pressure_cpu_waiting:rate15s", False, lambda seen, _: seen["pressure"]),
    ("instance:http_requests:rate1m", True, lambda seen, _: seen["rate"]),
    ("instance:http_requests:rate15s", True, lambda seen, _: seen["rate15"]),
    ("instance:http_requests_5xx:rate1m", True, lambda seen, _: seen["errors"] * seen["rate"]),
)
"""Series, whether it comes from the web server, and its value, from what is seen and the cores."""

WAITED = "node_pressure_cpu_waiting_seconds_total"


def exposed(site: str, seen: Mapping[str, float], cores: float) -> Iterator[Sample]:
    """Return what the sources record of one minute, and what detectors read from the exporter."""
    host = {"site": site, "instance": f"{site}:9100"}
    web = {**host, "source": "web"}
    for name, of_web, value in _EXPOSED:
        yield name, web if of_web else host, value(seen, cores)


def raw(seen: Seen, minutes: range, site: str = "", at: int | None = None) -> Iterator[str]:
    """Write a stretch of a site's past, under another name and at another minute if asked.

    A minute has one sample. Only the counter of the pressure has two, ten seconds apart, since
    `irate` over 15 s needs two.
    """
    name, moved = site or seen.site.name, (minutes.start if at is None else at) - minutes.start
    cores = float(seen.site.machine.cores)
    states = [{key: of[minute] for key, of in seen.series.items()} for minute in minutes]
    rows = [list(exposed(name, state, cores)) for state in states]
    times = [BEGIN + 60 * (minute + moved) for minute in minutes]
    for column in zip(*rows, strict=True):
        series, labels, _ = column[0]
        yield from lines(series, labels, zip(times, (value for _, _, value in column), strict=True))
    labels = {"site": name, "instance": f"{name}:9100"}
    total, points = 0.0, []
    for moment, state in zip(times, states, strict=True):
        points += waited(moment, total, state["pressure"])
        total = points[-1][1]
    yield from lines(WAITED, labels, points)


def waited(moment: int, total: float, pressure: float) -> list[tuple[int, float]]:
    """Return the counter of the pressure ten seconds before the end of a minute, and at it."""
    return [(moment - 10, total + 50 * pressure), (moment, total + 60 * pressure)]


class History:
    """A folder of blocks, and a Prometheus that is started over it when it is asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.data.mkdir(parents=True, exist_ok=True)
        (folder / "prometheus.yml").write_text(_CONFIG)

    def copy(self, folder: Path) -> "History":
        """Return another over the same blocks, to which more can be added."""
        other = History(folder)
        for block in self.data.iterdir():
            if (block / "meta.json").exists():
                shutil.copytree(block, other.data / block.name)
        return other

    def add(self, text: Iterable[str]) -> None:
        """Import series; all samples of one come one after the other."""
        with tempfile.NamedTemporaryFile("w", dir=self.folder, suffix=".txt") as file:
            batches = iter(text)
            while batch := list(islice(batches, 100_000)):
                file.write("".join(batch))
            file.write("# EOF\n")
            file.flush()
            command = [
                _program("promtool"),
                "tsdb",
                "create-blocks-from",
                "--max-block-duration=1440h",
            ]
            subprocess.run(
                [*command, "--quiet", "openmetrics", file.name, str(self.data)],
                check=True,
                stdout=subprocess.DEVNULL,
            )

    @contextmanager
    def served(self) -> Iterator["Asked"]:
        """Start a Prometheus over it for as long as it is needed."""
        port = next(free_ports())
        process = Process(
            "prometheus",
            [
                _program("prometheus"),
                f"--config.file={self.folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={self.data}",
                "--storage.tsdb.retention.time=100y",
                f"--web.listen-address=127.0.0.1:{port}",
                "--query.max-samples=500000000",
                "--query.timeout=10m",
                "--web.enable-remote-write-receiver",
            ],
            self.folder,
        )
        process.start()
        try:
            with httpx.Client(
                base_url=f"http://127.0.0.1:{port}", timeout=600, trust_env=False
            ) as client:
                _ready(client, process)
                yield Asked(client)
        finally:
            process.stop()


_WRITE = {
    "Content-Encoding": "snappy",
    "Content-Type": "application/x-protobuf",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}


class Asked:
    """A running Prometheus, as the bench asks it."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def over(
        self, expression: str, begin: int, end: int, step: int
    ) -> list[tuple[dict[str, str], list[tuple[int, float]]]]:
        """Evaluate an expression from one second to another; return each series with its points."""
        found: dict[tuple[tuple[str, str], ...], list[tuple[int, float]]] = {}
        for start in range(begin, end + 1, POINTS * step):
            last = min(start + (POINTS - 1) * step, end)
            asked: dict[str, str | int] = {
                "query": expression,
                "start": start,
                "end": last,
                "step": step,
            }
            for one in self._answer("query_range", asked):
                points = found.setdefault(tuple(sorted(one["metric"].items())), [])
                points += [(int(at), float(value)) for at, value in one["values"]]
        return [(dict(labels), points) for labels, points in found.items()]

    def at(self, expression: str, moment: int) -> list[tuple[dict[str, str], float]]:
        """Evaluate an expression at one second; return each series with its value."""
        asked: dict[str, str | int] = {"query": expression, "time": moment}
        return [(one["metric"], float(one["value"][1])) for one in self._answer("query", asked)]

    def write(self, body: bytes) -> None:
        """Write samples by the remote-write protocol."""
        answer = self.client.post("/api/v1/write", content=body, headers=_WRITE)
        if not answer.is_success:
            raise RuntimeError(f"Prometheus refused samples: {answer.text[:400]}")

    def _answer(self, kind: str, asked: Mapping[str, str | int]) -> list[dict[str, Any]]:
        answer = self.client.post(f"/api/v1/{kind}", data=dict(asked))
        if not answer.is_success:
            raise RuntimeError(f"Prometheus refused a query: {answer.text[:400]}")
        found: list[dict[str, Any]] = answer.json()["data"]["result"]
        return found


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise SystemExit(f"{name} is not on PATH; run `make tools` and use .tools/bin")
    return found


def _ready(client: httpx.Client, process: Process) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.exit_code is None:
        try:
            if client.get("/-/ready").is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.05)
    raise RuntimeError(f"Prometheus did not start:\n{process.last_lines()}")
