"""A webhook's body: a doorbell, and the first evidence."""

from dataclasses import dataclass
from datetime import MINYEAR, datetime

from responder.alertmanager.wire import as_object, decoded, fingerprint, moment, shown, texts
from responder.domain.alerts import Alert, AlertStatus
from responder.errors import PayloadError

__all__ = ["MOST_IN_A_BODY", "Webhook", "parse_webhook"]

_VERSION = "4"
_STATUSES = {status.value: status for status in (AlertStatus.FIRING, AlertStatus.RESOLVED)}
_LONGEST_FINGERPRINT = 128

MOST_IN_A_BODY = 10_000
"""Alerts in one body: to read more would hold up everything else for seconds."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """What one webhook told, each alert with its own status and not its group's."""

    alerts: tuple[Alert, ...]
    truncated: int = 0
    """How many alerts the sender left out (`max_alerts`): it is then no complete picture."""
    receiver: str = ""
    group_key: str = ""
    """Changes with the sender's routes: for the log, never a key."""


def parse_webhook(body: bytes, received_at: datetime) -> Webhook:
    """Read a webhook's body; an alert that does not say since when began at `received_at`.

    Fields that we do not know are accepted. Raises PayloadError with the reason.
    """
    try:
        document = as_object(decoded(body))
    except ValueError as error:
        raise PayloadError(f"the body is {error}") from error
    if document.get("version") != _VERSION:
        raise PayloadError(f'version is {shown(document.get("version"))}, expected "{_VERSION}"')
    items = document.get("alerts")
    if not isinstance(items, list):
        raise PayloadError("alerts is missing, or not a list")
    if len(items) > MOST_IN_A_BODY:
        raise PayloadError(f"{len(items)} alerts at once, the most is {MOST_IN_A_BODY}; group them")
    truncated = document.get("truncatedAlerts")
    return Webhook(
        alerts=tuple(_alerts(items, received_at)),
        truncated=truncated if isinstance(truncated, int) else 0,
        receiver=_text(document.get("receiver")),
        group_key=_text(document.get("groupKey")),
    )


def _alerts(items: list[object], received_at: datetime) -> list[Alert]:
    alerts: list[Alert] = []
    try:
        alerts.extend(_alert(as_object(item), received_at) for item in items)
    except ValueError as error:
        raise PayloadError(f"alerts[{len(alerts)}] is malformed: {error}") from error
    return alerts


def _alert(item: dict[str, object], received_at: datetime) -> Alert:
    status = _STATUSES.get(_text(item.get("status")))
    if status is None:
        raise ValueError(f"status is {shown(item.get('status'))}, expected firing or resolved")
    labels = texts(item, "labels")
    return Alert(
        fingerprint=_fingerprint(item.get("fingerprint"), labels),
        labels=labels,
        status=status,
        starts_at=_starts_at(item.get("startsAt"), received_at),
        annotations=texts(item, "annotations") if item.get("annotations") else {},
    )


def _fingerprint(given: object, labels: dict[str, str]) -> str:
    """Return the sender's own fingerprint, or the one that Alertmanager would have given."""
    if given is None or given == "":
        return fingerprint(labels)
    text = _text(given)
    if not (0 < len(text) <= _LONGEST_FINGERPRINT and text.isascii() and text.isprintable()):
        raise ValueError(f"not a fingerprint: {shown(given)}")
    return text


def _starts_at(given: object, received_at: datetime) -> datetime:
    """Return when it began; Go writes a time that was never set as the year 1.

    Nothing begins after it was told: a start far ahead would outrank all that comes until then.
    """
    if given is None or given == "":
        return received_at
    starts_at = moment(given)
    return received_at if starts_at.year == MINYEAR else min(starts_at, received_at)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
