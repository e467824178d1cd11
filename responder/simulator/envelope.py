"""The shape of Cloudflare's answers: the envelope, its errors and its spelling of moments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto

from starlette.responses import JSONResponse

__all__ = ["NO_ROUTE", "ApiError", "Json", "Layout", "Problem", "failure", "moment", "success"]

Json = Mapping[str, object]


class Layout(Enum):
    """Where a service puts `result`: services differ, and clients must not care.

    With RESULT_LAST a failure has no `result` at all.
    """

    RESULT_FIRST = auto()
    RESULT_LAST = auto()


@dataclass(frozen=True, slots=True)
class Problem:
    """One entry of `errors`; `chain` becomes the `error_chain` older services add."""

    code: int
    message: str
    chain: tuple["Problem", ...] = ()

    def as_json(self) -> dict[str, object]:
        """Build the entry as it is sent."""
        body: dict[str, object] = {"code": self.code, "message": self.message}
        if self.chain:
            body["error_chain"] = [problem.as_json() for problem in self.chain]
        return body


NO_ROUTE = Problem(7000, "No route for that URI")


class ApiError(Exception):
    """Ends a request with an error envelope; raised by the family that refuses."""

    def __init__(
        self, status: int, *problems: Problem, layout: Layout = Layout.RESULT_LAST
    ) -> None:
        super().__init__(problems)
        self.status = status
        self.problems = problems
        self.layout = layout


def success(
    result: object,
    layout: Layout,
    *,
    messages: Sequence[Json] = (),
    info: Json | None = None,
) -> JSONResponse:
    """Answer 200 with the result, and with paging information where there is any."""
    verdict = {"success": True, "errors": [], "messages": list(messages)}
    paging = {} if info is None else {"result_info": info}
    if layout is Layout.RESULT_FIRST:
        return JSONResponse({"result": result, **paging, **verdict})
    return JSONResponse({**verdict, "result": result, **paging})


def failure(error: ApiError) -> JSONResponse:
    """Answer with the error's status and envelope."""
    verdict = {
        "success": False,
        "errors": [problem.as_json() for problem in error.problems],
        "messages": [],
    }
    first = {"result": None} if error.layout is Layout.RESULT_FIRST else {}
    return JSONResponse({**first, **verdict}, status_code=error.status)


def moment(at: datetime | None) -> str | None:
    """Spell a moment in UTC with microseconds and `Z`."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
