"""Family: interconnects as physical lines, which answers without the envelope of the others.

The answers are those of the schema, or as they were observed in the field: addresses as objects,
`cursor` in place of `next`, the facility's address as one string. Errors come in the envelope
(assumed).
"""

import ipaddress
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse

from responder.simulator.auth import Caller, account_family, caller_of
from responder.simulator.envelope import Layout
from responder.simulator.inventory import identifier
from responder.simulator.magic.tunnel import Health, LineState, Tunnel, TunnelKind

__all__ = ["router"]

router = APIRouter(prefix="/accounts/{account_id}/cni")

_FAMILY = account_family(Layout.RESULT_LAST)
_READS = ("Magic Transit Read", "Magic Transit Write", "Magic WAN Read", "Magic WAN Write")
_STATES = {
    Health.HEALTHY: LineState.HEALTHY,
    Health.DEGRADED: LineState.UNHEALTHY,
    Health.DOWN: LineState.DOWN,
}
_REASONED = frozenset({LineState.UNHEALTHY, LineState.DOWN})
"""Only these have a reason, where one is known."""

_Caller = Annotated[Caller, Depends(caller_of(_FAMILY))]


@router.get("/interconnects")
async def list_interconnects(account_id: str, request: Request, caller: _Caller) -> JSONResponse:
    """List the physical lines."""
    lines = _lines(caller, account_id)
    return _page([_line_json(line, caller) for line in lines], request, caller)


@router.get("/interconnects/{name}/status")
async def get_status(account_id: str, name: str, caller: _Caller) -> JSONResponse:
    """Tell how a line is; the reason is only there when it is not well."""
    line = next((each for each in _lines(caller, account_id) if each.name == name), None)
    if line is None:
        raise caller.error(404, 1001, "Interconnect not found")
    state = line.line.state or _STATES[line.health]
    reason = {"reason": line.line.reason or "simulated"} if state in _REASONED else {}
    return JSONResponse({"state": state, **reason})


@router.get("/cnis")
async def list_cnis(account_id: str, request: Request, caller: _Caller) -> JSONResponse:
    """List what runs over the lines."""
    lines = _lines(caller, account_id)
    return _page([_cni_json(line, caller) for line in lines], request, caller)


def _lines(caller: Caller, account_id: str) -> list[Tunnel]:
    account = caller.account(account_id, *_READS)
    tunnels = caller.simulation.tunnels.values()
    return [t for t in tunnels if t.kind is TunnelKind.INTERCONNECT and t.account == account]


def _page(items: Sequence[object], request: Request, caller: Caller) -> JSONResponse:
    """Cut out the page asked for; both `cursor` and `next` count items."""
    try:
        cursor = int(request.query_params.get("cursor", "0"))
        limit = int(request.query_params.get("limit", "100"))
    except ValueError:
        cursor = limit = -1
    if cursor < 0 or limit < 1:
        raise caller.error(400, 1003, "Invalid value for cursor or limit")
    after = cursor + limit
    following = after if after < len(items) else None
    key = "cursor" if caller.simulation.interconnects_as_observed else "next"
    return JSONResponse({"items": items[cursor:after], key: following})


def _line_json(line: Tunnel, caller: Caller) -> dict[str, object]:
    address = ["1 Simulated Street"]
    observed = caller.simulation.interconnects_as_observed
    return {
        "account": line.account.id,
        "name": line.name,
        "type": "direct",
        "site": next(iter(line.colos), ""),
        "slot_id": identifier("slot", line.id),
        "speed": "10G",
        "facility": {"name": "Simulated", "address": address[0] if observed else address},
        "virtual_port_reservation_id": identifier("port", line.id),
    }


def _cni_json(line: Tunnel, caller: Caller) -> dict[str, object]:
    interface = ipaddress.ip_interface(line.interface_address)
    return {
        "id": identifier("cni", line.id),
        "account": line.account.id,
        "interconnect": line.name,
        "p2p_ip": _address(interface.ip, interface, caller),
        "cust_ip": _address(interface.ip + 1, interface, caller),
        "magic": {"conduit_name": line.name, "description": line.description, "mtu": line.mtu},
        "bgp": {"customer_asn": line.asn, "extra_prefixes": []} if line.asn else None,
    }


def _address(
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address,
    interface: ipaddress.IPv4Interface | ipaddress.IPv6Interface,
    caller: Caller,
) -> object:
    bits = interface.network.prefixlen
    if caller.simulation.interconnects_as_observed:
        return {"ip": str(ip), "cidr": bits}
    return f"{ip}/{bits}"
