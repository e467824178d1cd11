"""Two simulated weeks of a shop, in the form that `responder backtest record` writes.

`python tests/backtest/two_weeks.py DIR` writes them; nothing in them is left to chance. What is
recorded are the answers to what the shipped rules ask a Prometheus, so when those questions change
it has to be run again: `python tests/backtest/two_weeks.py tests/backtest/data/two-weeks`.
"""

import math
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from responder.backtest.folder import DAY, FORMAT, Meta, Writer
from responder.backtest.nodes import Leaf
from responder.backtest.outcome import Asked
from responder.backtest.replay import Window
from responder.backtest.rules import read_rules, shipped_rules
from responder.backtest.series import Vector

STEP = 60
BEGIN = int(datetime(2026, 10, 5, tzinfo=UTC).timestamp())
END = BEGIN + 14 * DAY
CORES = 4
WEB, NODE = "web1:9113", "web1:9100"


def at(day: int, hour: int, minute: int = 0) -> int:
    """Return a moment of October 2026, in seconds since 1970."""
    return int(datetime(2026, 10, day, hour, minute, tzinfo=UTC).timestamp())


@dataclass(frozen=True)
class Attack:
    """An attack: so many more requests a second, each so many times as dear as a normal one."""

    begin: int
    minutes: int
    rate: float
    cost: float = 1.3

    @property
    def mark(self) -> str:
        """How a user marks it."""
        return f"{datetime.fromtimestamp(self.begin, UTC):%Y-%m-%dT%H:%M}/{self.minutes}m"


ATTACKS = (
    Attack(at(7, 20, 12), 18, 420),  # sharp
    Attack(at(10, 14), 65, 160),  # an hour
    Attack(at(12, 3, 30), 25, 150),  # at night, smaller
    Attack(at(14, 11), 20, 3, 90),  # few requests for one dear page
    Attack(at(16, 21, 5), 35, 260),
    Attack(at(18, 9, 40), 15, 95),  # as small as a good day
)
NEWSLETTER = (at(8, 9), 90, 95)
"""Many requests, and an origin that bears them."""
DEPLOYS = (at(6, 13), at(9, 10, 30), at(13, 15), at(15, 9))
REALLY_ON = ((at(10, 14, 31), at(10, 16)),)
"""When somebody had switched Under Attack Mode on by hand."""


@dataclass(frozen=True)
class Minute:
    """What is measured in a minute."""

    rate: float
    load: float
    queue: float
    pressure: float


def minutes() -> list[Minute]:
    """Simulate all of it: work comes, four cores do it, the load average follows."""
    draw = random.Random(20261005)
    found, load = [], 0.4
    for moment in range(BEGIN - STEP, END - STEP, STEP):  # what was measured is what has been
        day = (moment % DAY) / DAY
        weekend = 0.7 if (moment - BEGIN) // DAY % 7 >= 5 else 1.0
        rate = weekend * (26 + 22 * math.sin(2 * math.pi * (day - 0.33))) * draw.gauss(1, 0.06)
        begin, length, more = NEWSLETTER
        rate += more if begin <= moment < begin + 60 * length else 0
        dear = 0.0
        for one in ATTACKS:
            if one.begin <= moment < one.begin + 60 * one.minutes:
                rate += one.rate * draw.gauss(1, 0.05)
                dear += one.rate * (one.cost - 1)
        work = 0.016 * (rate + dear)
        work += 4.5 if 0.105 <= day < 0.119 else 0  # the nightly backup
        work += 5 if any(0 <= moment - deploy < 240 for deploy in DEPLOYS) else 0
        queue = work if work < 0.9 * CORES else min(3.6 + 2.5 * (work - 3.6), 60)
        load = queue + (load - queue) * math.exp(-1)
        pressure = min(max((queue / CORES - 0.35) * 0.9, 0.01), 1.0)
        found.append(Minute(max(rate, 0.2), load, max(queue * draw.gauss(1, 0.1), 0.1), pressure))
    return found


MEASURED: dict[str, Callable[[Minute, int], float]] = {
    "nginx_http_requests_total": lambda one, _: one.rate,
    "nginx_connections_active": lambda one, _: 20 + one.rate,
    "node_load1": lambda one, _: one.load,
    "node_cpu_seconds_total": lambda _, __: CORES,
    "node_procs_running": lambda one, _: one.queue,
    "node_pressure_cpu_waiting_seconds_total": lambda one, _: one.pressure,
    "up": lambda _, __: 1,
    "responder_mitigation_engaged": lambda _, moment: float(
        any(begin <= moment < end for begin, end in REALLY_ON)
    ),
}
"""What is measured, and what comes of it where a rule asks."""


def _answer(leaf: Leaf) -> Callable[[Minute, int], float] | None:
    """Return what Prometheus would answer to a question; None where it has nothing."""
    known = [MEASURED[name] for name in leaf.names]
    return known[0] if len(known) == 1 and "== 0" not in leaf.text else None


def _labels(leaf: Leaf) -> tuple[tuple[str, str], ...]:
    instance = WEB if any(name.startswith("nginx") for name in leaf.names) else NODE
    of_site = "by (site)" in leaf.text
    return (("site", "shop"),) if of_site else (("instance", instance), ("site", "shop"))


def write(folder: Path) -> None:
    """Write the recording."""
    asked = Asked(read_rules(shipped_rules()), Window(BEGIN, END, STEP))
    leaves = sorted(
        (one for one in asked.program.leaves if one.possible(MEASURED)),
        key=lambda one: one.text,
    )
    answers = [_answer(one) for one in leaves]
    meta = Meta(
        format=FORMAT,
        begin=BEGIN,
        end=END,
        step=STEP,
        expressions=tuple(one.text for one in leaves),
        names=tuple(sorted(MEASURED)),
    )
    writer = Writer(folder, meta)
    writer.begin()
    measured = minutes()
    for start in range(BEGIN, END, DAY):
        first = (start - BEGIN) // STEP
        writer.day(start, _day(leaves, answers, measured[first : first + DAY // STEP], start))
    writer.finish()


def _day(leaves, answers, measured: list[Minute], start: int) -> Iterator[tuple[int, Vector]]:
    for position, (leaf, answer) in enumerate(zip(leaves, answers, strict=True)):
        if answer is not None:
            values = [
                float(f"{answer(one, start + STEP * index):.3g}")
                for index, one in enumerate(measured)
            ]
            yield position, {_labels(leaf): values}


if __name__ == "__main__":
    target = Path(sys.argv[1])
    if (target / "meta.json").exists():
        shutil.rmtree(target)
    write(target)
