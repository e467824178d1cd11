"""An account with prefixes in every situation, and the tunnels behind them."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import httpx
import pytest

from responder.simulator import Simulation, seed
from responder.simulator.inventory import Account, identifier
from responder.simulator.magic.prefix import BgpPrefix, Turn

ACCOUNT = f"/accounts/{Account().id}"
ADVERTISED = (Turn(advertised=True),)
Turned = Callable[..., Awaitable[httpx.Response]]


def path_of(cidr: str, within: str = "") -> str:
    whole = identifier("prefix", within or cidr)
    part = identifier("bgp_prefix", cidr)
    return f"{ACCOUNT}/addressing/prefixes/{whole}/bgp/prefixes/{part}"


@pytest.fixture
def simulation() -> Simulation:
    simulation = seed({"example.com": "high"})
    for part in (
        BgpPrefix("203.0.113.0/24"),
        BgpPrefix("198.51.100.0/24", turns=ADVERTISED),
        BgpPrefix("2001:db8::/48"),
        BgpPrefix("192.0.2.0/24", locked=True),
        BgpPrefix("233.252.0.0/24", on_demand=False, turns=ADVERTISED),
        BgpPrefix("233.252.1.0/24", bgp_controlled=True),
        BgpPrefix("233.252.2.0/24"),
    ):
        simulation.put_bgp_prefix(part)
    pending = simulation.prefixes[identifier("prefix", "233.252.2.0/24")]
    simulation.put_prefix(replace(pending, approved=False))
    return simulation


@pytest.fixture
def turn(api: httpx.AsyncClient) -> Turned:
    async def turned(cidr: str, advertised: object, within: str = "") -> httpx.Response:
        body = {"on_demand": {"advertised": advertised}}
        return await api.patch(path_of(cidr, within), json=body)

    return turned
