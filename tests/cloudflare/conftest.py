"""A Cloudflare that answers whatever a test wants, and a clock that a test moves."""

from datetime import timedelta

import httpx
import pytest

from responder.cloudflare.client import CloudflareClient, Endpoint
from responder.cloudflare.credentials import Token

TOKEN = "cfut_0123456789012345678901234567890123456789"


class Elapsed:
    """A monotonic time that stands still until it is moved."""

    def __init__(self):
        self.now = timedelta(0)

    def __call__(self):
        return self.now

    def pass_(self, **units):
        self.now += timedelta(**units)


@pytest.fixture
def elapsed():
    return Elapsed()


@pytest.fixture
async def client_for(elapsed):
    clients = []

    def build(handler, *, credential=None, observe=None, **endpoint):
        endpoint.setdefault("base_url", "https://api.test/client/v4")
        client = CloudflareClient(
            Endpoint(transport=httpx.MockTransport(handler), **endpoint),
            credential or Token(lambda: TOKEN),
            elapsed,
            *([observe] if observe else []),
        )
        clients.append(client)
        return client

    yield build
    for client in clients:
        await client.aclose()


@pytest.fixture
def success():
    """Wrap a result in the envelope of a success."""

    def envelope(result, **fields):
        return httpx.Response(
            200, json={"success": True, "errors": [], "messages": [], "result": result, **fields}
        )

    return envelope


@pytest.fixture
def failure():
    """Wrap errors in the envelope of a failure."""

    def envelope(status, *errors, headers=None):
        body = {"success": False, "errors": list(errors), "messages": [], "result": None}
        return httpx.Response(status, json=body, headers=headers)

    return envelope
