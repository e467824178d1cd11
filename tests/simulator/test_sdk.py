"""Cloudflare's own SDK, in strict mode, as the judge of what the simulator answers."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import cloudflare
import pytest
import pytest_asyncio

from responder.simulator import Fault, FaultKind, Token
from responder.simulator.inventory import Plan, TokenKind, ZoneStatus, identifier

pytestmark = pytest.mark.asyncio(loop_scope="session")

ZONE_ID = identifier("zone", "example.com")


@pytest_asyncio.fixture(loop_scope="session")
async def sdk(live) -> AsyncIterator[cloudflare.AsyncCloudflare]:
    async with cloudflare.AsyncCloudflare(
        api_token="simulator-token",
        base_url=live.endpoints.base_url,
        max_retries=0,
        _strict_response_validation=True,
    ) as client:
        yield client


async def test_it_accepts_the_verification_of_a_user_token(sdk, live):
    token = live.simulation.find_token("default")
    expiry = datetime(2027, 1, 1, tzinfo=UTC)
    live.simulation.put_token(replace(token, expires_on=expiry))

    verified = await sdk.user.tokens.verify()

    assert (verified.id, verified.status, verified.expires_on) == (token.id, "active", expiry)


async def test_it_accepts_the_verification_of_an_account_token(sdk, live):
    robot = Token(name="robot", value="cfat_robot", kind=TokenKind.ACCOUNT)
    live.simulation.put_token(robot)

    own = sdk.with_options(api_token="cfat_robot")
    verified = await own.accounts.tokens.verify(account_id=robot.account.id)

    assert (verified.id, verified.status) == (robot.id, "active")


async def test_it_pages_through_the_zones(sdk, live):
    for status, plan in zip(ZoneStatus, Plan, strict=True):
        zone = live.simulation.find_zone("example.com")
        live.simulation.put_zone(replace(zone, name=f"{plan}.example", status=status, plan=plan))

    names = [zone.name async for zone in sdk.zones.list(per_page=5)]

    assert names == sorted(names)
    assert len(names) == 6


async def test_it_finds_a_zone_by_name_and_reads_it(sdk):
    found = [zone async for zone in sdk.zones.list(name="example.com")]
    zone = await sdk.zones.get(zone_id=found[0].id)

    assert (len(found), zone.id, zone.status, zone.paused) == (1, ZONE_ID, "active", False)


async def test_it_reads_and_writes_the_security_level(sdk):
    before = await sdk.zones.settings.get("security_level", zone_id=ZONE_ID)
    written = await sdk.zones.settings.edit("security_level", zone_id=ZONE_ID, value="under_attack")
    after = await sdk.zones.settings.get("security_level", zone_id=ZONE_ID)

    assert (before.value, before.modified_on) == ("high", None)
    assert (written.value, written.editable) == ("under_attack", True)
    assert after.model_dump() == written.model_dump()
    assert after.modified_on == datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


async def test_it_understands_a_refusal(sdk, live):
    token = live.simulation.find_token("default")
    live.simulation.put_token(replace(token, permissions=frozenset({"Zone Read"})))

    with pytest.raises(cloudflare.PermissionDeniedError) as refused:
        await sdk.zones.settings.get("security_level", zone_id=ZONE_ID)
    assert [error.code for error in refused.value.errors] == [10000]


async def test_it_understands_an_html_error_and_a_broken_connection(sdk, live):
    live.simulation.faults.add(Fault(FaultKind.BAD_GATEWAY, count=1))
    live.simulation.faults.add(Fault(FaultKind.RESET, count=1))

    with pytest.raises(cloudflare.InternalServerError):
        await sdk.zones.get(zone_id=ZONE_ID)
    with pytest.raises(cloudflare.APIConnectionError):
        await sdk.zones.get(zone_id=ZONE_ID)
