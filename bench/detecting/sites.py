"""Sites as they are without attacks: visitors with a rhythm, jobs, deploys, crowds, growth.

Times are minutes from the beginning, which is a Monday, midnight.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

from detecting.attacks import Victim
from detecting.origin import Machine

__all__ = ["DAY", "KINDS", "WEEK", "Kind", "Site", "drawn"]

DAY, WEEK = 1440, 10_080

_SATURDAY, _SUNDAY = 5, 6

_SENT = 0.85
"""Share of the weeks in which a newsletter is sent."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What sites of one kind have in common; pairs are the least and the most that is drawn."""

    rate: tuple[float, float]
    """Requests per second in the mean."""
    busy: tuple[float, float]
    """Share of the cores in use in the busiest hour of an ordinary day."""
    week: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0, 1.05, 1.15, 1.1)
    """How the days of the week differ, Monday first."""
    night: float = 0.25
    """The quietest hour, as a share of the busiest."""
    growth: float = 0.0
    """Each week, as a share."""
    step: float = 1.0
    """How much more there is from the middle of the scored time on, for good."""
    crowds: float = 0.15
    """Flash crowds a week."""
    newsletter: bool = False
    backup: tuple[float, float] = (0.2, 0.9)
    """Tasks per core of the nightly backup that want a core; up to twice as many want a disk."""
    cron: tuple[float, float] = (0.1, 0.5)
    """The same of what runs each hour."""
    monthly: bool = False


KINDS = {
    "shop": Kind((40, 200), (0.3, 0.6), week=(1, 1, 1, 1, 1.1, 1.3, 1.2), newsletter=True),
    "b2b": Kind(
        (10, 60), (0.25, 0.5), week=(1.1, 1, 1, 1, 0.8, 0.15, 0.12), night=0.05, monthly=True
    ),
    "blog": Kind((0.3, 0.8), (0.03, 0.12)),
    "batch": Kind((5, 30), (0.15, 0.35), backup=(0.7, 1.4), cron=(0.6, 1.4), monthly=True),
    "growth": Kind((20, 80), (0.25, 0.45), growth=0.08),
    "crowds": Kind((10, 60), (0.2, 0.45), crowds=1.0),
    "step": Kind((15, 80), (0.15, 0.3), step=2.2),
    "busy day": Kind((20, 100), (0.25, 0.4), week=(1, 1, 1, 1.9, 1, 0.9, 0.9), newsletter=True),
}


@dataclass(slots=True)
class Site:
    """One site without attacks: what there is to do in each minute."""

    name: str
    kind: str
    machine: Machine
    victim: Victim
    rate: list[float]
    """Requests per second."""
    cost: list[float]
    """Seconds of a core for one of them."""
    job: list[float]
    disk: list[float]
    """Tasks per core, of jobs."""
    broken: list[float]
    """Share of the answers that are errors whatever the load: a bad deploy."""


def drawn(kind: str, number: int, seed: str, weeks: int, warm_up: int) -> Site:
    """Make one site of so many weeks after so many minutes of warm-up; the same seed, the same."""
    draw = random.Random(f"{seed}/{kind}/{number}")
    like, minutes = KINDS[kind], warm_up + weeks * WEEK
    cores = draw.choice((1, 2) if kind == "blog" else (2, 4, 8, 16))
    machine = Machine(cores, workers=draw.uniform(3, 10))
    mean, peak = draw.uniform(*like.rate), draw.uniform(*like.busy)
    shape = _rhythm(draw, like)
    top, middle = max(shape[:DAY]), sum(shape) / WEEK
    # The share of the cores that is in use at the top of an ordinary day gives a request's cost.
    cost = peak * cores * middle / (mean * top)
    site = Site(
        name=f"{kind.replace(' ', '-')}-{number}",
        kind=kind,
        machine=machine,
        victim=Victim(mean, cost, cores),
        rate=[mean / middle * shape[minute % WEEK] for minute in range(minutes)],
        cost=[cost] * minutes,
        job=[0.0] * minutes,
        disk=[0.0] * minutes,
        broken=[0.002] * minutes,
    )
    _grow(site, like, warm_up, weeks)
    _visit(draw, site, like)
    _work(draw, site, like)
    _deploy(draw, site)
    _flutter(draw, site)
    return site


def _rhythm(draw: random.Random, like: Kind) -> list[float]:
    """Return a week of visitors, minute by minute; the top of an ordinary day is near 1."""
    top = draw.uniform(12, 20.5)
    week = []
    for minute in range(WEEK):
        hour = minute % DAY / 60
        wave = (1 + math.cos((hour - top) / 24 * 2 * math.pi)) / 2
        week.append((like.night + (1 - like.night) * wave**1.3) * like.week[minute // DAY])
    return week


def _grow(site: Site, like: Kind, warm_up: int, weeks: int) -> None:
    middle = warm_up + weeks * WEEK // 2
    for minute in range(len(site.rate)):
        site.rate[minute] *= (1 + like.growth) ** ((minute - middle) / WEEK)
        if minute >= middle:
            site.rate[minute] *= like.step


def _visit(draw: random.Random, site: Site, like: Kind) -> None:
    """Add flash crowds and newsletters: visitors, most of whom see cached pages."""
    for start in _often(draw, len(site.rate), like.crowds):
        _crowd(draw, site, start, draw.uniform(1.5, 5.0))
    if like.newsletter:
        slot = DAY * draw.randrange(1, 4) + draw.randint(9, 17) * 60
        for week in range(slot, len(site.rate), WEEK):
            if draw.random() < _SENT:
                start = min(week + draw.randint(-5, 15), len(site.rate) - 1)
                _crowd(draw, site, start, draw.uniform(0.4, 1.5))


def _crowd(draw: random.Random, site: Site, start: int, more: float) -> None:
    """Let visitors come for one page, which is cheaper than most: it is in the caches."""
    rise, decay, share = draw.randint(3, 12), draw.randint(15, 45), draw.uniform(0.3, 0.8)
    base = max(site.rate[start], site.victim.rate)
    for step in range(rise + 4 * decay):
        if start + step < len(site.rate):
            extra = more * base * min(step / rise, math.exp(-(step - rise) / decay))
            whole = site.rate[start + step] + extra
            was = site.rate[start + step]
            site.cost[start + step] *= (was + share * extra) / whole
            site.rate[start + step] = whole


def _work(draw: random.Random, site: Site, like: Kind) -> None:
    """Add what the host does by itself (backups, cron, reports), and what is started by hand."""
    minutes = len(site.rate)
    at, long, tasks = draw.randint(60, 300), draw.uniform(15, 60), draw.uniform(*like.backup)
    disk = tasks * draw.uniform(1, 2)
    for day, midnight in enumerate(range(0, minutes, DAY)):
        full = 1.5 if day % 7 == _SUNDAY else 1.0
        length = int(long * full * draw.uniform(0.8, 1.25))
        _job(site, midnight + at + draw.randint(0, 8), length, (tasks, disk))
    at, tasks = draw.randrange(60), draw.uniform(*like.cron)
    for hour in range(at, minutes, 60):
        _job(site, hour, draw.randint(1, 4), (tasks * draw.uniform(0.7, 1.3), 0.3 * tasks))
    at, tasks = draw.randint(300, 480), draw.uniform(0.3, 1.0)
    for morning in range(at, minutes, DAY):
        _job(site, morning, draw.randint(2, 10), (tasks, 0.5 * tasks))
    for start in _often(draw, minutes, 0.5):
        tasks = draw.uniform(0.2, 1.2)
        _job(site, start, draw.randint(5, 45), (tasks, tasks * draw.uniform(0, 1)))
    if like.monthly:
        for start in range(draw.randint(0, 25) * DAY + 120, minutes, 30 * DAY):
            _job(site, start, draw.randint(40, 120), (draw.uniform(0.6, 1.2), 0.5))


def _job(site: Site, start: int, minutes: int, tasks: tuple[float, float]) -> None:
    """Let tasks run, per core: those that want a core, and those that wait for a disk."""
    for minute in range(start, min(start + minutes, len(site.job))):
        site.job[minute] += tasks[0]
        site.disk[minute] += tasks[1]


def _deploy(draw: random.Random, site: Site) -> None:
    """Add deploys on working days: a build, then cold caches, and now and then errors."""
    for start in _often(draw, len(site.rate), 3.0):
        minute = start // DAY * DAY + draw.randint(9 * 60, 17 * 60)
        if start // DAY % 7 >= _SATURDAY or minute + 30 > len(site.rate):
            continue
        _job(site, minute, draw.randint(1, 5), (draw.uniform(0.3, 1.6), 0.2))
        cold = draw.uniform(0.2, 1.0)
        for step in range(12):
            site.cost[minute + step] *= 1 + cold * math.exp(-step / 4)
        if draw.random() < 1 / 8:
            for step in range(draw.randint(3, 15)):
                site.broken[minute + step] = 0.5


def _flutter(draw: random.Random, site: Site) -> None:
    """Let minutes differ: visitors come in waves, and one by one."""
    wave = 0.0
    for minute, rate in enumerate(site.rate):
        wave = 0.93 * wave + 0.03 * draw.gauss(0, 1)
        wanted = rate * math.exp(wave)
        site.rate[minute] = max(wanted + math.sqrt(wanted / 60) * draw.gauss(0, 1), 0.0)


def _often(draw: random.Random, minutes: int, weekly: float) -> Iterator[int]:
    """Yield random minutes, so many a week in the mean."""
    minute = draw.expovariate(weekly / WEEK)
    while minute < minutes:
        yield int(minute)
        minute += draw.expovariate(weekly / WEEK)
