"""Family: token verification, for tokens of users and of accounts."""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from responder.simulator.auth import Family, Refusal, identify
from responder.simulator.envelope import Layout, Problem, moment, success
from responder.simulator.inventory import Token, TokenKind, TokenStatus

__all__ = ["router"]

router = APIRouter()

_INVALID = Refusal(401, Problem(1000, "Invalid API Token"))
_FAMILY = Family(
    layout=Layout.RESULT_FIRST,
    missing=Refusal(400, Problem(1001, 'Missing "Authorization" header')),
    unknown=_INVALID,
    forbidden=_INVALID,
)
# The code of a failed authentication, here in `messages` and good news: clients must not trip.
_VALID = {"code": 10000, "message": "This API Token is valid and active", "type": None}


@router.get("/user/tokens/verify")
async def verify_user_token(request: Request) -> JSONResponse:
    """Verify a user's token; one owned by an account is unknown here."""
    token = _bearer_token(request)
    if token.kind is TokenKind.ACCOUNT:
        raise _FAMILY.refuse(_INVALID)
    return _verdict(token, request)


@router.get("/accounts/{account_id}/tokens/verify")
async def verify_account_token(account_id: str, request: Request) -> JSONResponse:
    """Verify a token of this account; a user's token is unknown here (assumed)."""
    token = _bearer_token(request)
    if token.kind is not TokenKind.ACCOUNT or token.account.id != account_id:
        raise _FAMILY.refuse(_INVALID)
    return _verdict(token, request)


def _bearer_token(request: Request) -> Token:
    if "authorization" not in request.headers:
        raise _FAMILY.refuse(_FAMILY.missing)
    return identify(request, _FAMILY)


def _verdict(token: Token, request: Request) -> JSONResponse:
    standing = token.standing(request.state.clock())
    result: dict[str, object] = {"id": token.id, "status": standing}
    if token.expires_on is not None:
        result["expires_on"] = moment(token.expires_on)
    messages = [_VALID] if standing is TokenStatus.ACTIVE else []
    return success(result, _FAMILY.layout, messages=messages)
