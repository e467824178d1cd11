"""Put the web together: the gate, then one route for each thing that may be asked."""

from collections.abc import Callable
from datetime import datetime

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.routing import Route

from responder.ports import Automation
from responder.web.api import Api
from responder.web.attacks import AttackApi
from responder.web.console import Console
from responder.web.doors import Doors
from responder.web.exposition import Exposition
from responder.web.failures import ANSWERS
from responder.web.gate import Gate
from responder.web.instruments import Instruments
from responder.web.limits import Limits
from responder.web.probes import Probes
from responder.web.reload import Reload
from responder.web.webhooks import PATH, AlertmanagerWebhook, AnswerCount

__all__ = ["create_app"]


def create_app(
    automation: Automation,
    doors: Doors,
    instruments: Instruments,
    *,
    now: Callable[[], datetime],
    limits: Limits | None = None,
) -> FastAPI:
    """Build the ASGI application; `now` returns the present in aware UTC."""
    limits = limits or Limits()
    webhook = AlertmanagerWebhook(automation, instruments, now=now, limits=limits)
    app = FastAPI(
        openapi_url=None,
        redirect_slashes=False,
        # Plain routes, the busiest first: nothing is validated that we do not read ourselves.
        routes=[
            Route(PATH, webhook.take, methods=["POST"]),
            *_for_machines(automation, instruments),
            Route("/", Console(automation).show),
            Route("/-/reload", Reload(automation).take, methods=["POST"]),
        ],
        middleware=[
            Middleware(AnswerCount, answered=instruments.answered),
            Middleware(Gate, doors=doors, limits=limits),
        ],
        exception_handlers=dict(ANSWERS),
    )
    app.include_router(Api(automation, now=now, limits=limits, edge=instruments.edge).router())
    app.include_router(AttackApi(automation, now=now, limits=limits).router())
    return app


def _for_machines(automation: Automation, instruments: Instruments) -> list[Route]:
    probes = Probes(automation, instruments.components)
    return [
        Route("/metrics", Exposition(instruments.registry).show),
        Route("/live", probes.live),
        Route("/-/healthy", probes.live),
        Route("/ready", probes.ready),
        Route("/-/ready", probes.ready),
        Route("/health", probes.health),
    ]
