"""Put the simulator together: the gateway, one router per API family, and the control API."""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from responder.simulator import control, settings, token_orders, tokens, zones
from responder.simulator.alerting import orders as notification_orders
from responder.simulator.alerting import policies, webhooks
from responder.simulator.analytics import graphql
from responder.simulator.analytics import orders as traffic_orders
from responder.simulator.envelope import NO_ROUTE, ApiError, Problem, failure
from responder.simulator.gateway import API_ROOT, Gateway
from responder.simulator.magic import interconnects, prefix_orders, prefixes, tunnel_orders, tunnels
from responder.simulator.mnm import config as mnm_config
from responder.simulator.mnm import orders as mnm_orders
from responder.simulator.mnm import rules as mnm_rules
from responder.simulator.rulesets import routes as rulesets
from responder.simulator.state import Simulation

__all__ = ["create_app"]

# A new API family is its module and one line here.
_FAMILIES = (
    tokens.router,
    zones.router,
    settings.router,
    prefixes.router,
    tunnels.router,
    interconnects.router,
    webhooks.router,
    policies.router,
    graphql.router,
    mnm_config.router,
    mnm_rules.router,
    rulesets.router,
)
_ORDERS = (
    control.router,
    token_orders.router,
    prefix_orders.router,
    tunnel_orders.router,
    notification_orders.router,
    traffic_orders.router,
    mnm_orders.router,
)

_NO_METHOD = Problem(10405, "Method not allowed")


def create_app(simulation: Simulation, *, clock: Callable[[], datetime]) -> FastAPI:
    """Build the ASGI application for this simulation; `clock` returns the present in aware UTC."""
    app = FastAPI(openapi_url=None, redirect_slashes=False)
    app.add_middleware(Gateway, simulation=simulation, clock=clock)
    for family in _FAMILIES:
        app.include_router(family, prefix=API_ROOT)
    for orders in _ORDERS:
        app.include_router(orders, prefix="/simulator")
    _add_error_answers(app)
    return app


def _add_error_answers(app: FastAPI) -> None:
    @app.exception_handler(ApiError)
    async def refused(_request: Request, error: ApiError) -> Response:
        return failure(error)

    @app.exception_handler(HTTPException)
    async def no_route(request: Request, error: HTTPException) -> Response:
        if not request.url.path.startswith(API_ROOT):
            return JSONResponse({"error": error.detail}, error.status_code)
        found = error.status_code == HTTPStatus.METHOD_NOT_ALLOWED
        return failure(ApiError(error.status_code, _NO_METHOD if found else NO_ROUTE))

    @app.exception_handler(RequestValidationError)
    async def bad_order(_request: Request, error: RequestValidationError) -> Response:
        lines = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        return JSONResponse({"error": "; ".join(lines)}, HTTPStatus.BAD_REQUEST)
