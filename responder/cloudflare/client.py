"""The thin client: one request, one answer, and no error of the HTTP library beyond this file."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import httpx

from responder import __version__
from responder.cloudflare.answers import Answer, Operation, Result, bare, malformed, understood
from responder.cloudflare.credentials import Credential, excerpt
from responder.cloudflare.graphql import queried
from responder.domain.breaker import Failure
from responder.errors import ProviderError
from responder.redaction import credentials_in, without
from responder.trust import system_authorities

__all__ = ["CloudflareClient", "Endpoint", "Observer"]

LARGEST_ANSWER = 16 * 1024 * 1024

T = TypeVar("T")

Observer = Callable[[str, str, float], None]
"""Told of each request: the operation's name, its outcome, how many seconds it took."""

_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the API is, and how long one answer may take from first to last byte."""

    base_url: str = "https://api.cloudflare.com/client/v4"
    timeout: timedelta = timedelta(seconds=10)
    transport: httpx.AsyncBaseTransport | None = None

    def client(self) -> httpx.AsyncClient:
        """Open a client that follows no redirect and is deaf to the environment's proxies.

        Connecting may take half of the time: so it is known for certain when nothing was sent.
        """
        seconds = self.timeout.total_seconds()
        return httpx.AsyncClient(
            headers={"User-Agent": f"responder/{__version__}", "Accept": "application/json"},
            timeout=httpx.Timeout(seconds, connect=seconds / 2, pool=seconds / 2),
            limits=httpx.Limits(keepalive_expiry=30),
            verify=system_authorities(),
            transport=self.transport,
            follow_redirects=False,
            trust_env=False,
        )


def _ignore(_operation: str, _outcome: str, _seconds: float) -> None: ...


class CloudflareClient:
    """Sends requests with one credential to one endpoint, and nowhere else."""

    def __init__(
        self,
        endpoint: Endpoint,
        credential: Credential,
        monotonic: Callable[[], timedelta],
        observe: Observer = _ignore,
    ) -> None:
        self.credential = credential
        self._endpoint = endpoint
        self._base = endpoint.base_url.rstrip("/")
        self._client = endpoint.client()
        self.monotonic = monotonic
        self._observe = observe

    async def request(
        self,
        method: str,
        path: str,
        operation: Operation,
        *,
        params: Mapping[str, str] | None = None,
        json: Mapping[str, object] | None = None,
    ) -> Result:
        """Ask once; raises ProviderError for whatever is not a success."""
        request = self._request(method, path, params, json)
        return await self._ask(request, operation, understood)

    async def read_bare(
        self, path: str, operation: Operation, *, params: Mapping[str, str] | None = None
    ) -> Mapping[str, object]:
        """Ask once where answers have no envelope; raises ProviderError for what is no object."""
        return await self._ask(self._request("GET", path, params, None), operation, bare)

    async def query(
        self, text: str, variables: Mapping[str, object], operation: Operation
    ) -> Mapping[str, object]:
        """Ask GraphQL once; raises ProviderError for whatever is not the whole of the data."""
        request = self._request("POST", "/graphql", None, {"query": text, "variables": variables})
        return await self._ask(request, operation, queried)

    def _request(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        json: Mapping[str, object] | None,
    ) -> httpx.Request:
        return self._client.build_request(
            method,
            f"{self._base}{path}",
            params=params,
            json=json,
            headers=self.credential.headers(),
        )

    async def _ask(
        self,
        request: httpx.Request,
        operation: Operation,
        read: Callable[[Answer, Operation], T],
    ) -> T:
        started, outcome = self.monotonic(), "cancelled"
        try:
            result = read(await self._exchange(request, operation), operation)
            outcome = "ok"
        except ProviderError as error:
            outcome = error.failure.value
            raise
        finally:
            seconds = (self.monotonic() - started).total_seconds()
            self._observe(operation.name, outcome, seconds)
        return result

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _exchange(self, request: httpx.Request, operation: Operation) -> Answer:
        seconds = self._endpoint.timeout.total_seconds()
        try:
            async with asyncio.timeout(seconds):
                response = await self._client.send(request, stream=True)
                try:
                    body = await _body(response, operation)
                finally:
                    await response.aclose()
        except (TimeoutError, httpx.ReadTimeout, httpx.WriteTimeout) as error:
            message = f"{operation.name}: no answer from Cloudflare within {seconds:g} s"
            raise ProviderError(Failure.TIMEOUT, message) from error
        except httpx.HTTPError as error:
            said = excerpt(without(str(error), credentials_in(request.headers)))
            raise _broken(error, said, operation) from error
        return Answer(response.status_code, response.headers, _unsaid(body, request.headers))


async def _body(response: httpx.Response, operation: Operation) -> bytes:
    body = bytearray()
    async for part in response.aiter_bytes():
        body += part
        if len(body) > LARGEST_ANSWER:
            raise malformed(operation, f"more than {LARGEST_ANSWER >> 20} MiB")
    return bytes(body)


def _unsaid(body: bytes, sent: Mapping[str, str]) -> bytes:
    """Take our credential out of an answer, where something on the way has echoed it."""
    text = body.decode("latin-1")  # whatever the bytes are, these are the same ones again
    return without(text, credentials_in(sent)).encode("latin-1")


def _broken(error: httpx.HTTPError, said: str, operation: Operation) -> ProviderError:
    """Tell a request that was never sent from one that may have arrived."""
    if isinstance(error, httpx.DecodingError):
        return malformed(operation, said)
    reason = said or type(error).__name__
    if isinstance(error, _NEVER_SENT):
        message = f"{operation.name}: Cloudflare cannot be reached: {reason}"
        return ProviderError(Failure.UNREACHABLE, message)
    message = f"{operation.name}: the connection to Cloudflare broke: {reason}"
    return ProviderError(Failure.TIMEOUT, message)
