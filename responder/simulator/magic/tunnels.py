"""Family: GRE and IPsec tunnels and interconnects, read only; whether they are up is in GraphQL.

The results are objects around the list, unlike elsewhere. With `x-magic-new-hc-target: true` the
target of a health check is an object, else a string.
"""

import ipaddress
from typing import Annotated

from fastapi import APIRouter, Depends, Header
from starlette.responses import JSONResponse

from responder.simulator.auth import Caller, account_family, caller_of
from responder.simulator.envelope import Layout, moment, success
from responder.simulator.inventory import BORN, identifier
from responder.simulator.magic.tunnel import Health, Tunnel, TunnelKind

__all__ = ["router"]

router = APIRouter(prefix="/accounts/{account_id}/magic")

_FAMILY = account_family(Layout.RESULT_LAST)
_READS = ("Magic Transit Read", "Magic Transit Write", "Magic WAN Read", "Magic WAN Write")

_Caller = Annotated[Caller, Depends(caller_of(_FAMILY))]
_NewTarget = Annotated[bool, Header(alias="x-magic-new-hc-target")]


@router.get("/gre_tunnels")
async def list_gre_tunnels(
    account_id: str, caller: _Caller, *, new_target: _NewTarget = False
) -> JSONResponse:
    """List the GRE tunnels."""
    tunnels = _tunnels(caller, account_id, TunnelKind.GRE)
    shown = [_gre_json(tunnel, new_target=new_target) for tunnel in tunnels]
    return success({"gre_tunnels": shown}, _FAMILY.layout)


@router.get("/gre_tunnels/{tunnel_id}")
async def get_gre_tunnel(
    account_id: str, tunnel_id: str, caller: _Caller, *, new_target: _NewTarget = False
) -> JSONResponse:
    """Show one GRE tunnel."""
    tunnel = _tunnel(caller, account_id, TunnelKind.GRE, tunnel_id)
    return success({"gre_tunnel": _gre_json(tunnel, new_target=new_target)}, _FAMILY.layout)


@router.get("/ipsec_tunnels")
async def list_ipsec_tunnels(
    account_id: str, caller: _Caller, *, new_target: _NewTarget = False
) -> JSONResponse:
    """List the IPsec tunnels."""
    tunnels = _tunnels(caller, account_id, TunnelKind.IPSEC)
    shown = [_ipsec_json(tunnel, new_target=new_target) for tunnel in tunnels]
    return success({"ipsec_tunnels": shown}, _FAMILY.layout)


@router.get("/ipsec_tunnels/{tunnel_id}")
async def get_ipsec_tunnel(
    account_id: str, tunnel_id: str, caller: _Caller, *, new_target: _NewTarget = False
) -> JSONResponse:
    """Show one IPsec tunnel."""
    tunnel = _tunnel(caller, account_id, TunnelKind.IPSEC, tunnel_id)
    return success({"ipsec_tunnel": _ipsec_json(tunnel, new_target=new_target)}, _FAMILY.layout)


@router.get("/cf_interconnects")
async def list_interconnects(
    account_id: str, caller: _Caller, *, new_target: _NewTarget = False
) -> JSONResponse:
    """List the interconnects as tunnels."""
    lines = _tunnels(caller, account_id, TunnelKind.INTERCONNECT)
    shown = [_interconnect_json(line, new_target=new_target) for line in lines]
    return success({"interconnects": shown}, _FAMILY.layout)


def _tunnels(caller: Caller, account_id: str, kind: TunnelKind) -> list[Tunnel]:
    account = caller.account(account_id, *_READS)
    tunnels = caller.simulation.tunnels.values()
    return [t for t in tunnels if t.kind is kind and t.account == account]


def _tunnel(caller: Caller, account_id: str, kind: TunnelKind, tunnel_id: str) -> Tunnel:
    tunnels = _tunnels(caller, account_id, kind)
    found = next((tunnel for tunnel in tunnels if tunnel.id == tunnel_id), None)
    if found is None:
        raise caller.error(404, 1001, "Tunnel not found")
    return found


def _common_json(tunnel: Tunnel, *, new_target: bool) -> dict[str, object]:
    inside = str(ipaddress.ip_interface(tunnel.interface_address).ip + 1)
    target: object = {"saved": "", "effective": inside} if new_target else inside
    return {
        "id": tunnel.id,
        "name": tunnel.name,
        "description": tunnel.description,
        "interface_address": tunnel.interface_address,
        "created_on": moment(BORN),
        "modified_on": moment(BORN),
        "health_check": {
            "enabled": True,
            "type": "reply",
            "rate": "mid",
            "direction": "unidirectional",
            "target": target,
        },
    }


def _bgp_json(tunnel: Tunnel) -> dict[str, object]:
    """Show the BGP session, which is up while any of the health checks pass (assumed).

    Of an interconnect the schema has the session, and not how it is.
    """
    if tunnel.asn is None:
        return {}
    up = tunnel.health is not Health.DOWN
    return {
        "bgp": _session(tunnel.asn),
        "bgp_status": {
            "state": "BGP_UP" if up else "BGP_DOWN",
            "tcp_established": up,
            "updated_at": moment(tunnel.turns[-1].at),
        },
    }


def _session(asn: int) -> dict[str, object]:
    return {"customer_asn": asn, "extra_prefixes": []}


def _gre_json(tunnel: Tunnel, *, new_target: bool) -> dict[str, object]:
    return {
        **_common_json(tunnel, new_target=new_target),
        "cloudflare_gre_endpoint": tunnel.cloudflare_endpoint,
        "customer_gre_endpoint": tunnel.customer_endpoint,
        "mtu": tunnel.mtu,
        "ttl": 64,
        **_bgp_json(tunnel),
    }


def _ipsec_json(tunnel: Tunnel, *, new_target: bool) -> dict[str, object]:
    return {
        **_common_json(tunnel, new_target=new_target),
        "cloudflare_endpoint": tunnel.cloudflare_endpoint,
        "customer_endpoint": tunnel.customer_endpoint,
        "replay_protection": False,
        "allow_null_cipher": False,
        "psk_metadata": {"last_generated_on": moment(BORN)},
        **_bgp_json(tunnel),
    }


def _interconnect_json(tunnel: Tunnel, *, new_target: bool) -> dict[str, object]:
    return {
        **_common_json(tunnel, new_target=new_target),
        "colo_name": next(iter(tunnel.colos), ""),
        "gre": {"cloudflare_endpoint": tunnel.cloudflare_endpoint},
        "mtu": tunnel.mtu,
        "virtual_port_reservation_id": identifier("port", tunnel.id),
        **({"bgp": _session(tunnel.asn)} if tunnel.asn else {}),
    }
