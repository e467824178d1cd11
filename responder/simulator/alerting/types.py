"""The known notification types and their bodies, from `notifications.json`.

Field names are those of Cloudflare's documentation and of bodies seen in the field, with their
habits: numbers that are strings, links without a scheme, two shapes for one type.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any

from responder.simulator.envelope import moment
from responder.simulator.inventory import Account, identifier

__all__ = ["SAVE_AND_TEST", "Notice", "available", "known", "written"]

SAVE_AND_TEST: Mapping[str, object] = {
    "text": "Hello World! This is a test message sent from https://cloudflare.com. "
    "If you can see this, your webhook is configured properly."
}
"""The whole body of what is sent when a webhook is saved: no type, no data."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What is to be told; `key` keeps START and END together, and incidents of a type apart.

    `ended` asks for the end of it, `captured` for the older shape where there are two, `fake` for
    the invented values that the dashboard's test button sends. `data` replaces single fields.
    """

    alert_type: str
    at: datetime
    account: Account = field(default_factory=Account)
    key: str = ""
    ended: bool = False
    captured: bool = False
    fake: bool = False
    data: Mapping[str, object] = field(default_factory=dict)

    @property
    def correlation(self) -> str:
        """Derived from type and key, so that an end finds its start."""
        return identifier("correlation", f"{self.alert_type}:{self.key}")


def known() -> frozenset[str]:
    """Name all types."""
    return frozenset(_shapes()["types"])


def available() -> dict[str, list[dict[str, object]]]:
    """Describe all types by group, as the API lists them."""
    groups: dict[str, list[dict[str, object]]] = {}
    for alert_type, shape in _shapes()["types"].items():
        options = [{"Key": key, "ComparisonOperator": "=="} for key in shape["filters"]]
        entry = {
            "type": alert_type,
            "display_name": shape["display_name"],
            "description": f"{shape['display_name']} (simulated)",
            "filter_options": options or None,
        }
        groups.setdefault(shape["group"], []).append(entry)
    return groups


def written(notice: Notice) -> dict[str, object]:
    """Write the body, all but what depends on the policy; KeyError for an unknown type."""
    shape = _shapes()["types"][notice.alert_type]
    template = shape.get("captured", shape["data"]) if notice.captured else shape["data"]
    ended = shape.get("ended", {}) if notice.ended and not notice.captured else {}
    fakes = _shapes()["fake"] if notice.fake else {}
    data = _filled({**template, **ended}, _values(notice))
    faked = {key: fakes.get(key, value) for key, value in data.items()}
    event = None if notice.captured else _event(shape, notice)
    return {
        "text": f"Notification of type {notice.alert_type}",
        "data": {**faked, **notice.data},
        "ts": int(notice.at.timestamp()),
        "account_id": notice.account.id,
        "alert_type": notice.alert_type,
        "alert_correlation_id": notice.correlation,
        **({"alert_event": event} if event else {}),
    }


def _event(shape: Mapping[str, Any], notice: Notice) -> str | None:
    """Say START or END, which some types never do unless the end is asked for."""
    if "event" in shape:
        return str(shape["event"])
    phased = shape["phases"] or notice.ended
    return f"ALERT_STATE_EVENT_{'END' if notice.ended else 'START'}" if phased else None


def _values(notice: Notice) -> dict[str, str]:
    return {
        "{account}": notice.account.id,
        "{account_name}": notice.account.name,
        "{attack}": identifier("attack", f"{notice.alert_type}:{notice.key}"),
        "{rule}": identifier("rule", notice.alert_type),
        "{target}": str(int(identifier("target", notice.key)[:9], 16)),
        "{zone}": identifier("zone", "example.com"),
        "{start}": (moment(notice.at) or "")[:19] + "Z",
        "{go_time}": f"{notice.at:%Y-%m-%d %H:%M:%S} +0000 UTC",
    }


def _filled(template: Mapping[str, object], values: Mapping[str, str]) -> dict[str, object]:
    return {key: _replaced(value, values) for key, value in template.items()}


def _replaced(value: object, values: Mapping[str, str]) -> object:
    if isinstance(value, str):
        for mark, meant in values.items():
            value = value.replace(mark, meant)
    return value


@lru_cache(maxsize=1)
def _shapes() -> dict[str, Any]:
    text = files("responder.simulator.alerting").joinpath("notifications.json").read_text("utf-8")
    shapes: dict[str, Any] = json.loads(text)
    return shapes
