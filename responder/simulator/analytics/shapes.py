"""Orders for traffic, and the shapes they describe."""

import ipaddress
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import HTTPException
from pydantic import AwareDatetime, Field, FiniteFloat, PositiveInt

from responder.simulator.analytics.traffic import Flow, Outcome, Requests
from responder.simulator.analytics.traffic import Span as Stretch
from responder.simulator.magic.prefix import Prefix, covers
from responder.simulator.orders import Order, Span
from responder.simulator.state import Simulation

__all__ = ["TrafficOrder", "When", "moment_of", "shaped"]

When = AwareDatetime | FiniteFloat
_Rate = Annotated[FiniteFloat, Field(ge=0, le=1e18)]


class TrafficOrder(Order):
    """Body of POST /traffic."""

    prefix: str | None = None
    address: str | None = None
    bits: _Rate = 0
    packets: _Rate = 0
    outcome: Outcome = Outcome.PASSED
    vector: str = ""
    system: str | None = None
    protocol: str = "UDP"
    port: PositiveInt = 53
    source: str = "192.0.2.53"
    router: str = "198.51.100.254"
    zone: str | None = None
    requests: _Rate = 0
    host: str | None = None
    action: str = "unknown"
    by: str = ""
    rule: str = ""
    status: PositiveInt = 200
    size: PositiveInt = 1500
    client: str = "192.0.2.80"
    country: str = "XX"
    asn: PositiveInt = 64496
    colo: str = "AMS"
    starts: When = 0
    lasts: Span | None = None


def shaped(order: TrafficOrder, simulation: Simulation, now: datetime) -> Flow | Requests:
    """Find the shape that is described; HTTPException when it cannot be."""
    start = moment_of(order.starts, now)
    span = Stretch(start, None if order.lasts is None else moment_of(order.lasts, start))
    if order.prefix is not None and order.zone is None:
        return _flow(order, order.prefix, span, simulation)
    if order.zone is not None and order.prefix is None:
        return _requests(order, order.zone, span, simulation)
    raise HTTPException(400, "body: give either a prefix or a zone")


def moment_of(when: datetime | timedelta | float, now: datetime) -> datetime:
    """Read a moment, or how far it is from now; HTTPException when there is no such year."""
    if isinstance(when, datetime):
        return when
    try:
        return now + (when if isinstance(when, timedelta) else timedelta(seconds=when))
    except OverflowError as error:
        raise HTTPException(400, "body: a moment is too far away") from error


def _flow(order: TrafficOrder, prefix: str, span: Stretch, simulation: Simulation) -> Flow:
    try:
        network = ipaddress.ip_network(prefix)
        address = order.address or str(network[min(10, network.num_addresses - 1)])
        inside = covers(prefix, address)
    except ValueError as error:
        raise HTTPException(400, f"body.prefix: {error}") from error
    if not inside:
        raise HTTPException(400, f"body.address: {address} is not in {prefix}")
    fields = order.model_dump(include={"bits", "packets", "outcome", "vector", "protocol"})
    fields |= order.model_dump(include={"port", "source", "country", "asn", "colo", "router"})
    dropped = "dosd" if order.outcome is Outcome.DROPPED else ""
    return Flow(
        id=simulation.new_id("traffic"),
        account_id=_onboarded(prefix, simulation).account.id,
        span=span,
        prefix=prefix,
        address=address,
        system=dropped if order.system is None else order.system,
        **fields,
    )


def _onboarded(prefix: str, simulation: Simulation) -> Prefix:
    """Find the account's prefix that this one is or lies in."""
    parts = simulation.bgp_prefixes.values()
    found = next((part for part in parts if covers(part.cidr, prefix)), None)
    if found is None:
        raise HTTPException(404, f"no prefix {prefix!r}")
    return simulation.prefixes[found.parent_id]


def _requests(order: TrafficOrder, zone: str, span: Stretch, simulation: Simulation) -> Requests:
    found = simulation.find_zone(zone)
    if found is None:
        raise HTTPException(404, f"no zone {zone!r}")
    fields = order.model_dump(include={"action", "rule", "status", "size"})
    fields |= order.model_dump(include={"client", "country", "asn", "colo"})
    return Requests(
        id=simulation.new_id("traffic"),
        span=span,
        zone_id=found.id,
        host=order.host or found.name,
        per_second=order.requests,
        source=order.by,
        **fields,
    )
