"""Whether each prefix exists exactly as it is configured, and may be switched through the API."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from responder.cloudflare.client import CloudflareClient, Endpoint
from responder.cloudflare.prefix_lists import BgpPrefix
from responder.cloudflare.prefixes import LOOK, Prefixes
from responder.connections import credential
from responder.doctor.context import Context, after
from responder.doctor.finding import Finding, failure, ok, skipped
from responder.domain.breaker import Failure
from responder.errors import ProviderError

__all__ = ["MOST", "NO_PREFIXES", "ask_account", "configured", "judge", "look"]

MOST = 50
"""Prefixes that are looked at. Each costs up to two of the 1,200 requests that a credential has in
five minutes, and the running service needs them more."""
_AT_ONCE = 4

NO_PREFIXES = "no prefix is configured"

_PATIENCE = timedelta(seconds=10)
_ACCOUNT_TEAM = "ask your account team at Cloudflare, or take it out of `sites`"

_Answer = TypeVar("_Answer")


async def look(context: Context) -> Sequence[Finding]:
    """Ask Cloudflare for the prefixes; whatever goes wrong with one says nothing of the next."""
    prefixes = configured(context)
    if not prefixes:
        return [ok(NO_PREFIXES)]

    async def ask(client: CloudflareClient, account: str) -> list[Finding]:
        held, turn = Prefixes(client, account), asyncio.Semaphore(_AT_ONCE)

        async def found(cidr: str) -> Finding:
            async with turn:
                try:
                    return replace(judge(await held.read(cidr, LOOK)), subject=cidr)
                except ProviderError as error:
                    return _told(error, cidr)

        return list(await asyncio.gather(*map(found, prefixes[:MOST])))

    findings = await ask_account(context, ask)
    left = len(prefixes) - len(findings)
    if left:
        advice = "responder status tells how the service sees them"
        findings.append(skipped(f"{left} more prefixes, to spare the API budget", advice))
    return findings


def judge(part: BgpPrefix) -> Finding:
    """Judge a prefix that is there."""
    if not part.on_demand or part.advertised is None:
        return failure(
            "it is not on demand: it can be neither advertised nor withdrawn", _ACCOUNT_TEAM
        )
    if part.locked:
        seen = "it is locked: Cloudflare's checks before the first advertisement are not finished"
        return failure(seen, _ACCOUNT_TEAM)
    if part.bgp_controlled:
        seen = "BGP signals advertise it, so that the API must not"
        return failure(seen, "switch the BGP signals off, or take it out of `sites`")
    since = f" since {part.changed_at:%Y-%m-%d %H:%M} UTC" if part.changed_at else ""
    return ok(f"it is on demand, and {'advertised' if part.advertised else 'withdrawn'}{since}")


def configured(context: Context) -> list[str]:
    """Return the prefixes of all sites."""
    return [cidr for site in context.settings.sites.values() for cidr in site.prefixes]


async def ask_account(
    context: Context, ask: Callable[[CloudflareClient, str], Awaitable[_Answer]]
) -> _Answer:
    """Put questions to the account of the prefixes, once the credential is known to be taken.

    They go the way of all others to Cloudflare, which is closed with the context.
    """
    section, asked = context.settings.cloudflare, context.cloudflare
    client = CloudflareClient(
        Endpoint(section.base_url, min(section.timeout, _PATIENCE), asked.dates),
        credential(section),
        context.clock.monotonic,
    )

    async def admitted() -> None:
        """Let pass what only cannot be verified: it may work all the same."""
        try:
            await asked.token()
        except ProviderError as error:
            if error.failure is not Failure.REFUSED:
                raise

    shut = "Cloudflare does not answer, or does not take the credential"
    return await after(admitted, lambda: ask(client, section.account_id or ""), shut)


def _told(error: ProviderError, cidr: str) -> Finding:
    """Tell a prefix that is refused from a Cloudflare that has other troubles."""
    if error.failure is Failure.REFUSED:
        advice = "correct it under `sites`, cloudflare.account_id, or what the token may do"
        return failure(str(error), advice, cidr)
    return skipped(str(error), "ask again", cidr)
