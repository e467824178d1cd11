"""What the API answers, as values; what a newer service adds is kept and shown to programs."""

from datetime import datetime
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field

from responder.domain.memory import OLD_ORDER

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
    since: datetime | None = None
    until: datetime
    reason: str
    by: str

    def is_old(self, now: datetime) -> bool:
        """Tell whether it has stood for so long that it may have been forgotten."""
        return self.since is not None and now - self.since >= OLD_ORDER


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
    peak: str | None = None
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
    before: int | None = None
    """Only entries with a smaller id: those of the next page."""
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


def as_json(answer: TargetAnswer | TargetsAnswer | EventsAnswer) -> str:
    """Return an answer as the API gave it; in ASCII, of which a terminal obeys nothing."""
    return answer.model_dump_json(by_alias=True, exclude_unset=True, indent=2, ensure_ascii=True)
