"""The control API: how a test, the demo or a curious user looks into the simulator and upsets it.

JSON, no authentication: the server listens on loopback only. Spans are numbers of seconds.

GET    /simulator/state            zones and levels, tokens, armed faults, limit, request totals
GET    /simulator/requests         the last 10,000 API requests, oldest first
POST   /simulator/faults           `{"kind": "rate_limited", "retry_after": 30, "count": 3}`; the
                                   scope is `method`, `zone` (name or id), `prefix` (CIDR or id)
                                   and `path` (a part of it); with `lasts` it is cleared by itself
DELETE /simulator/faults           clear all; /simulator/faults/{id} clears one
PUT    /simulator/zones/{zone}     the human at the dashboard: any of `{"level": "high",
                                   "paused": true, "status": "moved", "plan": "free",
                                   "editable": false}`; the zone is a name or an id
DELETE /simulator/zones/{zone}     the zone leaves the account
PUT    /simulator/rate-limit       `{"requests": 10, "window": 300, "block": 300}`

Each family adds its own: those of tokens, prefixes, tunnels, traffic, MNM and notifications
are in the modules that end in `orders`.

A mistake answers 400, an unknown zone, token or fault 404, both with `{"error": ...}`.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta

from fastapi import APIRouter, HTTPException
from pydantic import NonNegativeInt, PositiveInt

from responder.simulator import report
from responder.simulator.faults import Fault, FaultKind
from responder.simulator.inventory import Level, Plan, ZoneStatus
from responder.simulator.limits import RateLimit, rate_limit
from responder.simulator.orders import Now, Order, Simulated, Span

__all__ = ["RateLimitOrder", "router"]

router = APIRouter()


class FaultOrder(Order):
    """Body of POST /faults."""

    kind: FaultKind
    method: str | None = None
    zone: str | None = None
    prefix: str | None = None
    path: str | None = None
    count: PositiveInt | None = None
    delay: Span = timedelta(0)
    retry_after: NonNegativeInt | None = None
    lasts: Span | None = None


class ZoneChange(Order):
    """Body of PUT /zones; what is left out stays."""

    level: Level | None = None
    paused: bool | None = None
    status: ZoneStatus | None = None
    plan: Plan | None = None
    editable: bool | None = None


class RateLimitOrder(Order):
    """Body of PUT /rate-limit."""

    requests: PositiveInt = 1200
    window: Span = timedelta(seconds=300)
    block: Span = timedelta(seconds=300)


@router.get("/state")
async def get_state(simulation: Simulated, now: Now) -> dict[str, object]:
    """Show the simulation as it stands."""
    return report.state(simulation, now)


@router.get("/requests")
async def get_requests(simulation: Simulated) -> dict[str, object]:
    """Show the request log."""
    return {"requests": [report.request(entry) for entry in simulation.requests]}


@router.post("/faults", status_code=201)
async def add_fault(order: FaultOrder, simulation: Simulated) -> dict[str, object]:
    """Switch a fault on; its id is in the answer."""
    armed = simulation.faults.add(Fault(**order.model_dump(exclude={"lasts"})))
    if order.lasts is not None:
        loop = asyncio.get_running_loop()
        loop.call_later(order.lasts.total_seconds(), simulation.faults.clear, armed.id)
    return report.fault(armed)


@router.delete("/faults")
async def clear_faults(simulation: Simulated) -> dict[str, int]:
    """Switch every fault off and let go the requests they hold."""
    return {"cleared": simulation.faults.clear()}


@router.delete("/faults/{fault_id}")
async def clear_fault(fault_id: str, simulation: Simulated) -> dict[str, int]:
    """Switch one fault off."""
    cleared = simulation.faults.clear(fault_id)
    if not cleared:
        raise HTTPException(404, f"no fault {fault_id!r}")
    return {"cleared": cleared}


@router.put("/zones/{name_or_id}")
async def change_zone(
    name_or_id: str, change: ZoneChange, simulation: Simulated, now: Now
) -> dict[str, object]:
    """Change a zone past all permissions and plans, as someone at the dashboard would."""
    zone = simulation.find_zone(name_or_id)
    if zone is None:
        raise HTTPException(404, f"no zone {name_or_id!r}")
    fields = change.model_dump(exclude_none=True)
    if change.level is not None:
        zone = zone.with_level(fields.pop("level"), now)
    if fields:
        zone = replace(zone, **fields, modified_on=now)
    simulation.put_zone(zone)
    return report.zone(zone)


@router.delete("/zones/{name_or_id}")
async def delete_zone(name_or_id: str, simulation: Simulated) -> dict[str, object]:
    """Take a zone out of the account; from here on it looks as if it had never been there."""
    zone = simulation.find_zone(name_or_id)
    if zone is None:
        raise HTTPException(404, f"no zone {name_or_id!r}")
    del simulation.zones[zone.id]
    return report.zone(zone)


@router.put("/rate-limit")
async def change_rate_limit(order: RateLimitOrder, simulation: Simulated) -> dict[str, object]:
    """Set the limit, forgetting all counts and blocks."""
    simulation.limiter.change(RateLimit(**order.model_dump()))
    return rate_limit(simulation.limiter.limit)
