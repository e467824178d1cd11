"""What is read of tunnels, in each of the shapes that Cloudflare answers."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from responder.cloudflare.magic_tunnels import magic_tunnels, tunnel_checks
from responder.errors import ProviderError

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
GRE = {
    "id": "1",
    "name": "gre-1",
    "cloudflare_gre_endpoint": "192.0.2.1",
    "customer_gre_endpoint": "198.51.100.1",
    "mtu": 1476,
    "bgp_status": {"state": "BGP_UP"},
    "health_check": {"enabled": True, "target": {"saved": "", "effective": "10.0.0.1"}},
}


@pytest.fixture
def answering(client_for, success):
    def build(**lists):
        def answer(request):
            family = request.url.path.rpartition("/")[2]
            return success(lists.get(family, {}))

        return client_for(answer)

    return build


async def test_a_target_of_a_check_is_text_or_an_object(answering):
    plain = GRE | {"name": "gre-2", "health_check": {"target": "10.0.0.2"}}
    client = answering(gre_tunnels={"gre_tunnels": [GRE, plain]})
    first, second = await magic_tunnels(client, "a")
    assert (first.check_target, first.checked, first.bgp_state) == ("10.0.0.1", True, "BGP_UP")
    assert (second.check_target, second.checked) == ("10.0.0.2", False)


async def test_what_is_left_out_is_not_known(answering):
    client = answering(cf_interconnects={"interconnects": [{"name": "line"}]})
    (line,) = await magic_tunnels(client, "a")
    assert (line.mtu, line.bgp_state, line.cloudflare_endpoint) == (None, None, None)


@pytest.mark.parametrize("answer", [[], {"gre_tunnels": "no"}, {"gre_tunnels": [{}]}], ids=str)
async def test_what_is_no_list_of_tunnels_is_a_failure(answering, answer):
    with pytest.raises(ProviderError, match="list_tunnels"):
        await magic_tunnels(answering(gre_tunnels=answer), "a")


def graphql(*rows):
    found = {"magicTransitTunnelHealthChecksAdaptiveGroups": list(rows)}
    data = {"viewer": {"accounts": [found]}}
    return lambda _: httpx.Response(200, json={"data": data, "errors": None})


def row(name, minutes, state, count):
    at = (NOW - timedelta(minutes=minutes)).isoformat()
    dimensions = {"tunnelName": name, "datetimeMinute": at}
    return {"count": count, "avg": {"tunnelState": state}, "dimensions": dimensions}


async def test_checks_weigh_as_often_as_they_were_made(client_for):
    rows = (row("a", 9, 1, 30), row("a", 3, 0, 10), row("b", 5, 0.5, 1))
    checks = await tunnel_checks(client_for(graphql(*rows)), "a", NOW)
    assert (checks["a"].percent, checks["a"].count) == (75.0, 40)
    assert checks["a"].newest == NOW - timedelta(minutes=3)
    assert checks["b"].percent == 50.0


async def test_a_check_that_cannot_be_read_is_no_health(client_for):
    with pytest.raises(ProviderError, match="without tunnel, time or state"):
        await tunnel_checks(client_for(graphql({"count": 1})), "a", NOW)
