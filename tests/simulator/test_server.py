import asyncio
import os
import re
import signal
import socket
import threading
from datetime import timedelta

import httpx
import pytest

from responder.simulator import Endpoints, Fault, FaultKind, Simulation, running, serve

BEARER = {"Authorization": "Bearer simulator-token"}


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.com"])
def test_a_host_that_is_not_loopback_is_refused_before_listening(
    simulation: Simulation, clock, host: str
):
    with pytest.raises(ValueError, match=r"loopback only, not on .*; use 127\.0\.0\.1"):
        serve(simulation, clock, host=host, port=0)


async def test_a_port_in_use_is_an_error(simulation: Simulation, clock):
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        await running(simulation, clock, port=taken.getsockname()[1]).__aenter__()


@pytest.mark.parametrize("kind", [FaultKind.HANG, FaultKind.SLOW, FaultKind.LATE_APPLIED], ids=str)
async def test_it_stops_within_a_second_while_a_request_is_held(
    simulation: Simulation, clock, until, zone_id: str, kind: FaultKind
):
    loop = asyncio.get_running_loop()
    simulation.faults.add(Fault(kind, delay=timedelta(hours=1)))
    async with httpx.AsyncClient(headers=BEARER, timeout=5) as api:
        async with running(simulation, clock) as endpoints:
            url = f"{endpoints.base_url}/zones/{zone_id}/settings/security_level"
            held = asyncio.create_task(api.patch(url, json={"value": "low"}))
            await until(lambda: simulation.requests.total == 1)
            leaving = loop.time()
        assert loop.time() - leaving < 1
        assert (await held).status_code == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serving_announces_itself_and_returns_on_a_signal(
    simulation: Simulation, clock, number: signal.Signals
):
    seen: list[int] = []

    def visit(endpoints: Endpoints) -> None:
        seen.append(httpx.get(f"{endpoints.base_url}/zones", headers=BEARER).status_code)
        seen.append(httpx.get(f"{endpoints.control_url}/state").status_code)
        os.kill(os.getpid(), number)

    def on_start(endpoints: Endpoints) -> None:
        threading.Thread(target=visit, args=[endpoints]).start()

    serve(simulation, clock, host="localhost", port=0, on_start=on_start)

    assert seen == [200, 200]


def test_it_listens_on_ipv6_loopback_too(simulation: Simulation, clock):
    seen: list[str] = []

    def on_start(endpoints: Endpoints) -> None:
        seen.append(endpoints.base_url)
        signal.raise_signal(signal.SIGTERM)

    serve(simulation, clock, host="::1", port=0, on_start=on_start)

    assert re.fullmatch(r"http://\[::1\]:\d+/client/v4", seen[0])


async def test_without_a_connection_a_reset_is_an_error_of_the_transport(
    api: httpx.AsyncClient, simulation: Simulation
):
    simulation.faults.add(Fault(FaultKind.RESET))

    with pytest.raises(ConnectionResetError):
        await api.get("/zones")
