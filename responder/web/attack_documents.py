"""Attacks and the ledger as JSON shows them; the order of the fields is part of the contract."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from responder.domain.attack import Attack, What
from responder.domain.attack_reading import Reach
from responder.domain.attack_steps import said
from responder.domain.audit import AuditEntry
from responder.domain.clock import ZERO
from responder.domain.history import Span
from responder.domain.ledger_months import Month
from responder.web.documents import event_document, moment_text

__all__ = [
    "MOST_STEPS",
    "attack_document",
    "attacks_document",
    "ledger_document",
    "shown_steps",
]

MOST_STEPS = 1000
"""Steps of one attack that are shown: the first half and the last."""

_MINUTE = timedelta(minutes=1)


def attacks_document(
    begin: datetime, now: datetime, reach: Reach, found: Iterable[Attack]
) -> dict[str, Any]:
    """Return attacks of a period, without their steps."""
    return {
        **_period(begin, now, reach),
        "attacks": [_summary(attack) for attack in found],
    }


def attack_document(attack: Attack) -> dict[str, Any]:
    """Return one attack with its steps."""
    shown = [{**event_document(step), "what": said(step)} for step in shown_steps(attack.steps)]
    return {**_summary(attack), "steps": shown}


def shown_steps(steps: Sequence[AuditEntry]) -> Sequence[AuditEntry]:
    """Return the steps to show: of too many, those at the beginning and at the end."""
    if len(steps) <= MOST_STEPS:
        return steps
    half = MOST_STEPS // 2
    return [*steps[:half], *steps[-half:]]


def ledger_document(
    begin: datetime, now: datetime, reach: Reach, months: Iterable[Month]
) -> dict[str, Any]:
    """Return the minutes by month and target."""
    return {
        **_period(begin, now, reach),
        "months": [
            {
                "month": f"{month.begin:%Y-%m}",
                "target": month.target,
                "site": month.site,
                "minutes": _minutes(month.total),
                "ours_minutes": _minutes(month.ours),
                "external_minutes": _minutes(month.external),
                "engagements": month.engagements,
            }
            for month in months
        ],
    }


def _period(begin: datetime, now: datetime, reach: Reach) -> dict[str, Any]:
    return {
        "from": moment_text(begin),
        "to": moment_text(now),
        "trail_from": moment_text(reach.oldest),
        "complete": not reach.cut,
    }


def _summary(attack: Attack) -> dict[str, Any]:
    return {
        "id": attack.id,
        "site": attack.site,
        "state": "ongoing" if attack.ended is None else "ended",
        "began": _fine(attack.began),
        "began_known": attack.began_known,
        "quiet_since": _fine(attack.quiet_since),
        "ended": _fine(attack.ended),
        "duration_seconds": _seconds(attack.duration),
        "targets": list(attack.targets),
        "causes": list(attack.causes),
        "vectors": list(attack.vectors),
        "peaks": [{"alert": peak.alert, "value": peak.value} for peak in attack.peaks],
        "peak_packets_per_second": attack.packets,
        "peak_bits_per_second": attack.bits,
        "peak_requests_per_second": attack.requests,
        "engaged_after_seconds": None if attack.waited is None else _seconds(attack.waited),
        "protected_seconds": _seconds(attack.protected),
        "would_protect_seconds": _seconds(attack.would_protect),
        "protection": [_protection(attack, target) for target in attack.targets],
        "held": [
            {
                "target": held.target,
                "reason": held.reason,
                "times": held.count,
                "seconds": _seconds(held.time),
            }
            for held in attack.held
        ],
        "drifted": attack.drifted,
        "steps_total": len(attack.steps),
    }


def _protection(attack: Attack, target: str) -> Mapping[str, Any]:
    on, would = attack.on(target), attack.on(target, What.WOULD)
    return {
        "target": target,
        "seconds": _seconds(sum((span.length for span in on), ZERO)),
        "would_seconds": _seconds(sum((span.length for span in would), ZERO)),
        "spans": [_span(span) for span in on],
    }


def _span(span: Span) -> Mapping[str, Any]:
    return {"from": _fine(span.begin), "to": _fine(span.end) if span.ended else None}


def _fine(at: datetime | None) -> str | None:
    """Return a moment with milliseconds, as the steps have them."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _seconds(duration: timedelta) -> float:
    return round(duration.total_seconds(), 3)


def _minutes(duration: timedelta) -> float:
    return round(duration / _MINUTE, 3)
