"""All prefixes of an account with their parts, as one who looks around wants them."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from responder.cloudflare.answers import Operation, malformed, moment
from responder.cloudflare.call import Call
from responder.cloudflare.client import CloudflareClient

__all__ = ["HeldPrefix", "held_prefixes"]

_LIST = Operation("list_prefixes", "IP Prefixes: Read")
_LIST_PARTS = Operation("list_bgp_prefixes", "IP Prefixes: Read")
_WRITE = Operation("write_bgp_prefix", "IP Prefixes: BGP On Demand Write", rests=True)


@dataclass(frozen=True, slots=True)
class HeldPrefix:
    """A BGP prefix, and what of the IP prefix around it matters to people."""

    cidr: str
    within: str
    path: str
    description: str
    asn: int | None
    approved: bool
    on_demand: bool
    locked: bool
    bgp_controlled: bool
    advertised: bool | None
    changed_at: datetime | None

    def switch(self, *, advertise: bool) -> Call:
        """Return the request that advertises or withdraws it."""
        return Call(_WRITE, "PATCH", self.path, {"on_demand": {"advertised": advertise}})


async def held_prefixes(client: CloudflareClient, account_id: str) -> list[HeldPrefix]:
    """Ask for every prefix and its parts, in the account's order; raises ProviderError."""
    base = f"/accounts/{account_id}/addressing/prefixes"
    wholes = await _listed(client, base, _LIST)

    async def parts(whole: Mapping[str, object]) -> list[HeldPrefix]:
        path = f"{base}/{whole.get('id')}/bgp/prefixes"
        return [_held(part, whole, path) for part in await _listed(client, path, _LIST_PARTS)]

    found: list[HeldPrefix] = []
    for start in range(0, len(wholes), _AT_ONCE):
        for held in await asyncio.gather(*map(parts, wholes[start : start + _AT_ONCE])):
            found += held
    return found


_AT_ONCE = 5
"""Questions under way together: an account with many prefixes must not use up its own limit."""


async def _listed(
    client: CloudflareClient, path: str, operation: Operation
) -> Sequence[Mapping[str, object]]:
    answer = await client.request("GET", path, operation)
    if not isinstance(answer.result, list):
        raise malformed(operation, "no list of prefixes")
    items = [one for one in answer.result if isinstance(one, dict)]
    if len(items) < len(answer.result) or not all(_has_identity(one) for one in items):
        raise malformed(operation, "a prefix without id or cidr")
    return items


def _has_identity(item: Mapping[str, object]) -> bool:
    return isinstance(item.get("id"), str) and isinstance(item.get("cidr"), str)


def _held(part: Mapping[str, object], whole: Mapping[str, object], path: str) -> HeldPrefix:
    on_demand, signals = _object(part.get("on_demand")), _object(part.get("bgp_signal_opts"))
    advertised, asn = on_demand.get("advertised"), part.get("asn")
    return HeldPrefix(
        cidr=str(part["cidr"]),
        within=str(whole["cidr"]),
        path=f"{path}/{part['id']}",
        description=str(whole.get("description") or ""),
        asn=asn if isinstance(asn, int) else None,
        approved=whole.get("approved") == "V",
        on_demand=on_demand.get("on_demand_enabled") is True,
        locked=on_demand.get("on_demand_locked") is not False,
        bgp_controlled=signals.get("enabled") is True,
        advertised=advertised if isinstance(advertised, bool) else None,
        changed_at=moment(on_demand.get("advertised_modified_at")),
    )


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
