"""Family: the account's configuration of MNM."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import Field
from starlette.responses import JSONResponse

from responder.simulator.auth import Caller, account_family, caller_of
from responder.simulator.bodies import Body, read_body
from responder.simulator.envelope import Layout, success
from responder.simulator.mnm.rule import Mnm
from responder.simulator.mnm.rules import READS, WRITES, rule_json

__all__ = ["router"]

router = APIRouter(prefix="/accounts/{account_id}/mnm/config")

_FAMILY = account_family(Layout.RESULT_LAST)

_Caller = Annotated[Caller, Depends(caller_of(_FAMILY))]


class _Change(Body):
    name: Annotated[str, Field(min_length=1)] | None = None
    default_sampling: Annotated[float, Field(ge=1)] | None = None
    router_ips: list[str] | None = None


@router.get("")
async def get_config(account_id: str, caller: _Caller) -> JSONResponse:
    """Show the configuration."""
    caller.account(account_id, *READS)
    return success(_config_json(caller.simulation.mnm), _FAMILY.layout)


@router.get("/full")
async def get_full_config(account_id: str, caller: _Caller) -> JSONResponse:
    """Show the configuration with its rules."""
    account = caller.account(account_id, *READS)
    own = [rule for rule in caller.simulation.mnm_rules.values() if rule.account == account]
    rules = [rule_json(rule, caller) for rule in own]
    return success({**_config_json(caller.simulation.mnm), "rules": rules}, _FAMILY.layout)


@router.patch("")
async def edit_config(account_id: str, request: Request, caller: _Caller) -> JSONResponse:
    """Change the configuration; what is left out stays."""
    caller.account(account_id, *WRITES)
    change = await read_body(request, _Change, caller)
    fields = change.model_dump(exclude_none=True)
    if change.router_ips is not None:
        fields["router_ips"] = tuple(change.router_ips)
    caller.simulation.mnm = replace(caller.simulation.mnm, **fields)
    return success(_config_json(caller.simulation.mnm), _FAMILY.layout)


def _config_json(mnm: Mnm) -> dict[str, object]:
    return {
        "name": mnm.name,
        "default_sampling": mnm.default_sampling,
        "router_ips": list(mnm.router_ips),
        "warp_devices": [],
    }
