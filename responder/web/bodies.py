"""Reading a request's body without letting its sender cost us memory or patience."""

import asyncio
from datetime import timedelta
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request

__all__ = ["read_body"]


async def read_body(request: Request, most: int, within: timedelta) -> bytes:
    """Return the body; HTTPException when it is over `most` bytes, or not all there in time."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most:
        raise _too_large(most)
    try:
        async with asyncio.timeout(within.total_seconds()):
            return await _received(request, most)
    except TimeoutError:
        raise HTTPException(
            HTTPStatus.REQUEST_TIMEOUT, f"the body took longer than {within.total_seconds():g} s"
        ) from None


async def _received(request: Request, most: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise _too_large(most)
    return bytes(body)


def _too_large(most: int) -> HTTPException:
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return HTTPException(status, f"the body is over {most} bytes; send less at once")
