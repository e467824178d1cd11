"""Simulators to talk to: one in process for what is said, one on a real socket for how."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from responder.simulator import Endpoints, Simulation, create_app, running, seed

BEARER = {"Authorization": "Bearer simulator-token"}
Until = Callable[[Callable[[], bool]], Awaitable[None]]


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class Live:
    """A simulator on a real socket, with a client that is let in."""

    simulation: Simulation
    endpoints: Endpoints
    api: httpx.AsyncClient


def _seeded() -> Simulation:
    return seed({"example.com": "high", "example.org": "medium"})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def simulation() -> Simulation:
    return _seeded()


@pytest.fixture
def until() -> Until:
    return _until


@pytest.fixture
def zone_id(simulation: Simulation) -> str:
    zone = simulation.find_zone("example.com")
    assert zone
    return zone.id


@pytest.fixture
def app(simulation: Simulation, clock: Clock) -> FastAPI:
    return create_app(simulation, clock=clock)


@pytest.fixture
async def anonymous(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost/client/v4"
    ) as client:
        yield client


@pytest.fixture
def api(anonymous: httpx.AsyncClient) -> httpx.AsyncClient:
    anonymous.headers.update(BEARER)
    return anonymous


@pytest.fixture
async def control(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost/simulator"
    ) as client:
        yield client


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def _server() -> AsyncIterator[tuple[Simulation, Endpoints]]:
    simulation = _seeded()
    async with running(simulation, Clock()) as endpoints:
        yield simulation, endpoints


@pytest_asyncio.fixture(loop_scope="session")
async def live(_server: tuple[Simulation, Endpoints]) -> AsyncIterator[Live]:
    simulation, endpoints = _server
    fresh = _seeded()
    for field in fields(Simulation):
        setattr(simulation, field.name, getattr(fresh, field.name))
    async with httpx.AsyncClient(base_url=endpoints.base_url, headers=BEARER, timeout=5) as api:
        yield Live(simulation, endpoints, api)
        simulation.faults.clear()


async def _until(condition: Callable[[], bool]) -> None:
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.001)
    pytest.fail("what was waited for did not happen")
