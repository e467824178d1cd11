"""A zone, two prefixes of which one is advertised, a tunnel, and somebody who asks."""

from collections.abc import Awaitable, Callable

import httpx
import pytest

from responder.simulator import Simulation, seed
from responder.simulator.inventory import Account
from responder.simulator.magic.prefix import BgpPrefix, Turn
from responder.simulator.magic.tunnel import Tunnel

ACCOUNT = Account().id
ADVERTISED = "203.0.113.0/24"
WITHDRAWN = "198.51.100.0/24"
Asked = Callable[..., Awaitable[httpx.Response]]
Rows = Callable[..., Awaitable[list[dict[str, object]]]]


@pytest.fixture
def simulation() -> Simulation:
    simulation = seed({"example.com": "high", "example.org": "medium"})
    simulation.put_bgp_prefix(BgpPrefix(ADVERTISED, turns=(Turn(advertised=True),)))
    simulation.put_bgp_prefix(BgpPrefix(WITHDRAWN))
    simulation.put_bgp_prefix(BgpPrefix("2001:db8::/48", turns=(Turn(advertised=True),)))
    simulation.put_tunnel(Tunnel("gre-1"))
    return simulation


@pytest.fixture
def ask(api: httpx.AsyncClient) -> Asked:
    async def asked(query: str, **variables: object) -> httpx.Response:
        return await api.post("/graphql", json={"query": query, "variables": variables})

    return asked


@pytest.fixture
def rows(ask: Asked, clock) -> Rows:
    """Ask one dataset of the account for the last hour."""

    async def asked(
        dataset: str, fields: str, where: str = "", more: str = "", limit: int = 100
    ) -> list[dict[str, object]]:
        end = clock()
        begin = end.replace(hour=end.hour - 1)
        span = (
            f'datetime_geq: "{begin:%Y-%m-%dT%H:%M:%SZ}", datetime_lt: "{end:%Y-%m-%dT%H:%M:%SZ}"'
        )
        rest = f"limit: {limit} {more}"
        answer = await ask(
            f'{{viewer{{accounts(filter:{{accountTag:"{ACCOUNT}"}})'
            f"{{{dataset}(filter:{{{span} {where}}} {rest}){{{fields}}}}}}}}}"
        )
        assert answer.status_code == 200, answer.text
        assert answer.json()["errors"] is None, answer.text
        return answer.json()["data"]["viewer"]["accounts"][0][dataset]

    return asked


@pytest.fixture
def flow(control: httpx.AsyncClient) -> Callable[..., Awaitable[dict[str, object]]]:
    async def flowing(**order: object) -> dict[str, object]:
        answer = await control.post("/traffic", json=order)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return flowing
