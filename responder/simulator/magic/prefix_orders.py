"""The control API of prefixes. Spans are numbers of seconds.

POST   /simulator/prefixes           `{"cidr": "203.0.113.0/24", "advertised": false}`, and any of
                                     `within`, `on_demand`, `locked`, `bgp_controlled`,
                                     `approved`, `asn`, `description`, `account`
PUT    /simulator/prefixes/{prefix}  somebody else: any of `{"advertised": true,
                                     "on_demand": false, "locked": true, "bgp_controlled": true,
                                     "approved": false}`; the prefix is a CIDR or an id
DELETE /simulator/prefixes/{prefix}  the prefix leaves the account
PUT    /simulator/advertising        any of `{"advertise_takes": 240, "withdraw_takes": 600,
                                     "visible_after": 0, "advertise_after_withdraw": 900,
                                     "withdraw_after_advertise": 900}`
"""

from dataclasses import replace

from fastapi import APIRouter, HTTPException
from pydantic import PositiveInt

from responder.simulator.magic import report
from responder.simulator.magic.prefix import BgpPrefix, Prefix, Turn
from responder.simulator.orders import Now, Order, Simulated, Span, account_named
from responder.simulator.state import Simulation

__all__ = ["PrefixOrder", "add_prefix", "router"]

router = APIRouter()


class PrefixOrder(Order):
    """Body of POST /prefixes, and a prefix in a seed file."""

    cidr: str
    within: str = ""
    advertised: bool = False
    on_demand: bool = True
    locked: bool = False
    bgp_controlled: bool = False
    approved: bool = True
    asn: PositiveInt = 64500
    description: str = ""
    account: str | None = None


class PrefixChange(Order):
    """Body of PUT /prefixes; what is left out stays."""

    advertised: bool | None = None
    on_demand: bool | None = None
    locked: bool | None = None
    bgp_controlled: bool | None = None
    approved: bool | None = None


class PaceOrder(Order):
    """Body of PUT /advertising; what is left out stays."""

    advertise_takes: Span | None = None
    withdraw_takes: Span | None = None
    visible_after: Span | None = None
    advertise_after_withdraw: Span | None = None
    withdraw_after_advertise: Span | None = None


def add_prefix(order: PrefixOrder, simulation: Simulation) -> BgpPrefix:
    """Onboard a prefix, or a more specific part of one; ValueError when it is no prefix."""
    part = BgpPrefix(
        order.cidr,
        order.within,
        on_demand=order.on_demand,
        locked=order.locked,
        bgp_controlled=order.bgp_controlled,
        asn=order.asn,
        turns=(Turn(order.advertised),),
    )
    account = account_named(order.account, simulation)
    whole = Prefix(part.within, order.asn, order.description, order.approved, account)
    if part.cidr == part.within or whole.id not in simulation.prefixes:
        simulation.put_prefix(whole)
    simulation.put_bgp_prefix(part)
    return part


@router.post("/prefixes", status_code=201)
async def post_prefix(order: PrefixOrder, simulation: Simulated, now: Now) -> dict[str, object]:
    """Add a prefix, or put the one of that CIDR back to the beginning."""
    try:
        return report.bgp_prefix(add_prefix(order, simulation), now)
    except ValueError as error:
        raise HTTPException(400, f"body.cidr: {error}") from error


@router.put("/prefixes/{cidr_or_id:path}")
async def change_prefix(
    cidr_or_id: str, change: PrefixChange, simulation: Simulated, now: Now
) -> dict[str, object]:
    """Change a prefix past all obstacles, as the dashboard, the account team or MNM would."""
    part = _found(cidr_or_id, simulation)
    fields = change.model_dump(exclude_none=True)
    if change.advertised is not None:
        part = part.turned(now, simulation.pace, advertise=fields.pop("advertised"))
    if change.approved is not None:
        whole = simulation.prefixes[part.parent_id]
        simulation.put_prefix(replace(whole, approved=fields.pop("approved")))
    part = replace(part, **fields)
    simulation.put_bgp_prefix(part)
    return report.bgp_prefix(part, now)


@router.delete("/prefixes/{cidr_or_id:path}")
async def delete_prefix(cidr_or_id: str, simulation: Simulated, now: Now) -> dict[str, object]:
    """Take a prefix out of the account, with all its parts when it is the whole."""
    part = _found(cidr_or_id, simulation)
    whole = simulation.prefixes[part.parent_id]
    gone = {part.id}
    if part.cidr == whole.cidr:
        gone = {p.id for p in simulation.bgp_prefixes.values() if p.parent_id == whole.id}
        del simulation.prefixes[whole.id]
    for part_id in gone:
        del simulation.bgp_prefixes[part_id]
    return report.bgp_prefix(part, now)


@router.put("/advertising")
async def change_pace(order: PaceOrder, simulation: Simulated) -> dict[str, object]:
    """Set how long changes take and must rest, from the next change on."""
    simulation.pace = replace(simulation.pace, **order.model_dump(exclude_none=True))
    return report.pace(simulation.pace)


def _found(cidr_or_id: str, simulation: Simulation) -> BgpPrefix:
    part = simulation.find_bgp_prefix(cidr_or_id)
    if part is None:
        raise HTTPException(404, f"no prefix {cidr_or_id!r}")
    return part
