"""Notification policies."""

import httpx
import pytest

from responder.simulator.alerting.types import known
from responder.simulator.inventory import Account

ALERTING = f"/accounts/{Account().id}/alerting/v3"
POLICIES = f"{ALERTING}/policies"


async def test_the_known_types_are_listed_by_group(api: httpx.AsyncClient):
    groups = (await api.get(f"{ALERTING}/available_alerts")).json()["result"]

    types = {each["type"] for group in groups.values() for each in group}
    assert types == known()
    assert len(types) == 13


async def test_a_policy_is_made_changed_and_taken_away(
    api: httpx.AsyncClient, policy, webhook, clock
):
    made = await policy("dos_attack_l4", description="for the night")
    clock.advance(60)
    await api.put(f"{POLICIES}/{made}", json={"enabled": False})
    listed = (await api.get(POLICIES)).json()["result"]
    shown = (await api.get(f"{POLICIES}/{made}")).json()["result"]
    gone = await api.delete(f"{POLICIES}/{made}")

    assert listed == [shown]
    assert (shown["enabled"], shown["description"]) == (False, "for the night")
    assert shown["mechanisms"]["webhooks"] == [{"id": webhook.id}]
    assert shown["created"] < shown["modified"]
    assert gone.json()["success"] is True
    assert (await api.get(f"{POLICIES}/{made}")).status_code == 404


@pytest.mark.parametrize(
    ("fields", "hint"),
    [
        ({"alert_type": "gremlins"}, "alert_type"),
        ({"mechanisms": {"webhooks": [{"id": "0" * 32}]}}, "mechanisms"),
        ({"name": ""}, "name"),
        ({"enabled": "yes"}, "enabled"),
    ],
    ids=["type", "webhook", "name", "enabled"],
)
async def test_a_policy_that_makes_no_sense_is_refused(
    api: httpx.AsyncClient, fields: dict[str, object], hint: str
):
    order = {"name": "soc", "alert_type": "dos_attack_l4", "enabled": True, "mechanisms": {}}

    answer = await api.post(POLICIES, json=order | fields)

    assert answer.status_code == 400
    assert hint in answer.json()["errors"][0]["message"]
    assert (await api.get(POLICIES)).json()["result"] == []
