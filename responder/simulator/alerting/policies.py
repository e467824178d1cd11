"""Family: notification policies, that is which notifications go where.

What Cloudflare answers to a policy that makes no sense is assumed: 400.
"""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import Field
from starlette.responses import JSONResponse

from responder.simulator.alerting.types import available, known
from responder.simulator.alerting.values import Policy
from responder.simulator.auth import Caller, account_family, caller_of
from responder.simulator.bodies import Body, read_body
from responder.simulator.envelope import Layout, moment, success
from responder.simulator.inventory import Account

__all__ = ["router"]

router = APIRouter(prefix="/accounts/{account_id}/alerting/v3")

_FAMILY = account_family(Layout.RESULT_FIRST)
_READS = ("Notifications Read", "Notifications Write")
_WRITES = ("Notifications Write",)

_Caller = Annotated[Caller, Depends(caller_of(_FAMILY))]


class _Id(Body):
    id: str


class _Mechanisms(Body):
    webhooks: list[_Id] = Field(default_factory=list)
    email: list[_Id] = Field(default_factory=list)


class _Order(Body):
    name: Annotated[str, Field(min_length=1)]
    alert_type: str
    enabled: bool
    mechanisms: _Mechanisms
    filters: dict[str, list[str]] = Field(default_factory=dict)
    description: str = ""
    alert_interval: str = ""


class _Change(Body):
    name: Annotated[str, Field(min_length=1)] | None = None
    alert_type: str | None = None
    enabled: bool | None = None
    mechanisms: _Mechanisms | None = None
    filters: dict[str, list[str]] | None = None
    description: str | None = None
    alert_interval: str | None = None


@router.get("/available_alerts")
async def list_available_alerts(account_id: str, caller: _Caller) -> JSONResponse:
    """Describe the types that can be asked for, by group."""
    caller.account(account_id, *_READS)
    return success(available(), _FAMILY.layout)


@router.get("/policies")
async def list_policies(account_id: str, caller: _Caller) -> JSONResponse:
    """List the account's policies, all at once."""
    account = caller.account(account_id, *_READS)
    own = [p for p in caller.simulation.policies.values() if p.account == account]
    return success([_policy_json(policy) for policy in own], _FAMILY.layout)


@router.post("/policies")
async def create_policy(account_id: str, request: Request, caller: _Caller) -> JSONResponse:
    """Make a policy; its id is all that is answered."""
    account = caller.account(account_id, *_WRITES)
    order = await read_body(request, _Order, caller)
    _check_type(order.alert_type, caller)
    policy = Policy(
        caller.simulation.new_id("policy"),
        order.name,
        order.alert_type,
        enabled=order.enabled,
        webhooks=_webhooks(order.mechanisms, caller, account),
        emails=tuple(each.id for each in order.mechanisms.email),
        filters=order.filters,
        description=order.description,
        alert_interval=order.alert_interval,
        created=caller.now,
        modified=caller.now,
        account=account,
    )
    caller.simulation.policies[policy.id] = policy
    return success({"id": policy.id}, _FAMILY.layout)


@router.get("/policies/{policy_id}")
async def get_policy(account_id: str, policy_id: str, caller: _Caller) -> JSONResponse:
    """Show one policy."""
    policy = _policy(caller, policy_id, caller.account(account_id, *_READS))
    return success(_policy_json(policy), _FAMILY.layout)


@router.put("/policies/{policy_id}")
async def update_policy(
    account_id: str, policy_id: str, request: Request, caller: _Caller
) -> JSONResponse:
    """Change a policy; what is left out stays."""
    account = caller.account(account_id, *_WRITES)
    policy = _policy(caller, policy_id, account)
    change = await read_body(request, _Change, caller)
    if change.alert_type is not None:
        _check_type(change.alert_type, caller)
    if change.mechanisms is not None:
        policy = replace(
            policy,
            webhooks=_webhooks(change.mechanisms, caller, account),
            emails=tuple(each.id for each in change.mechanisms.email),
        )
    fields = change.model_dump(exclude_none=True, exclude={"mechanisms"})
    caller.simulation.policies[policy.id] = replace(policy, **fields, modified=caller.now)
    return success({"id": policy.id}, _FAMILY.layout)


@router.delete("/policies/{policy_id}")
async def delete_policy(account_id: str, policy_id: str, caller: _Caller) -> JSONResponse:
    """Take a policy away."""
    policy = _policy(caller, policy_id, caller.account(account_id, *_WRITES))
    del caller.simulation.policies[policy.id]
    return success(None, _FAMILY.layout)


def _check_type(alert_type: str, caller: Caller) -> None:
    if alert_type not in known():
        raise caller.error(400, 1004, f"Invalid value for alert_type: {alert_type}")


def _webhooks(mechanisms: _Mechanisms, caller: Caller, account: Account) -> tuple[str, ...]:
    for each in mechanisms.webhooks:
        destination = caller.simulation.webhooks.get(each.id)
        if destination is None or destination.account != account:
            raise caller.error(400, 1004, f"Invalid value for mechanisms: no webhook {each.id}")
    return tuple(each.id for each in mechanisms.webhooks)


def _policy(caller: Caller, policy_id: str, account: Account) -> Policy:
    policy = caller.simulation.policies.get(policy_id)
    if policy is None or policy.account != account:
        raise caller.error(404, 1001, "Policy not found")
    return policy


def _policy_json(policy: Policy) -> dict[str, object]:
    return {
        "id": policy.id,
        "name": policy.name,
        "description": policy.description,
        "alert_type": policy.alert_type,
        "alert_interval": policy.alert_interval,
        "enabled": policy.enabled,
        "mechanisms": {
            "webhooks": [{"id": webhook} for webhook in policy.webhooks],
            "email": [{"id": email} for email in policy.emails],
            "pagerduty": [],
        },
        "filters": dict(policy.filters),
        "created": moment(policy.created),
        "modified": moment(policy.modified),
    }
