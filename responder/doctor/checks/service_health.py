"""What the running service says of its own parts."""

from collections.abc import Sequence

from responder.doctor.context import Context
from responder.doctor.finding import Finding, failure, ok, warning
from responder.doctor.service import Component

__all__ = ["judge", "look"]

_ADVICE = "responder status and the service's log tell more"


async def look(context: Context) -> Sequence[Finding]:
    """Ask the service for its health."""
    return judge((await context.service.health()).components)


def judge(components: Sequence[Component]) -> list[Finding]:
    """Judge the components; those that are well are told together."""
    found = []
    for one in components:
        seen = f"{one.status}: {one.detail}" if one.detail else one.status
        if one.status == "failed":
            found.append(failure(seen, _ADVICE, one.name))
        elif one.status != "ok":
            found.append(warning(seen, _ADVICE, one.name))
    well = [one.name for one in components if one.status == "ok"]
    return [*([ok(f"well: {', '.join(well)}")] if well else ()), *found]
