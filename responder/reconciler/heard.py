"""What webhooks told, by what it speaks of: evidence for the passes, however much of it comes."""

from collections import Counter
from collections.abc import Iterable, Iterator
from operator import attrgetter

from responder.domain.alerts import AlertStatus, HeardAlert, Role, fold
from responder.domain.targets import Assignment, Inventory
from responder.ports import MOST_ALERTS

__all__ = ["Heard"]

_SEQ = attrgetter("seq")

MOST_OF_A_SITE = 200
"""Alerts that are kept of those that speak of the same, a site or one zone of it: more would make
every pass slow and no pass wiser."""


class Heard:
    """The newest telling of each alert that speaks of something configured.

    Nothing else is kept, since no pass will ever look at it. A flood forgets the oldest of what
    speaks of the same targets: first what has resolved, then what can only sustain.
    """

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._alerts: dict[tuple[str, ...], dict[str, HeardAlert]] = {}
        """By what they speak of, then by fingerprint."""

    def __iter__(self) -> Iterator[HeardAlert]:
        for alerts in self._alerts.values():
            yield from alerts.values()

    def take(self, told: Iterable[HeardAlert]) -> Counter[str]:
        """Keep what was told; return how many alerts speak of nothing here, by reason."""
        strangers: Counter[str] = Counter()
        told = list(told)
        answers = self._inventory.assign_all(one.alert for one in told)
        before: Assignment | None = None
        for one, assignment in zip(told, answers, strict=True):
            if assignment is not before:  # in a flood most speak of the same
                if not isinstance(assignment, Assignment):
                    strangers[assignment] += 1
                    continue
                before, about = assignment, _about(assignment)
                alerts = self._alerts.setdefault(about, {})
            fold(alerts, one)
            if len(alerts) > 2 * MOST_OF_A_SITE:
                alerts = self._alerts[about] = _newest(alerts, MOST_OF_A_SITE)
        if sum(map(len, self._alerts.values())) > MOST_ALERTS:
            share = max(MOST_ALERTS // 2 // len(self._alerts), 1)
            self._alerts = {about: _newest(one, share) for about, one in self._alerts.items()}
        return strangers


def _about(assignment: Assignment) -> tuple[str, ...]:
    """Return what an alert speaks of: all of a site is one thing, each of its zones another."""
    first = assignment.targets[0]
    narrowed = first.resource if len(assignment.targets) == 1 else ""
    return (assignment.policy.name, first.site, narrowed)


def _newest(alerts: dict[str, HeardAlert], most: int) -> dict[str, HeardAlert]:
    kept = [one for one in alerts.values() if one.alert.asks]
    if len(kept) < most:  # in a flood there are enough of these, and no other is looked at
        others = [one for one in alerts.values() if not one.alert.asks]
        kept += sorted(others, key=_worth)[len(kept) - most :]
    kept.sort(key=_SEQ)
    return {one.alert.fingerprint: one for one in kept[-most:]}


def _worth(one: HeardAlert) -> tuple[bool, bool, int]:
    alert = one.alert
    return (alert.status is AlertStatus.FIRING, alert.role is Role.TRIGGER, one.seq)
