"""Answers: JSON that nobody keeps and no browser takes for something else."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

__all__ = ["SAFE_HEADERS", "Answer", "LastAnswer"]

SAFE_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}

_LINGER = timedelta(seconds=0.5)


class Answer(JSONResponse):
    """A JSON answer."""

    def __init__(
        self, content: Any, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(content, status, {**SAFE_HEADERS, **(headers or {})})


class LastAnswer(Answer):
    """An answer to a request whose body nobody wants to read: the connection ends with it.

    What still comes is thrown away for a moment first. A connection closed with unread data is
    reset, and a reset can destroy the answer before the sender has seen it.
    """

    def __init__(self, content: Any, status: int, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(content, status, {"Connection": "close", **(headers or {})})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer, let the sender finish, and end."""

        async def lingering(message: Message) -> None:
            if message["type"] == "http.response.body":
                await send({**message, "more_body": True})
                await _throw_away(receive)
                message = {**message, "body": b""}
            await send(message)

        await super().__call__(scope, receive, lingering)


async def _throw_away(receive: Receive) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(_LINGER.total_seconds()):
            while (await receive()).get("more_body"):
                pass
