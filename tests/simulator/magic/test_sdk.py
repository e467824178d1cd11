"""Cloudflare's own SDK, in strict mode, as the judge of prefixes and tunnels, in both directions.

What it sends is what a plain client has to send; what it accepts is what Cloudflare may answer.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import cloudflare
import pytest
import pytest_asyncio

from responder.simulator.inventory import Account, identifier
from responder.simulator.magic.prefix import BgpPrefix
from responder.simulator.magic.tunnel import Line, LineState, Tunnel, TunnelKind

pytestmark = pytest.mark.asyncio(loop_scope="session")

FREE = "203.0.113.0/24"
PREFIX, PART = identifier("prefix", FREE), identifier("bgp_prefix", FREE)
ACCOUNT = Account().id
BASE = f"/client/v4/accounts/{ACCOUNT}"
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


@pytest_asyncio.fixture(loop_scope="session")
async def sdk(live) -> AsyncIterator[cloudflare.AsyncCloudflare]:
    live.simulation.put_bgp_prefix(BgpPrefix(FREE))
    live.simulation.put_bgp_prefix(BgpPrefix("233.252.0.0/24", on_demand=False))
    async with cloudflare.AsyncCloudflare(
        api_token="simulator-token",
        base_url=live.endpoints.base_url,
        max_retries=0,
        _strict_response_validation=True,
    ) as client:
        yield client


def _sent(live) -> tuple[str, str, str, object]:
    last = list(live.simulation.requests)[-1]
    return last.method, last.path, last.query, last.body


async def test_it_reads_prefixes(sdk, live):
    listed = [prefix async for prefix in sdk.addressing.prefixes.list(account_id=ACCOUNT)]
    one = await sdk.addressing.prefixes.get(PREFIX, account_id=ACCOUNT)

    assert [prefix.cidr for prefix in listed] == [FREE, "233.252.0.0/24"]
    assert one.model_dump() == listed[0].model_dump()
    assert _sent(live) == ("GET", f"{BASE}/addressing/prefixes/{PREFIX}", "", None)


async def test_it_advertises_a_bgp_prefix(sdk, live):
    where = {"account_id": ACCOUNT, "prefix_id": PREFIX}
    before = [part async for part in sdk.addressing.prefixes.bgp_prefixes.list(**where)]
    written = await sdk.addressing.prefixes.bgp_prefixes.edit(
        PART, **where, on_demand={"advertised": True}
    )
    sent = _sent(live)
    after = await sdk.addressing.prefixes.bgp_prefixes.get(PART, **where)

    assert sent == (
        "PATCH",
        f"{BASE}/addressing/prefixes/{PREFIX}/bgp/prefixes/{PART}",
        "",
        {"on_demand": {"advertised": True}},
    )
    assert before[0].on_demand.advertised is False
    assert (written.on_demand.advertised, written.on_demand.advertised_modified_at) == (True, NOW)
    assert after.model_dump() == written.model_dump()


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
async def test_it_uses_the_older_switch(sdk, live):
    older = sdk.addressing.prefixes.advertisement_status
    written = await older.edit(PREFIX, account_id=ACCOUNT, advertised=True)
    sent = _sent(live)
    read = await older.get(PREFIX, account_id=ACCOUNT)

    assert sent == (
        "PATCH",
        f"{BASE}/addressing/prefixes/{PREFIX}/bgp/status",
        "",
        {"advertised": True},
    )
    assert (read.advertised, read.advertised_modified_at) == (True, NOW)
    assert read.model_dump() == written.model_dump()


async def test_it_understands_that_a_change_comes_too_soon(sdk):
    parts = sdk.addressing.prefixes.bgp_prefixes
    where = {"account_id": ACCOUNT, "prefix_id": PREFIX}
    await parts.edit(PART, **where, on_demand={"advertised": True})

    with pytest.raises(cloudflare.RateLimitError) as refused:
        await parts.edit(PART, **where, on_demand={"advertised": False})
    assert [error.code for error in refused.value.errors] == [1002]


async def test_it_reads_gre_tunnels_in_both_shapes(sdk, live):
    live.simulation.put_tunnel(Tunnel("gre-1"))
    reading = sdk.magic_transit.gre_tunnels
    listed = (await reading.list(account_id=ACCOUNT)).gre_tunnels
    sent = _sent(live)
    newer = (await reading.list(account_id=ACCOUNT, x_magic_new_hc_target=True)).gre_tunnels
    one = (await reading.get(listed[0].id, account_id=ACCOUNT)).gre_tunnel

    assert sent == ("GET", f"{BASE}/magic/gre_tunnels", "", None)
    assert one.model_dump() == listed[0].model_dump()
    assert one.health_check.target == newer[0].health_check.target.effective == "10.213.0.9"


async def test_it_reads_ipsec_tunnels_and_interconnects(sdk, live):
    live.simulation.put_tunnel(Tunnel("ipsec-1", TunnelKind.IPSEC))
    live.simulation.put_tunnel(Tunnel("cni-1", TunnelKind.INTERCONNECT))
    reading = sdk.magic_transit.ipsec_tunnels
    listed = (await reading.list(account_id=ACCOUNT)).ipsec_tunnels
    one = (await reading.get(listed[0].id, account_id=ACCOUNT)).ipsec_tunnel
    lines = (await sdk.magic_transit.cf_interconnects.list(account_id=ACCOUNT)).interconnects

    assert one.model_dump() == listed[0].model_dump()
    assert [line.name for line in lines] == ["cni-1"]


async def test_it_reads_physical_lines(sdk, live):
    live.simulation.put_tunnel(Tunnel("line-1", TunnelKind.INTERCONNECT, asn=64500))
    lines = await sdk.network_interconnects.interconnects.list(account_id=ACCOUNT)
    status = await sdk.network_interconnects.interconnects.status("line-1", account_id=ACCOUNT)
    sent = _sent(live)
    cnis = await sdk.network_interconnects.cnis.list(account_id=ACCOUNT)

    assert sent == ("GET", f"{BASE}/cni/interconnects/line-1/status", "", None)
    assert [line.name for line in lines.items] == ["line-1"]
    assert (status.state, cnis.items[0].interconnect) == ("Healthy", "line-1")
    assert cnis.items[0].bgp.customer_asn == 64500


@pytest.mark.parametrize("state", LineState)
async def test_it_reads_each_state_of_a_line(sdk, live, state):
    line = Line(state, "no light")
    live.simulation.put_tunnel(Tunnel("line-1", TunnelKind.INTERCONNECT, line=line))
    status = await sdk.network_interconnects.interconnects.status("line-1", account_id=ACCOUNT)

    reasoned = state in {LineState.DOWN, LineState.UNHEALTHY}
    assert status.state == state
    assert getattr(status, "reason", None) == ("no light" if reasoned else None)


async def test_it_reads_a_session_of_bgp(sdk, live):
    for kind in TunnelKind:
        live.simulation.put_tunnel(Tunnel(f"{kind}-1", kind, asn=64500))
    magic = sdk.magic_transit
    (gre,) = (await magic.gre_tunnels.list(account_id=ACCOUNT)).gre_tunnels
    (ipsec,) = (await magic.ipsec_tunnels.list(account_id=ACCOUNT)).ipsec_tunnels
    (line,) = (await magic.cf_interconnects.list(account_id=ACCOUNT)).interconnects

    assert {gre.bgp_status.state, ipsec.bgp_status.state} == {"BGP_UP"}
    assert {gre.bgp.customer_asn, line.bgp.customer_asn} == {64500}
