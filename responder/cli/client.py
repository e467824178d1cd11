"""Questions and orders to the running service over HTTP; every failure is a ResponderError."""

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Self, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel

from responder.cli.access import Access
from responder.cli.answers import EventQuestion, EventsAnswer, TargetAnswer, TargetsAnswer
from responder.errors import ResponderError
from responder.redaction import escaped

__all__ = ["ServiceClient", "UnreachableError"]

_TIMEOUT = httpx.Timeout(10.0, connect=3.0)
_LONGEST_REASON = 300
_Model = TypeVar("_Model", bound=BaseModel)


class UnreachableError(ResponderError):
    """Nobody answers where the service should be."""


class _Refusal(BaseModel):
    error: str


class _Component(BaseModel):
    name: str
    status: str
    detail: str = ""


class _Health(BaseModel):
    status: str
    version: str = ""
    components: tuple[_Component, ...] = ()


class ServiceClient:
    """Asks one service; it is one of the `Answers`."""

    def __init__(self, access: Access, transport: httpx.BaseTransport | None = None) -> None:
        self._url = access.url
        self._hint = access.hint
        self._has_token = access.token is not None
        self._date = ""
        self._client = httpx.Client(
            base_url=access.url,
            headers={"Authorization": f"Bearer {access.token}"} if access.token else {},
            verify=access.tls,
            timeout=_TIMEOUT,
            trust_env=False,  # a proxy for the internet knows no way to this service
            transport=transport,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def targets(self) -> TargetsAnswer:
        """Ask for all targets."""
        request = self._client.build_request("GET", "/api/v1/targets")
        return self._read(self._asked(request), TargetsAnswer)

    def events(self, question: EventQuestion) -> EventsAnswer:
        """Ask for entries of the audit trail."""
        parameters = question.model_dump(exclude_none=True)
        request = self._client.build_request("GET", "/api/v1/events", params=parameters)
        return self._read(self._asked(request), EventsAnswer)

    def health(self) -> str:
        """Ask how the service is; a failed one says so with status 503."""
        health = self._read(self._send(self._client.build_request("GET", "/health")), _Health)
        ill = [f"{one.name} {one.status}: {one.detail}" for one in health.components if one.detail]
        return "; ".join([f"{health.status} (version {health.version})", *ill])

    def now(self) -> datetime:
        """Return the time by the service's own clock, as of its last answer."""
        try:
            return parsedate_to_datetime(self._date)
        except ValueError:
            raise ResponderError(f"what answers at {self._url} sends no Date") from None

    def order(self, target: str, order: Mapping[str, str], actor: str) -> TargetAnswer:
        """Set an override: `state`, `for` and `reason`."""
        return self._override("PUT", target, actor, json=dict(order))

    def lift(self, target: str, actor: str) -> TargetAnswer:
        """Lift the override, if there is one."""
        return self._override("DELETE", target, actor)

    def reload(self) -> None:
        """Let it read its configuration, and take up what it remembers, anew."""
        self._asked(self._client.build_request("POST", "/-/reload"))

    def _override(
        self, method: str, target: str, actor: str, json: dict[str, str] | None = None
    ) -> TargetAnswer:
        path = f"/api/v1/targets/{quote(target, safe=':')}/override"
        headers = {b"X-Responder-Actor": actor.encode()}
        request = self._client.build_request(method, path, headers=headers, json=json)
        return self._read(self._asked(request), TargetAnswer)

    def _asked(self, request: httpx.Request) -> httpx.Response:
        response = self._send(request)
        if response.is_success:
            return response
        reason = _reason(response)
        if response.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise ResponderError(f"{self._url} refuses this: {reason}{self._remedy(response)}")
        raise ResponderError(f"{self._url} answered {response.status_code}: {reason}")

    def _send(self, request: httpx.Request) -> httpx.Response:
        try:
            response = self._client.send(request)
        except httpx.HTTPError as error:
            why = f"{str(error) or type(error).__name__}{self._hint}"
            raise UnreachableError(f"the service does not answer at {self._url} ({why})") from error
        self._date = response.headers.get("Date", "")
        return response

    def _read(self, response: httpx.Response, model: type[_Model]) -> _Model:
        try:
            return model.model_validate_json(response.content)
        except ValueError as error:
            raise ResponderError(
                f"what answers at {self._url} is no responder of this version; correct the URL"
            ) from error

    def _remedy(self, response: httpx.Response) -> str:
        if response.status_code == HTTPStatus.FORBIDDEN:
            return ""
        if self._has_token:
            return "; the token that was sent is another one (--api-token-file, server.api_token)"
        return "; name its file with --api-token-file or RESPONDER_API_TOKEN_FILE"


def _reason(response: httpx.Response) -> str:
    try:
        return escaped(_Refusal.model_validate_json(response.content).error[:_LONGEST_REASON])
    except ValueError:
        return escaped(response.reason_phrase)
