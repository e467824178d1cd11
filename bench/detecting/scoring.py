"""What the alerts of a world are worth: precision, recall, delay, cover, and what they cost."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median

from detecting.attacks import Attack
from detecting.policy import CALM, engaged
from detecting.worlds import WARM_UP, Seen, World

__all__ = ["GRACE", "Score", "episodes", "score"]

GRACE = 5
"""Minutes after an attack in which an alert is its own: what the load average needs to fall."""

_LEAST_HARM = 3
"""Minutes of harm that make an attack harmful."""


@dataclass(slots=True)
class Score:
    """Counts, and what follows from them."""

    site_weeks: int = 0
    true: int = 0
    false: int = 0
    """Episodes that touch an attack, and the others."""
    detected: dict[str, list[bool]] = field(default_factory=dict)
    """By shape: of each harmful attack, whether an alert fired in it."""
    delays: list[int] = field(default_factory=list)
    """Minutes from the first harm to the first alert of each attack that is detected."""
    harm: int = 0
    covered: int = 0
    """Minutes in which an attack harms, and those of them in which an alert fires."""
    needless: int = 0
    """Minutes in which an alert fires without an attack."""
    protected: int = 0
    """Harmful minutes in which the mitigation is on."""
    idle: int = 0
    """Minutes in which the mitigation is on without an attack, the wait for calm included."""
    ons: int = 0
    """Times that it is switched on."""

    @property
    def precision(self) -> float:
        """Share of the episodes that touch an attack."""
        return self.true / max(self.true + self.false, 1)

    @property
    def attacks(self) -> int:
        """Harmful attacks."""
        return sum(len(each) for each in self.detected.values())

    @property
    def recall(self) -> float:
        """Share of the harmful attacks that are detected."""
        return sum(sum(each) for each in self.detected.values()) / max(self.attacks, 1)

    @property
    def delay(self) -> float:
        """Median of the delays."""
        return median(self.delays) if self.delays else float("nan")

    @property
    def cover(self) -> float:
        """Share of the harmful minutes in which an alert fires."""
        return self.covered / max(self.harm, 1)

    @property
    def shelter(self) -> float:
        """Share of the harmful minutes in which the mitigation is on."""
        return self.protected / max(self.harm, 1)

    def of(self, word: str) -> tuple[int, int]:
        """Return how many harmful attacks of such shapes are detected, of how many."""
        found = [one for shape, each in self.detected.items() if word in shape for one in each]
        return sum(found), len(found)

    def weekly(self, count: int) -> float:
        """Return a count of one site in one week."""
        return count / max(self.site_weeks, 1)


def episodes(on: Iterable[int], gap: int = CALM) -> list[tuple[int, int]]:
    """Join minutes to episodes (first and last); one ends after so many minutes without any."""
    found: list[tuple[int, int]] = []
    for minute in sorted(on):
        if found and minute - found[-1][1] <= gap:
            found[-1] = (found[-1][0], minute)
        else:
            found.append((minute, minute))
    return found


def score(world: World, firing: dict[str, set[int]]) -> Score:
    """Judge the minutes, by site, in which a trigger fires."""
    whole = Score()
    for seen in world.sites:
        whole.site_weeks += world.weeks
        firing_here = firing.get(seen.site.name, set())
        on, ons = engaged(firing_here, WARM_UP, world.minutes)
        whole.ons += len(ons)
        _judge(whole, seen, firing_here, on)
    return whole


def _judge(whole: Score, seen: Seen, firing: set[int], on: set[int]) -> None:
    attacked = {minute for one in seen.attacks for minute in range(one.start, one.end + GRACE)}
    for first, last in episodes(firing):
        if attacked.isdisjoint(range(first, last + 1)):
            whole.false += 1
        else:
            whole.true += 1
    whole.needless += len(firing - attacked)
    whole.idle += len(on - attacked)
    for one in seen.attacks:
        _detect(whole, seen, one, firing)
        if len(harmful := seen.harmful(one)) >= _LEAST_HARM:
            whole.protected += len(on.intersection(harmful))


def _detect(whole: Score, seen: Seen, attack: Attack, on: set[int]) -> None:
    harmful = seen.harmful(attack)
    if len(harmful) < _LEAST_HARM:
        return
    alerts = on.intersection(range(attack.start, attack.end))
    whole.detected.setdefault(attack.shape, []).append(bool(alerts))
    whole.harm += len(harmful)
    whole.covered += len(on.intersection(harmful))
    if alerts:
        whole.delays.append(max(min(alerts) - harmful[0], 0))
