"""Request bodies of the account families, read into models.

What Cloudflare answers to a body it cannot use is not documented for these families: the codes are
assumed, the status 400 is not.
"""

from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, ValidationError

from responder.simulator.auth import Caller

__all__ = ["Body", "read_body"]

_MALFORMED, _INVALID = 6007, 1004


class Body(BaseModel):
    """What a client sends: types are taken literally, and what is not known is passed over."""

    model_config = ConfigDict(strict=True, extra="ignore")


_Body = TypeVar("_Body", bound=Body)


async def read_body(request: Request, model: type[_Body], caller: Caller) -> _Body:
    """Read the body; one that is no JSON or does not fit is refused by its first problem."""
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        if first["type"] == "json_invalid":
            raise caller.error(400, _MALFORMED, "Malformed JSON in request body") from error
        place = ".".join(map(str, first["loc"])) or "body"
        raise caller.error(400, _INVALID, f"Invalid value for {place}: {first['msg']}") from error
