"""One notification of Cloudflare as a typed event: what happened to what, and whether it is over.

Names of fields and their habits differ between types, and between years; what is not there is
empty. The body is foreign: every text of it is short, on one line, and means nothing but itself.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from responder.domain import notification_fields as fields
from responder.domain.notification_types import Family, Shape, shape_of

__all__ = ["Notification", "Phase", "understood"]

_HEX_DIGITS = 32
_TYPE = re.compile(r"[A-Za-z0-9_.-]{1,100}")


class Phase(StrEnum):
    """Whether it begins, is over, or neither is said."""

    START = "start"
    END = "end"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Notification:
    """What one notification says."""

    says: str
    """In a few words."""
    type: str
    """Cloudflare's `alert_type`; empty for a test of the webhook itself."""
    family: Family
    phase: Phase
    key: str
    """The same for all that speaks of one attack or one trouble."""
    sent_at: datetime
    """By Cloudflare's clock, but never after we have received it."""
    received_at: datetime
    started_at: datetime | None = None
    account: str = ""
    policy: str = ""
    address: str = ""
    prefixes: tuple[str, ...] = ()
    hostname: str = ""
    zones: tuple[str, ...] = ()
    """Name and id of the zone, as far as they are told."""
    subject: str = ""
    """What it is about where that is no address and no host: a tunnel, a health check."""
    vector: str = ""
    peak: str = ""
    rule: str = ""
    link: str = ""
    text: str = ""

    @property
    def instance(self) -> str:
        """What exactly is concerned, in one word."""
        named = self.prefixes[0] if self.prefixes else ""
        zone = self.zones[0] if self.zones else ""
        return self.address or self.hostname or named or self.subject or zone

    @property
    def identity(self) -> tuple[str, Phase, datetime]:
        """What makes it the same notification as one that has come already."""
        return (self.key, self.phase, self.sent_at)


def understood(body: Mapping[str, object], received_at: datetime) -> Notification:
    """Read a body; ValueError, whose text completes "the body ...", when it is no notification.

    A body with nothing but a text is the test that Cloudflare sends when a webhook is saved.
    """
    data = body.get("data")
    alert_type = fields.text(body, "alert_type")
    if data is None and not alert_type:
        return _test(body, received_at)
    if data is not None and not isinstance(data, dict):
        raise ValueError("has data that is not an object")
    return _typed(body, data or {}, alert_type, received_at)


def _test(body: Mapping[str, object], received_at: datetime) -> Notification:
    said = fields.text(body, "text")
    if not said:
        raise ValueError("has neither alert_type nor data nor text; is it from Cloudflare?")
    return Notification(
        "test of the webhook", "", Family.TEST, Phase.NONE, "test", received_at, received_at,
        text=said,
    )  # fmt: skip


def _typed(
    body: Mapping[str, object], data: Mapping[str, object], alert_type: str, received_at: datetime
) -> Notification:
    shape = shape_of(alert_type)
    sent_at = min(fields.seconds(body, "ts") or received_at, received_at)
    phase = _phase(body, data, shape)
    zones = (fields.hostname(data, "zone_name", "target_zone_name"), _zone_id(data))
    address = fields.address(data, "target_ip")
    found = Notification(
        says="",
        type=alert_type if _TYPE.fullmatch(alert_type) else "unknown",
        family=shape.family,
        phase=phase,
        key="",
        sent_at=sent_at,
        received_at=received_at,
        started_at=fields.moment(data, *shape.times),
        account=fields.text(body, "account_id").lower(),
        policy=fields.text(body, "policy_name"),
        address=address,
        prefixes=_prefixes(data, address),
        hostname=fields.hostname(data, "target_hostname"),
        zones=tuple(filter(None, zones)),
        subject=fields.text(data, *shape.subjects),
        vector=fields.text(data, *shape.vectors),
        peak=_peak(data),
        rule=fields.text(data, "rule_name", "rule_description"),
        link=fields.link(data, "dashboard_link"),
        text=fields.text(data, "message", "reason", "additional_info") or fields.text(body, "text"),
    )
    return _keyed(found, body, data, shape)


def _keyed(
    found: Notification, body: Mapping[str, object], data: Mapping[str, object], shape: Shape
) -> Notification:
    """Add what is made of the rest: the key that joins START and END, and the few words."""
    one = fields.text(data, *shape.keys) if shape.keys else ""
    one = one or fields.text(body, "alert_correlation_id") or fields.text(data, "attack_id")
    if not one:
        began = found.started_at.isoformat() if found.started_at else ""
        one = f"{found.rule}/{found.instance}/{began or found.text}"
    words = (found.vector or shape.title, f"on {found.instance}" if found.instance else "")
    peak = f"at {found.peak}" if found.peak else ""
    says = " ".join(filter(None, (*words, peak)))
    return replace(found, key=f"{found.type}:{one}", says=says)


def _phase(body: Mapping[str, object], data: Mapping[str, object], shape: Shape) -> Phase:
    """Return what the state says, and without one the event; other words say nothing."""
    state = fields.text(data, *shape.states) if shape.states else ""
    if state:
        return Phase.END if state.split("_")[-1].lower() in shape.over else Phase.START
    event = fields.text(body, "alert_event").rpartition("_")[2]
    return {"START": Phase.START, "END": Phase.END}.get(event, Phase.NONE)


def _zone_id(data: Mapping[str, object]) -> str:
    found = fields.hostname(data, "zone_tag")
    return found if len(found) == _HEX_DIGITS else ""


def _prefixes(data: Mapping[str, object], address: str) -> tuple[str, ...]:
    """Return the prefix that is named; those that only share its rule when nothing is nearer."""
    own = fields.prefix(data.get("prefix")) or fields.prefix(data.get("prefix_configured"))
    if own or address:
        return (own,) if own else ()
    return fields.listed_prefixes(data)


def _peak(data: Mapping[str, object]) -> str:
    """Return the peak as people compare it: in whole units, whatever the field's own spelling."""
    rates = (
        (fields.number(data, "packets_per_second"), "packets/s"),
        (fields.number(data, "megabits_per_second"), "Mbit/s"),
        (fields.number(data, "requests_per_second"), "requests/s"),
    )
    told = ", ".join(f"{rate:,.0f} {unit}" for rate, unit in rates if rate)
    return told or fields.text(data, "max_rate", "packets_per_second_string")
