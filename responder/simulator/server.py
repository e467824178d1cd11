"""Serve a simulation on a loopback socket, for a program of its own or beside a test."""

import asyncio
import signal
import socket
import struct
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from responder.simulator.addresses import is_loopback
from responder.simulator.app import create_app
from responder.simulator.gateway import API_ROOT
from responder.simulator.state import Simulation

__all__ = ["Endpoints", "running", "serve"]

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where it runs: `base_url` is for Cloudflare clients, `control_url` for the control API."""

    base_url: str
    control_url: str


def serve(
    simulation: Simulation,
    clock: Clock,
    *,
    host: str = "127.0.0.1",
    port: int = 8787,
    on_start: Callable[[Endpoints], None] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM, then return; for the main thread of a program.

    `on_start` is called once, when connections are accepted. Port 0 takes any free one. Raise
    ValueError for a host that is not loopback, OSError when the port cannot be had.
    """
    listener = _listener(host, port)

    async def until_signalled() -> None:
        server = _Server(simulation, clock)
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, server.stop)
        if on_start is not None:
            on_start(_endpoints(listener))
        await server.serve(sockets=[listener])

    asyncio.run(until_signalled())


@asynccontextmanager
async def running(
    simulation: Simulation, clock: Clock, *, port: int = 0
) -> AsyncIterator[Endpoints]:
    """Serve on loopback within the running event loop, while the context lasts.

    Leaving it clears all faults, so that held requests end, and takes well under a second.
    """
    listener = _listener("127.0.0.1", port)
    server = _Server(simulation, clock)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield _endpoints(listener)
    finally:
        server.stop()
        await serving


class _Protocol(HttpToolsProtocol):
    """Hands each request the means to reset its connection, which ASGI has no word for."""

    def on_message_begin(self) -> None:
        """Start a request, with its way out."""
        super().on_message_begin()
        self.scope["state"]["reset_connection"] = self._reset

    def _reset(self) -> None:
        # Lingering for no time makes closing send RST in place of FIN.
        linger = struct.pack("ii", 1, 0)
        connection = self.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.transport.abort()


class _Server(uvicorn.Server):
    """A uvicorn that leaves signals to its caller, and lets held requests go when it stops."""

    def __init__(self, simulation: Simulation, clock: Clock) -> None:
        super().__init__(
            uvicorn.Config(
                create_app(simulation, clock=clock),
                http=_Protocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._simulation = simulation

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave signals alone: the caller may have its own use for them."""
        yield

    def stop(self) -> None:
        """Ask the server to end soon."""
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let held requests go first: they would keep their connections open."""
        self._simulation.faults.clear()
        await super().shutdown(sockets)


def _listener(host: str, port: int) -> socket.socket:
    """Open the listening socket; connections made before the server runs just wait in it."""
    address = "127.0.0.1" if host == "localhost" else host
    if not is_loopback(address):
        raise ValueError(
            f"the simulator has no authentication and listens on loopback only, not on {host!r};"
            " use 127.0.0.1 or ::1"
        )
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # asyncio turns Nagle's delay off (40 ms an answer) only where the protocol is spelled out.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(1024)
    except OSError:
        listener.close()
        raise
    return listener


def _endpoints(listener: socket.socket) -> Endpoints:
    host, port = listener.getsockname()[:2]
    origin = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    return Endpoints(base_url=origin + API_ROOT, control_url=f"{origin}/simulator")
