"""The control API: how a test, the demo or a curious user looks into the simulator and upsets it.

JSON, no authentication: the server listens on loopback only. Spans are numbers of seconds.

GET    /simulator/state            zones and levels, tokens, armed faults, limit, request totals
GET    /simulator/requests         the last 10,000 API requests, oldest first
POST   /simulator/faults           `{"kind": "rate_limited", "retry_after": 30, "count": 3}`; the
                                   scope is `method`, `zone` (name or id) and `path` (a part of it);
                                   with `lasts` it is cleared by itself
DELETE /simulator/faults           clear all; /simulator/faults/{id} clears one
PUT    /simulator/zones/{zone}     the human at the dashboard: any of `{"level": "high",
                                   "paused": true, "status": "moved", "plan": "free",
                                   "editable": false}`; the zone is a name or an id
DELETE /simulator/zones/{zone}     the zone leaves the account
POST   /simulator/tokens           `{"name": "ops", "value": "...", "permissions": ["Zone Read"],
                                   "zones": ["example.com"], "kind": "user"}`
PATCH  /simulator/tokens/{token}   any of `status`, `expires_on`, `permissions`, `zones`
PUT    /simulator/rate-limit       `{"requests": 10, "window": 300, "block": 300}`

A mistake answers 400, an unknown zone, token or fault 404, both with `{"error": ...}`.
"""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt

from responder.simulator import report
from responder.simulator.faults import Fault, FaultKind
from responder.simulator.inventory import Level, Plan, Token, TokenKind, TokenStatus, ZoneStatus
from responder.simulator.limits import RateLimit
from responder.simulator.state import Simulation

__all__ = ["router"]

router = APIRouter()

_Span = Annotated[timedelta, Field(ge=timedelta(0))]


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FaultOrder(_Order):
    """Body of POST /faults."""

    kind: FaultKind
    method: str | None = None
    zone: str | None = None
    path: str | None = None
    count: PositiveInt | None = None
    delay: _Span = timedelta(0)
    retry_after: NonNegativeInt | None = None
    lasts: _Span | None = None


class ZoneChange(_Order):
    """Body of PUT /zones; what is left out stays."""

    level: Level | None = None
    paused: bool | None = None
    status: ZoneStatus | None = None
    plan: Plan | None = None
    editable: bool | None = None


class TokenChange(_Order):
    """Body of PATCH /tokens; what is left out stays, `zones` null means all."""

    status: TokenStatus = TokenStatus.ACTIVE
    expires_on: AwareDatetime | None = None
    permissions: frozenset[str] = frozenset()
    zones: frozenset[str] | None = None


class TokenOrder(TokenChange):
    """Body of POST /tokens; the value comes in, and never out again."""

    name: Annotated[str, Field(min_length=1)]
    value: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]
    kind: TokenKind = TokenKind.USER
    email: str | None = None


class RateLimitOrder(_Order):
    """Body of PUT /rate-limit."""

    requests: PositiveInt = 1200
    window: _Span = timedelta(seconds=300)
    block: _Span = timedelta(seconds=300)


async def _simulation(request: Request) -> Simulation:
    simulation: Simulation = request.state.simulation
    return simulation


async def _now(request: Request) -> datetime:
    now: datetime = request.state.clock()
    return now


_Simulation = Annotated[Simulation, Depends(_simulation)]
_Now = Annotated[datetime, Depends(_now)]


@router.get("/state")
async def get_state(simulation: _Simulation, now: _Now) -> dict[str, object]:
    """Show the simulation as it stands."""
    return report.state(simulation, now)


@router.get("/requests")
async def get_requests(simulation: _Simulation) -> dict[str, object]:
    """Show the request log."""
    return {"requests": [report.request(entry) for entry in simulation.requests]}


@router.post("/faults", status_code=201)
async def add_fault(order: FaultOrder, simulation: _Simulation) -> dict[str, object]:
    """Switch a fault on; its id is in the answer."""
    armed = simulation.faults.add(Fault(**order.model_dump(exclude={"lasts"})))
    if order.lasts is not None:
        loop = asyncio.get_running_loop()
        loop.call_later(order.lasts.total_seconds(), simulation.faults.clear, armed.id)
    return report.fault(armed)


@router.delete("/faults")
async def clear_faults(simulation: _Simulation) -> dict[str, int]:
    """Switch every fault off and let go the requests they hold."""
    return {"cleared": simulation.faults.clear()}


@router.delete("/faults/{fault_id}")
async def clear_fault(fault_id: str, simulation: _Simulation) -> dict[str, int]:
    """Switch one fault off."""
    cleared = simulation.faults.clear(fault_id)
    if not cleared:
        raise HTTPException(404, f"no fault {fault_id!r}")
    return {"cleared": cleared}


@router.put("/zones/{name_or_id}")
async def change_zone(
    name_or_id: str, change: ZoneChange, simulation: _Simulation, now: _Now
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
async def delete_zone(name_or_id: str, simulation: _Simulation) -> dict[str, object]:
    """Take a zone out of the account; from here on it looks as if it had never been there."""
    zone = simulation.find_zone(name_or_id)
    if zone is None:
        raise HTTPException(404, f"no zone {name_or_id!r}")
    del simulation.zones[zone.id]
    return report.zone(zone)


@router.post("/tokens", status_code=201)
async def add_token(order: TokenOrder, simulation: _Simulation, now: _Now) -> dict[str, object]:
    """Add a token, or replace the one of that name."""
    fields = order.model_dump() | {"zones": _zone_ids(order.zones, simulation)}
    token = Token(**fields)
    if any(t.value == token.value and t.id != token.id for t in simulation.tokens.values()):
        raise HTTPException(400, "this value belongs to a token of another name")
    simulation.put_token(token)
    return report.token(token, now)


@router.patch("/tokens/{name_or_id}")
async def change_token(
    name_or_id: str, change: TokenChange, simulation: _Simulation, now: _Now
) -> dict[str, object]:
    """Revoke a token, let it expire, or change what it may do."""
    token = simulation.find_token(name_or_id)
    if token is None:
        raise HTTPException(404, f"no token {name_or_id!r}")
    fields = change.model_dump(exclude_unset=True)
    if "zones" in fields:
        fields["zones"] = _zone_ids(change.zones, simulation)
    token = replace(token, **fields)
    simulation.put_token(token)
    return report.token(token, now)


@router.put("/rate-limit")
async def change_rate_limit(order: RateLimitOrder, simulation: _Simulation) -> dict[str, object]:
    """Set the limit, forgetting all counts and blocks."""
    simulation.limiter.change(RateLimit(**order.model_dump()))
    return report.rate_limit(simulation.limiter.limit)


def _zone_ids(names: frozenset[str] | None, simulation: Simulation) -> frozenset[str] | None:
    if names is None:
        return None
    zones = {name: simulation.find_zone(name) for name in names}
    unknown = sorted(name for name, zone in zones.items() if zone is None)
    if unknown:
        raise HTTPException(404, f"no zone {', '.join(unknown)}")
    return frozenset(zone.id for zone in zones.values() if zone is not None)
