"""One alert of ours, and what such alerts are made of.

An alert is known by its labels: they hold what it is about, and nothing that moves while it stands.
Ours carry `action` in the place of `mitigation`, so that no policy can take one for a trigger.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from responder.domain.alerts import Alert
from responder.domain.audit import Decision
from responder.domain.clock import Moment
from responder.domain.credential import Credential
from responder.domain.memory import Memory
from responder.domain.targets import Policy, Target

__all__ = [
    "NO_ACTION",
    "Identity",
    "Name",
    "Notice",
    "Overview",
    "Subject",
    "make_notice",
    "projected",
    "told_reason",
]

RUNBOOK = "https://github.com/responder/responder/blob/main/docs/runbook.md"

NO_ACTION = "none"
"""The `action` of what concerns no single mitigation."""

Identity = tuple[tuple[str, str], ...]


class Name(StrEnum):
    """The names of our own alerts."""

    ENGAGED = "MitigationEngaged"
    RELEASED = "MitigationReleased"
    STUCK = "MitigationStuck"
    DRIFT = "MitigationDrift"
    HELD = "MitigationHeld"
    BLIND = "ResponderBlind"
    CIRCUIT_OPEN = "ResponderCircuitOpen"
    PAUSED = "ResponderPaused"


_SEVERITIES = {
    Name.ENGAGED: "warning",
    Name.RELEASED: "info",
    Name.STUCK: "critical",
    Name.DRIFT: "warning",
    Name.HELD: "critical",
    Name.BLIND: "critical",
    Name.CIRCUIT_OPEN: "critical",
    Name.PAUSED: "warning",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """One alert of ours."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: datetime
    ends_at: datetime | None = None
    """When it is over; None while it stands until it is withdrawn."""

    @property
    def identity(self) -> Identity:
        """What makes it the same alert as another."""
        return tuple(sorted(self.labels.items()))


@dataclass(frozen=True, slots=True)
class Subject:
    """One target, and what is known of it."""

    target: Target
    policy: Policy
    memory: Memory
    alerts: tuple[Alert, ...] = ()
    """The alerts about it that the last pass saw."""

    @property
    def labels(self) -> dict[str, str]:
        """The labels of an alert about it."""
        one = self.target
        return {
            "site": one.site,
            "target": one.id,
            "action": one.mitigation,
            one.kind: one.resource,
        }

    @property
    def name(self) -> str:
        """How people are told of it."""
        return f"{self.target.mitigation} of {self.target.resource} (site {self.target.site})"


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that our alerts are made of, at one moment."""

    now: Moment
    subjects: tuple[Subject, ...] = ()
    credential: Credential = field(default_factory=Credential)
    blind_mark: timedelta | None = None
    """Since when no Alertmanager is usable; None while one is."""
    heartbeat_silenced: bool = False


def make_notice(
    name: Name,
    labels: Mapping[str, str],
    starts_at: datetime,
    annotations: Mapping[str, str],
    ends_at: datetime | None = None,
) -> Notice:
    """Return an alert with its severity and its page of the runbook; empty texts are left out."""
    told = {key: text for key, text in annotations.items() if text}
    told["runbook_url"] = f"{RUNBOOK}#{name.lower()}"
    identity = {"alertname": str(name), "severity": _SEVERITIES[name]} | dict(labels)
    return Notice(identity, told, starts_at, ends_at)


def told_reason(decision: Decision | None) -> str:
    """Return why a decision is as it is, in its own words."""
    if decision is None:
        return "not decided yet"
    return f"{decision.reason}: {decision.detail}" if decision.detail else str(decision.reason)


def projected(mark: timedelta, now: Moment) -> datetime:
    """Return a mark on the calendar, to the second: the projection trembles below that."""
    return now.until(mark).replace(microsecond=0)
