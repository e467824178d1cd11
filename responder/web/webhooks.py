"""`POST /webhooks/alertmanager`: heard, committed, and only then answered."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from responder.alertmanager.webhook import parse_webhook
from responder.ports import Automation
from responder.web.answers import Answer
from responder.web.bodies import read_body
from responder.web.doors import CLOUDFLARE_PATH
from responder.web.instruments import Instruments
from responder.web.limits import Limits

__all__ = ["PATH", "AlertmanagerWebhook", "AnswerCount"]

PATH = "/webhooks/alertmanager"
_SOURCES = {PATH: "alertmanager", CLOUDFLARE_PATH: "cloudflare"}


class AlertmanagerWebhook:
    """Takes webhooks, as many at once as the limit says."""

    def __init__(
        self,
        automation: Automation,
        instruments: Instruments,
        *,
        now: Callable[[], datetime],
        limits: Limits,
    ) -> None:
        self._automation = automation
        self._instruments = instruments
        self._now = now
        self._limits = limits
        self._in_flight = 0

    async def take(self, request: Request) -> Response:
        """Answer 200 once the alerts are committed; Alertmanager repeats what gets a 5xx."""
        if self._in_flight >= self._limits.in_flight:
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, "too busy; try again")
        self._in_flight += 1
        try:
            return await self._heard(request)
        finally:
            self._in_flight -= 1

    async def _heard(self, request: Request) -> Response:
        body = await read_body(request, self._limits.body_bytes, self._limits.body_within)
        webhook = parse_webhook(body, self._now())
        async with asyncio.timeout(self._limits.answer_within.total_seconds()):
            await self._automation.hear(webhook.alerts, webhook.truncated)
        for status, count in Counter(alert.status for alert in webhook.alerts).items():
            self._instruments.heard(status, count)
        return Answer({"alerts": len(webhook.alerts)})


class AnswerCount:
    """An ASGI middleware that counts what webhooks are answered, refusals at the gate included."""

    def __init__(self, app: ASGIApp, answered: Callable[[str, str], None]) -> None:
        self._app = app
        self._answered = answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and count its answer."""
        source = _SOURCES.get(scope["path"]) if scope["type"] == "http" else None
        if source is None:
            await self._app(scope, receive, send)
            return
        # What leaves by an exception is answered further out, and always with this.
        code = str(HTTPStatus.INTERNAL_SERVER_ERROR.value)

        async def noting(message: Message) -> None:
            nonlocal code
            if message["type"] == "http.response.start":
                code = str(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            self._answered(source, code)
