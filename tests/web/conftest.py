"""The web around an automation that only keeps what it is told, in process."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from responder.domain.alerts import Alert
from responder.domain.audit import AuditEntry
from responder.domain.memory import Memory, Override
from responder.domain.targets import Policy, Target
from responder.ports import Automation, EventQuery, Health, TargetView, UnknownTargetError
from responder.web.app import create_app
from responder.web.doors import Doors
from responder.web.instruments import Instruments
from responder.web.limits import Limits

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
IDS = ("prefix_advertisement:203.0.113.0/24", "under_attack:example.com")
TOKENS = Doors(lambda: "webhook-s3cret", lambda: "api-s3cret")


class Kept(Automation):
    """An automation without a service behind it; `before` runs where the store would be asked."""

    def __init__(self) -> None:
        self.views = {one: _view(one) for one in IDS}
        self.heard: list[tuple[Alert, ...]] = []
        self.truncated = 0
        self.orders: list[tuple[str, Override | None, str]] = []
        self.entries: list[AuditEntry] = []
        self.queries: list[EventQuery] = []
        self.how = Health(ready=True)
        self.before: Callable[[], object] = _nothing
        self.reloads = 0

    async def hear(self, alerts: Sequence[Alert], truncated: int) -> None:
        await self.before()
        self.heard.append(tuple(alerts))
        self.truncated += truncated

    async def order(self, target: str, override: Override | None, actor: str) -> TargetView:
        await self.before()
        if target not in self.views:
            raise UnknownTargetError(target)
        self.orders.append((target, override, actor))
        self.remember(target, override=override)
        return self.views[target]

    async def targets(self) -> list[TargetView]:
        return [self.views[one] for one in sorted(self.views)]

    async def events(self, query: EventQuery) -> list[AuditEntry]:
        await self.before()
        self.queries.append(query)
        return self.entries

    def health(self) -> Health:
        return self.how

    async def reload(self) -> None:
        await self.before()
        self.reloads += 1

    def remember(self, target: str, **changes: object) -> None:
        view = self.views[target]
        self.views[target] = replace(view, memory=replace(view.memory, **changes))


async def _nothing() -> None:
    """Be a store that answers at once."""


def _view(target: str) -> TargetView:
    mitigation, _, resource = target.partition(":")
    policy = Policy(mitigation.replace("_", "-"), mitigation, ())
    memory = Memory(target, "shop", mitigation, resource)
    return TargetView(Target("shop", mitigation, resource), policy, memory)


@dataclass
class Web:
    """Builds applications around one automation, and counts what they tell."""

    automation: Kept = field(default_factory=Kept)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    alerts: Counter[str] = field(default_factory=Counter)
    clients: AsyncExitStack = field(default_factory=AsyncExitStack)

    def app(self, doors: Doors = TOKENS, **limits: object) -> FastAPI:
        instruments = Instruments(
            self.registry,
            lambda source, code: self.answers.update([(source, code)]),
            lambda status, count: self.alerts.update({str(status): count}),
        )
        limits = Limits(**limits)
        return create_app(self.automation, doors, instruments, now=lambda: NOW, limits=limits)

    async def client(
        self, doors: Doors = TOKENS, token: str | None = None, **limits: object
    ) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(
            self.app(doors, **limits), raise_app_exceptions=False, client=("192.0.2.7", 4711)
        )
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        client = httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1", headers=headers
        )
        return await self.clients.enter_async_context(client)


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    built = Web()
    async with built.clients:
        yield built


@pytest.fixture
def automation(web: Web) -> Kept:
    return web.automation


@pytest.fixture
async def anonymous(web: Web) -> httpx.AsyncClient:
    return await web.client()


@pytest.fixture
async def sender(web: Web) -> httpx.AsyncClient:
    return await web.client(token="webhook-s3cret")


@pytest.fixture
async def operator(web: Web) -> httpx.AsyncClient:
    return await web.client(token="api-s3cret")
