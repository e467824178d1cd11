"""Family: IP prefixes, what of them is advertised, and the switch of the advertisement.

`bgp/status` is the older switch of the prefix as a whole; it acts on the BGP prefix of the same
CIDR, and there is none when the prefix is advertised in parts only.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import Field
from starlette.responses import JSONResponse

from responder.simulator.auth import Caller, account_family, caller_of
from responder.simulator.bodies import Body, read_body
from responder.simulator.envelope import Layout, moment, success
from responder.simulator.inventory import BORN, identifier
from responder.simulator.magic.advertising import change
from responder.simulator.magic.prefix import BgpPrefix, Prefix

__all__ = ["router"]

router = APIRouter(prefix="/accounts/{account_id}/addressing/prefixes")

_FAMILY = account_family(Layout.RESULT_FIRST)
_READS = ("IP Prefixes: Read", "IP Prefixes: Write", "Magic Transit Read", "Magic Transit Write")
_TURNS = ("IP Prefixes: Write", "IP Prefixes: BGP On Demand Write", "Magic Transit Write")
_BGP_READS = (*_READS, "IP Prefixes: BGP On Demand Read", "IP Prefixes: BGP On Demand Write")

_Caller = Annotated[Caller, Depends(caller_of(_FAMILY))]


class _OnDemand(Body):
    advertised: bool


class _Edit(Body):
    on_demand: _OnDemand | None = None
    asn_prepend_count: Annotated[int, Field(ge=0, le=3)] | None = None
    auto_advertise_withdraw: bool | None = None


@router.get("")
async def list_prefixes(account_id: str, caller: _Caller) -> JSONResponse:
    """List the account's prefixes, all at once."""
    account = caller.account(account_id, *_READS)
    own = [p for p in caller.simulation.prefixes.values() if p.account == account]
    return success([_prefix_json(prefix, caller) for prefix in own], _FAMILY.layout)


@router.get("/{prefix_id}")
async def get_prefix(account_id: str, prefix_id: str, caller: _Caller) -> JSONResponse:
    """Show one prefix."""
    prefix = _prefix(caller, account_id, prefix_id, _READS)
    return success(_prefix_json(prefix, caller), _FAMILY.layout)


@router.get("/{prefix_id}/bgp/prefixes")
async def list_bgp_prefixes(account_id: str, prefix_id: str, caller: _Caller) -> JSONResponse:
    """List what of the prefix may be advertised, all at once."""
    prefix = _prefix(caller, account_id, prefix_id, _BGP_READS)
    parts = [p for p in caller.simulation.bgp_prefixes.values() if p.parent_id == prefix.id]
    return success([_bgp_prefix_json(part, caller) for part in parts], _FAMILY.layout)


@router.get("/{prefix_id}/bgp/prefixes/{part_id}")
async def get_bgp_prefix(
    account_id: str, prefix_id: str, part_id: str, caller: _Caller
) -> JSONResponse:
    """Show one BGP prefix."""
    part = _part(caller, _prefix(caller, account_id, prefix_id, _BGP_READS), part_id)
    return success(_bgp_prefix_json(part, caller), _FAMILY.layout)


@router.patch("/{prefix_id}/bgp/prefixes/{part_id}")
async def edit_bgp_prefix(
    account_id: str, prefix_id: str, part_id: str, request: Request, caller: _Caller
) -> JSONResponse:
    """Advertise or withdraw, and set what goes with it; success means registered, not routed."""
    part = _part(caller, _prefix(caller, account_id, prefix_id, _TURNS), part_id)
    edit = await read_body(request, _Edit, caller)
    if not edit.model_dump(exclude_none=True):
        raise caller.error(400, 1004, "Nothing to change: send on_demand.advertised")
    if edit.on_demand is not None:
        part = change(part, caller, advertise=edit.on_demand.advertised)
    written = part.set_up(
        caller.now, prepend=edit.asn_prepend_count, follows_routes=edit.auto_advertise_withdraw
    )
    caller.simulation.put_bgp_prefix(written)
    return success(_bgp_prefix_json(written, caller), _FAMILY.layout)


@router.get("/{prefix_id}/bgp/status")
async def get_status(account_id: str, prefix_id: str, caller: _Caller) -> JSONResponse:
    """Show the advertisement of the prefix as a whole (deprecated by Cloudflare)."""
    prefix = _prefix(caller, account_id, prefix_id, _BGP_READS)
    return success(_status_json(_whole(caller, prefix), caller), _FAMILY.layout)


@router.patch("/{prefix_id}/bgp/status")
async def edit_status(
    account_id: str, prefix_id: str, request: Request, caller: _Caller
) -> JSONResponse:
    """Advertise or withdraw the prefix as a whole (deprecated by Cloudflare)."""
    whole = _whole(caller, _prefix(caller, account_id, prefix_id, _TURNS))
    order = await read_body(request, _OnDemand, caller)
    written = change(whole, caller, advertise=order.advertised)
    caller.simulation.put_bgp_prefix(written)
    return success(_status_json(written, caller), _FAMILY.layout)


def _prefix(caller: Caller, account_id: str, prefix_id: str, groups: tuple[str, ...]) -> Prefix:
    account = caller.account(account_id, *groups)
    prefix = caller.simulation.prefixes.get(prefix_id)
    if prefix is None or prefix.account != account:
        raise caller.error(404, 1001, "Prefix not found")
    return prefix


def _part(caller: Caller, prefix: Prefix, part_id: str) -> BgpPrefix:
    part = caller.simulation.bgp_prefixes.get(part_id)
    if part is None or part.parent_id != prefix.id:
        raise caller.error(404, 1001, "BGP prefix not found")
    return part


def _whole(caller: Caller, prefix: Prefix) -> BgpPrefix:
    return _part(caller, prefix, identifier("bgp_prefix", prefix.cidr))


def _status_json(part: BgpPrefix, caller: Caller) -> dict[str, object]:
    """Show what a read shows; both are null while there is nothing on demand about it."""
    turn = part.visible(caller.now)
    changed = turn.at > BORN or turn.advertised
    return {
        "advertised": turn.advertised if part.on_demand else None,
        "advertised_modified_at": moment(turn.at) if part.on_demand and changed else None,
    }


def _bgp_prefix_json(part: BgpPrefix, caller: Caller) -> dict[str, object]:
    return {
        "id": part.id,
        "cidr": part.cidr,
        "asn": part.asn,
        "asn_prepend_count": part.prepend,
        "auto_advertise_withdraw": part.follows_routes,
        "bgp_signal_opts": {
            "enabled": part.bgp_controlled,
            "modified_at": moment(BORN) if part.bgp_controlled else None,
        },
        "on_demand": {
            **_status_json(part, caller),
            "on_demand_enabled": part.on_demand,
            "on_demand_locked": part.locked,
        },
        "created_at": moment(BORN),
        "modified_at": moment(part.modified_on),
    }


def _prefix_json(prefix: Prefix, caller: Caller) -> dict[str, object]:
    """Build the prefix as sent; its own four advertisement fields are deprecated."""
    whole = caller.simulation.bgp_prefixes.get(identifier("bgp_prefix", prefix.cidr))
    nothing = {"advertised": None, "advertised_modified_at": None}
    return {
        "id": prefix.id,
        "account_id": prefix.account.id,
        "cidr": prefix.cidr,
        "asn": prefix.asn,
        "description": prefix.description,
        "approved": "V" if prefix.approved else "P",
        **(_status_json(whole, caller) if whole else nothing),
        "on_demand_enabled": bool(whole and whole.on_demand),
        "on_demand_locked": bool(whole and whole.locked),
        "irr_validation_state": "valid" if prefix.approved else "pending",
        "rpki_validation_state": "valid" if prefix.approved else "pending",
        "ownership_validation_state": "valid" if prefix.approved else "pending",
        "ownership_validation_token": identifier("ownership", prefix.cidr),
        "loa_document_id": None,
        "delegate_loa_creation": False,
        "created_at": moment(BORN),
        "modified_at": moment(BORN),
    }
