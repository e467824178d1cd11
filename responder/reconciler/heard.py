"""What webhooks told, site by site: evidence for the passes, however much of it comes."""

from collections import Counter
from collections.abc import Iterable, Iterator

from responder.domain.alerts import AlertStatus, HeardAlert, fold
from responder.domain.targets import Assignment, Inventory
from responder.ports import MOST_ALERTS

__all__ = ["Heard"]

MOST_OF_A_SITE = 200
"""Alerts of one site that are kept: more would make every pass slow and no pass wiser."""


class Heard:
    """The newest telling of each alert that speaks of something configured.

    Nothing else is kept, since no pass will ever look at it. A flood forgets the oldest of its own
    site, and what has resolved before what fires.
    """

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._sites: dict[str, dict[str, HeardAlert]] = {}

    def __iter__(self) -> Iterator[HeardAlert]:
        for alerts in self._sites.values():
            yield from alerts.values()

    def take(self, told: Iterable[HeardAlert]) -> Counter[str]:
        """Keep what was told; return how many alerts speak of nothing here, by reason."""
        strangers: Counter[str] = Counter()
        told = list(told)
        answers = self._inventory.assign_all(one.alert for one in told)
        for one, assignment in zip(told, answers, strict=True):
            if not isinstance(assignment, Assignment):
                strangers[assignment] += 1
                continue
            site = assignment.targets[0].site
            alerts = self._sites.setdefault(site, {})
            fold(alerts, one)
            if len(alerts) > 2 * MOST_OF_A_SITE:
                self._sites[site] = _newest(alerts, MOST_OF_A_SITE)
        if sum(map(len, self._sites.values())) > MOST_ALERTS:
            share = max(MOST_ALERTS // 2 // len(self._sites), 1)
            self._sites = {site: _newest(one, share) for site, one in self._sites.items()}
        return strangers


def _newest(alerts: dict[str, HeardAlert], most: int) -> dict[str, HeardAlert]:
    kept = sorted(alerts.values(), key=_worth)[-most:]
    return {one.alert.fingerprint: one for one in kept}


def _worth(one: HeardAlert) -> tuple[bool, int]:
    return (one.alert.status is AlertStatus.FIRING, one.seq)
