"""Whether an API token is good, and for how long."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import quote

from responder.cloudflare.answers import BAD_CREDENTIAL, Operation, malformed, moment
from responder.cloudflare.client import CloudflareClient
from responder.cloudflare.credentials import Key
from responder.domain.breaker import Failure
from responder.errors import ProviderError

__all__ = ["TokenKind", "TokenStatus", "blamed", "verify_token"]

_VERIFY = Operation("verify_token", "none")
_USER_PREFIX = "cfut_"
_ACCOUNT_PREFIX = "cfat_"
_ACTIVE = "active"
_SAID_OF_BOTH = frozenset({9109, 10000})
"""Codes for a token that lacks a permission, and on some services also for one that is dead."""


class TokenKind(StrEnum):
    """Whose token it is; each kind is verified elsewhere, and unknown where the other is."""

    USER = "user"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class TokenStatus:
    """What Cloudflare says about the token itself, not about what it may do."""

    status: str
    """`active`, `disabled` or `expired`."""
    kind: TokenKind
    expires_on: datetime | None = None


async def verify_token(client: CloudflareClient, account_id: str | None = None) -> TokenStatus:
    """Ask whether the client's token is good; raises ProviderError, also when it has no token.

    Newer tokens name their kind. Any other is asked about as a user's first, then as an account's.
    """
    if isinstance(client.credential, Key):
        raise ProviderError(Failure.REFUSED, "an email with a global API key cannot be verified")
    if _begins(client, _ACCOUNT_PREFIX):
        return await _verify_account_token(client, account_id)
    try:
        return await _verify(client, "/user/tokens/verify", TokenKind.USER)
    except ProviderError as error:
        if error.failure is not Failure.UNAUTHORIZED or account_id is None:
            raise
    return await _verify_account_token(client, account_id)


async def blamed(client: CloudflareClient, error: ProviderError) -> ProviderError:
    """Return the error of a refused call; or that the token itself is bad, if that is certain.

    Asked only where the answer leaves it open. An older token that is unknown as a user's may be
    a good one of an account: then the resource that refused it stays the only one that waits.
    """
    if error.failure is not Failure.REFUSED or error.code not in _SAID_OF_BOTH:
        return error
    try:
        token = await verify_token(client)
    except ProviderError as verdict:
        dead = verdict.failure is Failure.UNAUTHORIZED and _begins(client, _USER_PREFIX)
        return verdict if dead else error
    if token.status == _ACTIVE:
        return error
    message = f"{_VERIFY.name}: Cloudflare says that it is {token.status}; {BAD_CREDENTIAL}"
    return ProviderError(Failure.UNAUTHORIZED, message)


def _begins(client: CloudflareClient, prefix: str) -> bool:
    return client.credential.headers()["Authorization"].startswith(f"Bearer {prefix}")


async def _verify_account_token(client: CloudflareClient, account_id: str | None) -> TokenStatus:
    if account_id is None:
        message = "an account's own token can only be verified with cloudflare.account_id set"
        raise ProviderError(Failure.REFUSED, message)
    return await _verify(
        client, f"/accounts/{quote(account_id, safe='')}/tokens/verify", TokenKind.ACCOUNT
    )


async def _verify(client: CloudflareClient, path: str, kind: TokenKind) -> TokenStatus:
    answer = await client.request("GET", path, _VERIFY)
    token = answer.result if isinstance(answer.result, dict) else {}
    status = token.get("status")
    if not isinstance(status, str):
        raise malformed(_VERIFY, "a token without its status")
    return TokenStatus(status, kind, moment(token.get("expires_on")))
