"""Where the running service is, and what lets us in."""

import ssl
from dataclasses import dataclass, field, replace
from pathlib import Path

import typer

from responder.settings import Settings
from responder.settings.addresses import http_url
from responder.settings.secret import SecretFile

__all__ = ["Access", "configured_access", "given_access"]

_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where it listens, not we
"""Who listens everywhere is asked on loopback."""


@dataclass(frozen=True, slots=True)
class Access:
    """A base URL without a slash at its end, the API token, and whom to believe over TLS."""

    url: str
    token: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext = field(default_factory=lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))


def given_access(url: str, token_file: Path | None) -> Access:
    """Return the way to a service that the command line or the environment names."""
    try:
        base = http_url(url)
    except ValueError as error:
        raise typer.BadParameter(f"{url} {error}", param_hint="--url") from None
    access = Access(base, _token(token_file))
    return replace(access, tls=ssl.create_default_context()) if base.startswith("https") else access


def configured_access(settings: Settings, token_file: Path | None) -> Access:
    """Return the way to the service of this configuration, on this machine."""
    server = settings.server
    address = replace(server.listen, host=_ANYWHERE.get(server.listen.host, server.listen.host))
    known = server.api_token.value() if server.api_token else None
    token = _token(token_file) or known
    if server.tls is None:
        return Access(f"http://{address}", token)
    return Access(f"https://{address}", token, _pinned(server.tls.cert_file))


def _token(file: Path | None) -> str | None:
    return SecretFile(file).value() if file else None


def _pinned(certificate: Path) -> ssl.SSLContext:
    """Believe whoever has the configured certificate: its names are not those of loopback."""
    context = ssl.create_default_context(cafile=str(certificate))
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context
