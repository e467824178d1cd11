"""One call to a hook: signed, within its time, and whatever comes of it is a value."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

import httpx

from responder import __version__
from responder.domain.hook import HookAnswer, HookOutcome
from responder.errors import ResponderError
from responder.ports import Clock
from responder.redaction import without
from responder.routers.signing import key_of, signed_headers
from responder.trust import system_authorities

__all__ = ["HookClient", "HookEndpoint"]

LARGEST_REFUSAL = 4096
LONGEST_EXCERPT = 200
LONGEST_WISH = 6
"""Digits of a `Retry-After`; the one who waits has a limit of its own."""


@dataclass(frozen=True, slots=True)
class HookEndpoint:
    """Where the hook is, and how it is reached."""

    url: str
    secret: Callable[[], str]
    """Gives the signing secret; asked for each call, since secret files change."""
    timeout: timedelta = timedelta(seconds=5)
    """For an answer as a whole, however slowly it drips."""
    verify: ssl.SSLContext | None = None
    """Authorities to believe; None: those of the system."""
    transport: httpx.AsyncBaseTransport | None = None

    def client(self) -> httpx.AsyncClient:
        """Open a client that follows no redirect and is deaf to the environment's proxies."""
        return httpx.AsyncClient(
            headers={"User-Agent": f"responder/{__version__}", "Content-Type": "application/json"},
            verify=self.verify or system_authorities(),
            timeout=self.timeout.total_seconds(),
            # Calls are rare: an old connection would be closed on the other side by then.
            limits=httpx.Limits(max_keepalive_connections=0),
            transport=self.transport,
            follow_redirects=False,
            trust_env=False,
        )


class HookClient:
    """Calls one hook."""

    def __init__(self, endpoint: HookEndpoint, clock: Clock) -> None:
        """Prepare to call it; nothing is sent yet."""
        self._endpoint = endpoint
        self._clock = clock
        self._client = endpoint.client()

    async def post(self, message_id: str, body: bytes) -> HookAnswer:
        """Call once, signed for this moment; no raise."""
        try:
            secret = self._endpoint.secret()
            headers = _headers(secret, message_id, self._clock.now(), body)
        except (OSError, ValueError, ResponderError) as error:
            return HookAnswer(HookOutcome.UNSIGNED, f"nothing was sent: the secret {error}")
        started = self._clock.monotonic()
        answer = await self._ask(headers, body, secret)
        seconds = (self._clock.monotonic() - started).total_seconds()
        detail = f"{answer.detail}, after {seconds:.2f} s"
        return HookAnswer(answer.outcome, detail, answer.retry_after)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _ask(self, headers: dict[str, str], body: bytes, secret: str) -> HookAnswer:
        url, seconds = self._endpoint.url, self._endpoint.timeout.total_seconds()
        try:
            async with (
                asyncio.timeout(seconds),
                self._client.stream("POST", url, content=body, headers=headers) as response,
            ):
                return await _understood(response, secret)
        except (TimeoutError, httpx.TimeoutException):
            return HookAnswer(HookOutcome.TIMEOUT, f"no answer within {seconds:g} s")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = _fit(str(error), secret) or type(error).__name__
            return HookAnswer(HookOutcome.UNREACHABLE, f"cannot be reached: {reason}")


def _headers(secret: str, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    return signed_headers(key_of(secret), message_id, int(at.timestamp()), body)


async def _understood(response: httpx.Response, secret: str) -> HookAnswer:
    said = f"answered {response.status_code}"
    if response.is_success:
        return HookAnswer(HookOutcome.OK, said)
    if response.has_redirect_location:
        return HookAnswer(HookOutcome.REFUSED, f"{said}, a redirect, which is not followed")
    text = b""
    async for part in response.aiter_bytes(LARGEST_REFUSAL):
        text += part
        if len(text) >= LARGEST_REFUSAL:
            break
    excerpt = _fit(text.decode(errors="replace"), secret)
    gone = response.status_code == HTTPStatus.GONE
    return HookAnswer(
        HookOutcome.GONE if gone else HookOutcome.REFUSED,
        f"{said}: {excerpt}" if excerpt else said,
        _retry_after(response.headers.get("Retry-After", "")),
    )


def _retry_after(text: str) -> timedelta | None:
    """Return the wish in seconds; a date is not worth trusting another clock for."""
    text = text.strip()
    is_short = text.isascii() and text.isdigit() and len(text) < LONGEST_WISH
    return timedelta(seconds=int(text)) if is_short else None


def _fit(text: str, secret: str) -> str:
    """Return foreign text fit for a message: on one line, without the secret, cut."""
    shown = "".join(one if one.isprintable() else " " for one in without(text, [secret]))
    return " ".join(shown.split())[:LONGEST_EXCERPT]
