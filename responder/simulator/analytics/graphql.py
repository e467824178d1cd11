"""Family: GraphQL, which has neither the envelope nor the limits of the other families."""

from datetime import datetime

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError
from starlette.responses import JSONResponse

from responder.simulator.analytics.answers import Asker, answer
from responder.simulator.analytics.language import QueryError, read_query
from responder.simulator.auth import account_family, identify
from responder.simulator.envelope import ApiError, Layout, moment
from responder.simulator.inventory import Token, TokenStatus

__all__ = ["GRAPHQL_PATH", "budget_depleted", "failed", "router"]

GRAPHQL_PATH = "/graphql"

router = APIRouter()

_FAMILY = account_family(Layout.RESULT_LAST)


class _Query(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")

    query: str
    variables: dict[str, JsonValue] | None = None


@router.post(GRAPHQL_PATH)
async def query(request: Request) -> JSONResponse:
    """Answer a query; an error may come with status 200."""
    now = request.state.clock()
    try:
        order = _Query.model_validate_json(await request.body())
        asker = Asker(request.state.simulation, _token(request, now), now)
        data = answer(read_query(order.query, order.variables or {}), asker)
    except ValidationError:
        words = "the body must be JSON with a query and, if need be, variables"
        return failed(QueryError(words), now)
    except QueryError as error:
        return failed(error, now)
    return JSONResponse({"data": data, "errors": None})


def _token(request: Request, now: datetime) -> Token:
    unauthorized = QueryError("Unauthorized", status=401)
    try:
        token = identify(request, _FAMILY)
    except ApiError as error:
        raise unauthorized from error
    if token.standing(now) is not TokenStatus.ACTIVE:
        raise unauthorized
    return token


def failed(error: QueryError, now: datetime | None = None) -> JSONResponse:
    """Answer with nothing but the error, and with the status it has."""
    entry: dict[str, object] = {"message": str(error), "extensions": {"timestamp": moment(now)}}
    if error.path:
        entry["path"] = list(error.path)
    return JSONResponse({"data": None, "errors": [entry]}, error.status)


def budget_depleted() -> JSONResponse:
    """Answer a query too many."""
    words = "rate limiter budget depleted, try again after 5 minutes"
    return failed(QueryError(words, status=429))
