"""The types of notifications that are known: a line for each says where its facts stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["SUSTAINING", "TRIGGERING", "TYPES", "Family", "Shape", "shape_of"]


class Family(StrEnum):
    """What a type is about."""

    FLOW = "flow"  # an attack that Magic Network Monitoring sees in the flows of our routers
    L4 = "l4"
    L7 = "l7"
    ADVERTISEMENT = "advertisement"
    TUNNEL = "tunnel"
    HIJACK = "hijack"
    INCIDENT = "incident"
    HEALTH = "health"
    SECURITY = "security"
    MAINTENANCE = "maintenance"
    TEST = "test"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Shape:
    """Where one type keeps its facts; the first field that is there counts."""

    family: Family
    title: str
    alert: str
    """The name of the alert that it becomes."""
    severity: str = "warning"
    times: tuple[str, ...] = ("start_time",)
    subjects: tuple[str, ...] = ()
    vectors: tuple[str, ...] = ("attack_vector", "attack_type")
    keys: tuple[str, ...] = ()
    """What joins begin and end where it is more lasting than the notification's own mark."""
    states: tuple[str, ...] = ()
    over: frozenset[str] = frozenset()
    """Last words of a state that say that it is over."""


_OTHER = Shape(
    Family.OTHER,
    "notification of an unknown type",
    "CloudflareNotification",
    "info",
    times=("start_time", "alert_start_time", "event_ts"),
)

_FLOW = Shape(Family.FLOW, "attack in the flows", "CloudflareFlowAttack", "critical")
_L4 = Shape(Family.L4, "layer 3/4 attack", "CloudflareL4Attack", "critical")
_L7 = Shape(Family.L7, "layer 7 attack", "CloudflareL7Attack", "critical")

TYPES: Mapping[str, Shape] = {
    "fbm_volumetric_attack": _FLOW,
    "fbm_dosd_attack": _FLOW,
    "advanced_ddos_attack_l4_alert": _L4,
    "dos_attack_l4": _L4,
    "advanced_ddos_attack_l7_alert": _L7,
    "dos_attack_l7": _L7,
    "fbm_auto_advertisement": Shape(
        Family.ADVERTISEMENT,
        "prefix advertised by Magic Network Monitoring",
        "CloudflareAutoAdvertisement",
    ),
    "magic_tunnel_health_check_event": Shape(
        Family.TUNNEL,
        "tunnel health",
        "CloudflareTunnelHealth",
        times=("event_ts",),
        subjects=("tunnel_name", "tunnel_id"),
        vectors=("new_status",),
        keys=("tunnel_id", "tunnel_name"),
        states=("new_status",),
        over=frozenset({"up", "healthy"}),
    ),
    "bgp_hijack_notification": Shape(
        Family.HIJACK,
        "BGP hijack",
        "CloudflareBgpHijack",
        "critical",
        times=("alert_start_time",),
        subjects=("prefix_hijacked", "prefix_configured"),
        vectors=("alert_title",),
    ),
    "incident_alert": Shape(
        Family.INCIDENT,
        "incident at Cloudflare",
        "CloudflareIncident",
        times=("created_at",),
        subjects=("incident_id",),
        vectors=("incident_name",),
        keys=("incident_id",),
        states=("incident_status", "status"),
        over=frozenset({"resolved", "completed", "postmortem"}),
    ),
    "health_check_status_notification": Shape(
        Family.HEALTH,
        "health check",
        "CloudflareHealthCheck",
        times=("status_change_time", "time"),
        subjects=("health_check_name", "name", "health_check_id"),
        vectors=("new_health_status", "new_status", "status"),
        keys=("health_check_id",),
        states=("new_health_status", "new_status", "status"),
        over=frozenset({"healthy"}),
    ),
    "clickhouse_alert_fw_anomaly": Shape(
        Family.SECURITY,
        "spike of security events",
        "CloudflareSecurityEvents",
        times=("alert_start_time",),
        vectors=(),
    ),
    "maintenance_event_notification": Shape(
        Family.MAINTENANCE,
        "maintenance at Cloudflare",
        "CloudflareMaintenance",
        "info",
        times=("scheduled_end",),
        subjects=("airport_code", "maintenance_id"),
        vectors=("event_type",),
        keys=("maintenance_id",),
    ),
}
"""By Cloudflare's `alert_type`."""

TRIGGERING = tuple(
    name for name, shape in TYPES.items() if shape.family in {Family.FLOW, Family.L4, Family.L7}
)
"""What asks for a mitigation when nothing else is configured."""

SUSTAINING = ("fbm_auto_advertisement",)
"""What only keeps one that is on: the same attack asks by itself."""


def shape_of(alert_type: str) -> Shape:
    """Return where a type keeps its facts; one that is not known is told to people."""
    return TYPES.get(alert_type, _OTHER)
