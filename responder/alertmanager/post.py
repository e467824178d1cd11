"""Telling an Alertmanager our own alerts; how people then hear of them is its business."""

import asyncio
from collections.abc import Mapping, Sequence
from http import HTTPStatus

import httpx

from responder.alertmanager.access import Access
from responder.domain.notice import Notice
from responder.errors import AlertmanagerError
from responder.redaction import credentials_in, without

__all__ = ["AlertmanagerPost"]

_PATH = "/api/v2/alerts"
MOST_AT_ONCE = 256
"""Alerts in one request, as Prometheus has it."""

LARGEST_REFUSAL = 4096
LONGEST_EXCERPT = 200

_ADVICE: dict[int, str] = {
    HTTPStatus.BAD_REQUEST: "are the clocks of both machines right?",
    HTTPStatus.UNAUTHORIZED: "check the credential under alertmanager.http",
    HTTPStatus.FORBIDDEN: "check the credential under alertmanager.http and what it may write",
    HTTPStatus.NOT_FOUND: "does the URL lack the prefix of --web.route-prefix?",
}


class AlertmanagerPost:
    """One Alertmanager that takes our alerts."""

    def __init__(self, url: str, access: Access | None = None) -> None:
        """Prepare to tell this URL; nothing is sent yet."""
        self._access = access or Access()
        self._client = self._access.client(url)
        self.source = str(httpx.URL(url).copy_with(userinfo=b"")).rstrip("/")

    async def post(self, notices: Sequence[Notice]) -> None:
        """Tell all of these, within the time for one answer; raises AlertmanagerError."""
        seconds = self._access.timeout.total_seconds()
        headers = self._access.headers()
        try:
            async with asyncio.timeout(seconds):
                for first in range(0, len(notices), MOST_AT_ONCE):
                    await self._send(notices[first : first + MOST_AT_ONCE], headers)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise AlertmanagerError(f"no answer within {seconds:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = without(str(error), credentials_in(headers)) or type(error).__name__
            raise AlertmanagerError(f"cannot be told: {reason}; is it running?") from error

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _send(self, notices: Sequence[Notice], headers: Mapping[str, str]) -> None:
        body = [_alert(notice) for notice in notices]
        async with self._client.stream("POST", _PATH, json=body, headers=headers) as response:
            if response.status_code != HTTPStatus.OK:
                raise AlertmanagerError(await _refusal(response, headers))


def _alert(notice: Notice) -> dict[str, object]:
    told: dict[str, object] = {
        "labels": dict(notice.labels),
        "annotations": dict(notice.annotations),
        "startsAt": notice.starts_at.isoformat(),
    }
    if notice.ends_at is not None:
        told["endsAt"] = notice.ends_at.isoformat()
    return told


async def _refusal(response: httpx.Response, sent: Mapping[str, str]) -> str:
    """Return the answer in short, without the credential that a proxy may have echoed."""
    body = b""
    async for part in response.aiter_bytes(LARGEST_REFUSAL):
        body += part
        if len(body) >= LARGEST_REFUSAL:
            break
    said = without(body.decode(errors="replace"), credentials_in(sent))
    text = " ".join(said.split())[:LONGEST_EXCERPT]
    advice = _ADVICE.get(response.status_code)
    return "; ".join(filter(None, (f"POST {_PATH} answered {response.status_code}", text, advice)))
