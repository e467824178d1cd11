"""Prefixes on demand: from the CIDR in the configuration to what Cloudflare advertises of it.

What is switched is the BGP prefix, which is all of an IP prefix or a more specific part of it; the
advertisement that the IP prefix shows itself is deprecated and belongs to no part.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from ipaddress import ip_network

from responder.cloudflare.answers import Operation, malformed
from responder.cloudflare.client import CloudflareClient
from responder.cloudflare.prefix_lists import (
    BgpPrefix,
    Listing,
    Lists,
    Network,
    base_of,
    bgp_prefix,
    parts_path,
    switching,
)
from responder.domain.breaker import Failure
from responder.domain.clock import ZERO
from responder.errors import ProviderError

__all__ = ["LOOK", "Prefixes"]

LOOK = timedelta(seconds=30)
"""Within so long, one look at the account finds the places of all its prefixes."""

_READ = Operation("read_bgp_prefix", "IP Prefixes: Read")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a BGP prefix is found; this never changes while it exists."""

    siblings: str
    """The path of the list that it stands in."""
    part_id: str

    @property
    def path(self) -> str:
        return f"{self.siblings}/{self.part_id}"


class Prefixes:
    """The prefixes of one account; their places are remembered, and the last lists of them."""

    def __init__(self, client: CloudflareClient, account_id: str) -> None:
        self._client = client
        self._base = base_of(account_id)
        self._lists = Lists(client)
        self._places: dict[str, _Place] = {}
        self._together: dict[str, set[str]] = defaultdict(set)

    def call_of(self, cidr: str) -> str:
        """Name the call that can answer for it; those with the same name share it."""
        place = self._places.get(cidr)
        return cidr if place is None else place.siblings

    async def read(self, cidr: str, within: timedelta = ZERO) -> BgpPrefix:
        """Return the BGP prefix that is exactly this one; raises ProviderError.

        Where its answer may be `within` so old, one list answers for all that stand in it.
        """
        now = self._client.monotonic()
        place = self._places.get(cidr) or await self._find(cidr)
        shared = bool(within) and len(self._together[place.siblings]) > 1
        if shared or self._lists.has(place.siblings, now - within):
            return await self._of_list(cidr, place, now, within)
        try:
            answer = await self._client.request("GET", place.path, _READ)
        except ProviderError as error:
            if error.failure is Failure.REFUSED:
                self._forget(cidr)  # made anew, it has another id
            raise
        return _same(answer.result, cidr)

    async def advertise(self, cidr: str, *, advertised: bool) -> BgpPrefix:
        """Advertise or withdraw; success means that it was taken, not that routers know of it.

        Raises ProviderError.
        """
        place = self._places.get(cidr) or await self._find(cidr)
        self._lists.forget(place.siblings)
        answer = await switching(place.path, advertise=advertised).make(self._client)
        return _same(answer.result, cidr)

    async def _of_list(
        self, cidr: str, place: _Place, now: timedelta, within: timedelta
    ) -> BgpPrefix:
        listing = await self._lists.get(place.siblings, now - within)
        item = listing.items.get(ip_network(cidr))
        if item is None:
            self._forget(cidr)
            raise _unknown(cidr)
        return replace(_same(item, cidr), age=max(now - listing.began, ZERO))

    async def _find(self, cidr: str) -> _Place:
        """Look in every prefix that contains it for the part that is the same network.

        The account is listed again only for one that is not in what is known of it.
        """
        recent = self._client.monotonic() - LOOK
        for oldest in (None, recent):
            wholes = await self._lists.get(self._base, oldest)
            for path in self._around(ip_network(cidr), wholes):
                parts = await self._lists.get(path, recent)
                found = parts.items.get(ip_network(cidr))
                if found is not None:
                    self._together[path].add(cidr)
                    self._places[cidr] = _Place(path, str(found["id"]))
                    return self._places[cidr]
        raise _unknown(cidr)

    def _around(self, wanted: Network, wholes: Listing) -> Iterator[str]:
        for network, whole in wholes.items.items():
            if _contains(network, wanted):
                yield parts_path(self._base, whole["id"])

    def _forget(self, cidr: str) -> None:
        place = self._places.pop(cidr, None)
        if place is not None:
            self._together[place.siblings].discard(cidr)


def _unknown(cidr: str) -> ProviderError:
    return ProviderError(
        Failure.REFUSED,
        f"prefix {cidr} is not among the BGP prefixes of the account: check the prefix and "
        "cloudflare.account_id, and that Cloudflare has provisioned it",
    )


def _contains(network: Network, wanted: Network) -> bool:
    return (
        network.version == wanted.version
        and network.prefixlen <= wanted.prefixlen
        and wanted.network_address in network
    )


def _same(item: object, cidr: str) -> BgpPrefix:
    """Read what was answered about this prefix; what speaks of another one is no answer."""
    part: Mapping[str, object] = item if isinstance(item, dict) else {}
    if part.get("cidr") is None or not isinstance(part.get("on_demand"), dict):
        raise malformed(_READ, "a BGP prefix without its advertisement")
    try:
        same = ip_network(str(part["cidr"])) == ip_network(cidr)
    except ValueError:
        same = False
    if not same:
        raise malformed(_READ, "another prefix")
    return replace(bgp_prefix(part), cidr=cidr)
