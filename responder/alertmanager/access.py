"""How an Alertmanager is reached: who we say we are, whom we trust, how long we wait."""

import base64
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import httpx

from responder import __version__
from responder.errors import AlertmanagerError, ResponderError
from responder.trust import system_authorities

__all__ = ["Access", "basic", "bearer"]

_KEEP_ALIVE = timedelta(minutes=1)
"""Longer than any sensible time between two polls, so that a poll finds its connections open."""


@dataclass(frozen=True, slots=True)
class Access:
    """What all requests to one Alertmanager have in common."""

    authorization: Callable[[], str] | None = None
    """Gives the Authorization header; asked for each request, since secret files change."""
    verify: ssl.SSLContext | bool = True
    """Authorities to believe; True: those of the system."""
    timeout: timedelta = timedelta(seconds=5)
    """For an answer as a whole, however slowly it drips."""
    transport: httpx.AsyncBaseTransport | None = None

    def client(self, url: str) -> httpx.AsyncClient:
        """Open a client that speaks to this URL, and is deaf to the environment's proxies."""
        return httpx.AsyncClient(
            base_url=url,
            headers={"User-Agent": f"responder/{__version__}", "Accept": "application/json"},
            verify=system_authorities() if self.verify is True else self.verify,
            timeout=self.timeout.total_seconds(),
            limits=httpx.Limits(keepalive_expiry=_KEEP_ALIVE.total_seconds()),
            transport=self.transport,
            trust_env=False,
        )

    def headers(self) -> dict[str, str]:
        """Return the headers that authenticate the next request."""
        if self.authorization is None:
            return {}
        try:
            header = self.authorization()
        except (OSError, ValueError, ResponderError) as error:
            raise AlertmanagerError(f"the credential cannot be read: {error}") from error
        if not (header.isascii() and header.isprintable()):
            raise AlertmanagerError("the credential holds characters that no header may hold")
        return {"Authorization": header}


def bearer(token: Callable[[], str]) -> Callable[[], str]:
    """Authenticate with a token."""
    return lambda: f"Bearer {token().strip()}"


def basic(username: str, password: Callable[[], str]) -> Callable[[], str]:
    """Authenticate with a user name and a password."""
    return lambda: "Basic " + base64.b64encode(f"{username}:{password()}".encode()).decode()
