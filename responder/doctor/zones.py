"""Asking about zones one by one: a few at a time, and not more than the API budget can bear."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from responder.doctor.context import Context
from responder.doctor.finding import Finding, failure, skipped
from responder.domain.breaker import Failure
from responder.errors import ProviderError

__all__ = ["MOST", "each_zone"]

MOST = 50
"""Zones that are looked at. Each costs two of the 1,200 requests that a credential has in five
minutes, and the running service needs them more."""
_AT_ONCE = 4


async def each_zone(context: Context, look: Callable[[str], Awaitable[Finding]]) -> list[Finding]:
    """Look at the configured zones; whatever goes wrong with one says nothing of the next."""
    zones = [zone for site in context.settings.sites.values() for zone in site.zones]
    turn = asyncio.Semaphore(_AT_ONCE)

    async def found(zone: str) -> Finding:
        async with turn:
            try:
                return replace(await look(zone), subject=zone)
            except ProviderError as error:
                return _told(error, zone)

    findings = list(await asyncio.gather(*map(found, zones[:MOST])))
    left = len(zones) - len(findings)
    if left:
        advice = "responder status tells how the service sees them"
        findings.append(skipped(f"{left} more zones, to spare the API budget", advice))
    return findings


def _told(error: ProviderError, zone: str) -> Finding:
    """Tell a zone that is refused from a Cloudflare that has other troubles."""
    if error.failure is Failure.REFUSED:
        advice = "correct the zone under `sites`, or what the token may do and where"
        return failure(str(error), advice, zone)
    return skipped(str(error), "ask again", zone)
