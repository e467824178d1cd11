"""Cloudflare's own SDK, in strict mode, as the judge of notifications, in both directions."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import cloudflare
import httpx
import pytest
import pytest_asyncio

from responder.simulator.alerting.values import Destination
from responder.simulator.inventory import Account

pytestmark = pytest.mark.asyncio(loop_scope="session")

ACCOUNT = Account().id
BASE = f"/client/v4/accounts/{ACCOUNT}/alerting/v3"
L4 = "advanced_ddos_attack_l4_alert"
WEBHOOK = "a" * 32


@pytest_asyncio.fixture(loop_scope="session")
async def sdk(live) -> AsyncIterator[cloudflare.AsyncCloudflare]:
    # The simulator itself takes any POST to its own control API that it can read.
    url = f"{live.endpoints.control_url}/faults"
    live.simulation.webhooks[WEBHOOK] = Destination(WEBHOOK, "ops", url)
    async with cloudflare.AsyncCloudflare(
        api_token="simulator-token",
        base_url=live.endpoints.base_url,
        max_retries=0,
        _strict_response_validation=True,
    ) as client:
        yield client


def _sent(live) -> tuple[str, str, object]:
    last = list(live.simulation.requests)[-1]
    return last.method, last.path, last.body


async def test_it_reads_the_available_alerts(sdk):
    groups = await sdk.alerting.available_alerts.list(account_id=ACCOUNT)

    assert L4 in {each.type for group in groups.values() for each in group}


async def test_it_reads_and_deletes_webhooks(sdk, live):
    webhooks = sdk.alerting.destinations.webhooks
    listed = [each async for each in webhooks.list(account_id=ACCOUNT)]
    one = await webhooks.get(WEBHOOK, account_id=ACCOUNT)
    await webhooks.delete(WEBHOOK, account_id=ACCOUNT)

    assert [each.model_dump() for each in listed] == [one.model_dump()]
    assert one.type == "generic"
    assert _sent(live) == ("DELETE", f"{BASE}/destinations/webhooks/{WEBHOOK}", None)


async def test_it_learns_that_a_webhook_was_not_saved(sdk, live):
    with pytest.raises(cloudflare.BadRequestError):
        await sdk.alerting.destinations.webhooks.create(
            account_id=ACCOUNT, name="ops", url="http://127.0.0.1:1/hook", secret="hush"
        )
    assert _sent(live) == (
        "POST",
        f"{BASE}/destinations/webhooks",
        {"name": "ops", "url": "http://127.0.0.1:1/hook", "secret": "***"},
    )


async def test_it_makes_reads_changes_and_deletes_policies(sdk, live):
    policies = sdk.alerting.policies
    order = {
        "name": "soc",
        "alert_type": L4,
        "enabled": True,
        "mechanisms": {"webhooks": [{"id": WEBHOOK}]},
        "filters": {"target_ip": ["203.0.113.0/24"]},
    }
    made = await policies.create(account_id=ACCOUNT, **order)
    sent = _sent(live)
    await policies.update(made.id, account_id=ACCOUNT, enabled=False)
    one = await policies.get(made.id, account_id=ACCOUNT)
    listed = [each async for each in policies.list(account_id=ACCOUNT)]
    await policies.delete(made.id, account_id=ACCOUNT)

    assert sent == ("POST", f"{BASE}/policies", order)
    assert [each.model_dump() for each in listed] == [one.model_dump()]
    assert (one.enabled, one.alert_type) == (False, L4)
    assert one.mechanisms.webhooks[0].id == WEBHOOK


async def test_it_reads_the_history(sdk, live):
    await sdk.alerting.policies.create(
        account_id=ACCOUNT,
        name="soc",
        alert_type=L4,
        enabled=True,
        mechanisms={"webhooks": [{"id": WEBHOOK}]},
    )
    async with httpx.AsyncClient(base_url=live.endpoints.control_url) as control:
        await control.post("/notifications", json={"alert_type": L4, "lost": True})

    since = datetime(2026, 11, 20, tzinfo=UTC)
    sent = [each async for each in sdk.alerting.history.list(account_id=ACCOUNT, since=since)]

    assert [(each.alert_type, each.mechanism_type) for each in sent] == [(L4, "webhook")]
    assert sent[0].sent == datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
