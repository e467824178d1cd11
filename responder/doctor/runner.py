"""Running the checks: all at once, each in its own time, and none of them can end the others."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from responder.doctor.context import AskedAlertmanager, Context
from responder.doctor.finding import Finding, failure, skipped
from responder.errors import ResponderError

__all__ = ["LIMIT", "Check", "Look", "each_alertmanager", "examine"]

LIMIT = timedelta(seconds=30)
"""What one check may take; each of its questions has a shorter limit of its own."""

Look = Callable[[Context], Awaitable[Sequence[Finding]]]
"""A check: asks what it needs, and returns what it found; may raise ResponderError."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the registry."""

    name: str
    """`neighbour/point`: what is shown, what programs read, the heading in the documentation."""
    look: Look


async def examine(
    context: Context, checks: Sequence[Check], limit: timedelta = LIMIT
) -> list[Finding]:
    """Run the checks; return all findings in the order of the checks."""
    found = await asyncio.gather(*(_examined(check, context, limit) for check in checks))
    return [finding for findings in found for finding in findings]


async def _examined(check: Check, context: Context, limit: timedelta) -> list[Finding]:
    findings = await _guarded(check.look(context), limit)
    return [replace(finding, check=check.name) for finding in findings]


async def _guarded(look: Awaitable[Sequence[Finding]], limit: timedelta) -> Sequence[Finding]:
    """Turn what keeps a check from an answer into a finding."""
    try:
        async with asyncio.timeout(limit.total_seconds()):
            return await look
    except TimeoutError:
        advice = "look whether the neighbour hangs, and ask again"
        return [failure(f"no answer within {limit.total_seconds():g} s", advice)]
    except ResponderError as error:
        return [skipped(str(error))]


def each_alertmanager(
    look: Callable[[Context, AskedAlertmanager], Awaitable[Sequence[Finding]]],
) -> Look:
    """Make a check of all Alertmanagers from that of one; each is looked at on its own."""

    async def look_at_all(context: Context) -> list[Finding]:
        if not context.alertmanagers:
            return [skipped("alertmanager.urls is empty")]
        found = await asyncio.gather(
            *(_guarded(look(context, one), LIMIT) for one in context.alertmanagers)
        )
        return [
            replace(finding, subject=finding.subject or one.url)
            for one, findings in zip(context.alertmanagers, found, strict=True)
            for finding in findings
        ]

    return look_at_all
