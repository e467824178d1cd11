"""Taking notifications in: read, judged, committed, and only then remembered.

The audit trail is the only place where they are kept. Any replica adds to it, the one that acts
reads it back, and so does a restart: order, repetitions and their author change nothing.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import structlog

from responder.alertmanager.wire import as_object, decoded
from responder.domain.audit import AuditEntry, Kind
from responder.domain.notification import Notification, understood
from responder.domain.notification_book import Book
from responder.domain.notification_judgement import Judgement, Rules, judged
from responder.domain.notification_types import TYPES, Family
from responder.errors import PayloadError
from responder.metrics import Metrics
from responder.ports import Changes, EventQuery
from responder.store.codec import from_text, to_text

__all__ = ["TARGET", "Intake", "Journal"]

TARGET = "cloudflare"
"""The `target` of their entries: `responder events --target cloudflare` shows them."""

_PAGE = 500
_OTHERS = {Family.TEST: "test"}

_log = structlog.get_logger("responder.notifications")


class Journal(Protocol):
    """The audit trail; every failure is a StoreError."""

    @property
    def shared(self) -> bool:
        """Whether other replicas take notifications, too."""
        ...

    async def commit(self, changes: Changes) -> int:
        """Write all of it, durable when it returns."""
        ...

    async def events(self, query: EventQuery) -> list[AuditEntry]:
        """Read the audit trail, newest first."""
        ...


class Intake:
    """Takes notifications; one of it for the life of the process."""

    def __init__(self, journal: Journal, now: Callable[[], datetime], metrics: Metrics) -> None:
        self._journal = journal
        self._now = now
        self.metrics = metrics
        self.rules = Rules()
        """What the configuration in force says about them."""
        self.book = Book()
        self.news = asyncio.Event()
        """Set when something was taken, for whoever tells Alertmanager."""

    @property
    def shared(self) -> bool:
        """Whether other replicas take notifications, too."""
        return self._journal.shared

    async def take(self, body: bytes) -> Judgement:
        """Keep what a webhook told; returns when it is committed.

        Raises PayloadError with what is wrong with the body, or StoreError.
        """
        return await self.keep(read(body, self._now()))

    async def keep(self, told: Notification, actor: str = TARGET) -> Judgement:
        """Keep a notification, unless it is known; raises StoreError."""
        judgement = judged(told, self.rules)
        known = told in self.book
        kind = told.type if told.type in TYPES else _OTHERS.get(told.family, "unknown")
        self.metrics.cloudflare_notified(kind, "known" if known else judgement.effect)
        if not known:
            await self._journal.commit(Changes(entries=[_entry(told, judgement, actor)]))
            self.book.take(told, self.rules)
            self.news.set()
            _log.info(
                "notification",
                type=told.type,
                phase=told.phase,
                effect=judgement.effect,
                reason=judgement.why,
                says=told.says,
            )
        return judgement

    async def recall(self, since: datetime) -> None:
        """Take up what any replica has kept since then; raises StoreError."""
        before: int | None = None
        while True:
            query = EventQuery(target=TARGET, since=since, limit=_PAGE, before=before)
            page = await self._journal.events(query)
            for told in _told(page):
                self.book.take(told, self.rules)
            if len(page) < _PAGE:
                return
            before = page[-1].id


def read(body: bytes, received_at: datetime) -> Notification:
    """Read a notification's body; raises PayloadError with what is wrong."""
    try:
        document = as_object(decoded(body))
    except ValueError as error:
        raise PayloadError(f"the body is {error}") from error
    try:
        return understood(document, received_at)
    except ValueError as error:
        raise PayloadError(f"the body {error}") from error


def _entry(told: Notification, judgement: Judgement, actor: str) -> AuditEntry:
    sites = dict.fromkeys(target.site for target in judgement.targets)
    return AuditEntry(
        at=told.received_at,
        target=TARGET,
        site=", ".join(sites),
        kind=Kind.NOTIFICATION,
        action=judgement.effect,
        reason=judgement.why,
        detail=to_text(told),
        actor=actor,
    )


def _told(entries: Sequence[AuditEntry]) -> list[Notification]:
    """Return the notifications of entries; one that another program wrote otherwise is left."""
    found = []
    for entry in entries:
        if entry.kind is Kind.NOTIFICATION:
            try:
                found.append(from_text(Notification, entry.detail))
            except ValueError as error:
                _log.warning("a kept notification cannot be read", id=entry.id, error=str(error))
    return found
