"""The service's tools in front of a simulated Cloudflare, in this process, on real sockets."""

import asyncio
import json
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import structlog
import uvicorn
from prometheus_client import CollectorRegistry

from responder.app import SystemClock
from responder.cli.options import load
from responder.domain.audit import AuditEntry, Kind
from responder.errors import StoreError
from responder.ports import Automation, Changes
from responder.simulator import Simulation, running, seed
from responder.simulator.inventory import Account
from responder.tools.account import Opening
from responder.tools.desk import Desk
from responder.web.app import create_app
from responder.web.doors import Doors
from responder.web.instruments import Instruments
from responder.web.tool_routes import include_tools

CLOCK = SystemClock()
TOKEN = "api-s3cret"
PREFIX, OTHER = "203.0.113.0/24", "198.51.100.0/24"


@dataclass
class Tools:
    """A running service with its tools; what it writes down and what Cloudflare holds."""

    url: str
    folder: Path
    simulation: Simulation
    base_url: str
    entries: list[AuditEntry] = field(default_factory=list)
    broken: bool = False
    received: list[tuple[str, str, object]] = field(default_factory=list)
    """Method, URL and body of what changes something at the service, or would."""

    async def commit(self, changes: Changes) -> int:
        if self.broken:
            raise StoreError("disk full")
        self.entries += changes.entries
        return 0

    def written(self) -> list[tuple[str, str]]:
        """Return the requests that changed something, or would have."""
        return [(r.method, r.path) for r in self.simulation.requests if r.method != "GET"]

    def audited(self) -> list[tuple[Kind, str, str, str]]:
        return [(one.kind, one.action, one.reason, one.target) for one in self.entries]


@contextmanager
def tools_running(folder: Path, automation: Automation) -> Iterator[Tools]:
    """Serve until the block ends; what the service logs must not mix with what a command prints."""
    quiet = structlog.make_filtering_bound_logger(logging.CRITICAL)
    structlog.configure(wrapper_class=quiet)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        tools = Tools(url, folder, seed({"example.com": "high"}), "")
        up, down = threading.Event(), threading.Event()
        serving = _serve(tools, automation, listener, up, down)
        thread = threading.Thread(target=lambda: asyncio.run(serving))
        thread.start()
        try:
            assert up.wait(10)
            yield tools
        finally:
            down.set()
            thread.join()
            structlog.reset_defaults()


async def _serve(
    tools: Tools,
    automation: Automation,
    listener: socket.socket,
    up: threading.Event,
    down: threading.Event,
) -> None:
    async with running(tools.simulation, CLOCK.now) as endpoints:
        tools.base_url = endpoints.base_url
        opening = Opening(_settings(tools), CLOCK.now, CLOCK.monotonic, lambda *_: None)
        desk = Desk(opening, tools.commit, CLOCK.now)
        instruments = Instruments(CollectorRegistry(), lambda *_: None, lambda *_: None)
        app = create_app(automation, Doors(None, lambda: TOKEN), instruments, now=CLOCK.now)
        include_tools(app, automation, desk, CLOCK.now)
        app = _Recorder(app, tools)
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        serving = asyncio.create_task(server.serve([listener]))
        while not server.started:
            await asyncio.sleep(0.005)
        up.set()
        await asyncio.to_thread(down.wait)
        server.should_exit = True
        await serving


class _Recorder:
    """Notes what is asked of the service, as it came."""

    def __init__(self, app, tools: Tools) -> None:
        self._app = app
        self._tools = tools

    async def __call__(self, scope, receive, send) -> None:
        body = b""

        async def noting():
            nonlocal body
            message = await receive()
            body += message.get("body", b"")
            return message

        await self._app(scope, noting, send)
        query = f"?{scope['query_string'].decode()}" if scope["query_string"] else ""
        url = f"{self._tools.url}{scope['raw_path'].decode()}{query}"
        if scope["method"] != "GET":
            self._tools.received.append((scope["method"], url, json.loads(body or "null")))


def _settings(tools: Tools):
    path = tools.folder / "service.json"
    path.write_text(json.dumps(configuration(tools.base_url)))
    return load(path)


def configuration(base_url: str) -> dict[str, object]:
    """Return a configuration of the account that the simulator has."""
    return {
        "alertmanager": {"urls": ["http://127.0.0.1:9093"]},
        "cloudflare": {
            "api_token": "simulator-token",
            "account_id": Account().id,
            "base_url": base_url,
            "timeout": "4s",
        },
        "sites": {"office": {"prefixes": [PREFIX, OTHER]}, "shop": {"zones": ["example.com"]}},
    }
