"""What went wrong, as an answer: one line for each kind of failure."""

from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from responder.errors import PayloadError, StoreError
from responder.ports import UnknownTargetError
from responder.web.answers import Answer, LastAnswer

__all__ = ["ANSWERS", "problems"]

_LONGEST = 200
_LAST = frozenset({408, 413})
"""After these a rest of the body may still be on its way."""

_Handler = Callable[[Request, Any], Coroutine[Any, Any, Response]]


def problems(errors: Iterable[Mapping[str, Any]]) -> str:
    """Say what pydantic found: where and why, but never the value itself."""
    return "; ".join(map(_problem, errors))


def _problem(error: Mapping[str, Any]) -> str:
    where = str(error["loc"][-1]) if error["loc"] else "the body"
    return f"{where[:_LONGEST]}: {error['msg'].removeprefix('Value error, ')[:_LONGEST]}"


def _always(status: int, reason: str) -> _Handler:
    async def answer(_request: Request, _error: Exception) -> Response:
        return Answer({"error": reason}, status)

    return answer


async def _malformed(_request: Request, error: PayloadError) -> Response:
    return Answer({"error": str(error)}, 400)


async def _invalid(_request: Request, error: RequestValidationError) -> Response:
    return Answer({"error": problems(error.errors())}, 400)


async def _refused(_request: Request, error: HTTPException) -> Response:
    kind = LastAnswer if error.status_code in _LAST else Answer
    return kind({"error": error.detail}, error.status_code, error.headers)


# The store's own words, and those of surprises, are for the log: they name files and servers.
ANSWERS: Mapping[int | type[Exception], _Handler] = {
    PayloadError: _malformed,
    RequestValidationError: _invalid,
    HTTPException: _refused,
    ClientDisconnect: _always(400, "the body was cut off"),
    UnknownTargetError: _always(404, "no such target; /api/v1/targets lists them all"),
    StoreError: _always(503, "the store cannot be used now; see /health, and try again"),
    TimeoutError: _always(503, "no answer in time; try again"),
    Exception: _always(500, "this failed in a way nobody expected; the log says how"),
}
