"""Family: webhook destinations and the history of what was sent.

Saving a destination sends it a test, and is refused when that is not answered with 2xx; status and
code of the refusal are assumed.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError
from starlette.responses import JSONResponse

from responder.simulator.alerting.delivery import post, refusal
from responder.simulator.alerting.types import SAVE_AND_TEST
from responder.simulator.alerting.values import Destination, Sent
from responder.simulator.auth import Caller, account_family, caller_of
from responder.simulator.bodies import Body, read_body
from responder.simulator.envelope import Layout, moment, success
from responder.simulator.inventory import Account
from responder.simulator.pages import page_of

__all__ = ["router"]

router = APIRouter(prefix="/accounts/{account_id}/alerting/v3")

_FAMILY = account_family(Layout.RESULT_FIRST)
_READS = ("Notifications Read", "Notifications Write")
_WRITES = ("Notifications Write",)
_REMEMBERED = timedelta(days=30)
_MOMENT: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)

_Caller = Annotated[Caller, Depends(caller_of(_FAMILY))]


class _Order(Body):
    name: Annotated[str, Field(min_length=1)]
    url: str
    secret: Annotated[str, Field(pattern=r"^[!-~]+$")] | None = None  # it must fit into a header


@router.get("/destinations/webhooks")
async def list_webhooks(account_id: str, caller: _Caller) -> JSONResponse:
    """List the account's webhooks, all at once."""
    account = caller.account(account_id, *_READS)
    own = [w for w in caller.simulation.webhooks.values() if w.account == account]
    return success([_webhook_json(webhook) for webhook in own], _FAMILY.layout)


@router.post("/destinations/webhooks")
async def create_webhook(account_id: str, request: Request, caller: _Caller) -> JSONResponse:
    """Save and test a webhook; its id is all that is answered."""
    account = caller.account(account_id, *_WRITES)
    order = await read_body(request, _Order, caller)
    webhook = Destination(
        caller.simulation.new_id("webhook"), order.name, order.url, order.secret, account=account
    )
    await _save(replace(webhook, created_at=caller.now), caller)
    return success({"id": webhook.id}, _FAMILY.layout)


@router.get("/destinations/webhooks/{webhook_id}")
async def get_webhook(account_id: str, webhook_id: str, caller: _Caller) -> JSONResponse:
    """Show one webhook, without its secret."""
    webhook = _webhook(caller, webhook_id, caller.account(account_id, *_READS))
    return success(_webhook_json(webhook), _FAMILY.layout)


@router.put("/destinations/webhooks/{webhook_id}")
async def update_webhook(
    account_id: str, webhook_id: str, request: Request, caller: _Caller
) -> JSONResponse:
    """Save and test a changed webhook; a secret that is left out is dropped (assumed)."""
    webhook = _webhook(caller, webhook_id, caller.account(account_id, *_WRITES))
    order = await read_body(request, _Order, caller)
    await _save(replace(webhook, **order.model_dump()), caller)
    return success({"id": webhook.id}, _FAMILY.layout)


@router.delete("/destinations/webhooks/{webhook_id}")
async def delete_webhook(account_id: str, webhook_id: str, caller: _Caller) -> JSONResponse:
    """Take a webhook away; a policy that names it then sends nothing there."""
    webhook = _webhook(caller, webhook_id, caller.account(account_id, *_WRITES))
    del caller.simulation.webhooks[webhook.id]
    return success(None, _FAMILY.layout)


@router.get("/history")
async def list_history(account_id: str, request: Request, caller: _Caller) -> JSONResponse:
    """List what was sent in the last 30 days, newest first, one page at a time."""
    account = caller.account(account_id, *_READS)
    since = _bound(request, "since", caller) or caller.now - _REMEMBERED
    before = _bound(request, "before", caller)
    sent = [
        each
        for each in reversed(caller.simulation.sent.values())
        if each.policy.account == account
        and each.at >= max(since, caller.now - _REMEMBERED)
        and (before is None or each.at < before)
    ]
    shown, info = page_of(sent, request.query_params, caller, sizes=range(1, 1001), size=25)
    return success([_sent_json(each) for each in shown], _FAMILY.layout, info=info)


async def _save(webhook: Destination, caller: Caller) -> None:
    problem = refusal(webhook.url)
    if problem is None:
        delivery = await post(webhook, SAVE_AND_TEST)
        answered = delivery.error or f"status {delivery.status}"
        problem = None if delivery.arrived else f"the test message was not accepted ({answered})"
    if problem is not None:
        raise caller.error(400, 1004, f"Invalid value for url: {problem}")
    caller.simulation.webhooks[webhook.id] = replace(webhook, last_success=caller.now)


def _webhook(caller: Caller, webhook_id: str, account: Account) -> Destination:
    webhook = caller.simulation.webhooks.get(webhook_id)
    if webhook is None or webhook.account != account:
        raise caller.error(404, 1001, "Webhook not found")
    return webhook


def _bound(request: Request, name: str, caller: Caller) -> datetime | None:
    value = request.query_params.get(name)
    if value is None:
        return None
    try:
        return _MOMENT.validate_python(value)
    except ValidationError as error:
        raise caller.error(400, 1004, f"Invalid value for {name}: no RFC 3339 moment") from error


def _webhook_json(webhook: Destination) -> dict[str, object]:
    return {
        "id": webhook.id,
        "name": webhook.name,
        "type": "generic",
        "url": webhook.url,
        "created_at": moment(webhook.created_at),
        "last_success": moment(webhook.last_success),
        "last_failure": moment(webhook.last_failure),
    }


def _sent_json(sent: Sent) -> dict[str, object]:
    return {
        "id": sent.id,
        "name": sent.policy.name,
        "description": sent.policy.description,
        "policy_id": sent.policy.id,
        "alert_type": sent.policy.alert_type,
        "alert_body": sent.body,
        "mechanism": sent.destination.id,
        "mechanism_type": "webhook",
        "sent": moment(sent.at),
    }
