"""Family: zones, listed and one by one."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import QueryParams
from starlette.responses import JSONResponse

from responder.simulator.auth import Caller, Family, Refusal, caller_of
from responder.simulator.envelope import Layout, Problem, moment, success
from responder.simulator.inventory import BORN, Plan, Zone, ZoneStatus, identifier
from responder.simulator.pages import page_of

__all__ = ["router"]

router = APIRouter()

_FAMILY = Family(
    layout=Layout.RESULT_FIRST,
    missing=Refusal(
        400, Problem(9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers")
    ),
    unknown=Refusal(403, Problem(9109, "Invalid access token")),
    forbidden=Refusal(403, Problem(9109, "Unauthorized to access requested resource")),
)
_PLAN_NAMES = {
    Plan.FREE: "Free Website",
    Plan.PRO: "Pro Website",
    Plan.BUSINESS: "Business Website",
    Plan.ENTERPRISE: "Enterprise Website",
}

_Caller = Annotated[Caller, Depends(caller_of(_FAMILY))]


@router.get("/zones")
async def list_zones(request: Request, caller: _Caller) -> JSONResponse:
    """List the zones the token sees, by name, one page at a time."""
    caller.require("Zone Read")
    query = request.query_params
    seen = sorted(
        (z for z in caller.simulation.zones.values() if caller.token.sees(z) and _wanted(z, query)),
        key=lambda zone: zone.name,
    )
    shown, info = page_of(seen, query, caller, sizes=range(5, 51), size=20)
    return success([_zone_json(zone) for zone in shown], _FAMILY.layout, info=info)


@router.get("/zones/{zone_id}")
async def get_zone(zone_id: str, caller: _Caller) -> JSONResponse:
    """Show one zone."""
    return success(_zone_json(caller.zone(zone_id, "Zone Read")), _FAMILY.layout)


def _wanted(zone: Zone, query: QueryParams) -> bool:
    facts = {
        "name": zone.name,
        "status": zone.status,
        "account.id": zone.account.id,
        "account.name": zone.account.name,
    }
    return all(query.get(key, fact) == fact for key, fact in facts.items())


def _zone_json(zone: Zone) -> dict[str, object]:
    """Build the zone as sent; what the simulation does not model is constant but of true type."""
    active = zone.status is ZoneStatus.ACTIVE
    return {
        "id": zone.id,
        "name": zone.name,
        "status": zone.status,
        "paused": zone.paused,
        "type": "full",
        "development_mode": 0,
        "name_servers": ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"],
        "original_name_servers": ["ns1.example.net", "ns2.example.net"],
        "original_registrar": None,
        "original_dnshost": None,
        "created_on": moment(BORN),
        "modified_on": moment(zone.modified_on),
        "activated_on": moment(BORN) if active else None,
        "meta": {"step": 4, "custom_certificate_quota": 0, "page_rule_quota": 3},
        "owner": {"id": None, "type": "user", "email": None},
        "account": {"id": zone.account.id, "name": zone.account.name},
        "tenant": {"id": None, "name": None},
        "tenant_unit": {"id": None},
        "permissions": ["#zone:read", "#zone_settings:edit", "#zone_settings:read"],
        "plan": {
            "id": identifier("plan", zone.plan),
            "name": _PLAN_NAMES[zone.plan],
            "legacy_id": zone.plan,
            "price": 0,
            "currency": "USD",
            "frequency": "",
            "is_subscribed": zone.plan is not Plan.FREE,
            "can_subscribe": False,
            "legacy_discount": False,
            "externally_managed": False,
        },
    }
