"""Our own running service, asked as its neighbours ask it: over HTTP, and nothing that counts."""

from dataclasses import dataclass
from http import HTTPStatus

import httpx
from pydantic import BaseModel, ValidationError

from responder.errors import ResponderError

__all__ = ["DOOR", "Component", "Health", "Service"]

DOOR = "/webhooks/"
"""Behind the same door as all webhooks, which asks for the token before anybody looks whether a
path exists; and no path that exists: whoever gets in finds nothing, and nothing is counted."""


class Component(BaseModel):
    """One line of its health."""

    name: str
    status: str
    detail: str = ""


class Health(BaseModel):
    """What it says of itself."""

    status: str
    version: str = ""
    components: tuple[Component, ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    """Asks the service; ResponderError when nobody, or somebody else, answers."""

    url: str
    client: httpx.AsyncClient

    async def is_ready(self) -> bool:
        """Tell whether it is ready for requests."""
        response = await self._get("/ready")
        if response.status_code in {HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE}:
            return response.is_success
        raise self._stranger(f"GET /ready answered {response.status_code}")

    async def health(self) -> Health:
        """Return what it says of itself; a failed one says so with status 503."""
        response = await self._get("/health")
        try:
            return Health.model_validate_json(response.content)
        except ValidationError as error:
            raise self._stranger("GET /health has no health in it") from error

    async def knock(self, token: str | None) -> int:
        """Ask to be let in where webhooks are, with a token or without; return the status."""
        if token and not (token.isascii() and token.isprintable()):
            raise ResponderError("the webhook token holds characters that no header may hold")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return (await self._get(DOOR, headers)).status_code

    async def _get(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        try:
            return await self.client.get(path, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            why = str(error) or type(error).__name__
            raise ResponderError(f"it does not answer at {self.url} ({why})") from error

    def _stranger(self, what: str) -> ResponderError:
        return ResponderError(f"what answers at {self.url} is no responder ({what})")
