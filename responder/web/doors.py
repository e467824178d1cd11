"""Who may come in: a token for each kind of door, and what is open without one."""

import re
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from hmac import compare_digest
from ipaddress import ip_address

from responder.errors import ConfigError

__all__ = ["CLOUDFLARE_PATH", "Doors", "Knock", "Refusal"]

CLOUDFLARE_PATH = "/webhooks/cloudflare"
"""The one path whose sender can prove itself by a header of its own only."""


class _Door(Enum):
    OPEN = auto()
    WEBHOOK = auto()
    CLOUDFLARE = auto()
    API = auto()
    PAGE = auto()


_PORT = re.compile(r":[0-9]*\Z")
_OPEN = frozenset({"/metrics", "/live", "/ready", "/health", "/-/healthy", "/-/ready"})
_READING = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Knock:
    """What of a request decides whether it may come in."""

    path: str
    method: str
    authorization: bytes = b""
    """Empty without the header, and with more than one."""
    cloudflare_secret: bytes = b""
    """What Cloudflare proves itself with, in a header of its own; empty as above."""
    host: bytes = b""
    """The name by which the sender knows this service, with its port; empty when it gave none."""
    from_page: bool = False
    """A browser sent it on behalf of some web page."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is turned away, before anybody looks whether its path exists."""

    status: int
    reason: str
    challenge: str = ""
    """How to come in, for the header that tells programs and browsers."""


_UNCONFIGURED = Refusal(403, "no notification is taken without notifications.secret_file")
_NOT_CLOUDFLARE = Refusal(401, "this needs the secret of the webhook, as `cf-webhook-auth: SECRET`")
_UNREADABLE = Refusal(503, "the token of this service cannot be read; config check says why")
_NOT_FOR_PAGES = Refusal(403, "without a webhook token no web page may send alerts")
_NOT_BY_NAME = Refusal(403, "without a token only 127.0.0.1, [::1] and localhost are answered")
_READ_ONLY = Refusal(403, "without an API token this is read-only; set server.api_token_file")


@dataclass(frozen=True, slots=True)
class Doors:
    """Which token opens what; without a token nothing opens beyond loopback."""

    webhook_token: Callable[[], str] | None = None
    api_token: Callable[[], str] | None = None
    cloudflare_secret: Callable[[], str] | None = None
    """Without it no notification is taken, not even on loopback."""
    loopback: bool = False
    """Whether only programs on this machine can reach the service."""

    def refusal(self, knock: Knock) -> Refusal | None:
        """Say why a request may not come in; None when it may."""
        door = _door(knock.path)
        if door is _Door.OPEN:
            return None
        if door is _Door.CLOUDFLARE:
            return self._of_cloudflare(knock)
        token = self.webhook_token if door is _Door.WEBHOOK else self.api_token
        if token is None:
            return self._without_token(door, knock)
        try:
            expected = token().encode()
        except ConfigError:
            return _UNREADABLE
        if compare_digest(_offered(door, knock.authorization), expected):
            return None
        return _unauthorized(door)

    def _of_cloudflare(self, knock: Knock) -> Refusal | None:
        if self.cloudflare_secret is None:
            return _UNCONFIGURED
        try:
            expected = self.cloudflare_secret().encode()
        except ConfigError:
            return _UNREADABLE
        same = compare_digest(knock.cloudflare_secret, expected)
        return None if same and expected else _NOT_CLOUDFLARE

    def _without_token(self, door: _Door, knock: Knock) -> Refusal | None:
        if not self.loopback:
            return _unauthorized(door)
        if not _is_loopback(knock.host):
            # A page may let its own name point to this machine, and then read what it is answered.
            return _NOT_BY_NAME
        if door is _Door.WEBHOOK:
            # Any page in a browser on this machine can post to loopback, but not hide its origin.
            return _NOT_FOR_PAGES if knock.from_page else None
        return None if knock.method in _READING else _READ_ONLY


def _door(path: str) -> _Door:
    if path in _OPEN:
        return _Door.OPEN
    if path == CLOUDFLARE_PATH:
        return _Door.CLOUDFLARE
    if path.startswith("/webhooks/"):
        return _Door.WEBHOOK
    return _Door.PAGE if path == "/" else _Door.API


def _is_loopback(host: bytes) -> bool:
    """Tell whether a Host header names this machine as only its own programs would."""
    name = _PORT.sub("", host.decode("latin-1")).lower()
    try:
        return ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return name in {"", "localhost"}


def _unauthorized(door: _Door) -> Refusal:
    kind = "webhook" if door is _Door.WEBHOOK else "API"
    scheme = "Basic" if door is _Door.PAGE else "Bearer"
    reason = f"this needs the {kind} token, as `Authorization: Bearer TOKEN`"
    return Refusal(401, reason, f'{scheme} realm="responder"')


def _offered(door: _Door, authorization: bytes) -> bytes:
    scheme, _, credentials = authorization.partition(b" ")
    if scheme.lower() == b"bearer":
        return credentials.strip()
    if scheme.lower() == b"basic" and door is _Door.PAGE:
        return _password(credentials.strip())
    return b""


def _password(credentials: bytes) -> bytes:
    try:
        return b64decode(credentials, validate=True).partition(b":")[2]
    except ValueError:
        return b""
