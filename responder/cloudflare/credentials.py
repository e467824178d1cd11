"""Who we are to Cloudflare, and how to keep that out of messages."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from responder.domain.breaker import Failure
from responder.errors import ProviderError, ResponderError
from responder.redaction import REDACTED

__all__ = ["Credential", "Key", "Token", "excerpt", "mark"]

_LONGEST_EXCERPT = 200
_SECRETS = re.compile(
    r"""(?P<before> \b (?:authorization|x-auth-key) ["']? \s* [:=] \s* ["']?
                    (?: (?:bearer|basic) \s+ )?
                    | \b bearer \s+ (?=\S{16}) )
        [^\s"',;<]+
        | \b cf(?:ut|at|k)_ [\w-]+
        | (?<![\w-]) [\w-]{37,} (?![\w-])""",
    re.VERBOSE | re.IGNORECASE,
)
"""Named headers, the prefixed kinds, and anything as long as the older kinds; ids are shorter."""


@dataclass(frozen=True, slots=True)
class Token:
    """An API token, a user's or an account's own; read again for each request."""

    read: Callable[[], str]

    def headers(self) -> dict[str, str]:
        """Return what authenticates the next request; raises ProviderError."""
        return {"Authorization": f"Bearer {_secret(self.read)}"}


@dataclass(frozen=True, slots=True)
class Key:
    """The global API key of a user; read again for each request."""

    email: str
    read: Callable[[], str]

    def headers(self) -> dict[str, str]:
        """Return what authenticates the next request; raises ProviderError."""
        return {"X-Auth-Email": _sendable(self.email), "X-Auth-Key": _secret(self.read)}


Credential = Token | Key


def mark(credential: Credential) -> str:
    """Return what changes with the secret and gives nothing of it away.

    Empty while the secret cannot be read.
    """
    try:
        headers = credential.headers()
    except ProviderError:
        return ""
    return sha256(repr(headers).encode()).hexdigest()


def _secret(read: Callable[[], str]) -> str:
    try:
        text = read().strip()
    except (OSError, ValueError, ResponderError) as error:
        message = f"the Cloudflare credential cannot be read: {error}"
        raise ProviderError(Failure.UNAUTHORIZED, message) from error
    return _sendable(text)


def _sendable(text: str) -> str:
    if not (text and text.isascii() and text.isprintable()):
        message = "the Cloudflare credential is empty, or holds characters that no header may hold"
        raise ProviderError(Failure.UNAUTHORIZED, message)
    return text


def excerpt(text: str) -> str:
    """Return foreign text fit for a message: on one line, without secrets, cut."""
    clean = _SECRETS.sub(lambda found: (found["before"] or "") + REDACTED, text)
    line = " ".join("".join(mark if mark.isprintable() else " " for mark in clean).split())
    return line if len(line) <= _LONGEST_EXCERPT else line[:_LONGEST_EXCERPT] + "..."
