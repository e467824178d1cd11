"""What the API answers, as values; what a newer service adds is kept and shown to programs."""

from datetime import datetime
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "AlertAnswer",
    "Answers",
    "DecisionAnswer",
    "EventAnswer",
    "EventQuestion",
    "EventsAnswer",
    "OverrideAnswer",
    "TargetAnswer",
    "TargetsAnswer",
    "as_json",
]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


class DecisionAnswer(_Answer):
    """What is to be done about a target, and why."""

    action: str
    reason: str
    until: datetime | None = None
    detail: str = ""


class AlertAnswer(_Answer):
    """An alert that speaks of a target."""

    alertname: str
    role: str
    status: str
    starts_at: datetime


class OverrideAnswer(_Answer):
    """An operator's order."""

    state: str
    until: datetime
    reason: str
    by: str


class TargetAnswer(_Answer):
    """One target."""

    id: str
    site: str
    mitigation: str
    policy: str | None = None
    mode: str | None = None
    state: str
    actual: str
    demand: str
    owner: str | None = None
    since: datetime | None = None
    previous: str | None = None
    decision: DecisionAnswer | None = None
    alerts_total: int = 0
    alerts: tuple[AlertAnswer, ...] = ()
    override: OverrideAnswer | None = None
    stuck: str | None = None


class TargetsAnswer(_Answer):
    """Targets, in the order of their ids."""

    targets: tuple[TargetAnswer, ...]


class EventAnswer(_Answer):
    """One entry of the audit trail."""

    id: int | None = None
    at: datetime
    target: str
    site: str = ""
    kind: str
    action: str = ""
    reason: str = ""
    detail: str = ""
    actor: str = ""
    before: str | None = Field(default=None, alias="from")
    after: str | None = Field(default=None, alias="to")


class EventsAnswer(_Answer):
    """Entries of the audit trail, newest first."""

    events: tuple[EventAnswer, ...]


class EventQuestion(BaseModel):
    """Which entries of the audit trail are asked for; `since` is how long ago, such as `2h`."""

    target: str | None = None
    since: str | None = None
    limit: int = 100


class Answers(Protocol):
    """Whoever can say how the targets are: the running service, or the store."""

    def targets(self) -> TargetsAnswer:
        """Return all targets."""
        ...

    def events(self, question: EventQuestion) -> EventsAnswer:
        """Return entries of the audit trail."""
        ...

    def health(self) -> str:
        """Return in one line how the service is."""
        ...

    def now(self) -> datetime:
        """Return the time by the clock of whoever answered last; ask something first."""
        ...


def as_json(answer: TargetsAnswer | EventsAnswer) -> str:
    """Return an answer as the API gave it."""
    return answer.model_dump_json(by_alias=True, exclude_unset=True, indent=2)
