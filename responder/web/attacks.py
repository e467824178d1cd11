"""`/api/v1/attacks`: what belongs together of the audit trail, as records."""

import asyncio
from collections.abc import Callable, Generator, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, TypeVar

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from responder.domain.attack import Attack, Standing
from responder.domain.attack_reading import LOOK_BACK, Question, Reach, around, back_to
from responder.domain.attacks import Trail, attacks
from responder.domain.audit import Action, AuditEntry
from responder.domain.history import Known
from responder.domain.memory import Owner, State
from responder.domain.targets import Mode
from responder.errors import PayloadError
from responder.ports import Automation, EventQuery, TargetView
from responder.settings import parse_duration
from responder.web.answers import Answer
from responder.web.attack_documents import attack_document, attacks_document
from responder.web.limits import Limits

__all__ = ["AttackApi", "standing"]

_DEFAULT_SINCE = "30d"
_T = TypeVar("_T")


class _Asked(BaseModel):
    """The parameters of a question for attacks."""

    model_config = ConfigDict(extra="forbid")

    since: str = _DEFAULT_SINCE
    site: str = Field(default="", max_length=200)


_Number = Annotated[int, Path(ge=1, lt=2**63)]


class AttackApi:
    """Answers which attacks there were; reads the trail page by page, and so much at most."""

    def __init__(
        self, automation: Automation, *, now: Callable[[], datetime], limits: Limits
    ) -> None:
        self._automation = automation
        self._now = now
        self._limits = limits

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(prefix="/api/v1")
        router.add_api_route("/attacks", self.attacks, methods=["GET"])
        router.add_api_route("/attacks/{number}", self.attack, methods=["GET"])
        return router

    async def attacks(self, asked: Annotated[_Asked, Query()]) -> Response:
        """List the attacks of a period, newest first, without their steps."""
        now = self._now()
        begin = now - _duration(asked.since)
        async with asyncio.timeout(self._limits.answer_within.total_seconds()):
            reach = await self._read(back_to(begin - LOOK_BACK, asked.site or None))
            found = await self._found(reach, asked.site)
        shown = [one for one in found if one.until >= begin]
        return Answer(await asyncio.to_thread(attacks_document, begin, now, reach, shown))

    async def attack(self, number: _Number) -> Response:
        """Show the attack to which an entry of the audit trail belongs: its first, or any."""
        async with asyncio.timeout(self._limits.answer_within.total_seconds()):
            reach = await self._read(around(number))
            found = await self._found(reach, "") if reach is not None else []
        for attack in found:
            if any(step.id == number for step in attack.steps):
                return Answer(await asyncio.to_thread(attack_document, attack))
        raise HTTPException(HTTPStatus.NOT_FOUND, "no such attack; /api/v1/attacks lists them")

    async def _read(self, reading: Generator[Question, Sequence[AuditEntry], _T]) -> _T:
        try:
            question = next(reading)
            while True:
                query = EventQuery(None, question.since, question.limit, question.before)
                question = reading.send(await self._automation.events(query))
        except StopIteration as done:
            value: _T = done.value
            return value

    async def _found(self, reach: Reach, site: str) -> list[Attack]:
        """Work it out beside the loop: a long trail must not keep webhooks waiting."""
        views = await self._automation.targets() if reach.to_now else []
        targets = {
            view.memory.target: standing(view) for view in views if site in {"", view.memory.site}
        }
        trail = Trail(reach.entries, targets, reach.begin, self._now())
        return await asyncio.to_thread(attacks, trail)


def standing(view: TargetView) -> Standing:
    """Return a target as it is now."""
    memory, decision = view.memory, view.memory.decision
    held = str(decision.reason) if decision and decision.action is Action.HOLD else None
    engaged = memory.state in {State.ENGAGED, State.RELEASING}
    known = Known(view.policy.name, engaged, view.policy.mode is Mode.SHADOW, held)
    episode = memory.episode
    return Standing(
        memory.site,
        known,
        episode is not None,
        memory.owner is Owner.EXTERNAL,
        episode.peaks if episode else (),
    )


def _duration(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise PayloadError(
            f"since: write how long ago it may have ended, as 30d; {error}"
        ) from None
