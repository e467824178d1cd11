"""Cloudflare's own SDK, in strict mode, as the judge of MNM, in both directions."""

from collections.abc import AsyncIterator

import cloudflare
import pytest
import pytest_asyncio

from responder.simulator.inventory import Account
from responder.simulator.mnm.rule import Mnm

pytestmark = pytest.mark.asyncio(loop_scope="session")

ACCOUNT = Account().id
BASE = f"/client/v4/accounts/{ACCOUNT}/mnm"
RULE = {
    "name": "threshold-v4",
    "type": "threshold",
    "prefixes": ["203.0.113.0/24"],
    "automatic_advertisement": True,
    "bandwidth_threshold": 1e9,
    "duration": "1m",
}


@pytest_asyncio.fixture(loop_scope="session")
async def sdk(live) -> AsyncIterator[cloudflare.AsyncCloudflare]:
    # The schema does not know the durations that the real API is documented to answer.
    live.simulation.mnm = Mnm(go_durations=False)
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


async def test_it_makes_reads_changes_and_deletes_rules(sdk, live):
    rules = sdk.magic_network_monitoring.rules
    made = await rules.create(account_id=ACCOUNT, **RULE)
    sent = _sent(live)
    listed = [each async for each in rules.list(account_id=ACCOUNT)]
    edited = await rules.edit(made.id, account_id=ACCOUNT, **RULE | {"duration": "5m"})
    updated = await rules.update(account_id=ACCOUNT, **RULE)
    one = await rules.get(made.id, account_id=ACCOUNT)
    gone = await rules.delete(made.id, account_id=ACCOUNT)

    assert sent == ("POST", f"{BASE}/rules", RULE)
    assert listed[0].model_dump() == made.model_dump() == updated.model_dump() == one.model_dump()
    assert (edited.duration, gone.id) == ("5m", made.id)


async def test_it_switches_automatic_advertisement(sdk, live):
    rules = sdk.magic_network_monitoring.rules
    made = await rules.create(account_id=ACCOUNT, **RULE)
    off = {"automatic_advertisement": False}
    switched = await rules.advertisements.edit(made.id, account_id=ACCOUNT, body=off)

    assert _sent(live) == ("PATCH", f"{BASE}/rules/{made.id}/advertisement", off)
    assert switched.automatic_advertisement is False


async def test_it_reads_the_configuration(sdk):
    config = await sdk.magic_network_monitoring.configs.get(account_id=ACCOUNT)
    full = await sdk.magic_network_monitoring.configs.full.get(account_id=ACCOUNT)

    assert config.model_dump() == full.model_dump(exclude={"rules"})
