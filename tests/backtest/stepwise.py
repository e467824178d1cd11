"""The exact way to replay rules: a real Prometheus, step by step, as it would have run then.

At each step the raw samples are written with their old timestamps, each rule is evaluated by an
instant query at that time, and what it gives is written back, `ALERTS` included. Slow, and beyond
doubt: what `responder.backtest` does in memory is compared with it.
"""

import re
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx

from responder.app import SystemClock
from responder.backtest.parsing import names_in
from responder.backtest.rules import Rule
from responder.demo.addresses import free_ports
from responder.demo.processes import Process
from responder.demo.programs import find_programs
from responder.demo.wait import wait_for

Labels = tuple[tuple[str, str], ...]
Sample = tuple[str, Labels, float, float]
"""Name, labels, seconds since 1970, value."""

STALE = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
_RANGE = re.compile(r"\[(\d+)([smhd])\]")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@contextmanager
def empty_prometheus(folder: Path) -> Iterator[str]:
    """Run a Prometheus with no history that takes what is written to it; yield its URL."""
    (folder / "prometheus.yml").write_text("")
    address = f"127.0.0.1:{next(free_ports())}"
    process = Process(
        "prometheus",
        [
            find_programs().prometheus,
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            "--storage.tsdb.retention.time=100y",
            "--web.enable-remote-write-receiver",
            f"--web.listen-address={address}",
        ],
        folder,
    )
    process.start()
    try:
        url = f"http://{address}"
        wait_for("Prometheus", lambda: _ready(url), timedelta(seconds=60), SystemClock())
        yield url
    finally:
        process.stop()


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/-/ready", trust_env=False).is_success
    except httpx.HTTPError:
        return False


# writing


def write(client: httpx.Client, samples: Iterable[Sample]) -> None:
    """Write samples, in the order of time for each series."""
    series: dict[Labels, list[tuple[float, float]]] = {}
    for name, labels, at, value in samples:
        series.setdefault((("__name__", name), *labels), []).append((at, value))
    if not series:
        return
    body = b"".join(_field(1, _series(labels, points)) for labels, points in series.items())
    headers = {
        "Content-Encoding": "snappy",
        "Content-Type": "application/x-protobuf",
        "X-Prometheus-Remote-Write-Version": "0.1.0",
    }
    answer = client.post("/api/v1/write", content=_snappy(body), headers=headers)
    assert answer.is_success, answer.text


def _series(labels: Labels, points: Sequence[tuple[float, float]]) -> bytes:
    known = b"".join(
        _field(1, _field(1, name.encode()) + _field(2, value.encode()))
        for name, value in sorted(labels)
    )
    return known + b"".join(
        _field(2, b"\x09" + struct.pack("<d", value) + b"\x10" + _varint(round(at * 1000)))
        for at, value in points
    )


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    found = b""
    while number > 0x7F:
        found += bytes([number & 0x7F | 0x80])
        number >>= 7
    return found + bytes([number])


def _snappy(content: bytes) -> bytes:
    """Return the content in the format of snappy, and no smaller than it was."""
    return _varint(len(content)) + b"\xfc" + struct.pack("<I", len(content) - 1) + content


# evaluating


def as_newer(expression: str) -> str:
    """Leave out the left edge of each range, as Prometheus does from version 3 on."""

    def shorter(found: re.Match[str]) -> str:
        return f"[{int(found[1]) * _UNITS[found[2]] * 1000 - 1}ms]"

    return _RANGE.sub(shorter, expression)


class Stepwise:
    """Evaluates rules step by step."""

    def __init__(self, client: httpx.Client, rules: Sequence[Rule], step: int) -> None:
        self._client = client
        self._rules = [
            (rule, as_newer(rule.expression), names_in(rule.expression)) for rule in rules
        ]
        self._waiting: list[Sample] = []
        self._step = step
        self._constants: dict[int, list[tuple[Labels, float]]] = {}
        self._before: dict[int, set[Labels]] = {}
        self._since: dict[tuple[int, Labels], int] = {}
        self._begin: dict[tuple[int, Labels], int] = {}
        self.fired: list[tuple[str, Labels, int, int]] = []
        """Name, labels, first second, first second no more."""

    def advance(self, now: int) -> None:
        """Evaluate all rules that are due."""
        for position, (rule, expression, reads) in enumerate(self._rules):
            if now % max(rule.interval or self._step, self._step):
                continue
            if not reads.isdisjoint(one[0] for one in self._waiting):
                self._flush()
            found = self._evaluated(position, expression, now)
            if rule.alerting:
                found = self._watched(position, rule, found, now)
            name = "ALERTS" if rule.alerting else rule.name
            labelled = {_merged(labels, _own(rule)): value for labels, value in found}
            gone = self._before.get(position, set()) - labelled.keys()
            self._before[position] = set(labelled)
            stale = [(name, labels, float(now), STALE) for labels in gone]
            there = [(name, labels, float(now), value) for labels, value in labelled.items()]
            self._waiting += [*stale, *there]
        self._flush()

    def _flush(self) -> None:
        """Write what rules have given; only what another one reads is in a hurry."""
        write(self._client, self._waiting)
        self._waiting = []

    def _evaluated(self, position: int, expression: str, now: int) -> list[tuple[Labels, float]]:
        if position in self._constants:
            return self._constants[position]
        asked = {"query": expression, "time": str(now)}
        answer = self._client.post("/api/v1/query", data=asked)
        assert answer.is_success, answer.text
        found = [
            (_labels(one["metric"]), float(one["value"][1]))
            for one in answer.json()["data"]["result"]
        ]
        if expression.startswith("vector("):
            self._constants[position] = found
        return found

    def _watched(
        self, position: int, rule: Rule, found: list[tuple[Labels, float]], now: int
    ) -> list[tuple[Labels, float]]:
        active = {labels for labels, _ in found}
        for key in [one for one in self._since if one[0] == position and one[1] not in active]:
            del self._since[key]
            if key in self._begin:
                self.fired.append((rule.name, key[1], self._begin.pop(key), now))
        for labels in active:
            since = self._since.setdefault((position, labels), now)
            if now - since >= rule.wait:
                self._begin.setdefault((position, labels), now)
        return [(labels, 1.0) for labels in active if (position, labels) in self._begin]

    def finish(self, end: int) -> list[tuple[str, Labels, int, int]]:
        """Return when each alert fired, those included that still do."""
        standing = [
            (self._rules[position][0].name, labels, begin, end)
            for (position, labels), begin in self._begin.items()
        ]
        return sorted([*self.fired, *standing])


def _labels(metric: Mapping[str, str]) -> Labels:
    return tuple(sorted(one for one in metric.items() if one[0] != "__name__"))


def _own(rule: Rule) -> Mapping[str, str]:
    if not rule.alerting:
        return rule.labels
    return {**rule.labels, "alertname": rule.name, "alertstate": "firing"}


def _merged(labels: Labels, more: Mapping[str, str]) -> Labels:
    return tuple(sorted((dict(labels) | dict(more)).items()))
