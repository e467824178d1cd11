"""The lists of an account's prefixes: what they say, and one call for all who ask at a time."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network

from responder.cloudflare.answers import Operation, malformed, moment
from responder.cloudflare.call import Call
from responder.cloudflare.client import CloudflareClient

__all__ = [
    "BgpPrefix",
    "Listing",
    "Lists",
    "Network",
    "base_of",
    "bgp_prefix",
    "listed",
    "parts_path",
    "switching",
]

_LIST = Operation("list_prefixes", "IP Prefixes: Read")
_LIST_PARTS = Operation("list_bgp_prefixes", "IP Prefixes: Read")
_WRITE = Operation("write_bgp_prefix", "IP Prefixes: BGP On Demand Write", rests=True)

Network = IPv4Network | IPv6Network


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
    age: timedelta = timedelta(0)
    """How old the answer is; zero when it was asked for by whoever is given it."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list as it was answered, by network; `began` is when it was asked for."""

    began: timedelta
    items: Mapping[Network, Mapping[str, object]]


class Lists:
    """Asks for lists; whoever can do with the last one, or one under way, is given that."""

    def __init__(self, client: CloudflareClient) -> None:
        self._client = client
        self._asked: dict[str, tuple[timedelta, asyncio.Task[Listing]]] = {}

    def has(self, path: str, oldest: timedelta | None) -> bool:
        """Tell whether there is one that was asked for at this mark or later; None: ever."""
        known = self._asked.get(path)
        return known is not None and (oldest is None or known[0] >= oldest)

    async def get(self, path: str, oldest: timedelta | None) -> Listing:
        """Return the list at a path, asked for at this mark or later; raises ProviderError.

        One call may fail for many: the error is the same object for all of them.
        """
        if not self.has(path, oldest):
            began = self._client.monotonic()
            task = asyncio.create_task(self._ask(path, began))
            self._asked[path] = (began, task)
            task.add_done_callback(lambda done: self._ended(path, done))
        # One who stops waiting must not end it for the others.
        return await asyncio.shield(self._asked[path][1])

    def forget(self, path: str) -> None:
        """Give nobody what was asked for until now: something in it changes."""
        self._asked.pop(path, None)

    async def _ask(self, path: str, began: timedelta) -> Listing:
        items: dict[Network, Mapping[str, object]] = {}
        for item in await listed(self._client, path):
            if isinstance(item, dict) and (network := _network(item)) is not None:
                items[network] = item
        return Listing(began, items)

    def _ended(self, path: str, task: asyncio.Task[Listing]) -> None:
        """Keep no failure: the next one asks anew."""
        failed = task.cancelled() or task.exception() is not None
        if failed and self._asked.get(path, (None, None))[1] is task:
            self.forget(path)


def base_of(account_id: str) -> str:
    """Return the path of an account's IP prefixes."""
    return f"/accounts/{account_id}/addressing/prefixes"


def parts_path(base: str, prefix_id: object) -> str:
    """Return the path of the BGP prefixes of an IP prefix."""
    return f"{base}/{prefix_id}/bgp/prefixes"


async def listed(client: CloudflareClient, path: str) -> list[object]:
    """Ask for the list at a path, of IP prefixes or of BGP prefixes; raises ProviderError."""
    operation = _LIST_PARTS if path.endswith("/bgp/prefixes") else _LIST
    answer = await client.request("GET", path, operation)
    if not isinstance(answer.result, list):
        raise malformed(operation, "no list of prefixes")
    return answer.result


def bgp_prefix(part: Mapping[str, object]) -> BgpPrefix:
    """Read a BGP prefix; what it does not say of itself cannot be switched."""
    on_demand, signals = _object(part.get("on_demand")), _object(part.get("bgp_signal_opts"))
    advertised = on_demand.get("advertised")
    return BgpPrefix(
        cidr=str(part.get("cidr")),
        on_demand=on_demand.get("on_demand_enabled") is True,
        locked=on_demand.get("on_demand_locked") is not False,
        bgp_controlled=signals.get("enabled") is True,
        advertised=advertised if isinstance(advertised, bool) else None,
        changed_at=moment(on_demand.get("advertised_modified_at")),
    )


def switching(path: str, *, advertise: bool) -> Call:
    """Return the request that advertises or withdraws the BGP prefix at a path."""
    return Call(_WRITE, "PATCH", path, {"on_demand": {"advertised": advertise}})


def _network(item: Mapping[str, object]) -> Network | None:
    """Return which network it is; a strange one must not hide the others."""
    try:
        return ip_network(str(item.get("cidr"))) if isinstance(item.get("id"), str) else None
    except ValueError:
        return None


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
