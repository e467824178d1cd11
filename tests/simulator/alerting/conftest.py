"""A receiver of webhooks on a real socket, and a destination that points at it."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import httpx
import pytest

from responder.simulator import Simulation
from responder.simulator.alerting.values import Destination
from responder.simulator.inventory import Account

ALERTING = f"/accounts/{Account().id}/alerting/v3"


@dataclass
class Receiver:
    """Keeps what it is sent; `status` is what it answers."""

    url: str = ""
    status: int = 200
    bodies: list[dict[str, object]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        body = await reader.readexactly(int(headers["content-length"]))
        self.headers.append(headers)
        self.bodies.append(json.loads(body))
        writer.write(f"HTTP/1.1 {self.status} X\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    async with await asyncio.start_server(receiver.take, "127.0.0.1", 0) as server:
        receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
        yield receiver


@pytest.fixture
def webhook(simulation: Simulation, receiver: Receiver) -> Destination:
    webhook = Destination("a" * 32, "ops", receiver.url, "hush")
    simulation.webhooks[webhook.id] = webhook
    return webhook


@pytest.fixture
def policy(api: httpx.AsyncClient, webhook: Destination) -> Callable[..., Awaitable[str]]:
    async def made(alert_type: str, **fields: object) -> str:
        order = {"name": "soc", "alert_type": alert_type, "enabled": True}
        order |= {"mechanisms": {"webhooks": [{"id": webhook.id}]}} | fields
        answer = await api.post(f"{ALERTING}/policies", json=order)
        assert answer.status_code == 200
        return answer.json()["result"]["id"]

    return made
