"""The control API of notifications.

POST /simulator/notifications  `{"alert_type": "advanced_ddos_attack_l4_alert"}`, which goes
                               wherever a policy wants it, and any of
                               `data` (fields to replace), `key` (keeps start and end together),
                               `ended` (the end of it), `captured` (the older of two shapes),
                               `fake` (the values of the dashboard's test button),
                               `times` (the same one several times), `lost` (only the history
                               tells of it), `account`
POST /simulator/notifications/test  `{"webhook": "ops"}`: save and test again, by name or id
"""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, HTTPException
from pydantic import Field

from responder.simulator.alerting.delivery import Delivery, dispatch, noted, post
from responder.simulator.alerting.types import SAVE_AND_TEST, Notice, known
from responder.simulator.orders import Now, Order, Simulated, account_named

__all__ = ["router"]

router = APIRouter()


class NotificationOrder(Order):
    """Body of POST /notifications."""

    alert_type: str
    data: dict[str, object] = Field(default_factory=dict)
    key: str = ""
    ended: bool = False
    captured: bool = False
    fake: bool = False
    times: Annotated[int, Field(ge=1, le=100)] = 1
    lost: bool = False
    account: str | None = None


class TestOrder(Order):
    """Body of POST /notifications/test."""

    webhook: str


@router.post("/notifications")
async def send_notification(
    order: NotificationOrder, simulation: Simulated, now: Now
) -> dict[str, object]:
    """Send a notification and tell how each webhook took it."""
    if order.alert_type not in known():
        types = ", ".join(sorted(known()))
        raise HTTPException(400, f"body.alert_type: no {order.alert_type!r}; it is one of {types}")
    fields = order.model_dump(exclude={"times", "lost", "account"})
    notice = Notice(at=now, account=account_named(order.account, simulation), **fields)
    sent = await dispatch(notice, simulation, times=order.times, lost=order.lost)
    return {"deliveries": [asdict(delivery) for delivery in sent]}


@router.post("/notifications/test")
async def test_webhook(order: TestOrder, simulation: Simulated, now: Now) -> dict[str, object]:
    """Send the test message once more."""
    webhooks = simulation.webhooks.values()
    found = next((w for w in webhooks if order.webhook in {w.id, w.name}), None)
    if found is None:
        raise HTTPException(404, f"no webhook {order.webhook!r}")
    delivery: Delivery = await post(found, SAVE_AND_TEST)
    noted(simulation, found.id, now, arrived=delivery.arrived)
    return {"deliveries": [asdict(delivery)]}
