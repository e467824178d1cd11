"""An origin under work: what a minute of requests and jobs does to its load, queue and errors.

A processor-sharing queue with a pool of workers, not a measurement: load grows with the share of
the cores in use, bends up near the full share, and ends where all workers are busy; what exceeds
that is answered with an error. Jobs share the cores; what they read and write adds to the load
average and to nothing else, as tasks in uninterruptible sleep do.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Machine", "Minute", "Noise", "Origin", "Work"]

_KEPT = math.exp(-1)
"""Of the load average over one minute, what is left of it a minute later."""

_FULL = 0.97
"""Share of the capacity from which on the pool of workers fills up."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What stands there."""

    cores: int
    workers: float
    """Requests in work at once, per core."""


class Work(NamedTuple):
    """What there is to do in a minute, per core."""

    web: float
    """Seconds of a core that all requests ask for, each second."""
    job: float
    """Tasks of jobs that want a core."""
    disk: float
    """Tasks of jobs that wait for a disk."""


class Noise(NamedTuple):
    """What makes two equal minutes differ; each around zero, with a deviation of one."""

    load: float
    queue: float
    pressure: float


class Minute(NamedTuple):
    """What an exporter would show at the end of it."""

    load: float
    """Load average over one minute, per core."""
    queue: float
    """Running and runnable tasks, per core."""
    pressure: float
    """Share of the time in which a task waited for a core."""
    refused: float
    """Share of the requests that end with an error for lack of workers."""


class Origin:
    """One machine through time; its load average is all that it remembers."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.load = 0.1

    def minute(self, work: Work, noise: Noise) -> Minute:
        """Do the work of a minute."""
        busy, refused = self._requests(work)
        runnable = busy + work.job
        whole = 0.03 + runnable + work.disk + 0.1 * min(work.web, 1.0)
        self.load = _KEPT * self.load + (1 - _KEPT) * whole * math.exp(0.08 * noise.load)
        cores = self.machine.cores
        queue = max(runnable + noise.queue * math.sqrt(runnable / (3 * cores)), 0.0)
        used = min(min(work.web, 1.0) + work.job, 1.0)
        waits: float = used ** math.sqrt(2 * (cores + 1))
        return Minute(self.load, queue, min(max(waits + 0.03 * noise.pressure, 0.0), 1.0), refused)

    def _requests(self, work: Work) -> tuple[float, float]:
        """Return how many requests per core are in work, and the share that is refused."""
        web, job, workers = work.web, work.job, self.machine.workers
        room = max(1 - job, workers / (workers + job))
        if web >= _FULL * room:
            return workers, max(1 - room / web, 0.0)
        crowded = web * (1 + job) / (1 - web)
        used = web + job
        if used < 1:
            waits = used ** math.sqrt(2 * (self.machine.cores + 1))
            crowded = min(crowded, web + web * waits / ((1 - used) * self.machine.cores))
        return min(crowded, workers), 0.0
