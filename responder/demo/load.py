"""The real overload: how much of it this machine needs, and the processes that make it."""

import math
import os
import sys
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from responder.demo.plan import Thresholds
from responder.demo.processes import Process

__all__ = ["LONGEST_LOAD", "Overload", "load_process", "measured_load", "sized_overload"]

LONGEST_LOAD = timedelta(minutes=3)
"""The load ends by itself after this, whatever becomes of the demo."""

_WITHIN = timedelta(seconds=15)
"""How soon the load average is to be above the upper threshold."""

_NEGLIGIBLE = 0.25
"""Load per core that a machine at rest may have."""

_MOST_PROCESSES = 2000

_LOADAVG = Path("/proc/loadavg")
_SAMPLES = 20
_SAMPLE_EVERY = timedelta(milliseconds=100)


@dataclass(frozen=True, slots=True)
class Overload:
    """How much load to make, and which thresholds tell it from what the machine does anyway."""

    cores: int
    load_before: float
    """Per core."""
    processes: int
    thresholds: Thresholds

    @property
    def shifted(self) -> bool:
        """Whether the thresholds are others than those that we ship."""
        return self.thresholds != Thresholds()


def measured_load() -> float:
    """Return how many tasks this machine keeps runnable; it takes two seconds.

    The load average alone lags a minute behind: what has just begun is not in it yet.
    """
    average = os.getloadavg()[0]
    if not _LOADAVG.exists():
        return average
    runnable = 0
    for _ in range(_SAMPLES):
        time.sleep(_SAMPLE_EVERY.total_seconds())
        runnable += int(_LOADAVG.read_text().split()[3].partition("/")[0]) - 1  # all but this one
    return max(average, runnable / _SAMPLES)


def sized_overload(load_before: float, cores: int) -> Overload:
    """Return the overload for a machine with this load per core and so many cores.

    What the machine does anyway is added to both thresholds, so that the alert neither fires by
    itself nor stays for ever. The load average goes to its new value as 1 - e^(-t/60 s); the size
    is right even if what was measured is the past, and ends at once.
    """
    shift = round(load_before, 1) if load_before >= _NEGLIGIBLE else 0.0
    shipped = Thresholds()
    thresholds = Thresholds(shipped.upper + shift, shipped.lower + shift)
    left = math.exp(-_WITHIN.total_seconds() / 60)
    per_core = (thresholds.upper - load_before * left) / (1 - left)
    processes = min(math.ceil(per_core * cores), _MOST_PROCESSES)
    return Overload(cores, load_before, processes, thresholds)


def load_process(overload: Overload, folder: Path) -> Process:
    """Return the process that makes the load once it is started; killing it ends all of it."""
    seconds = round(LONGEST_LOAD.total_seconds())
    program = ["-m", "responder.demo.busy", str(overload.processes), str(seconds)]
    return Process("load", [sys.executable, *program], folder)
