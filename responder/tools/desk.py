"""Writes of operators: shown or made, audited, and read back."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import structlog

from responder.cloudflare.call import Call
from responder.domain.audit import AuditEntry, Kind
from responder.domain.breaker import Failure
from responder.errors import ProviderError, StoreError
from responder.ports import Changes
from responder.tools.account import Account, Opening

__all__ = ["Change", "Desk", "Made", "Result"]

_LOST = frozenset({Failure.TIMEOUT, Failure.SERVER_ERROR, Failure.MALFORMED})
"""After these nobody knows whether the request was carried out."""

_log = structlog.get_logger("responder.tools")


class Result(StrEnum):
    """What came of a change."""

    WOULD = "would"  # nothing was sent
    UNCHANGED = "unchanged"  # it is so already; nothing was sent
    APPLIED = "applied"  # a read confirms it
    UNCONFIRMED = "unconfirmed"  # it was taken, but a read does not show it


@dataclass(frozen=True, slots=True)
class Change:
    """A write that is checked and may be made."""

    subject: str
    """What it is about, as the audit trail names it, such as `mnm_rule:web`."""
    action: str
    call: Call | None
    """None when it is so already."""
    seen: Callable[[], Awaitable[str]]
    """Reads back; returns how what is there differs from what was wanted, empty if it does not."""
    before: str = ""
    """The definition that is replaced or goes, for the audit trail: so it can be put back."""
    warnings: Sequence[str] = field(default_factory=tuple)
    rehearsal: Call | None = None
    """Asked before the write and in a dry run: Cloudflare checks the request, and keeps nothing."""


@dataclass(frozen=True, slots=True)
class Made:
    """What came of a change, and the requests that it takes."""

    result: Result
    subject: str
    requests: Sequence[dict[str, object]]
    warnings: Sequence[str] = ()
    detail: str = ""


class Desk:
    """Where operators' writes are made, one at a time."""

    def __init__(
        self,
        opening: Opening,
        commit: Callable[[Changes], Awaitable[int]],
        now: Callable[[], datetime],
    ) -> None:
        """`commit` writes the audit trail; it raises StoreError."""
        self._opening = opening
        self._commit = commit
        self._now = now
        self._writing = asyncio.Lock()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Account]:
        """Open the account to look around."""
        async with self._opening.account() as account:
            yield account

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Account]:
        """Open the account for a look and the write that follows from it, alone."""
        async with self._writing, self._opening.account() as account:
            yield account

    async def make(self, account: Account, change: Change, actor: str, *, dry_run: bool) -> Made:
        """Make a change, or show it; raises ProviderError or StoreError.

        Nothing is sent before the audit trail says that it will be.
        """
        if change.call is None:
            return Made(Result.UNCHANGED, change.subject, (), change.warnings)
        requests = (change.call.shown(account.base_url),)
        if change.rehearsal is not None:
            await change.rehearsal.make(account.client)
        if dry_run:
            return Made(Result.WOULD, change.subject, requests, change.warnings)
        was = f"; it was {change.before}" if change.before else ""
        await self._note(change, actor, Kind.INTENT, "operator", f"{_told(change.call)}{was}")
        try:
            detail = await self._sent(account, change, change.call)
        except ProviderError as error:
            await self._noted(change, actor, f"error: {error}")
            raise
        result = Result.UNCONFIRMED if detail else Result.APPLIED
        unwritten = await self._noted(change, actor, f"{result}: {detail}" if detail else result)
        return Made(result, change.subject, requests, (*change.warnings, *unwritten), detail)

    async def _sent(self, account: Account, change: Change, call: Call) -> str:
        """Send it and read back; a lost answer is no failure when the change is there."""
        try:
            await call.make(account.client)
        except ProviderError as error:
            if error.failure not in _LOST:
                raise
            unseen = await _unseen(change)
            if unseen:
                said = f"{error}; {unseen}, but it may still come: look before you repeat it"
                raise ProviderError(error.failure, said) from error
            return ""
        return await _unseen(change)

    async def _noted(self, change: Change, actor: str, said: str) -> list[str]:
        """Write the outcome; it has happened, whether the store takes it or not."""
        try:
            await self._note(change, actor, Kind.OUTCOME, said.partition(":")[0], said)
        except StoreError as error:
            _log.error("an outcome is not in the audit trail", subject=change.subject, said=said)
            return [f"the outcome could not be written to the audit trail: {error}"]
        return []

    async def _note(self, change: Change, actor: str, kind: Kind, reason: str, detail: str) -> None:
        at, subject, action = self._now(), change.subject, change.action
        entry = AuditEntry(at, subject, "", kind, action, reason, detail, actor)
        _log.info(
            "operator's write",
            kind=str(kind),
            action=change.action,
            subject=change.subject,
            actor=actor,
            detail=detail,
        )
        await self._commit(Changes(entries=[entry]))


async def _unseen(change: Change) -> str:
    """Return what a read says against the change; a read that fails says that much."""
    try:
        return await change.seen()
    except ProviderError as error:
        return f"it could not be read back: {error}"


def _told(call: Call) -> str:
    body = "" if call.body is None else " " + json.dumps(call.body, separators=(",", ":"))
    return f"{call.method} {call.path}{body}"[:2000]
