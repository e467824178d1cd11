"""Whether each zone can be seen, and is one that Cloudflare protects."""

from collections.abc import Sequence

from responder.cloudflare.zones import Zone
from responder.doctor.context import Context
from responder.doctor.finding import Finding, failure, ok
from responder.doctor.zones import each_zone

__all__ = ["judge", "look"]


async def look(context: Context) -> Sequence[Finding]:
    """Ask Cloudflare for the zones."""

    async def one(name: str) -> Finding:
        return judge(await context.cloudflare.zone(name))

    return await each_zone(context, one)


def judge(zone: Zone) -> Finding:
    """Judge a zone that can be seen."""
    plan = f", {zone.plan}" if zone.plan else ""
    if zone.paused:
        seen = "it is paused: its visitors reach the origin past Cloudflare"
        return failure(seen, "resume it in Cloudflare's dashboard (Overview)")
    if zone.status != "active":
        seen = f"its status is {zone.status or 'unknown'}: Cloudflare does not serve it"
        return failure(seen, "let the registrar name Cloudflare's name servers")
    return ok(f"it is active{plan}")
