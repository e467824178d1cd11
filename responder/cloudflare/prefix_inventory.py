"""All prefixes of an account with their parts, as one who looks around wants them."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from responder.cloudflare.answers import Operation, malformed
from responder.cloudflare.call import Call
from responder.cloudflare.client import CloudflareClient
from responder.cloudflare.prefix_lists import (
    BgpPrefix,
    base_of,
    bgp_prefix,
    listed,
    parts_path,
    switching,
)

__all__ = ["HeldPrefix", "held_prefixes"]

_LOOK = Operation("list_prefixes", "IP Prefixes: Read")


@dataclass(frozen=True, slots=True)
class HeldPrefix:
    """A BGP prefix, and what of the IP prefix around it matters to people."""

    part: BgpPrefix
    within: str
    path: str
    description: str
    asn: int | None
    approved: bool

    def switch(self, *, advertise: bool) -> Call:
        """Return the request that advertises or withdraws it."""
        return switching(self.path, advertise=advertise)


async def held_prefixes(client: CloudflareClient, account_id: str) -> list[HeldPrefix]:
    """Ask for every prefix and its parts, in the account's order; raises ProviderError."""
    base = base_of(account_id)
    wholes = _whole(await listed(client, base))

    async def parts(whole: Mapping[str, object]) -> list[HeldPrefix]:
        path = parts_path(base, whole["id"])
        return [_held(part, whole, path) for part in _whole(await listed(client, path))]

    found: list[HeldPrefix] = []
    for start in range(0, len(wholes), _AT_ONCE):
        for held in await asyncio.gather(*map(parts, wholes[start : start + _AT_ONCE])):
            found += held
    return found


_AT_ONCE = 5
"""Questions under way together: an account with many prefixes must not use up its own limit."""


def _whole(items: Sequence[object]) -> Sequence[Mapping[str, object]]:
    """Return a list of which nothing is hidden from people; raises ProviderError."""
    known = [one for one in items if isinstance(one, dict) and _has_identity(one)]
    if len(known) < len(items):
        raise malformed(_LOOK, "a prefix without id or cidr")
    return known


def _has_identity(item: Mapping[str, object]) -> bool:
    return isinstance(item.get("id"), str) and isinstance(item.get("cidr"), str)


def _held(part: Mapping[str, object], whole: Mapping[str, object], path: str) -> HeldPrefix:
    asn = part.get("asn")
    return HeldPrefix(
        part=bgp_prefix(part),
        within=str(whole["cidr"]),
        path=f"{path}/{part['id']}",
        description=str(whole.get("description") or ""),
        asn=asn if isinstance(asn, int) else None,
        approved=whole.get("approved") == "V",
    )
