"""What has happened since the last look, from every program's own record of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from responder.demo.chain import Chain, Write

__all__ = ["News", "Step", "Subject"]


@dataclass(frozen=True, slots=True)
class Subject:
    """What the story is about: a site, its zone, and the target of the two."""

    site: str
    zone: str

    @property
    def target(self) -> str:
        """Return the target's id."""
        return f"under_attack:{self.zone}"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened, as its own program dates it."""

    at: datetime
    who: str
    what: str


@dataclass(slots=True)
class News:
    """Follows a run; what it has seen stays, for the figures in the end."""

    chain: Chain
    subject: Subject
    upper: float
    """The load per core above which the alert fires."""
    load: float = 0.0
    """Per core, as last seen."""
    crossed: bool = False
    events: list[dict[str, Any]] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    alert_began: datetime | None = None
    alert_ended: datetime | None = None

    def look(self, now: datetime) -> list[Step]:
        """Return what is new, in the order in which it happened.

        Effects are asked for before their causes: what has caused an effect that is seen has
        happened by then, so that no look tells an effect and leaves its cause to the next.
        """
        told = list(self._told())
        written = list(self._written())
        alert = list(self._alert(now))
        load = list(self._load(now))
        return sorted([*load, *alert, *written, *told], key=lambda step: step.at)

    def event(self, kind: str, action: str) -> datetime | None:
        """Return when the responder last noted this; None if it has not."""
        found = [one for one in self.events if (one["kind"], one["action"]) == (kind, action)]
        return datetime.fromisoformat(found[-1]["at"]) if found else None

    def _load(self, now: datetime) -> Iterator[Step]:
        self.load = self.chain.load(self.subject.site) or 0.0
        if not self.crossed and (self.load > self.upper or self.alert_began is not None):
            self.crossed = True
            what = f"{self.load:.2f} per core, the upper threshold is {self.upper:g}"
            yield Step(min(now, self.alert_began or now), "load", what)

    def _alert(self, now: datetime) -> Iterator[Step]:
        alerts = self.chain.alerts(self.subject.site)
        if alerts and self.alert_began is None:
            self.alert_began = datetime.fromisoformat(alerts[0]["startsAt"])
            name, why = alerts[0]["labels"]["alertname"], alerts[0]["annotations"]["description"]
            yield Step(self.alert_began, "Prometheus", f"{name} fires: {why.split('. ')[0]}")
        if not alerts and self.alert_began is not None and self.alert_ended is None:
            self.alert_ended = now
            yield Step(now, "Prometheus", "the alert is over: the load is at the lower threshold")

    def _written(self) -> Iterator[Step]:
        writes = [one for one in self.chain.writes(self.subject.zone) if one.status is not None]
        for one in writes[len(self.writes) :]:
            yield Step(one.at, "Cloudflare", f"PATCH security_level {one.level}: {one.status}")
        self.writes = writes

    def _told(self) -> Iterator[Step]:
        events = self.chain.events(self.subject.target)
        for one in events[len(self.events) :]:
            if one["kind"] != "intent":  # the decision before it says the same
                yield Step(datetime.fromisoformat(one["at"]), "responder", _sentence(one))
        self.events = events


def _sentence(event: dict[str, Any]) -> str:
    words = [event["action"], event["reason"]]
    head = ": ".join(word for word in words if word)
    return f"{head} ({event['detail']})" if event["detail"] else head
