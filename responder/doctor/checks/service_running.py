"""Whether our own service runs, and is ready."""

from collections.abc import Sequence

from responder.doctor.context import Context
from responder.doctor.finding import Finding, ok, skipped, warning
from responder.errors import ResponderError

__all__ = ["judge", "look"]

_START = "start it with `responder serve`; nobody else may listen at its address"


async def look(context: Context) -> Sequence[Finding]:
    """Ask the service whether it is ready; that it does not run yet is no failure."""
    try:
        ready = await context.service.ready()
    except ResponderError as error:
        tls = context.settings.server.tls
        if tls is not None and tls.client_ca_file is not None:
            return [skipped("the service lets in only who has a client certificate")]
        return [warning(str(error), _START, context.service.url)]
    return [judge(context.service.url, ready=ready)]


def judge(url: str, *, ready: bool) -> Finding:
    """Judge an answer of the service."""
    if ready:
        return ok("it runs and is ready", url)
    advice = "wait for its first pass; if that does not come, its log and /health say why"
    return warning("it runs and is not ready", advice, url)
