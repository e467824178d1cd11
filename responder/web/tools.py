"""What the endpoints of all tools share: who asks, how failures are answered, how writes look."""

from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any, ParamSpec, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from responder.errors import PayloadError, ProviderError
from responder.tools.desk import Made
from responder.tools.errors import InvalidError, ToolError, UnknownError
from responder.web.answers import Answer
from responder.web.bodies import read_body
from responder.web.failures import problems
from responder.web.limits import Limits

__all__ = ["answering", "made_document", "read_model"]

_BODY_BYTES = 1024 * 1024
"""Enough for a rule with as many prefixes as there may be."""

_P = ParamSpec("_P")
_Model = TypeVar("_Model", bound=BaseModel)


def answering(
    endpoint: Callable[_P, Awaitable[Response]],
) -> Callable[_P, Awaitable[Response]]:
    """Answer what goes wrong: 400 and 404 for the one who asks, 409 as things are, 502 beyond us.

    The text of a ProviderError is fit for people: foreign bodies in it are cut, without secrets.
    """

    @wraps(endpoint)
    async def answer(*args: _P.args, **kwargs: _P.kwargs) -> Response:
        try:
            return await endpoint(*args, **kwargs)
        except ToolError as error:
            return Answer({"error": str(error)}, _status(error))
        except ProviderError as error:
            return Answer({"error": str(error)}, HTTPStatus.BAD_GATEWAY)

    return answer


def _status(error: ToolError) -> HTTPStatus:
    if isinstance(error, InvalidError):
        return HTTPStatus.BAD_REQUEST
    return HTTPStatus.NOT_FOUND if isinstance(error, UnknownError) else HTTPStatus.CONFLICT


async def read_model(request: Request, model: type[_Model], limits: Limits) -> _Model:
    """Read a body; PayloadError says all that is wrong with it."""
    body = await read_body(request, _BODY_BYTES, limits.body_within)
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise PayloadError(problems(error.errors(include_url=False, include_input=False))) from None


def made_document(made: Made, **more: object) -> Mapping[str, Any]:
    """Return what came of a write as the API shows it."""
    return {
        "result": made.result,
        "subject": made.subject,
        "requests": list(made.requests),
        "warnings": list(made.warnings),
        "detail": made.detail,
        **more,
    }
