"""Our requests are those that Cloudflare's own SDK makes."""

import json

import httpx
import pytest
from cloudflare import AsyncCloudflare

from responder.cloudflare.credentials import Key, Token
from responder.cloudflare.security_level import SecurityLevels
from responder.cloudflare.tokens import verify_token
from responder.cloudflare.zones import Zones

BASE_URL = "https://api.test/client/v4"
ZONE = "0123456789abcdef0123456789abcdef"
ACCOUNT = "fedcba9876543210fedcba9876543210"
COMPARED = ("authorization", "x-auth-email", "x-auth-key", "content-type")
ANSWERS = {
    "/zones": [{"id": ZONE, "name": "example.com"}],
    f"/zones/{ZONE}": {"id": ZONE, "name": "example.com"},
    f"/zones/{ZONE}/settings/security_level": {"id": "security_level", "value": "medium"},
    "/user/tokens/verify": {"id": "t", "status": "active"},
    f"/accounts/{ACCOUNT}/tokens/verify": {"id": "t", "status": "active"},
}


class Recorder:
    """Answers as Cloudflare would, and keeps the shape of each request."""

    def __init__(self, success):
        self.success = success
        self.shapes = []

    def __call__(self, request):
        headers = {name: request.headers[name] for name in COMPARED if name in request.headers}
        body = json.loads(request.content) if request.content else None
        self.shapes.append((request.method, str(request.url), body, headers))
        return self.success(ANSWERS[request.url.path.removeprefix("/client/v4")])


# for us, and for the SDK
CREDENTIALS = {
    "bearer": (Token(lambda: "cfut_secret"), {"api_token": "cfut_secret"}),
    "email and key": (
        Key("anna@example.com", lambda: "cfk_secret"),
        {"api_email": "anna@example.com", "api_key": "cfk_secret"},
    ),
}
CALLS = {
    "list zones by name": (
        lambda client, elapsed: Zones(client, elapsed).find("example.com"),
        lambda sdk: sdk.zones.list(name="example.com"),
    ),
    "get zone": (
        lambda client, elapsed: Zones(client, elapsed).find(ZONE),
        lambda sdk: sdk.zones.get(zone_id=ZONE),
    ),
    "get security_level": (
        lambda client, _: SecurityLevels(client).read(ZONE),
        lambda sdk: sdk.zones.settings.get("security_level", zone_id=ZONE),
    ),
    "patch security_level": (
        lambda client, _: SecurityLevels(client).write(ZONE, "under_attack"),
        lambda sdk: sdk.zones.settings.edit("security_level", zone_id=ZONE, value="under_attack"),
    ),
}


async def sdk_shapes(success, call, credential):
    recorder = Recorder(success)
    transport = httpx.MockTransport(recorder)
    async with httpx.AsyncClient(transport=transport) as http_client:
        await call(AsyncCloudflare(base_url=BASE_URL, http_client=http_client, **credential))
    return recorder.shapes


@pytest.fixture
def our_shapes(client_for, success, elapsed):
    async def shapes(call, credential):
        recorder = Recorder(success)
        await call(client_for(recorder, base_url=BASE_URL, credential=credential), elapsed)
        return recorder.shapes

    return shapes


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("credential", CREDENTIALS.values(), ids=CREDENTIALS)
async def test_our_request_is_the_one_of_the_sdk(our_shapes, success, call, credential):
    expected = await sdk_shapes(success, call[1], credential[1])

    assert await our_shapes(call[0], credential[0]) == expected
    assert len(expected) == 1


@pytest.mark.parametrize(
    ("token", "sdk"),
    [
        pytest.param("cfut_secret", lambda sdk: sdk.user.tokens.verify(), id="user"),
        pytest.param(
            "cfat_secret",
            lambda sdk: sdk.accounts.tokens.verify(account_id=ACCOUNT),
            id="account",
        ),
    ],
)
async def test_a_token_is_verified_as_the_sdk_verifies_it(our_shapes, success, token, sdk):
    def ours(client, _elapsed):
        return verify_token(client, ACCOUNT)

    assert await our_shapes(ours, Token(lambda: token)) == await sdk_shapes(
        success, sdk, {"api_token": token}
    )
