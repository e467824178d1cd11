"""The filters of a policy: rates at least, addresses within, everything else as it is written."""

import ipaddress

from responder.simulator.alerting.values import Policy

__all__ = ["admits"]

_THRESHOLDS = frozenset({"packets_per_second", "megabits_per_second", "requests_per_second"})
_FIELDS = {"zones": "zone_tag"}


def admits(policy: Policy, data: object) -> bool:
    """Tell whether the policy's filters let this notification's data pass.

    A field that the notification has not is not filtered (assumed).
    """
    fields = data if isinstance(data, dict) else {}
    return all(
        _passes(key, values, str(fields[_FIELDS.get(key, key)]))
        for key, values in policy.filters.items()
        if values and _FIELDS.get(key, key) in fields
    )


def _passes(key: str, values: list[str], actual: str) -> bool:
    try:
        if key in _THRESHOLDS:
            return any(float(actual) >= float(value) for value in values)
        if key == "target_ip":
            address = ipaddress.ip_address(actual)
            return any(address in ipaddress.ip_network(value) for value in values)
    except ValueError:
        return False
    return actual in values
