"""Where each kind of token is verified."""

from datetime import UTC, datetime

import pytest

from responder.cloudflare.credentials import Key, Token
from responder.cloudflare.tokens import TokenKind, TokenStatus, blamed, verify_token
from responder.domain.breaker import Failure
from responder.errors import ProviderError

ACCOUNT = "0123456789abcdef0123456789abcdef"
USER_PATH = "/client/v4/user/tokens/verify"
ACCOUNT_PATH = f"/client/v4/accounts/{ACCOUNT}/tokens/verify"


class Gate:
    """Knows one path at which the token is good; elsewhere it is unknown."""

    def __init__(self, success, failure):
        self.good = success({"id": "t", "status": "active", "expires_on": "2027-01-01T00:00:00Z"})
        self.unknown = failure(401, {"code": 1000, "message": "Invalid API Token"})
        self.path = USER_PATH
        self.asked = []

    def __call__(self, request):
        self.asked.append(request.url.path)
        return self.good if request.url.path == self.path else self.unknown


@pytest.fixture
def gate(success, failure):
    return Gate(success, failure)


@pytest.mark.parametrize(
    ("token", "asked"),
    [
        pytest.param("cfut_x", [USER_PATH], id="user"),
        pytest.param("cfat_x", [ACCOUNT_PATH], id="account"),
        pytest.param("older", [USER_PATH], id="older user"),
        pytest.param("older", [USER_PATH, ACCOUNT_PATH], id="older account"),
    ],
)
async def test_a_token_is_verified_where_its_kind_is_known(client_for, gate, token, asked):
    gate.path = asked[-1]
    kind = TokenKind.USER if gate.path == USER_PATH else TokenKind.ACCOUNT

    status = await verify_token(client_for(gate, credential=Token(lambda: token)), ACCOUNT)

    assert status == TokenStatus("active", kind, datetime(2027, 1, 1, tzinfo=UTC))
    assert gate.asked == asked


async def test_a_token_unknown_as_a_users_is_bad_when_no_account_is_configured(client_for, gate):
    gate.path = ACCOUNT_PATH

    with pytest.raises(ProviderError) as raised:
        await verify_token(client_for(gate, credential=Token(lambda: "older")))

    assert (raised.value.failure, gate.asked) == (Failure.UNAUTHORIZED, [USER_PATH])


async def test_a_trouble_that_is_not_the_tokens_is_not_asked_about_twice(client_for, failure):
    asked = []

    def handler(request):
        asked.append(request.url.path)
        return failure(503)

    with pytest.raises(ProviderError):
        await verify_token(client_for(handler), ACCOUNT)

    assert asked == [USER_PATH]


async def test_an_accounts_token_needs_the_account(client_for):
    asked = []

    with pytest.raises(ProviderError, match="account_id"):
        await verify_token(client_for(asked.append, credential=Token(lambda: "cfat_x")))

    assert asked == []


async def test_a_global_key_is_no_token(client_for):
    with pytest.raises(ProviderError, match="cannot be verified"):
        await verify_token(client_for(None, credential=Key("a@example.com", lambda: "k")), ACCOUNT)


@pytest.mark.parametrize("answered", [None, [], {}, {"status": 1}])
async def test_a_token_without_status_is_malformed(client_for, success, answered):
    with pytest.raises(ProviderError) as raised:
        await verify_token(client_for(lambda _request: success(answered)))

    assert raised.value.failure is Failure.MALFORMED


NO_PERMISSION = ProviderError(Failure.REFUSED, "Authentication error", code=10000)


def verdict(status):
    return {"id": "t", "status": status}


@pytest.mark.parametrize("status", ["disabled", "expired"])
async def test_a_token_that_is_dead_is_to_blame_for_a_refusal(client_for, success, status):
    client = client_for(lambda _request: success(verdict(status)))

    error = await blamed(client, NO_PERMISSION)

    assert (error.failure, status in str(error)) == (Failure.UNAUTHORIZED, True)


async def test_a_users_token_that_is_unknown_is_to_blame_for_a_refusal(client_for, gate):
    gate.path = None

    error = await blamed(client_for(gate, credential=Token(lambda: "cfut_x")), NO_PERMISSION)

    assert error.failure is Failure.UNAUTHORIZED


@pytest.mark.parametrize(
    ("credential", "path"),
    [
        pytest.param(Token(lambda: "cfut_x"), USER_PATH, id="good"),
        pytest.param(Token(lambda: "older"), None, id="may be an account's"),
        pytest.param(Token(lambda: "cfat_x"), ACCOUNT_PATH, id="an account's"),
        pytest.param(Key("a@example.com", lambda: "k"), USER_PATH, id="no token"),
    ],
)
async def test_a_token_is_not_to_blame_unless_that_is_certain(client_for, gate, credential, path):
    gate.path = path

    assert await blamed(client_for(gate, credential=credential), NO_PERMISSION) is NO_PERMISSION


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(ProviderError(Failure.REFUSED, "no", code=1057), id="another code"),
        pytest.param(ProviderError(Failure.REFUSED, "not visible"), id="no code"),
        pytest.param(ProviderError(Failure.UNAUTHORIZED, "no", code=9109), id="certain already"),
    ],
)
async def test_a_token_is_not_asked_about_for_another_failure(client_for, gate, error):
    assert (await blamed(client_for(gate), error), gate.asked) == (error, [])
