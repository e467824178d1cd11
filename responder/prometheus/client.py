"""The query client: one question, one answer, and no error of the HTTP library beyond this file."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from responder.errors import ResponderError
from responder.prometheus.answers import (
    Alertmanagers,
    Build,
    Envelope,
    Flags,
    Matrix,
    Names,
    RuleGroup,
    RuleGroups,
    Runtime,
    Sample,
    Series,
    Vector,
)
from responder.redaction import credentials_in, without

__all__ = ["PrometheusClient", "PrometheusError", "PrometheusLimitError"]

_LONGEST_EXCERPT = 200
_LONGEST_IN_URL = 1000
_ADVICE: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "check the credential under prometheus.http",
    HTTPStatus.FORBIDDEN: "check the credential under prometheus.http and what it may read",
    HTTPStatus.NOT_FOUND: "does prometheus.url lack the prefix of --web.route-prefix?",
}

_LIMITS = (
    "exceeded maximum resolution",
    "too many samples",
    "query timed out",
    "query was canceled",
    "expanding series",
    "exceeds the limit",
    "exceeded the maximum",
)
"""How Prometheus, Thanos and Mimir begin to say that a question was too large."""

_Data = TypeVar("_Data")


class PrometheusError(ResponderError):
    """The one who runs Prometheus must act: it does not answer, or not as it should."""


class PrometheusLimitError(PrometheusError):
    """A question was too large for it: the same, asked in smaller pieces, may be answered."""


class _Refusal(BaseModel):
    error: str


class PrometheusClient:
    """Asks one Prometheus; whoever opened the connection has said where it is and whom to trust."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        headers: Callable[[], Mapping[str, str]] = dict,
        timeout: timedelta = timedelta(seconds=5),
    ) -> None:
        """Take over the client; `headers` authenticate, and are asked for before each question.

        `timeout` is for an answer as a whole, however slowly it drips.
        """
        self._client = client
        self._headers = headers
        self._timeout = timeout

    async def query(self, expression: str) -> tuple[Sample, ...]:
        """Evaluate an expression that gives a vector, now."""
        return (await self._ask("query", Envelope[Vector], query=expression)).data.samples

    async def query_range(
        self, expression: str, begin: float, end: float, step: float
    ) -> tuple[Series, ...]:
        """Evaluate an expression at every `step` from `begin` to `end`, all in seconds.

        Raises PrometheusLimitError where a shorter time may be answered.
        """
        answer = await self._ask(
            "query_range",
            Envelope[Matrix],
            query=expression,
            start=f"{begin:.3f}",
            end=f"{end:.3f}",
            step=f"{step:g}",
        )
        return answer.data.series

    async def metric_names(self, begin: float, end: float) -> tuple[str, ...]:
        """Return the names of the series that there were between two moments, in seconds."""
        where = "label/__name__/values"
        moments = {"start": f"{begin:.3f}", "end": f"{end:.3f}"}
        return (await self._ask(where, Envelope[Names], **moments)).data

    async def rule_groups(self) -> tuple[RuleGroup, ...]:
        """Return all groups of rules that it evaluates."""
        return (await self._ask("rules", Envelope[RuleGroups])).data.groups

    async def version(self) -> str:
        """Return which version it is."""
        return (await self._ask("status/buildinfo", Envelope[Build])).data.version

    async def flags(self) -> Mapping[str, str]:
        """Return the flags in force, without their dashes."""
        return (await self._ask("status/flags", Envelope[Flags])).data

    async def retention(self) -> str:
        """Return how long it keeps samples, such as `15d or 50GiB`."""
        return (await self._ask("status/runtimeinfo", Envelope[Runtime])).data.retention

    async def alertmanagers(self) -> tuple[str, ...]:
        """Return the URLs to which it posts alerts."""
        answer = await self._ask("alertmanagers", Envelope[Alertmanagers])
        return tuple(one.url for one in answer.data.active)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _ask(
        self, path: str, model: type[Envelope[_Data]], **parameters: str
    ) -> Envelope[_Data]:
        where = f"/api/v1/{path}"
        response = await self._get(where, parameters)
        if response.status_code != HTTPStatus.OK:
            refusal = _refusal(response)
            limited = response.is_error and any(word in refusal for word in _LIMITS)
            kind = PrometheusLimitError if limited else PrometheusError
            raise kind(f"{where} answered {refusal}")
        try:
            return model.model_validate_json(response.content)
        except ValidationError as error:
            kind = response.headers.get("content-type", "of no type")
            raise PrometheusError(
                f"the answer to {where} ({kind}) is none of Prometheus' API: "
                f"{_what(error)}; is prometheus.url right?"
            ) from error

    async def _get(self, path: str, parameters: Mapping[str, str]) -> httpx.Response:
        try:
            headers = self._headers()
        except ResponderError as error:
            raise PrometheusError(str(error)) from error
        try:
            async with asyncio.timeout(self._timeout.total_seconds()):
                return await self._sent(path, parameters, headers)
        except (TimeoutError, httpx.TimeoutException) as error:
            message = f"no answer within {self._timeout.total_seconds():g} s"
            raise PrometheusLimitError(message) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = without(str(error), credentials_in(headers)) or type(error).__name__
            raise PrometheusError(f"cannot be asked: {reason}; is it running?") from error

    async def _sent(
        self, path: str, parameters: Mapping[str, str], headers: Mapping[str, str]
    ) -> httpx.Response:
        """Send it; a long expression goes in the body, where no proxy cuts it."""
        if len(parameters.get("query", "")) > _LONGEST_IN_URL:
            return await self._client.post(path, data=dict(parameters), headers=dict(headers))
        return await self._client.get(path, params=dict(parameters), headers=dict(headers))


def _what(error: ValidationError) -> str:
    """Return the first thing that is wrong, without repeating what was answered."""
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else first["msg"]


def _refusal(response: httpx.Response) -> str:
    status = response.status_code
    if response.is_redirect:
        return f"{status}, a redirect, which is not followed; give the URL that it leads to"
    try:
        text = _Refusal.model_validate_json(response.content).error
    except ValidationError:
        text = response.text
    # Something on the way may echo what we sent.
    text = without(text, credentials_in(response.request.headers))
    said = " ".join(text.split())[:_LONGEST_EXCERPT]
    return "; ".join(filter(None, (str(status), said, _ADVICE.get(status))))
