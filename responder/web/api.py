"""`/api/v1`: targets, the audit trail, and operators' overrides."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from responder.domain.memory import Override
from responder.errors import PayloadError
from responder.ports import Automation, EventQuery, TargetView, UnknownTargetError
from responder.settings import parse_duration
from responder.web.answers import Answer
from responder.web.bodies import read_body
from responder.web.documents import event_document, target_document
from responder.web.limits import Limits
from responder.web.overrides import actor, parse_override

__all__ = ["Api"]

_ORDER_BYTES = 64 * 1024


class _Events(BaseModel):
    """The parameters of a question to the audit trail."""

    model_config = ConfigDict(extra="forbid")

    target: str = Field(default="", max_length=500, pattern=r"^[!-~]*$")
    since: str = ""
    before: int | None = Field(default=None, ge=1, lt=2**63)
    limit: int = Field(default=100, ge=1, le=1000)


class Api:
    """Answers programs and operators from what the automation knows."""

    def __init__(
        self,
        automation: Automation,
        *,
        now: Callable[[], datetime],
        limits: Limits,
        edge: Callable[[], Mapping[str, object]] = dict,
    ) -> None:
        self._automation = automation
        self._edge = edge
        self._now = now
        self._limits = limits

    def router(self) -> APIRouter:
        """Return the routes; a target's id may hold slashes, so the longer path comes first."""
        router = APIRouter(prefix="/api/v1")
        override = "/targets/{target:path}/override"
        router.add_api_route("/edge", self.edge, methods=["GET"])
        router.add_api_route("/events", self.events, methods=["GET"])
        router.add_api_route("/targets", self.targets, methods=["GET"])
        router.add_api_route(override, self.set_override, methods=["PUT"])
        router.add_api_route(override, self.lift_override, methods=["DELETE"])
        router.add_api_route(override, _no_method, methods=["GET", "POST", "PATCH"])
        router.add_api_route("/targets/{target:path}", self.target, methods=["GET"])
        return router

    async def edge(self) -> Response:
        """Show what the edge sensor last saw; empty lists while another replica acts."""
        return Answer(dict(self._edge()))

    async def targets(self) -> Response:
        """List all targets."""
        return Answer({"targets": [target_document(one) for one in await self._views()]})

    async def target(self, target: str) -> Response:
        """Show one target."""
        for view in await self._views():
            if view.memory.target == target:
                return Answer(target_document(view))
        raise UnknownTargetError(target)

    async def _views(self) -> list[TargetView]:
        async with asyncio.timeout(self._limits.answer_within.total_seconds()):
            return await self._automation.targets()

    async def events(self, asked: Annotated[_Events, Query()]) -> Response:
        """Show the audit trail, newest first."""
        since = _since(asked.since, self._now()) if asked.since else None
        query = EventQuery(asked.target or None, since, asked.limit, asked.before)
        async with asyncio.timeout(self._limits.answer_within.total_seconds()):
            entries = await self._automation.events(query)
        return Answer({"events": [event_document(entry) for entry in entries]})

    async def set_override(self, target: str, request: Request) -> Response:
        """Set an operator's order, and show the target under it."""
        body = await read_body(request, _ORDER_BYTES, self._limits.body_within)
        by = actor(request)
        return await self._ordered(target, parse_override(body, by, self._now()), by)

    async def lift_override(self, target: str, request: Request) -> Response:
        """Lift the order, if there is one, and show the target."""
        return await self._ordered(target, None, actor(request))

    async def _ordered(self, target: str, override: Override | None, by: str) -> Response:
        async with asyncio.timeout(self._limits.answer_within.total_seconds()):
            view = await self._automation.order(target, override, by)
        return Answer(target_document(view))


async def _no_method() -> Response:
    """Keep a wrong method from being taken for a target whose id ends in `/override`."""
    raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "PUT, DELETE"})


def _since(text: str, now: datetime) -> datetime:
    """Read a moment, or how long ago it was."""
    try:
        return now - parse_duration(text)
    except ValueError:
        pass
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise PayloadError(
        "since: write a time with its zone such as 2026-11-20T10:00:00Z, or how long ago, as 1h"
    )
