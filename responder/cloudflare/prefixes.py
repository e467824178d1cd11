"""Prefixes on demand: from the CIDR in the configuration to what Cloudflare advertises of it.

What is switched is the BGP prefix, which is all of an IP prefix or a more specific part of it; the
advertisement that the IP prefix shows itself is deprecated and belongs to no part.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, ip_network

from responder.cloudflare.answers import Operation, malformed, moment
from responder.cloudflare.client import CloudflareClient
from responder.domain.breaker import Failure
from responder.errors import ProviderError

__all__ = ["BgpPrefix", "Prefixes"]

_LIST = Operation("list_prefixes", "IP Prefixes: Read")
_LIST_PARTS = Operation("list_bgp_prefixes", "IP Prefixes: Read")
_READ = Operation("read_bgp_prefix", "IP Prefixes: Read")
_WRITE = Operation("write_bgp_prefix", "IP Prefixes: BGP On Demand Write", rests=True)

_Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class BgpPrefix:
    """What may be advertised, as Cloudflare holds it."""

    cidr: str
    on_demand: bool
    locked: bool
    bgp_controlled: bool
    advertised: bool | None
    """None when nothing about it is on demand."""
    changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a BGP prefix is found; this never changes while it exists."""

    prefix_id: str
    part_id: str


class Prefixes:
    """The prefixes of one account, whose places are remembered."""

    def __init__(self, client: CloudflareClient, account_id: str) -> None:
        self._client = client
        self._base = f"/accounts/{account_id}/addressing/prefixes"
        self._places: dict[str, _Place] = {}

    async def read(self, cidr: str) -> BgpPrefix:
        """Ask for the BGP prefix that is exactly this one; raises ProviderError."""
        path = await self._path(cidr)
        try:
            answer = await self._client.request("GET", path, _READ)
        except ProviderError as error:
            if error.failure is Failure.REFUSED:
                self._places.pop(cidr, None)  # made anew, it has another id
            raise
        return _bgp_prefix(answer.result, cidr, _READ)

    async def advertise(self, cidr: str, *, advertised: bool) -> BgpPrefix:
        """Advertise or withdraw; success means that it was taken, not that routers know of it.

        Raises ProviderError.
        """
        body = {"on_demand": {"advertised": advertised}}
        path = await self._path(cidr)
        answer = await self._client.request("PATCH", path, _WRITE, json=body)
        return _bgp_prefix(answer.result, cidr, _WRITE)

    async def _path(self, cidr: str) -> str:
        place = self._places.get(cidr)
        if place is None:
            place = self._places[cidr] = await self._find(ip_network(cidr))
        return f"{self._base}/{place.prefix_id}/bgp/prefixes/{place.part_id}"

    async def _find(self, wanted: _Network) -> _Place:
        """Look in every prefix that contains it for the part that is the same network."""
        for prefix_id, network in await self._list(self._base, _LIST):
            if not _contains(network, wanted):
                continue
            path = f"{self._base}/{prefix_id}/bgp/prefixes"
            for part_id, part in await self._list(path, _LIST_PARTS):
                if part == wanted:
                    return _Place(prefix_id, part_id)
        raise ProviderError(
            Failure.REFUSED,
            f"prefix {wanted} is not among the BGP prefixes of the account: check the prefix and "
            "cloudflare.account_id, and that Cloudflare has provisioned it",
        )

    async def _list(self, path: str, operation: Operation) -> list[tuple[str, _Network]]:
        answer = await self._client.request("GET", path, operation)
        if not isinstance(answer.result, list):
            raise malformed(operation, "no list of prefixes")
        return list(_networks(answer.result))


def _networks(items: list[object]) -> Iterator[tuple[str, _Network]]:
    """Yield those that can be read: a strange one must not hide the others."""
    for item in items:
        if isinstance(item, dict) and isinstance(item.get("id"), str):
            try:
                yield item["id"], ip_network(str(item.get("cidr")))
            except ValueError:
                continue


def _contains(network: _Network, wanted: _Network) -> bool:
    return (
        network.version == wanted.version
        and network.prefixlen <= wanted.prefixlen
        and wanted.network_address in network
    )


def _bgp_prefix(item: object, cidr: str, operation: Operation) -> BgpPrefix:
    part = item if isinstance(item, dict) else {}
    on_demand = part.get("on_demand")
    if part.get("cidr") is None or not isinstance(on_demand, dict):
        raise malformed(operation, "a BGP prefix without its advertisement")
    try:
        same = ip_network(str(part["cidr"])) == ip_network(cidr)
    except ValueError:
        same = False
    if not same:
        raise malformed(operation, "another prefix")
    signals = part.get("bgp_signal_opts")
    advertised = on_demand.get("advertised")
    return BgpPrefix(
        cidr=cidr,
        on_demand=on_demand.get("on_demand_enabled") is True,
        locked=on_demand.get("on_demand_locked") is not False,
        bgp_controlled=isinstance(signals, dict) and signals.get("enabled") is True,
        advertised=advertised if isinstance(advertised, bool) else None,
        changed_at=moment(on_demand.get("advertised_modified_at")),
    )
