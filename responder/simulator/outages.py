"""How each kind of fault plays out on the wire."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from starlette.responses import Response
from starlette.types import ASGIApp, Message

from responder.simulator.analytics.graphql import failed
from responder.simulator.analytics.language import QueryError
from responder.simulator.envelope import ApiError, Problem, failure
from responder.simulator.exchange import Exchange
from responder.simulator.faults import ArmedFault, FaultKind

__all__ = ["Scene"]

_BAD_GATEWAY = (
    "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head>"
    "<body><h1>502 Bad Gateway</h1><hr>cloudflare</body></html>"
)
_WEB_PAGE = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in</body></html>"
_TOO_MANY = "More than 1200 requests per 300 seconds reached. Please wait"


@dataclass(frozen=True, slots=True)
class Scene:
    """A request that met a fault, and the API that would have answered it."""

    exchange: Exchange
    armed: ArmedFault
    app: ASGIApp

    async def play(self) -> None:
        """Let the fault happen."""
        kind = self.armed.fault.kind
        if kind in _ANSWERS:
            await self._answer(_ANSWERS[kind]())
        else:
            await _PLAYS[kind](self)

    async def _answer(self, response: Response) -> None:
        retry_after = self.armed.fault.retry_after
        if retry_after is not None:
            response.headers["retry-after"] = str(retry_after)
        await response(self.exchange.scope, self.exchange.replay, self.exchange.send)

    async def hang(self) -> None:
        """Answer only when the fault is cleared; a request given up before leaves no trace."""
        if await self._over_before_client_leaves():
            await self._serve()

    async def slow(self) -> None:
        """Answer after the delay, as a busy server does, whether or not the client still waits."""
        await self._over_within(self.armed.fault.delay)
        await self._serve()

    async def reset(self) -> None:
        """Break the connection without an answer."""
        await self.exchange.reset()

    async def not_applied(self) -> None:
        """Let the request act on a copy of the account that is then forgotten."""
        state = self.exchange.scope["state"]
        state["simulation"] = state["simulation"].scratch()
        await self._serve()

    async def graphql_empty(self) -> None:
        """Let the query meet a copy of the account in which nothing ever happened."""
        state = self.exchange.scope["state"]
        state["simulation"] = state["simulation"].scratch()
        state["simulation"].forget_traffic()
        state["simulation"].tunnels.clear()
        await self._serve()

    async def late_applied(self) -> None:
        """Apply the write after the delay; the answer is kept back until the fault is cleared."""
        await self._over_within(self.armed.fault.delay)
        answer = await self._kept_answer()
        if await self._over_before_client_leaves():
            for message in answer:
                await self.exchange.send(message)

    async def truncated(self) -> None:
        """Serve the request, and send the first half of its answer as if it were all."""
        start, *parts = await self._kept_answer()
        body = b"".join(part.get("body", b"") for part in parts)
        half = Response(body[: len(body) // 2], start["status"], media_type="application/json")
        await self._answer(half)

    async def _serve(self) -> None:
        await self.app(self.exchange.scope, self.exchange.replay, self.exchange.send)

    async def _kept_answer(self) -> list[Message]:
        """Let the request have its effect; return the answer in place of sending it."""
        answer: list[Message] = []

        async def keep(message: Message) -> None:
            answer.append(message)

        await self.app(self.exchange.scope, self.exchange.replay, keep)
        return answer

    async def _over_within(self, delay: timedelta) -> None:
        try:
            async with asyncio.timeout(delay.total_seconds()):
                await self.armed.over.wait()
        except TimeoutError:
            return

    async def _over_before_client_leaves(self) -> bool:
        over = asyncio.ensure_future(self.armed.over.wait())
        gone = asyncio.ensure_future(self.exchange.disconnected())
        try:
            await asyncio.wait({over, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()
            gone.cancel()
        return not gone.done()


def _refusal(status: int, code: int, message: str) -> Callable[[], Response]:
    return lambda: failure(ApiError(status, Problem(code, message)))


_ANSWERS: Mapping[FaultKind, Callable[[], Response]] = {
    FaultKind.RATE_LIMITED: _refusal(429, 10100, _TOO_MANY),
    FaultKind.SERVER_ERROR: _refusal(500, 1000, "Internal server error"),
    FaultKind.BAD_GATEWAY: lambda: Response(_BAD_GATEWAY, 502, media_type="text/html"),
    FaultKind.UNAVAILABLE: lambda: Response("Service unavailable\n", 503, media_type="text/plain"),
    FaultKind.UNAUTHORIZED: _refusal(401, 10000, "Authentication error"),
    FaultKind.FORBIDDEN: _refusal(403, 10000, "Authentication error"),
    FaultKind.SUCCESS_FALSE: _refusal(200, 1000, "The request could not be completed"),
    FaultKind.GRAPHQL_ERROR: lambda: failed(QueryError("Internal server error", status=200)),
    FaultKind.WEB_PAGE: lambda: Response(_WEB_PAGE, 200, media_type="text/html"),
}

_PLAYS: Mapping[FaultKind, Callable[[Scene], Awaitable[None]]] = {
    FaultKind.HANG: Scene.hang,
    FaultKind.SLOW: Scene.slow,
    FaultKind.RESET: Scene.reset,
    FaultKind.TRUNCATED: Scene.truncated,
    FaultKind.NOT_APPLIED: Scene.not_applied,
    FaultKind.LATE_APPLIED: Scene.late_applied,
    FaultKind.GRAPHQL_EMPTY: Scene.graphql_empty,
}
