"""Tunnels and interconnects of an account: what they join, and how well they were of late."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from responder.cloudflare.answers import Operation, malformed, moment
from responder.cloudflare.client import CloudflareClient
from responder.cloudflare.graphql import rows

__all__ = ["MagicTunnel", "TunnelChecks", "magic_tunnels", "tunnel_checks"]

WINDOW = timedelta(minutes=30)
"""How far back checks are looked for: a tunnel without any in it has an unknown health."""

_LIST = Operation("list_tunnels", "Magic Transit Read")
_CHECKS = Operation("read_tunnel_checks", "Account Analytics Read")
_FAMILIES = {
    "gre": ("gre_tunnels", "gre_tunnels"),
    "ipsec": ("ipsec_tunnels", "ipsec_tunnels"),
    "interconnect": ("cf_interconnects", "interconnects"),
}
"""The path and the key of the list of each kind."""

_DATASET = "magicTransitTunnelHealthChecksAdaptiveGroups"
_QUERY = f"""
query ($account: string!, $since: Time!, $until: Time!) {{
  viewer {{ accounts(filter: {{accountTag: $account}}) {{
    {_DATASET}(limit: 10000, filter: {{datetime_geq: $since, datetime_lt: $until}}) {{
      count
      avg {{ tunnelState }}
      dimensions {{ tunnelName datetimeMinute }}
    }}
  }} }}
}}
"""


@dataclass(frozen=True, slots=True)
class MagicTunnel:
    """A tunnel; what its kind does not have, or Cloudflare does not tell, is None."""

    id: str
    name: str
    kind: str
    """gre, ipsec or interconnect."""
    description: str
    cloudflare_endpoint: str | None
    customer_endpoint: str | None
    interface_address: str | None
    mtu: int | None
    bgp_state: str | None
    """BGP_UP, BGP_DOWN or BGP_ESTABLISHING."""
    checked: bool
    """Whether Cloudflare checks its health at all."""
    check_target: str | None


@dataclass(frozen=True, slots=True)
class TunnelChecks:
    """The health checks of one tunnel within the window."""

    percent: float
    """The mean state of all of them: 100 is healthy, 50 degraded, 0 down."""
    count: int
    newest: datetime
    """The minute of the last one; they can be read minutes after they were made."""


async def magic_tunnels(client: CloudflareClient, account_id: str) -> list[MagicTunnel]:
    """Ask for the tunnels of every kind; raises ProviderError."""

    async def family(kind: str) -> list[MagicTunnel]:
        path, key = _FAMILIES[kind]
        answer = await client.request("GET", f"/accounts/{account_id}/magic/{path}", _LIST)
        return [_tunnel(item, kind) for item in _items(answer.result, key)]

    found = await asyncio.gather(*map(family, _FAMILIES))
    return [tunnel for tunnels in found for tunnel in tunnels]


async def tunnel_checks(
    client: CloudflareClient, account_id: str, now: datetime
) -> Mapping[str, TunnelChecks]:
    """Ask for the checks of the last minutes, by the name of the tunnel; raises ProviderError."""
    variables = {"account": account_id, "since": _text(now - WINDOW), "until": _text(now)}
    data = await client.query(_QUERY, variables, _CHECKS)
    found: dict[str, list[_Check]] = defaultdict(list)
    for row in rows(data, _DATASET, _CHECKS):
        name, check = _check(row)
        found[name].append(check)
    return {name: _summed(checks) for name, checks in found.items()}


@dataclass(frozen=True, slots=True)
class _Check:
    at: datetime
    state: float
    count: int


def _check(row: Mapping[str, object]) -> tuple[str, _Check]:
    dimensions, means = _object(row.get("dimensions")), _object(row.get("avg"))
    name, at = dimensions.get("tunnelName"), moment(dimensions.get("datetimeMinute"))
    state, count = means.get("tunnelState"), row.get("count")
    if not isinstance(name, str) or at is None or not isinstance(state, int | float):
        raise malformed(_CHECKS, "a check without tunnel, time or state")
    return name, _Check(at, state, count if isinstance(count, int) else 1)


def _summed(checks: Sequence[_Check]) -> TunnelChecks:
    count = sum(one.count for one in checks)
    weighted = sum(one.state * one.count for one in checks)
    newest = max(one.at for one in checks)
    return TunnelChecks(round(100 * weighted / count, 1) if count else 0.0, count, newest)


def _items(result: object, key: str) -> Sequence[Mapping[str, object]]:
    """Return the list inside the object; null is none: an account may have no such kind."""
    found = _object(result).get(key)
    if found is None and isinstance(result, dict):
        return []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise malformed(_LIST, f"no list of {key}")
    return found


def _tunnel(item: Mapping[str, object], kind: str) -> MagicTunnel:
    if not isinstance(item.get("name"), str):
        raise malformed(_LIST, "a tunnel without its name")
    mtu, health = item.get("mtu"), _object(item.get("health_check"))
    return MagicTunnel(
        id=str(item.get("id") or ""),
        name=str(item["name"]),
        kind=kind,
        description=str(item.get("description") or ""),
        cloudflare_endpoint=_cloudflare_end(item),
        customer_endpoint=_first(item, "customer_gre_endpoint", "customer_endpoint"),
        interface_address=_first(item, "interface_address"),
        mtu=mtu if isinstance(mtu, int) else None,
        bgp_state=_first(_object(item.get("bgp_status")), "state"),
        checked=health.get("enabled") is True,
        check_target=_target(health.get("target")),
    )


def _cloudflare_end(item: Mapping[str, object]) -> str | None:
    """Return our side's address; that of an interconnect is inside its GRE part."""
    outside = _first(item, "cloudflare_gre_endpoint", "cloudflare_endpoint")
    return outside or _first(_object(item.get("gre")), "cloudflare_endpoint")


def _target(target: object) -> str | None:
    """Return what is asked: the address itself, or in newer answers an object around it."""
    if isinstance(target, str):
        return target or None
    return _first(_object(target), "effective", "saved")


def _first(item: Mapping[str, object], *names: str) -> str | None:
    found = (item.get(name) for name in names)
    return next((one for one in found if isinstance(one, str) and one), None)


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
