"""Attacks on a site: how many requests they add, minute by minute, and what one of them costs."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["SHAPES", "Attack", "Victim", "schedule"]

_APART = 180
"""Minutes between two attacks, so that each is detected or missed by itself."""


@dataclass(frozen=True, slots=True)
class Victim:
    """What an attacker meets: the mean of the requests per second, their cost, and the cores."""

    rate: float
    cost: float
    """Seconds of a core for one request."""
    cores: int


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack; `rates` are requests per second of each minute from `start` on."""

    shape: str
    start: int
    rates: Sequence[float]
    cost: float
    """Seconds of a core for one of its requests."""

    @property
    def end(self) -> int:
        """The first minute after it."""
        return self.start + len(self.rates)


def _flood(draw: random.Random, victim: Victim, least: float, most: float) -> float:
    """Return a rate as a multiple of the victim's; nobody attacks a blog with one request."""
    return max(draw.uniform(least, most) * victim.rate, draw.uniform(8, 40))


def _sharp(draw: random.Random, victim: Victim) -> tuple[list[float], float]:
    return [_flood(draw, victim, 8, 14)] * draw.randint(10, 20), 1.3 * victim.cost


def _ramp(draw: random.Random, victim: Victim) -> tuple[list[float], float]:
    top, rise, stay = _flood(draw, victim, 5, 7), draw.randint(20, 40), draw.randint(10, 30)
    return [top * (step + 1) / rise for step in range(rise)] + [top] * stay, 1.3 * victim.cost


def _hour(draw: random.Random, victim: Victim) -> tuple[list[float], float]:
    return [_flood(draw, victim, 4, 7)] * draw.randint(45, 75), 1.3 * victim.cost


def _bursts(draw: random.Random, victim: Victim) -> tuple[list[float], float]:
    top = _flood(draw, victim, 8, 14)
    return ([top] * 3 + [0.0] * 12) * draw.randint(4, 8), 1.3 * victim.cost


def _small(draw: random.Random, victim: Victim) -> tuple[list[float], float]:
    return [victim.rate * draw.uniform(0.8, 1.2)] * draw.randint(20, 60), 1.3 * victim.cost


def _long(draw: random.Random, victim: Victim) -> tuple[list[float], float]:
    return [_flood(draw, victim, 4, 7)] * draw.randint(300, 420), 1.3 * victim.cost


def _uncached(draw: random.Random, victim: Victim) -> tuple[list[float], float]:
    """Ask for pages that no cache has: twice the requests, each several times as dear."""
    rate = victim.rate * draw.uniform(0.7, 1.5)
    return [rate] * draw.randint(20, 60), victim.cost * draw.uniform(4, 10)


def _expensive(
    draw: random.Random, victim: Victim, minutes: int, rise: int
) -> tuple[list[float], float]:
    """Ask for few pages that cost very much: a search, a login, a report.

    They ask for 0.6 to 3 times all cores, with a twentieth to a third of the usual requests.
    """
    rate = victim.rate * draw.uniform(0.05, 0.35)
    cost = draw.uniform(0.6, 3.0) * victim.cores / rate
    return [rate * min((step + 1) / rise, 1.0) for step in range(minutes)], cost


def _expensive_short(draw: random.Random, victim: Victim) -> tuple[list[float], float]:
    return _expensive(draw, victim, draw.randint(12, 25), 1)


def _expensive_hour(draw: random.Random, victim: Victim) -> tuple[list[float], float]:
    return _expensive(draw, victim, draw.randint(40, 90), 1)


def _expensive_ramp(draw: random.Random, victim: Victim) -> tuple[list[float], float]:
    return _expensive(draw, victim, draw.randint(60, 120), draw.randint(20, 50))


SHAPES: dict[str, tuple[int, Callable[[random.Random, Victim], tuple[list[float], float]]]] = {
    "sharp": (3, _sharp),
    "ramp": (2, _ramp),
    "hour": (2, _hour),
    "bursts": (2, _bursts),
    "small": (2, _small),
    "long": (1, _long),
    "uncached": (1, _uncached),
    "expensive, short": (1, _expensive_short),
    "expensive, hour": (1, _expensive_hour),
    "expensive, ramp": (1, _expensive_ramp),
}
"""How often each comes in four weeks, and how it looks."""


def schedule(draw: random.Random, victim: Victim, begin: int, weeks: int) -> list[Attack]:
    """Return the attacks of so many weeks from a minute on, in order, none near another."""
    names = [name for name, (often, _) in SHAPES.items() for _ in range(often)]
    names = [name for _ in range((weeks + 3) // 4) for name in draw.sample(names, len(names))]
    taken: list[Attack] = []
    for name in names[: 4 * weeks]:
        rates, cost = SHAPES[name][1](draw, victim)
        while True:
            start = begin + draw.randrange(weeks * 10_080 - len(rates))
            if all(
                start >= one.end + _APART or start + len(rates) + _APART <= one.start
                for one in taken
            ):
                break
        taken.append(Attack(name, start, rates, cost))
    return sorted(taken, key=lambda one: one.start)
