"""Sites under attack through weeks: what an exporter would have shown, and what truly happened."""

import random
from array import array
from dataclasses import dataclass, field

from detecting.attacks import Attack, schedule
from detecting.origin import Noise, Origin, Work
from detecting.sites import DAY, KINDS, WEEK, Site, drawn

__all__ = ["BEGIN", "HARM", "WARM_UP", "Seen", "World", "simulated"]

BEGIN = 1_767_571_200
"""Epoch of the first minute: a Monday, midnight, UTC."""

WARM_UP = 22 * DAY
"""Minutes before anything counts: three weeks and a day, what all baselines look back."""

HARM = 0.8
"""Load per core from which an attack harms."""

_MADE_WORSE = 0.3
"""What it must add to the load, or the harm is a job's."""

_SERIES = ("load", "queue", "pressure", "rate", "rate15", "errors")


@dataclass(slots=True)
class Seen:
    """One site under attack; every list has a number for each minute."""

    site: Site
    attacks: list[Attack]
    warm_up: list[Attack]
    """Attacks before the scored time, that only poison what is learnt."""
    noise: list["array[float]"]
    series: dict[str, "array[float]"] = field(default_factory=dict)
    clean: "array[float]" = field(default_factory=lambda: array("d"))
    """The load without attacks."""

    def minute(self, origin: Origin, at: int, attack: tuple[float, float]) -> dict[str, float]:
        """Let the origin do the work of one minute; the attack is requests per second and cost."""
        site, cores = self.site, self.site.machine.cores
        web = (site.rate[at] * site.cost[at] + attack[0] * attack[1]) / cores
        noise = [one[at] for one in self.noise]
        state = origin.minute(Work(web, site.job[at], site.disk[at]), Noise(*noise[:3]))
        rate = site.rate[at] + attack[0]
        return {
            "load": state.load,
            "queue": state.queue,
            "pressure": state.pressure,
            "rate": rate,
            "rate15": max(rate + noise[3] * (rate / 15) ** 0.5, 0.0),
            "errors": site.broken[at] + (1 - site.broken[at]) * state.refused,
        }

    def harmful(self, attack: Attack) -> list[int]:
        """Return the minutes in which an attack that nothing mitigates harms."""
        load = self.series["load"]
        return [
            minute
            for minute in range(attack.start, attack.end)
            if load[minute] >= HARM and load[minute] >= self.clean[minute] + _MADE_WORSE
        ]


@dataclass(frozen=True, slots=True)
class World:
    """All sites of one seed."""

    seed: str
    weeks: int
    sites: list[Seen]

    @property
    def minutes(self) -> int:
        """From the first minute to the last."""
        return WARM_UP + self.weeks * WEEK


def simulated(job: tuple[str, int, str, int]) -> Seen:
    """Simulate one site (kind, number, seed, weeks) with nothing mitigated."""
    kind, number, seed, weeks = job
    site = drawn(kind, number, seed, weeks, WARM_UP)
    draw = random.Random(f"{seed}/{kind}/{number}/attacks")
    before = [one for one in schedule(draw, site.victim, DAY, 3) if draw.random() < 1 / 4]
    attacks = schedule(draw, site.victim, WARM_UP, weeks)
    minutes = len(site.rate)
    noise = [array("d", (draw.gauss(0, 1) for _ in range(minutes))) for _ in range(4)]
    seen = Seen(site, attacks, before, noise)
    seen.series = {name: array("d") for name in _SERIES}
    rates, costs = array("d", bytes(8 * minutes)), array("d", bytes(8 * minutes))
    for attack in before + attacks:
        rates[attack.start : attack.end] = array("d", attack.rates)
        costs[attack.start : attack.end] = array("d", [attack.cost] * len(attack.rates))
    attacked, alone = Origin(site.machine), Origin(site.machine)
    for at in range(minutes):
        for name, value in seen.minute(attacked, at, (rates[at], costs[at])).items():
            seen.series[name].append(value)
        seen.clean.append(seen.minute(alone, at, (0.0, 0.0))["load"])
    return seen


def jobs(seed: str, each: int, weeks: int) -> list[tuple[str, int, str, int]]:
    """Return what to simulate: so many sites of each kind."""
    return [(kind, number, seed, weeks) for kind in KINDS for number in range(each)]
