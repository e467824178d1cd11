"""Whether the credential may set the security level: told by writes of the past, never tried."""

from collections.abc import Mapping, Sequence

from responder.doctor.context import Context
from responder.doctor.finding import Finding, ok, skipped, warning
from responder.errors import ResponderError

__all__ = ["judge", "look"]

_WINDOW = "30d"
_WRITES = (
    "sum by (outcome) (max_over_time(responder_cloudflare_requests_total"
    f'{{operation="write_security_level"}}[{_WINDOW}]))'
)
_NEEDED = "Zone Settings: Edit"
_TRY = (
    "only a write can tell: `responder engage TARGET --for 1m --reason test` when visitors can"
    " bear it"
)


async def look(context: Context) -> Sequence[Finding]:
    """Ask Prometheus what came of the service's writes."""
    try:
        samples = await context.prometheus.query(_WRITES)
    except ResponderError:
        samples = ()
    return [judge({one.labels.get("outcome", ""): one.value for one in samples})]


def judge(outcomes: Mapping[str, float]) -> Finding:
    """Judge the outcomes of past writes; a token that was changed since may differ."""
    if outcomes.get("ok"):
        return ok(f"a write has worked within {_WINDOW}, with the credential of that time")
    if outcomes.get("refused"):
        return warning(
            f"writes were refused within {_WINDOW}, and none has worked",
            f"give the token {_NEEDED} on every zone under `sites`",
        )
    return skipped(f"whether the credential has {_NEEDED} cannot be known without writing", _TRY)
