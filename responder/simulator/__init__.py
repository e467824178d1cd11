"""A stateful Cloudflare API v4 on loopback, for the demo, the tests and for trying Responder.

Here live the simulated account (zones, tokens), the HTTP API in front of it, one module per API
family, and the faults a test can switch on; families that belong together have a package: `magic`
(prefixes, tunnels), `analytics` (GraphQL), `mnm` and `alerting`. Nothing of the rest of Responder
may be imported, so that the simulator stays an independent witness of what Responder sent; the
clock is an argument.
"""

from responder.simulator.app import create_app
from responder.simulator.faults import Fault, FaultKind
from responder.simulator.inventory import Level, Token, Zone
from responder.simulator.limits import RateLimit
from responder.simulator.server import Endpoints, running, serve
from responder.simulator.state import Simulation, seed

__all__ = [
    "Endpoints",
    "Fault",
    "FaultKind",
    "Level",
    "RateLimit",
    "Simulation",
    "Token",
    "Zone",
    "create_app",
    "running",
    "seed",
    "serve",
]
