"""The gate every API request passes: it is logged, counted against the limit, and may meet a fault.

The control API goes round it: a simulator in trouble must still be controllable.
"""

from collections.abc import Callable
from datetime import datetime

from starlette.types import ASGIApp, Receive, Scope, Send

from responder.simulator.analytics.graphql import GRAPHQL_PATH, budget_depleted
from responder.simulator.auth import find_token
from responder.simulator.envelope import ApiError, Problem, failure
from responder.simulator.exchange import Exchange
from responder.simulator.faults import ArmedFault, Call
from responder.simulator.inventory import Zone
from responder.simulator.limits import Allowance
from responder.simulator.outages import Scene
from responder.simulator.requestlog import LoggedRequest
from responder.simulator.state import Simulation

__all__ = ["API_ROOT", "Gateway"]

API_ROOT = "/client/v4"
GRAPHQL = API_ROOT + GRAPHQL_PATH


class Gateway:
    """ASGI middleware; gives each request its `state.simulation` and `state.clock`."""

    def __init__(self, app: ASGIApp, simulation: Simulation, clock: Callable[[], datetime]) -> None:
        self._app = app
        self._simulation = simulation
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event; what is not a request to the API goes straight on."""
        state = scope.setdefault("state", {})
        state.update(simulation=self._simulation, clock=self._clock)
        if scope["type"] != "http" or not scope["path"].startswith(API_ROOT):
            await self._app(scope, receive, send)
            return
        exchange = await Exchange.read(scope, receive, send)
        if exchange is not None:
            await self._pass(exchange)

    async def _pass(self, exchange: Exchange) -> None:
        simulation, now = self._simulation, self._clock()
        token = find_token(exchange.headers, simulation.tokens.values())
        token_id = token.id if token else None
        if exchange.path == GRAPHQL:
            allowance = simulation.graphql_limiter.count(token_id, now)
        else:
            allowance = simulation.limiter.count(token_id, now)
            exchange.extra_headers = simulation.limiter.headers(allowance)
        armed = None if allowance.refused else simulation.faults.meet(self._call(exchange))
        number = simulation.requests.begin(_entry(exchange, token_id, armed, now))
        try:
            await self._answer(exchange, allowance, armed)
        finally:
            if exchange.status is not None:
                zone = self._zone(exchange)
                level = zone.level if zone else None
                simulation.requests.finish(number, exchange.status, self._clock(), level)

    async def _answer(
        self, exchange: Exchange, allowance: Allowance, armed: ArmedFault | None
    ) -> None:
        if allowance.refused:
            depleted = exchange.path == GRAPHQL
            refusal = budget_depleted() if depleted else failure(ApiError(429, self._too_many()))
            await refusal(exchange.scope, exchange.replay, exchange.send)
        elif armed is not None:
            await Scene(exchange, armed, self._app).play()
        else:
            await self._app(exchange.scope, exchange.replay, exchange.send)

    def _call(self, exchange: Exchange) -> Call:
        zone = self._zone(exchange)
        zones = frozenset({zone.id, zone.name}) if zone else frozenset()
        prefixes = self._simulation.prefixes_named(exchange.path.split("/"))
        return Call(exchange.method, exchange.path, zones, prefixes)

    def _zone(self, exchange: Exchange) -> Zone | None:
        named = exchange.named_zone()
        return self._simulation.find_zone(named) if named else None

    def _too_many(self) -> Problem:
        limit = self._simulation.limiter.limit
        return Problem(
            10100,
            f"More than {limit.requests} requests per {int(limit.window.total_seconds())} seconds "
            "reached. Please wait and consider throttling your request speed",
        )


def _entry(
    exchange: Exchange, token_id: str | None, armed: ArmedFault | None, now: datetime
) -> LoggedRequest:
    return LoggedRequest(
        at=now,
        method=exchange.method,
        path=exchange.path,
        query=exchange.query,
        token=token_id,
        body=exchange.logged_body(),
        fault=armed.fault.kind if armed else None,
    )
