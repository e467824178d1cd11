"""The control API of tokens.

POST   /simulator/tokens           `{"name": "ops", "value": "...", "permissions": ["Zone Read"],
                                   "zones": ["example.com"], "kind": "user"}`, and `account`
PATCH  /simulator/tokens/{token}   any of `status`, `expires_on`, `permissions`, `zones`
"""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, HTTPException
from pydantic import AwareDatetime, Field

from responder.simulator import report
from responder.simulator.inventory import Token, TokenKind, TokenStatus
from responder.simulator.orders import Now, Order, Simulated, account_named
from responder.simulator.state import Simulation

__all__ = ["TokenOrder", "router", "token_of"]

router = APIRouter()


class TokenChange(Order):
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
    account: str | None = None


@router.post("/tokens", status_code=201)
async def add_token(order: TokenOrder, simulation: Simulated, now: Now) -> dict[str, object]:
    """Add a token, or replace the one of that name."""
    token = token_of(order, simulation)
    simulation.put_token(token)
    return report.token(token, now)


@router.patch("/tokens/{name_or_id}")
async def change_token(
    name_or_id: str, change: TokenChange, simulation: Simulated, now: Now
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


def token_of(order: TokenOrder, simulation: Simulation) -> Token:
    """Make the token that is described; HTTPException when it cannot be."""
    zones = _zone_ids(order.zones, simulation)
    account = account_named(order.account, simulation)
    token = Token(**order.model_dump() | {"zones": zones, "account": account})
    if any(t.value == token.value and t.id != token.id for t in simulation.tokens.values()):
        raise HTTPException(400, "this value belongs to a token of another name")
    return token


def _zone_ids(names: frozenset[str] | None, simulation: Simulation) -> frozenset[str] | None:
    if names is None:
        return None
    zones = {name: simulation.find_zone(name) for name in names}
    unknown = sorted(name for name, zone in zones.items() if zone is None)
    if unknown:
        raise HTTPException(404, f"no zone {', '.join(unknown)}")
    return frozenset(zone.id for zone in zones.values() if zone is not None)
