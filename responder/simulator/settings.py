"""Family: zone settings, of which only `security_level` is simulated.

The batch endpoint over all settings of a zone was switched off by Cloudflare on 2026-09-15; it is
left to the answer for unknown paths. Where no authority gives an error's code or status (a plan
that may not say `off`, a body that is no JSON or lacks `value`), the one here is assumed.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic_core import from_json
from starlette.responses import JSONResponse

from responder.simulator.auth import Caller, Family, Refusal, caller_of
from responder.simulator.envelope import ApiError, Layout, Problem, moment, success
from responder.simulator.inventory import Level, Plan, Zone

__all__ = ["router"]

router = APIRouter()

_SETTING = "security_level"
_NO = Refusal(403, Problem(10000, "Authentication error"))
_FAMILY = Family(
    layout=Layout.RESULT_LAST,
    missing=Refusal(
        400, Problem(9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers")
    ),
    unknown=_NO,
    forbidden=_NO,
)

_Caller = Annotated[Caller, Depends(caller_of(_FAMILY))]


@router.get("/zones/{zone_id}/settings/{setting_id}")
async def get_setting(zone_id: str, setting_id: str, caller: _Caller) -> JSONResponse:
    """Show the setting; permission to write includes permission to read."""
    zone = caller.zone(zone_id, "Zone Settings Read", "Zone Settings Write")
    _check_known(setting_id)
    return success(_setting_json(zone), _FAMILY.layout)


@router.patch("/zones/{zone_id}/settings/{setting_id}")
async def edit_setting(
    zone_id: str, setting_id: str, request: Request, caller: _Caller
) -> JSONResponse:
    """Write the level; `modified_on` moves with every accepted write."""
    zone = caller.zone(zone_id, "Zone Settings Write")
    _check_known(setting_id)
    level = _level(await request.body())
    _check_allowed(zone, level)
    written = zone.with_level(level, caller.now)
    caller.simulation.put_zone(written)
    return success(_setting_json(written), _FAMILY.layout)


def _check_known(setting_id: str) -> None:
    if setting_id != _SETTING:
        raise ApiError(400, Problem(1006, "Unrecognized zone setting name"))


def _level(body: bytes) -> Level:
    try:
        order = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise ApiError(400, Problem(6007, "Malformed JSON in request body")) from error
    value = order.get("value") if isinstance(order, dict) else None
    if value not in list(Level):
        raise ApiError(400, Problem(1007, f"Invalid value for zone setting {_SETTING}"))
    return Level(value)


def _check_allowed(zone: Zone, level: Level) -> None:
    gated = level is Level.OFF and zone.plan is not Plan.ENTERPRISE
    if gated or not zone.editable:
        raise ApiError(400, Problem(1057, f"{_SETTING} cannot be modified for this zone"))


def _setting_json(zone: Zone) -> dict[str, object]:
    return {
        "id": _SETTING,
        "value": zone.level,
        "editable": zone.editable,
        "modified_on": moment(zone.level_modified_on),
    }
