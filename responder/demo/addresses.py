"""Where the programs of a stack listen."""

import socket
from contextlib import ExitStack
from dataclasses import dataclass

__all__ = ["Addresses", "free_addresses"]


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where each program listens, as `host:port`."""

    prometheus: str
    alertmanager: str
    node_exporter: str
    simulator: str
    responder: str


def free_addresses() -> Addresses:
    """Return addresses on loopback that nobody listens on, each a different one."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in Addresses.__annotations__]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return Addresses(*(f"127.0.0.1:{one.getsockname()[1]}" for one in sockets))
