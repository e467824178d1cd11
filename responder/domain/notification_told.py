"""What the audit trail keeps of Cloudflare's notifications, as far as an attack's record needs it.

The text is JSON that another version may have written: what is not as expected is left out.
"""

import json
import re
from dataclasses import dataclass

from responder.domain.audit import AuditEntry, Kind

__all__ = ["NotificationTold", "notification_told"]

_RATES = re.compile(r"([0-9][0-9,]*) (packets|Mbit|requests)/s", re.ASCII)


@dataclass(frozen=True, slots=True)
class NotificationTold:
    """One notification."""

    says: str = ""
    phase: str = ""
    """Whether an attack `start`s or `end`s, where it says so."""
    vector: str = ""
    packets: float | None = None
    """Each second, as all rates here."""
    bits: float | None = None
    requests: float | None = None


def notification_told(entry: AuditEntry) -> NotificationTold | None:
    """Read the notification that an entry keeps; None for other entries."""
    if entry.kind is not Kind.NOTIFICATION:
        return None
    try:
        document = json.loads(entry.detail)
    except ValueError:
        document = None
    said = document if isinstance(document, dict) else {}
    rates = {
        unit: float(number.replace(",", "")) for number, unit in _RATES.findall(_text(said, "peak"))
    }
    bits = rates.get("Mbit")
    return NotificationTold(
        _text(said, "says"),
        _text(said, "phase"),
        _text(said, "vector"),
        rates.get("packets"),
        None if bits is None else bits * 1e6,
        rates.get("requests"),
    )


def _text(said: dict[str, object], name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) else ""
