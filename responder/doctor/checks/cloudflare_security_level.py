"""Whether the security level of each zone can be read, and set on its plan."""

from collections.abc import Sequence

from responder.cloudflare.security_level import SecurityLevel
from responder.doctor.context import Context
from responder.doctor.finding import Finding, failure, ok
from responder.doctor.zones import each_zone

__all__ = ["judge", "look"]


async def look(context: Context) -> Sequence[Finding]:
    """Read the level of each zone."""

    async def one(name: str) -> Finding:
        zone = await context.cloudflare.zone(name)
        return judge(await context.cloudflare.level(zone.id))

    return await each_zone(context, one)


def judge(level: SecurityLevel) -> Finding:
    """Judge a level that can be read."""
    if not level.editable:
        seen = f"its level is {level.value}, and cannot be set on this plan"
        return failure(seen, "ask Cloudflare, or take the zone out of `sites`")
    return ok(f"its level is {level.value}")
