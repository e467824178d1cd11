"""Whether the running service is this program."""

from collections.abc import Sequence

from responder import __version__
from responder.doctor.context import Context
from responder.doctor.finding import Finding, ok, warning

__all__ = ["judge", "look"]


async def look(context: Context) -> Sequence[Finding]:
    """Ask the service for its version."""
    return [judge((await context.service.health()).version)]


def judge(version: str) -> Finding:
    """Compare the service's version with ours."""
    if version == __version__:
        return ok(f"version {version}, the same as this program's")
    seen = f"the service is version {version or 'unknown'}, this program {__version__}"
    return warning(seen, "restart the service, or run the doctor that came with it")
