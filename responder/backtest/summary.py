"""An outcome in words and numbers: the rows of tables, and the document for programs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from responder.backtest.marks import Mark, Score, Span
from responder.backtest.outcome import Outcome, moment
from responder.domain.history import histories
from responder.domain.report import Engaged

__all__ = ["Stretch", "document", "fired", "real_spans", "score_document", "stretches"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which a target would have been on."""

    site: str
    target: str
    policy: str
    begin: datetime
    end: datetime
    ended: bool
    alerts: tuple[str, ...]
    """Those that fired when it began."""

    @property
    def minutes(self) -> float:
        """How long it was."""
        return (self.end - self.begin) / timedelta(minutes=1)


def stretches(outcome: Outcome) -> list[Stretch]:
    """Return when each target would have been on, in order of time."""
    evidence = outcome.course.evidence
    found = [
        Stretch(
            site := outcome.target_sites[target],
            target,
            span.policy or "",
            span.begin,
            span.end,
            span.ended,
            _asking(outcome, site, span.begin),
        )
        for target, history in zip(evidence.targets, histories(evidence), strict=False)
        for span in history.real
    ]
    return sorted(found, key=lambda one: (one.begin, one.target))


def _asking(outcome: Outcome, site: str, at: datetime) -> tuple[str, ...]:
    return tuple(
        sorted(
            {
                one.name
                for one in outcome.firings
                if one.labels.get("site") == site
                and "mitigation" in one.labels
                and moment(one.begin) <= at < moment(one.end)
            }
        )
    )


def real_spans(outcome: Outcome, site: str) -> list[Span]:
    """Return when anything of a site was really on, as the history says."""
    return [(moment(begin), moment(end)) for begin, end in outcome.charts.engaged.get(site, ())]


@dataclass(frozen=True, slots=True)
class Fired:
    """How often one alert of a site fired."""

    alert: str
    site: str
    acts: bool
    count: int
    minutes: float


def fired(outcome: Outcome) -> list[Fired]:
    """Return what fired, what acts first, then what fired longest."""
    found: dict[tuple[str, str, bool], list[timedelta]] = {}
    for one in outcome.firings:
        key = (one.name, one.labels.get("site", ""), "mitigation" in one.labels)
        found.setdefault(key, []).append(timedelta(seconds=one.end - one.begin))
    rows = [
        Fired(alert, site, acts, len(lengths), sum(lengths, timedelta()) / timedelta(minutes=1))
        for (alert, site, acts), lengths in found.items()
    ]
    return sorted(rows, key=lambda one: (not one.acts, -one.minutes, one.alert, one.site))


def document(outcome: Outcome) -> dict[str, Any]:
    """Return all of it, for programs."""
    window = outcome.window
    told = stretches(outcome)
    return {
        "from": _at(moment(window.start)),
        "to": _at(moment(window.end)),
        "step_seconds": window.step,
        "notes": list(outcome.notes),
        "sites": [_site(outcome, site, told) for site in outcome.sites],
        "alerts": [
            {
                "alert": one.name,
                "labels": dict(one.labels),
                "from": _at(moment(one.begin)),
                "to": _at(moment(one.end)),
                "ended": one.ended,
            }
            for one in outcome.firings
        ],
        "attacks": [_attack(one) for one in outcome.marks],
        "score": score_document(outcome.score) if outcome.marks else None,
    }


def score_document(score: Score) -> dict[str, Any]:
    """Return how it did against the attacks."""
    return {
        "attacks": score.attacks,
        "detected": score.detected,
        "seconds_to_detect": {
            "median": score.wait,
            "max": max(score.waits, default=None),
        },
        "share_covered": round(score.covered, 4),
        "needless_minutes_a_week": round(score.needless_minutes, 2),
        "needless_stretches": score.stretches,
    }


def _attack(mark: Mark) -> dict[str, Any]:
    return {"from": _at(mark.begin), "to": _at(mark.end), "site": mark.site or None}


def _site(outcome: Outcome, site: str, told: Iterable[Stretch]) -> dict[str, Any]:
    real = real_spans(outcome, site)
    return {
        "site": site,
        "policies": [
            {
                "policy": one.policy,
                "would": _engaged(one.real),
                "holds": [
                    {"reason": reason, "count": held.count, "minutes": _minutes(held.time)}
                    for reason, held in one.holds.items()
                ],
                "stuck": one.stuck,
            }
            for one in outcome.sites[site]
        ],
        "really": {"engagements": len(real), "minutes": _minutes(_total(real))},
        "stretches": [
            {
                "target": one.target,
                "policy": one.policy,
                "from": _at(one.begin),
                "to": _at(one.end),
                "minutes": round(one.minutes, 2),
                "ended": one.ended,
                "alerts": list(one.alerts),
            }
            for one in told
            if one.site == site
        ],
    }


def _total(spans: Sequence[Span]) -> timedelta:
    return sum((end - begin for begin, end in spans), timedelta(0))


def _engaged(one: Engaged) -> Mapping[str, Any]:
    return {
        "engagements": one.count,
        "standing": len(one.standing),
        "minutes": _minutes(one.time),
        "shortest_seconds": None if one.shortest is None else one.shortest.total_seconds(),
        "longest_seconds": None if one.longest is None else one.longest.total_seconds(),
        "toggles": one.toggles,
    }


def _minutes(duration: timedelta) -> float:
    return round(duration / timedelta(minutes=1), 2)


def _at(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
