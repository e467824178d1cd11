"""The control API of tunnels.

POST   /simulator/tunnels            `{"name": "gre-1", "health": "healthy"}`, and any of `kind`
                                     (gre, ipsec, interconnect), `description`, `colos`, `mtu`,
                                     `cloudflare_endpoint`, `customer_endpoint`,
                                     `interface_address`, `asn`, `account`
PUT    /simulator/tunnels/{tunnel}   `{"health": "degraded"}` or `healthy` or `down`
PUT    /simulator/interconnects      `{"as_observed": true}`: answer as in the field, not as in the
                                     schema
PUT    /simulator/interconnects/{tunnel}   `{"state": "Down", "reason": "no light"}` or `Pending`,
                                     `Unhealthy`, `Healthy`: the line itself; null follows the
                                     health of the tunnel again
DELETE /simulator/tunnels/{tunnel}   the tunnel is taken down; it is a name or an id
"""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface
from typing import Annotated

from fastapi import APIRouter, HTTPException
from pydantic import Field, IPvAnyAddress, IPvAnyInterface

from responder.simulator.magic import report
from responder.simulator.magic.tunnel import Health, HealthTurn, Line, LineState, Tunnel, TunnelKind
from responder.simulator.orders import Now, Order, Simulated, account_named
from responder.simulator.state import Simulation

__all__ = ["TunnelOrder", "add_tunnel", "router"]

router = APIRouter()


class TunnelOrder(Order):
    """Body of POST /tunnels, and a tunnel in a seed file."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,15}$")]
    kind: TunnelKind = TunnelKind.GRE
    health: Health = Health.HEALTHY
    description: str = ""
    colos: Annotated[tuple[str, ...], Field(min_length=1)] = ("AMS", "FRA")
    mtu: Annotated[int, Field(ge=576)] = 1476
    cloudflare_endpoint: IPvAnyAddress = IPv4Address("192.0.2.1")
    customer_endpoint: IPvAnyAddress = IPv4Address("198.51.100.1")
    interface_address: IPvAnyInterface = IPv4Interface("10.213.0.8/31")
    asn: Annotated[int, Field(ge=1, lt=2**32)] | None = None
    account: str | None = None


class TunnelChange(Order):
    """Body of PUT /tunnels."""

    health: Health


class InterconnectsOrder(Order):
    """Body of PUT /interconnects."""

    as_observed: bool


class LineOrder(Order):
    """Body of PUT /interconnects/{tunnel}."""

    state: LineState | None
    reason: str = ""


def add_tunnel(order: TunnelOrder, simulation: Simulation) -> Tunnel:
    """Set a tunnel up."""
    tunnel = Tunnel(
        order.name,
        order.kind,
        order.description,
        str(order.cloudflare_endpoint),
        str(order.customer_endpoint),
        str(order.interface_address),
        colos=order.colos,
        mtu=order.mtu,
        asn=order.asn,
        account=account_named(order.account, simulation),
        turns=(HealthTurn(order.health),),
    )
    simulation.put_tunnel(tunnel)
    return tunnel


@router.post("/tunnels", status_code=201)
async def post_tunnel(order: TunnelOrder, simulation: Simulated) -> dict[str, object]:
    """Set a tunnel up, or put the one of that name back to the beginning."""
    return report.tunnel(add_tunnel(order, simulation))


@router.put("/tunnels/{name_or_id}")
async def change_tunnel(
    name_or_id: str, change: TunnelChange, simulation: Simulated, now: Now
) -> dict[str, object]:
    """Let a tunnel fail, suffer or recover; its health checks tell from here on."""
    tunnel = _tunnel(name_or_id, simulation).became(change.health, now)
    simulation.put_tunnel(tunnel)
    return report.tunnel(tunnel)


@router.delete("/tunnels/{name_or_id}")
async def delete_tunnel(name_or_id: str, simulation: Simulated) -> dict[str, object]:
    """Take a tunnel down; its health checks are forgotten with it."""
    tunnel = _tunnel(name_or_id, simulation)
    del simulation.tunnels[tunnel.id]
    return report.tunnel(tunnel)


@router.put("/interconnects")
async def change_interconnects(
    order: InterconnectsOrder, simulation: Simulated
) -> dict[str, object]:
    """Set which of two shapes the lists of physical lines have."""
    simulation.interconnects_as_observed = order.as_observed
    return order.model_dump()


@router.put("/interconnects/{name_or_id}")
async def change_line(
    name_or_id: str, order: LineOrder, simulation: Simulated
) -> dict[str, object]:
    """Cut a line, mend it, or leave it as not yet built."""
    tunnel = _tunnel(name_or_id, simulation)
    if tunnel.kind is not TunnelKind.INTERCONNECT:
        raise HTTPException(404, f"{name_or_id!r} is no interconnect")
    tunnel = replace(tunnel, line=Line(order.state, order.reason))
    simulation.put_tunnel(tunnel)
    return report.tunnel(tunnel)


def _tunnel(name_or_id: str, simulation: Simulation) -> Tunnel:
    tunnels = simulation.tunnels.values()
    found = next((tunnel for tunnel in tunnels if name_or_id in {tunnel.id, tunnel.name}), None)
    if found is None:
        raise HTTPException(404, f"no tunnel {name_or_id!r}")
    return found
