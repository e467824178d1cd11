"""`POST /webhooks/cloudflare`: a notification, committed before it is answered.

Cloudflare is not known to send one twice: what is answered with a failure may be lost, until the
gap is filled from its history.
"""

import asyncio
from http import HTTPStatus
from typing import Protocol

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from responder.domain.notification_judgement import Judgement
from responder.web.answers import Answer
from responder.web.bodies import read_body
from responder.web.doors import CLOUDFLARE_PATH
from responder.web.limits import Limits

__all__ = ["CloudflareWebhook", "Taker", "serve_notifications"]


class Taker(Protocol):
    """Who keeps notifications."""

    async def take(self, body: bytes) -> Judgement:
        """Return when it is committed; raises PayloadError or StoreError."""
        ...


class CloudflareWebhook:
    """Takes notifications, as many at once as the limit says."""

    def __init__(self, taker: Taker, limits: Limits) -> None:
        self._taker = taker
        self._limits = limits
        self._in_flight = 0

    async def take(self, request: Request) -> Response:
        """Answer 200 once it is committed, whatever it may do."""
        if self._in_flight >= self._limits.in_flight:
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, "too busy; try again")
        self._in_flight += 1
        try:
            body = await read_body(request, self._limits.body_bytes, self._limits.body_within)
            async with asyncio.timeout(self._limits.answer_within.total_seconds()):
                judgement = await self._taker.take(body)
        finally:
            self._in_flight -= 1
        return Answer({"effect": judgement.effect, "reason": judgement.why})


def serve_notifications(app: FastAPI, taker: Taker, limits: Limits | None = None) -> None:
    """Let the application take notifications; its doors say with which secret."""
    webhook = CloudflareWebhook(taker, limits or Limits())
    app.router.routes.append(Route(CLOUDFLARE_PATH, webhook.take, methods=["POST"]))
