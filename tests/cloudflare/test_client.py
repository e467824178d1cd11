"""What the client sends, where, for how long, and how its failures are told apart."""

import asyncio
import gzip
from datetime import timedelta

import httpx
import pytest

from responder.cloudflare.answers import Operation
from responder.cloudflare.client import CloudflareClient, Endpoint
from responder.cloudflare.credentials import Key, Token
from responder.domain.breaker import Failure
from responder.errors import ProviderError

READ = Operation("read_zone", "Zone Read")


async def failed(client, **request):
    with pytest.raises(ProviderError) as raised:
        await client.request("GET", "/zones", READ, **request)
    return raised.value


def raising(error, text="it broke"):
    def handler(request):
        raise error(text, request=request)

    return handler


TRANSPORT_ERRORS = [
    pytest.param(httpx.ConnectError, Failure.UNREACHABLE, id="connect"),
    pytest.param(httpx.ConnectTimeout, Failure.UNREACHABLE, id="connect timeout"),
    pytest.param(httpx.PoolTimeout, Failure.UNREACHABLE, id="pool timeout"),
    pytest.param(httpx.UnsupportedProtocol, Failure.UNREACHABLE, id="no such protocol"),
    pytest.param(httpx.ReadTimeout, Failure.TIMEOUT, id="read timeout"),
    pytest.param(httpx.WriteTimeout, Failure.TIMEOUT, id="write timeout"),
    pytest.param(httpx.ReadError, Failure.TIMEOUT, id="read"),
    pytest.param(httpx.WriteError, Failure.TIMEOUT, id="write"),
    pytest.param(httpx.CloseError, Failure.TIMEOUT, id="close"),
    pytest.param(httpx.RemoteProtocolError, Failure.TIMEOUT, id="protocol"),
    pytest.param(httpx.DecodingError, Failure.MALFORMED, id="decoding"),
]


@pytest.mark.parametrize(("error", "failure"), TRANSPORT_ERRORS)
async def test_what_was_never_sent_is_told_from_what_may_have_arrived(client_for, error, failure):
    assert (await failed(client_for(raising(error)))).failure is failure


async def test_an_error_without_words_is_called_by_its_name(client_for):
    error = await failed(client_for(raising(httpx.ConnectError, "")))

    assert str(error) == "read_zone: Cloudflare cannot be reached: ConnectError"


async def test_an_error_of_the_http_library_shows_no_secret(client_for):
    error = await failed(client_for(raising(httpx.ReadError, "Authorization: Bearer abc")))

    assert "abc" not in str(error)


async def test_a_broken_compression_is_malformed(client_for):
    def handler(_request):
        return httpx.Response(
            200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(b"no gzip")
        )

    assert (await failed(client_for(handler))).failure is Failure.MALFORMED


class Endless(httpx.AsyncByteStream):
    def __init__(self, block):
        self.block = block

    async def __aiter__(self):
        while True:
            yield self.block
            await asyncio.sleep(0)


async def test_an_answer_that_drips_is_given_up_when_the_time_is_over(client_for):
    client = client_for(
        lambda _request: httpx.Response(200, stream=Endless(b" ")),
        timeout=timedelta(milliseconds=20),
    )

    error = await failed(client)

    assert error.failure is Failure.TIMEOUT
    assert str(error) == "read_zone: no answer from Cloudflare within 0.02 s"


@pytest.mark.parametrize(
    ("headers", "block"),
    [
        pytest.param({}, b" " * (1 << 20), id="plain"),
        pytest.param({"Content-Encoding": "gzip"}, gzip.compress(b" " * (1 << 25)), id="gzip"),
    ],
)
async def test_an_answer_larger_than_any_of_the_api_is_given_up(client_for, headers, block):
    client = client_for(
        lambda _request: httpx.Response(200, headers=headers, stream=Endless(block))
    )

    error = await failed(client)

    assert (error.failure, "more than 16 MiB" in str(error)) == (Failure.MALFORMED, True)


async def test_a_redirect_is_not_followed(client_for):
    asked = []

    def handler(request):
        asked.append(request.url.host)
        return httpx.Response(302, headers={"Location": "https://elsewhere.test/"})

    error = await failed(client_for(handler))

    assert (asked, error.failure) == (["api.test"], Failure.MALFORMED)


@pytest.mark.parametrize(
    "path", ["//elsewhere.test/zones", "/\\elsewhere.test", "/@elsewhere.test"]
)
async def test_no_path_leads_the_credential_elsewhere(client_for, success, path):
    asked = []

    def handler(request):
        asked.append(request.url.host)
        return success(None)

    await client_for(handler).request("GET", path, READ)

    assert asked == ["api.test"]


@pytest.mark.parametrize(
    "base_url", ["http://127.0.0.1:8080/client/v4", "http://127.0.0.1:8080/client/v4/"]
)
async def test_a_request_carries_its_credential_query_and_body(client_for, success, base_url):
    seen = []

    def handler(request):
        seen.append(request)
        return success({"id": 1}, result_info={"page": 1})

    client = client_for(handler, base_url=base_url, credential=Key("anna@example.com", lambda: "k"))
    result = await client.request(
        "PATCH", "/zones", READ, params={"name": "a b"}, json={"value": "low"}
    )

    (request,) = seen
    assert (result.result, result.info) == ({"id": 1}, {"page": 1})
    assert str(request.url) == "http://127.0.0.1:8080/client/v4/zones?name=a+b"
    assert (request.method, request.content) == ("PATCH", b'{"value":"low"}')
    assert request.headers["X-Auth-Email"] == "anna@example.com"
    assert request.headers["X-Auth-Key"] == "k"
    assert request.headers["User-Agent"].startswith("responder/")


async def test_the_environment_has_no_say(client_for, success, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "other")
    seen = []

    def handler(request):
        seen.append(request.headers["Authorization"])
        return success(None)

    await client_for(handler, credential=Token(lambda: "mine")).request("GET", "/zones", READ)

    assert seen == ["Bearer mine"]


async def test_each_request_is_observed_with_its_outcome_and_duration(
    client_for, elapsed, success, failure
):
    answers, observed = iter([success(None), failure(403), httpx.Response(200)]), []

    def handler(_request):
        elapsed.pass_(seconds=1.5)
        return next(answers)

    client = client_for(handler, observe=lambda *told: observed.append(told))
    await client.request("GET", "/zones", READ)
    await failed(client)
    await failed(client)

    assert observed == [
        ("read_zone", "ok", 1.5),
        ("read_zone", "refused", 1.5),
        ("read_zone", "malformed", 1.5),
    ]


async def test_a_request_that_is_cancelled_is_observed_as_such(client_for):
    asked, observed = asyncio.Event(), []

    async def handler(_request):
        asked.set()
        await asyncio.Event().wait()

    client = client_for(handler, observe=lambda *told: observed.append(told))
    task = asyncio.create_task(client.request("GET", "/zones", READ))
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert observed == [("read_zone", "cancelled", 0.0)]


async def test_a_bad_credential_sends_nothing(client_for):
    asked = []

    error = await failed(client_for(asked.append, credential=Token(lambda: "")))

    assert (error.failure, asked) == (Failure.UNAUTHORIZED, [])


async def test_a_port_where_nobody_listens_is_unreachable(elapsed):
    server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    server.close()
    await server.wait_closed()
    client = CloudflareClient(Endpoint(f"http://{host}:{port}"), Token(lambda: "t"), elapsed)

    error = await failed(client)
    await client.aclose()

    assert error.failure is Failure.UNREACHABLE
