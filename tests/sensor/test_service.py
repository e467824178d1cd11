"""The whole service beside the simulated Cloudflare: what is configured, watched and shown."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import yaml
from support.maxmind import ASN, CITY, write_database

from responder.app import SystemClock
from responder.assembly import build
from responder.demo.addresses import free_ports
from responder.errors import ConfigError
from responder.mitigations.registry import KINDS
from responder.settings import ConfigFile, Settings, load_settings
from responder.simulator import Fault, FaultKind, Simulation, running, seed
from responder.simulator.analytics.traffic import Flow, Outcome, Span
from responder.simulator.inventory import Account
from responder.simulator.magic.prefix import BgpPrefix, Turn
from responder.store import StoreWriter, open_store

pytestmark = pytest.mark.integration

CLOCK = SystemClock()
PREFIX = "203.0.113.0/24"


def simulated() -> Simulation:
    """Return an account with one prefix, of which Cloudflare stops an attack."""
    simulation = seed({"example.com": "high"})
    ago = CLOCK.now() - timedelta(hours=1)
    simulation.put_bgp_prefix(BgpPrefix(PREFIX, turns=(Turn(advertised=True, at=ago),)))
    stopped = {"outcome": Outcome.DROPPED, "system": "dosd", "source": "10.1.2.3"}
    for name, facts in (("calm", {}), ("attack", stopped)):
        flow = Flow(name, Account().id, Span(ago), PREFIX, "203.0.113.10", 8e8, 1e5, **facts)
        simulation.put_traffic(flow)
    return simulation


def settings(folder: Path, base_url: str, **more: object) -> Settings:
    config = {
        "alertmanager": {"urls": [f"http://127.0.0.1:{next(free_ports())}"]},
        "cloudflare": {
            "api_token": "simulator-token",
            "account_id": Account().id,
            "base_url": base_url,
        },
        "store": {"url": f"sqlite:///{folder}/store.db"},
        "sites": {"office": {"prefixes": [PREFIX]}, "shop": {"zones": ["example.com"]}},
        **more,
    }
    file = ConfigFile(folder / "responder.yml", yaml.safe_dump(config))
    return load_settings(file, KINDS, environ={}, command_line={})


@asynccontextmanager
async def serving(configured: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """Run the service without its socket."""
    writer = StoreWriter(open_store(configured.store.url))
    service = build(configured, writer, CLOCK, lambda: configured)
    await service.replica.begin()
    acting = asyncio.create_task(service.replica.run())
    app = service.server.config.app
    try:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
        ) as client:
            yield client
    finally:
        acting.cancel()
        with suppress(asyncio.CancelledError):
            await acting
        await writer.close()


async def shown(client: httpx.AsyncClient, dataset: str) -> Mapping[str, object]:
    """Wait until a dataset was asked for; return what is said of it."""
    async with asyncio.timeout(20):
        while True:
            edge = (await client.get("/api/v1/edge")).raise_for_status().json()
            for one in edge["datasets"]:
                if one["dataset"] == dataset and one["outcome"]:
                    return edge
            await asyncio.sleep(0.02)


async def test_what_is_configured_is_watched_and_shown(tmp_path):
    async with (
        running(simulated(), CLOCK.now) as endpoints,
        serving(settings(tmp_path, endpoints.base_url)) as client,
    ):
        edge = await shown(client, "flows")
        mitigated = edge["prefixes"][0]["traffic"]["mitigated"]
        assert mitigated == {"bits_per_second": 8e8, "packets_per_second": 1e5}
        assert edge["tops"]["sources"] == [
            {
                "address": "10.1.2.3", "bits_per_second": 8e8, "packets_per_second": 1e5,
                "country": None, "city": None, "asn": 64496, "as_name": "AS64496",
                "range": "private", "spoofed": True,
            }
        ]  # fmt: skip
        assert edge["spoofed_share"] == {"bits": 1, "packets": 1}
        assert edge["tops"]["destinations"][0]["address"] == "203.0.113.10"
        assert edge["tops"]["routers"][0]["address"] == "198.51.100.254"
        assert edge["geoip"] == []
        assert "requests" not in [one["dataset"] for one in edge["datasets"]]
        metrics = (await client.get("/metrics")).text
        assert (
            f'responder_edge_bits_per_second{{outcome="mitigated",prefix="{PREFIX}",site="office"}}'
            " 8e+08"
        ) in metrics
        assert "10.1.2.3" not in metrics
        health = (await client.get("/health")).json()
        assert {"name": "edge sensor", "status": "ok", "detail": ""} in health["components"]


async def test_sources_are_told_with_what_configured_databases_know_of_them(tmp_path):
    simulation, calm = simulated(), CLOCK.now() - timedelta(hours=1)
    stopped = {"outcome": Outcome.DROPPED, "system": "dosd", "source": "1.1.1.1"}
    flow = Flow("more", Account().id, Span(calm), PREFIX, "203.0.113.10", 2e8, 3e5, **stopped)
    simulation.put_traffic(flow)
    city = write_database(tmp_path / "city.mmdb", "GeoLite2-City", {"1.1.1.0/24": CITY})
    asn = write_database(tmp_path / "asn.mmdb", "GeoLite2-ASN", {"1.1.1.0/24": ASN})
    files = {"geoip_files": [str(city), str(asn)]}
    async with running(simulation, CLOCK.now) as endpoints:
        configured = settings(tmp_path, endpoints.base_url, sensor=files)
        async with serving(configured) as client:
            edge = await shown(client, "mitigations")
            metrics = (await client.get("/metrics")).text
    told = {one["address"]: one for one in edge["tops"]["sources"]}
    place = [told["1.1.1.1"][key] for key in ("country", "city", "asn", "as_name")]
    assert place == ["NL", "Amsterdam", 64501, "Example Net"]
    assert (told["1.1.1.1"]["range"], told["1.1.1.1"]["spoofed"]) == (None, False)
    assert told["10.1.2.3"]["city"] is None
    assert edge["spoofed_share"] == {"bits": 0.8, "packets": 0.25}
    assert [one["type"] for one in edge["geoip"]] == ["GeoLite2-City", "GeoLite2-ASN"]
    assert "Amsterdam" not in metrics


async def test_a_failing_sensor_degrades_the_health_and_nothing_else(tmp_path):
    simulation = simulated()
    simulation.faults.add(Fault(FaultKind.GRAPHQL_ERROR))
    async with (
        running(simulation, CLOCK.now) as endpoints,
        serving(settings(tmp_path, endpoints.base_url)) as client,
    ):
        edge = await shown(client, "traffic")
        assert edge["prefixes"][0]["traffic"] is None
        health = await client.get("/health")
        assert health.status_code == 200
        components = {one["name"]: one for one in health.json()["components"]}
        assert components["edge sensor"]["status"] == "degraded"
        assert components["cloudflare"]["status"] == "ok"


async def test_zones_are_watched_on_request(tmp_path):
    async with running(simulated(), CLOCK.now) as endpoints:
        configured = settings(tmp_path, endpoints.base_url, sensor={"zones": True})
        async with serving(configured) as client:
            edge = await shown(client, "requests")
            assert "requests" in [one["dataset"] for one in edge["datasets"]]


async def test_a_sensor_that_is_switched_off_asks_nothing(tmp_path):
    simulation = simulated()
    async with running(simulation, CLOCK.now) as endpoints:
        configured = settings(tmp_path, endpoints.base_url, sensor={"enabled": False})
        async with serving(configured) as client:
            while not any(one.path.endswith("prefixes") for one in simulation.requests):
                await asyncio.sleep(0.02)
            edge = (await client.get("/api/v1/edge")).json()
            assert (edge["datasets"], edge["prefixes"]) == ([], [])
            metrics = (await client.get("/metrics")).text
            assert "responder_edge_prefix{" not in metrics
            health = (await client.get("/health")).json()["components"]
            assert "edge sensor" not in [one["name"] for one in health]
    traffic = [one for one in simulation.requests if "Time!" in str(one.body)]
    assert [one for one in traffic if "Network" in str(one.body)] == []


@pytest.mark.parametrize(("interval", "warns"), [("2m", False), ("121s", True)])
def test_too_few_samples_for_a_proof_are_unwise(tmp_path, interval, warns):
    base_url = "https://api.cloudflare.com/client/v4"
    told = settings(tmp_path, base_url, sensor={"interval": interval}).warnings
    assert any("sensor.interval: is above 2m" in one for one in told) is warns


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ({"zons": True}, r"zons: unknown key; did you mean zones\?"),
        ({"interval": "0s"}, "no time at all"),
        ({"vectors": 0}, "must be greater than 0"),
        ({"enabled": "perhaps"}, "is not a switch"),
    ],
)
def test_a_wrong_setting_is_refused(tmp_path, section, problem):
    with pytest.raises(ConfigError, match=problem):
        settings(tmp_path, "https://api.cloudflare.com/client/v4", sensor=section)
