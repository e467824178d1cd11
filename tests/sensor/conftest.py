"""An account at the simulated Cloudflare over a real socket, the sensor, and the time of both."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry

from responder.cloudflare.analytics import AccountAnalytics
from responder.cloudflare.client import CloudflareClient, Endpoint
from responder.cloudflare.credentials import Token
from responder.cloudflare.zones import Zones
from responder.metrics import Metrics
from responder.sensor import Board, EdgeCollector, Scope, Sensor
from responder.sensor.requests import ZoneRequests
from responder.simulator import Fault, FaultKind, running, seed
from responder.simulator.analytics.traffic import Flow, Outcome, Requests, Span
from responder.simulator.inventory import Account
from responder.simulator.magic.prefix import BgpPrefix, Turn
from responder.simulator.magic.tunnel import Health, Tunnel
from responder.simulator.state import default_token

START = datetime(2026, 11, 20, 10, tzinfo=UTC)
ATTACKED, QUIET = "203.0.113.0/24", "198.51.100.0/24"
ZONE = "example.com"
TOKEN = "cfat_of-an-account"


class World:
    """A clock for both sides (ours may go wrong), traffic, and what the sensor makes of it."""

    def __init__(self) -> None:
        self.passed, self.wrong = timedelta(0), timedelta(0)
        self.simulation = seed({ZONE: "high"}, tokens=[replace(default_token(), value=TOKEN)])
        for cidr in (ATTACKED, QUIET):
            long_ago = (Turn(advertised=True, at=START - timedelta(days=1)),)
            self.simulation.put_bgp_prefix(BgpPrefix(cidr, turns=long_ago))
        self.registry = CollectorRegistry()
        self.metrics = Metrics(self.registry)
        self.board = Board(self.monotonic)
        self.registry.register(EdgeCollector(self.board))
        self.base_url = ""
        self.clients: list[CloudflareClient] = []

    # the time

    def theirs(self) -> datetime:
        return START + self.passed

    def now(self) -> datetime:
        return self.theirs() + self.wrong

    def monotonic(self) -> timedelta:
        return self.passed

    def later(self, **passed: float) -> None:
        self.passed += timedelta(**passed)

    # what happens at Cloudflare

    def flow(self, address: str, **facts: object) -> None:
        values = {"bits": 8e6, "packets": 1e3, "span": Span(START - timedelta(hours=1)), **facts}
        prefix = next(one for one in (ATTACKED, QUIET) if one[:9] == address[:9])
        name = self.simulation.new_id("traffic")
        self.simulation.put_traffic(
            Flow(name, Account().id, prefix=prefix, address=address, **values)
        )

    def attack(self, **facts: object) -> None:
        stopped = {"outcome": Outcome.DROPPED, "system": "dosd", "vector": "SYN flood"}
        self.flow("203.0.113.10", **{**stopped, "bits": 8e8, "packets": 1e5, **facts})

    def requests(self, host: str, action: str, per_second: float, zone: str = ZONE) -> None:
        found = self.simulation.find_zone(zone)
        name = self.simulation.new_id("traffic")
        span = Span(START - timedelta(hours=1))
        self.simulation.put_traffic(Requests(name, span, found.id, host, per_second, action))

    def tunnel(self, name: str, health: Health, colos: Sequence[str]) -> None:
        known = Tunnel(name, colos=tuple(colos))
        self.simulation.put_tunnel(known.became(health, START - timedelta(days=1)))

    def analytics(self, **how: object) -> None:
        self.simulation.analytics = replace(self.simulation.analytics, **how)

    def fail(self, kind: FaultKind, **facts: object) -> None:
        self.simulation.faults.add(Fault(kind, path="/graphql", **facts))

    # the sensor

    def sensor(self, *, page: int = 10_000, **scope: object) -> Sensor:
        prefixes = {ATTACKED: "office", QUIET: "shop"}
        watched = Scope(**{"prefixes": prefixes, **scope})
        client = CloudflareClient(
            Endpoint(self.base_url, timedelta(seconds=1)),
            Token(lambda: TOKEN),
            self.monotonic,
            self.metrics.called,
        )
        self.clients.append(client)
        requests = ZoneRequests(client, Zones(client, self.monotonic), tuple(watched.zones))
        analytics = AccountAnalytics(client, Account().id, page)
        sensor = Sensor(watched, analytics, requests, self.board, self)
        sensor.observe = self.metrics.sampled
        self.board.begin(watched, sensor.every)
        return sensor

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"responder_edge_{name}", labels)

    def queries(self) -> int:
        return sum(one.path.endswith("/graphql") for one in self.simulation.requests)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    async with running(world.simulation, world.theirs) as endpoints:
        world.base_url = endpoints.base_url
        yield world
        world.simulation.faults.clear()
        for client in world.clients:
            await client.aclose()
