"""Targets, events and times as JSON shows them; the order of the fields is part of the contract."""

from datetime import UTC, datetime
from typing import Any

from responder.domain.alerts import Alert
from responder.domain.audit import AuditEntry, Decision
from responder.domain.memory import Override
from responder.domain.peak import shown
from responder.ports import TargetView

__all__ = ["event_document", "moment_text", "target_document"]

_MOST_ALERTS = 20


def moment_text(at: datetime | None) -> str | None:
    """Return a moment as RFC 3339 in UTC, to the second; null stays null."""
    return _rfc3339(at, "seconds") if at else None


def target_document(view: TargetView) -> dict[str, Any]:
    """Return a target as the API shows it; `decision` is null before the first pass."""
    memory = view.memory
    return {
        "id": memory.target,
        "site": memory.site,
        "mitigation": memory.mitigation,
        "policy": view.policy.name,
        "mode": view.policy.mode,
        "state": memory.state,
        "actual": memory.seen,
        "demand": memory.demand,
        "owner": memory.owner,
        "since": moment_text(memory.since),
        "previous": memory.previous,
        "decision": _decision(memory.decision),
        "alerts_total": len(view.alerts),
        "alerts": [_alert(alert) for alert in view.alerts[:_MOST_ALERTS]],
        "override": _override(memory.override),
        "stuck": memory.stuck or None,
        "peak": (shown(memory.episode.peaks) or None) if memory.episode else None,
    }


def event_document(entry: AuditEntry) -> dict[str, Any]:
    """Return an audit entry as the API shows it; `at` has milliseconds, as many share a second."""
    return {
        "id": entry.id,
        "at": _rfc3339(entry.at, "milliseconds"),
        "target": entry.target,
        "site": entry.site,
        "kind": entry.kind,
        "action": entry.action,
        "reason": entry.reason,
        "detail": entry.detail,
        "actor": entry.actor,
        "from": entry.before,
        "to": entry.after,
    }


def _rfc3339(at: datetime, precision: str) -> str:
    return at.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")


def _decision(decision: Decision | None) -> dict[str, Any] | None:
    if decision is None:
        return None
    return {
        "action": decision.action,
        "reason": decision.reason,
        "until": moment_text(decision.until),
        "detail": decision.detail,
    }


def _alert(alert: Alert) -> dict[str, Any]:
    return {
        "fingerprint": alert.fingerprint,
        "alertname": alert.name,
        "role": alert.role,
        "status": alert.status,
        "starts_at": moment_text(alert.starts_at),
    }


def _override(override: Override | None) -> dict[str, Any] | None:
    if override is None:
        return None
    return {
        "state": override.order,
        "since": moment_text(override.set_at),
        "until": moment_text(override.ends_at),
        "reason": override.reason,
        "by": override.actor,
    }
