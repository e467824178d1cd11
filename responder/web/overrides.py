"""An operator's order, from a request's body and headers."""

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)
from starlette.requests import Request

from responder.domain.memory import Order, Override
from responder.errors import PayloadError
from responder.settings import Duration, format_duration
from responder.web.failures import problems

__all__ = ["actor", "parse_override"]

_LONGEST = timedelta(days=30)
_LONGEST_NAME = 64


def parse_override(body: bytes, by: str, now: datetime) -> Override:
    """Read the body of an order that `by` gives now; PayloadError says all that is wrong."""
    try:
        order = _Body.model_validate_json(body)
    except ValidationError as error:
        raise PayloadError(problems(error.errors(include_url=False, include_input=False))) from None
    return Override(order.state, now + order.lasts, order.reason, by, now)


def actor(request: Request) -> str:
    """Say who orders: the name they give in `X-Responder-Actor`, else where they call from."""
    given = request.headers.get("x-responder-actor", "").encode("latin-1")
    printable = "".join(filter(str.isprintable, given.decode(errors="replace")))
    address = request.client.host if request.client else "unknown"
    return f"operator:{printable.strip()[:_LONGEST_NAME] or address}"


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("write one line, without control characters")
    return text


def _not_too_long(duration: timedelta) -> timedelta:
    if duration > _LONGEST:
        raise ValueError(f"is longer than {format_duration(_LONGEST)}; write a shorter duration")
    return duration


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    state: Order
    lasts: Annotated[Duration, AfterValidator(_not_too_long)] = Field(alias="for")
    reason: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=500),
        AfterValidator(_printable),
    ]
