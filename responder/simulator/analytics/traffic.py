"""Traffic as an order describes it: packets to a prefix, requests to a zone, each for a while.

Several shapes add up; a rate that changes is several shapes, one after the other.
"""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

__all__ = ["Analytics", "Flow", "Outcome", "Requests", "Span"]


@dataclass(frozen=True, slots=True)
class Analytics:
    """How analytics behave: data are told `lag` after the event, and some datasets not at all."""

    lag: timedelta = timedelta(seconds=150)
    disabled: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time; without an end it goes on."""

    start: datetime
    end: datetime | None = None

    def within(self, start: datetime, end: datetime) -> tuple[datetime, datetime] | None:
        """Cut it to a window; None when nothing of it is left."""
        first = max(self.start, start)
        last = end if self.end is None else min(self.end, end)
        return (first, last) if first < last else None


class Outcome(StrEnum):
    """What Cloudflare does with a packet."""

    DROPPED = "drop"
    PASSED = "pass"


@dataclass(frozen=True, slots=True)
class Flow:
    """Packets to an address in a prefix, at constant rates per second.

    Cloudflare sees them while the prefix is routed to it. The flow data of MNM tell what arrives
    at the network's own routers: everything before that, and what passes from then on.
    """

    id: str
    account_id: str
    span: Span
    prefix: str
    address: str
    bits: float
    packets: float
    outcome: Outcome = Outcome.PASSED
    system: str = (
        ""  # `mitigationSystem`: dosd, flowtrackd, advanced-dns-protection, magic-firewall
    )
    vector: str = ""
    protocol: str = "UDP"
    port: int = 53
    source: str = "192.0.2.53"
    country: str = "XX"
    asn: int = 64496
    colo: str = "AMS"
    router: str = "198.51.100.254"

    @property
    def subnet(self) -> str:
        """The /24 or /48 around the address, as the datasets group destinations (assumed)."""
        version_4 = isinstance(ipaddress.ip_address(self.address), ipaddress.IPv4Address)
        bits = 24 if version_4 else 48
        return str(ipaddress.ip_network((self.address, bits), strict=False))


@dataclass(frozen=True, slots=True)
class Requests:
    """Requests to a host of a zone, at a constant rate per second."""

    id: str
    span: Span
    zone_id: str
    host: str
    per_second: float
    action: str = "unknown"  # `securityAction`: block, managed_challenge, ...; unknown: let through
    source: str = ""  # what acted: l7ddos, firewallCustom, rateLimit, ...
    rule: str = ""
    status: int = 200
    size: int = 1500  # bytes of an answer
    client: str = "192.0.2.80"
    country: str = "XX"
    asn: int = 64496
    colo: str = "AMS"
