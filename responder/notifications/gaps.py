"""Filling gaps: what was sent while nobody listened stands in Cloudflare's own history."""

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from responder.cloudflare.notifications import Sent
from responder.domain.notification import Notification, understood
from responder.domain.notification_types import Family
from responder.errors import ProviderError, StoreError
from responder.notifications.intake import Intake

__all__ = ["EVERY", "Gaps", "History", "told_by"]

EVERY = timedelta(minutes=5)
"""Between two looks: a webhook that got lost is made good within this, for one request."""

ACTOR = "cloudflare history"

_log = structlog.get_logger("responder.notifications")


class History(Protocol):
    """What Cloudflare says that it has sent."""

    async def history(self, since: datetime) -> list[Sent]:
        """Return what was sent since then; raises ProviderError."""
        ...


class Gaps:
    """Reads the history at the start and every five minutes, and takes what is not known."""

    def __init__(self, history: History, intake: Intake, now: Callable[[], datetime]) -> None:
        self._history = history
        self._intake = intake
        self._now = now
        self._problem = ""

    async def fill_for_ever(self) -> None:
        """Fill until cancelled; what fails is said once, and tried again."""
        while True:
            await self.try_fill()
            await asyncio.sleep(EVERY.total_seconds())

    async def try_fill(self) -> None:
        """Fill the gaps now, if the history can be read."""
        problem = ""
        try:
            filled = await self.fill()
        except (ProviderError, StoreError) as error:
            problem = str(error)
        else:
            if filled:
                _log.warning("notifications had not arrived, taken from the history", count=filled)
        if problem and problem != self._problem:
            _log.warning("cloudflare's history of notifications cannot be read", problem=problem)
        self._problem = problem

    async def fill(self) -> int:
        """Take all that was sent lately and is not known; return how many there were.

        Raises ProviderError or StoreError.
        """
        now, count = self._now(), 0
        for sent in await self._history.history(now - self._intake.rules.maximum_age):
            told = told_by(sent, now)
            if told is not None and told not in self._intake.book:
                await self._intake.keep(told, ACTOR)
                count += 1
        return count


def told_by(sent: Sent, now: datetime) -> Notification | None:
    """Return what a line of the history told; None for a test, and for what is no notification."""
    try:
        body = json.loads(sent.body)
        told = understood(_whole(body, sent), now) if isinstance(body, dict) else None
    except (ValueError, RecursionError):
        return None
    return None if told is None or told.family is Family.TEST else told


def _whole(body: Mapping[str, object], sent: Sent) -> Mapping[str, object]:
    """Return the body as the webhook had it, also where only its data is kept."""
    known = {"alert_type": sent.alert_type, "ts": sent.at.timestamp(), "policy_name": sent.name}
    return {**known, **body} if isinstance(body.get("data"), dict) else {**known, "data": body}
