"""Tunnels between Cloudflare and the network behind it, and how healthy each has been, and when."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Self

from responder.simulator.inventory import BORN, Account, identifier

__all__ = ["Health", "HealthTurn", "Line", "LineState", "Tunnel", "TunnelKind"]

_KEPT_TURNS = 200


class TunnelKind(StrEnum):
    """What the tunnel is made of; an interconnect is a physical line shown as a tunnel."""

    GRE = "gre"
    IPSEC = "ipsec"
    INTERCONNECT = "interconnect"


class Health(StrEnum):
    """How many of a tunnel's health checks pass: all, some or none."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    DOWN = "down"


class LineState(StrEnum):
    """How the physical line of an interconnect is, whatever flows over it."""

    PENDING = "Pending"
    DOWN = "Down"
    UNHEALTHY = "Unhealthy"
    HEALTHY = "Healthy"


@dataclass(frozen=True, slots=True)
class Line:
    """What is told of an interconnect's line; without a state it follows the tunnel's health."""

    state: LineState | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class HealthTurn:
    """From this moment on the tunnel was so."""

    health: Health
    at: datetime = BORN


@dataclass(frozen=True, slots=True)
class Tunnel:
    """One tunnel; `colos` are the data centres that check its health.

    With an `asn`, that of the network behind it, there is a BGP session through it.
    """

    name: str
    kind: TunnelKind = TunnelKind.GRE
    description: str = ""
    cloudflare_endpoint: str = "192.0.2.1"
    customer_endpoint: str = "198.51.100.1"
    interface_address: str = "10.213.0.8/31"
    colos: tuple[str, ...] = ("AMS", "FRA")
    mtu: int = 1476
    asn: int | None = None
    line: Line = field(default_factory=Line)
    account: Account = field(default_factory=Account)
    turns: tuple[HealthTurn, ...] = (HealthTurn(Health.HEALTHY),)

    @property
    def id(self) -> str:
        """The same on every run, whatever else changes."""
        return identifier("tunnel", f"{self.account.name}/{self.name}")

    @property
    def health(self) -> Health:
        """How healthy it is at last."""
        return self.turns[-1].health

    def became(self, health: Health, now: datetime) -> Self:
        """Let the tunnel's health change; the same again changes nothing."""
        if health is self.health:
            return self
        return replace(self, turns=(*self.turns, HealthTurn(health, now))[-_KEPT_TURNS:])
