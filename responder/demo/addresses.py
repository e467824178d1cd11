"""Where the programs of a stack listen."""

import secrets
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

__all__ = ["Addresses", "free_addresses", "free_ports"]

_PORTS = range(12_000, 32_000)
"""Below those that the kernel hands out by itself: nobody takes one before it is listened on."""


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
    ports = free_ports()
    return Addresses(*(f"127.0.0.1:{next(ports)}" for _ in Addresses.__annotations__))


def free_ports() -> Iterator[int]:
    """Yield ports of loopback that nobody listens on, from a random one on."""
    first = secrets.choice(_PORTS)
    for port in chain(range(first, _PORTS.stop), range(_PORTS.start, first)):
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
        yield port
