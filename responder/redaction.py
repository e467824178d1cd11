"""What may be shown of a text: nothing that a terminal obeys, and none of our own secrets."""

import json
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote

__all__ = ["REDACTED", "credentials_in", "escaped", "without"]

REDACTED = "[redacted]"

_SHORTEST = 6
"""Of a secret that can be taken out of a text without taking everything else along."""


def escaped(text: str) -> str:
    """Write whatever does not print as JSON does, with an escape; the rest stays."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in text)


def without(text: str, secrets: Iterable[str]) -> str:
    """Take secrets out of a text that somebody else has written, however they are spelt there."""
    for secret in secrets:
        for spelt in _spellings(secret):
            if len(spelt) >= _SHORTEST:
                text = text.replace(spelt, REDACTED)
    return text


def _spellings(secret: str) -> tuple[str, ...]:
    """Return it as it is, as in a JSON text, and as in a URL."""
    in_json = json.dumps(secret, ensure_ascii=False)[1:-1]
    return (secret, escaped(in_json), quote(secret, safe=""))


def credentials_in(headers: Mapping[str, str]) -> Iterator[str]:
    """Yield what authenticates a request that we send: its answer may repeat any of it."""
    for name, value in headers.items():
        scheme, _, credentials = value.partition(" ")
        if name.lower() == "x-auth-key":
            yield value
        elif name.lower() == "authorization":
            yield credentials
            if scheme.lower() == "basic":
                yield b64decode(credentials).decode().partition(":")[2]
