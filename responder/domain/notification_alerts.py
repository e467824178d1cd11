"""A notification as alerts: labels that do not move while it stands, annotations for people.

One that asks for something carries `mitigation` and `role` as any detector's alert does; one that
only informs carries `action` in their place, so that no policy can take it for a trigger.
"""

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256

from responder.domain.notice import NO_ACTION, Notice
from responder.domain.notification import Notification
from responder.domain.notification_judgement import Effect, Judgement, Why
from responder.domain.notification_types import shape_of
from responder.domain.targets import Target

__all__ = ["PAGE", "alerts_of"]

PAGE = "https://github.com/responder/responder/blob/main/docs/cloudflare-notifications.md"

_SHOWN_OF_KEY = 12
_REASONS = {
    Why.NOT_PROVISIONED: "no site of the configuration has it: nothing is switched",
    Why.AMBIGUOUS: "several prefixes of the configuration hold it: nothing is switched",
}


def alerts_of(told: Notification, began: datetime, judgement: Judgement) -> Iterator[Notice]:
    """Yield its alerts: one for each target, or a single one that only informs."""
    if judgement.effect is Effect.IGNORE:
        return
    for target in judgement.targets:
        asking = _of_target(target) | {"role": str(judgement.effect)}
        yield _alert(told, began, asking, _advice(told, judgement))
    if not judgement.targets:
        yield _alert(told, began, {"action": NO_ACTION}, _advice(told, judgement))


def _of_target(target: Target) -> dict[str, str]:
    return {"site": target.site, target.kind: target.resource, "mitigation": target.mitigation}


def _alert(told: Notification, began: datetime, speaks_of: dict[str, str], advice: str) -> Notice:
    shape = shape_of(told.type)
    labels = {
        "alertname": shape.alert,
        "severity": shape.severity,
        "source": "cloudflare",
        "alert_type": told.type,
        "instance": told.instance,
        # Two attacks on one address are two alerts, each with its own end.
        "notification": sha256(told.key.encode(errors="replace")).hexdigest()[:_SHOWN_OF_KEY],
        **speaks_of,
    }
    annotations = {
        "summary": f"Cloudflare: {told.says}",
        "description": " ".join(filter(None, (_sentence(told), advice))),
        "vector": told.vector,
        "peak": told.peak,
        "target": told.instance,
        "rule": told.rule,
        "dashboard_url": told.link,
        "reason": advice,
        "runbook_url": f"{PAGE}#{shape.alert.lower()}",
    }
    return Notice(
        {name: value for name, value in labels.items() if value},
        {name: value for name, value in annotations.items() if value},
        began,
    )


def _sentence(told: Notification) -> str:
    """Say everything once, for a message that shows nothing else."""
    parts = (
        f"{shape_of(told.type).title}",
        f"on {told.instance}" if told.instance else "",
        f"vector {told.vector}" if told.vector else "",
        f"peak {told.peak}" if told.peak else "",
        f"rule {told.rule}" if told.rule else "",
        f'"{told.text}"' if told.text else "",
    )
    said = ", ".join(filter(None, parts))
    return f"{said[:1].upper()}{said[1:]}."


def _advice(told: Notification, judgement: Judgement) -> str:
    reason = _REASONS.get(judgement.why, "")
    return f"{told.instance}: {reason}." if reason and told.instance else reason
