"""Asking an Alertmanager what is true now: its alerts, the heartbeat, its silences."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TypeVar

import httpx

from responder.alertmanager.access import Access
from responder.alertmanager.listing import listed_alerts, listed_silences
from responder.alertmanager.running import Running, parse_running
from responder.errors import AlertmanagerError
from responder.ports import Poll
from responder.redaction import REDACTED, credentials_in, without

__all__ = ["HEARTBEAT", "AlertmanagerClient"]

HEARTBEAT = "ResponderHeartbeat"
LARGEST_ANSWER = 64 * 1024 * 1024
LARGEST_REFUSAL = 4096
LONGEST_EXCERPT = 200

_Read = TypeVar("_Read")

_ALERTS = "/api/v2/alerts"
_SILENCES = "/api/v2/silences"
_STATUS = "/api/v2/status"
_ADVICE: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "check the credential under alertmanager.http",
    HTTPStatus.FORBIDDEN: "check the credential under alertmanager.http and what it may read",
    HTTPStatus.NOT_FOUND: "does the URL lack the prefix of --web.route-prefix?",
}


@dataclass(frozen=True, slots=True)
class _Answer:
    path: str
    headers: httpx.Headers
    body: bytes
    sent: Mapping[str, str]
    """The headers of the request that authenticated it."""

    def without_credential(self, most: int | None = None) -> str:
        """Return the beginning of the body, without what a proxy may have echoed of the request."""
        text = self.body[:most].decode(errors="replace")
        return without(text, credentials_in(self.sent))


class AlertmanagerClient:
    """One Alertmanager, asked for all that every policy needs, at once."""

    def __init__(
        self, url: str, queries: Iterable[Sequence[str]], access: Access | None = None
    ) -> None:
        """Prepare to ask this URL; each query is one policy's matchers, which all must hold."""
        self._access = access or Access()
        self._client = self._access.client(url)
        self._queries = tuple(dict.fromkeys(tuple(query) for query in queries))
        self.source = str(httpx.URL(url).copy_with(userinfo=b"")).rstrip("/")

    async def poll(self) -> Poll:
        """Ask for the alerts of all queries, the heartbeat and all active silences; no raise."""
        try:
            async with asyncio.timeout(self._access.timeout.total_seconds()):
                answers = await self._answers()
            return self._understood(answers)
        except TimeoutError:
            problem = self._late
        except AlertmanagerError as error:
            problem = str(error)
        return Poll(self.source, problem=problem)

    async def running(self) -> Running:
        """Ask for the version and the configuration that it runs with; AlertmanagerError."""
        try:
            async with asyncio.timeout(self._access.timeout.total_seconds()):
                return _read(await self._get(_STATUS), parse_running)
        except TimeoutError as error:
            raise AlertmanagerError(self._late) from error

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    @property
    def _late(self) -> str:
        return f"no answer within {self._access.timeout.total_seconds():g} s"

    async def _answers(self) -> list[_Answer]:
        """Return the answers: silences, heartbeat, then one for each query."""
        answers = await asyncio.gather(
            self._get(_SILENCES),
            self._get(_ALERTS, (f'alertname="{HEARTBEAT}"',)),
            *(self._get(_ALERTS, query) for query in self._queries),
            return_exceptions=True,
        )
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        return [answer for answer in answers if isinstance(answer, _Answer)]

    async def _get(self, path: str, matchers: Sequence[str] = ()) -> _Answer:
        headers = self._access.headers()
        try:
            async with self._client.stream(
                "GET", path, params={"filter": list(matchers)}, headers=headers
            ) as response:
                answer = _Answer(path, response.headers, await _body(response), headers)
        except httpx.TimeoutException as error:
            raise TimeoutError from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = without(str(error), credentials_in(headers)) or type(error).__name__
            raise AlertmanagerError(f"cannot be asked: {reason}; is it running?") from error
        if response.status_code != HTTPStatus.OK:
            raise AlertmanagerError(f"GET {path} answered {_refusal(response, answer)}")
        return answer

    def _understood(self, answers: Sequence[_Answer]) -> Poll:
        silences, heartbeat, *queried = answers
        alerts = {
            alert.fingerprint: alert for answer in queried for alert in _read(answer, listed_alerts)
        }
        return Poll(
            source=self.source,
            alerts=tuple(alerts.values()),
            heartbeats=tuple(_read(heartbeat, listed_alerts)),
            silences=tuple(_read(silences, listed_silences)),
            date=_date(heartbeat),
        )


def _read(answer: _Answer, understood: Callable[[bytes], _Read]) -> _Read:
    try:
        return understood(answer.body)
    except ValueError as error:
        kind = answer.headers.get("content-type", "of no type")[:LONGEST_EXCERPT]
        echoes = REDACTED in answer.without_credential()
        why = "malformed, and repeats the credential that we sent" if echoes else error
        raise AlertmanagerError(
            f"the answer to GET {answer.path} ({kind}) is {why}; is this an Alertmanager's URL?"
        ) from error


async def _body(response: httpx.Response) -> bytes:
    parts, size = [], 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > LARGEST_ANSWER:
            raise AlertmanagerError(
                f"its answer is larger than {LARGEST_ANSWER >> 20} MiB; narrow the policies' match"
            )
        parts.append(part)
    return b"".join(parts)


def _refusal(response: httpx.Response, answer: _Answer) -> str:
    status = response.status_code
    if response.is_redirect:
        return f"{status}, a redirect, which is not followed; give the URL that it leads to"
    text = " ".join(answer.without_credential(LARGEST_REFUSAL).split())[:LONGEST_EXCERPT]
    return "; ".join(filter(None, (str(status), text, _ADVICE.get(status))))


def _date(answer: _Answer) -> datetime:
    """Return when the answer was given, by the clock of the one who gave it."""
    text = answer.headers.get("date", "")
    try:
        date = parsedate_to_datetime(text)
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise AlertmanagerError(
            f"its answer has no Date that can be read ({text[:40]!r}); does a proxy strip it?"
        ) from error
