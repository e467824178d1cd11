"""Whether the credential works, what kind it is, and for how long it will."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from responder.cloudflare.tokens import TokenStatus
from responder.doctor.context import Context
from responder.doctor.finding import Finding, failure, ok, skipped, warning
from responder.domain.breaker import Failure
from responder.errors import ProviderError

__all__ = ["judge", "look"]

SOON = timedelta(days=14)
"""Enough for somebody who is on holiday."""

_RENEW = "make a new token at Cloudflare and write it into the file; it is read again by itself"


async def look(context: Context) -> Sequence[Finding]:
    """Ask Cloudflare whether the token is good."""
    asked = context.cloudflare
    try:
        token = await asked.token()
    except ProviderError as error:
        if error.failure is Failure.REFUSED:
            return [skipped(str(error), "set cloudflare.account_id", asked.base_url)]
        return [failure(str(error), _blame(error.failure), asked.base_url)]
    return [judge(token, context.clock.now(), asked.base_url)]


def judge(token: TokenStatus | None, now: datetime, where: str) -> Finding:
    """Judge what Cloudflare says of the token; None is a global API key."""
    if token is None:
        return warning(
            "a global API key: it may do everything, everywhere, and cannot be verified",
            "make a token with Zone:Read and Zone Settings:Edit on the zones that are named",
            where,
        )
    seen = f"a token of {'an account' if token.kind == 'account' else 'a user'}, {token.status}"
    if token.status != "active":
        return failure(seen, _RENEW, where)
    if token.expires_on is None:
        return ok(f"{seen}, never expires", where)
    seen = f"{seen}, expires on {token.expires_on:%Y-%m-%d}"
    if token.expires_on - now < SOON:
        return warning(f"{seen}, in {max((token.expires_on - now).days, 0)} days", _RENEW, where)
    return ok(seen, where)


def _blame(reason: Failure) -> str:
    if reason is Failure.UNAUTHORIZED:
        return _RENEW
    return "look at the way to Cloudflare from this machine, and at its status page"
