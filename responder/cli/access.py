"""Where the running service is, and what lets us in."""

import ssl
from dataclasses import dataclass, field, replace
from pathlib import Path

import typer

from responder.errors import ConfigError
from responder.settings import Settings
from responder.settings.addresses import http_url
from responder.settings.secret import SecretFile, shown_path

__all__ = ["Access", "Given", "configured_access", "given_access"]

_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where it listens, not we
"""Who listens everywhere is asked on loopback."""

_WANTS_CERTIFICATE = "; it lets in only who has a client certificate: --cert-file and --key-file"


@dataclass(frozen=True, slots=True)
class Given:
    """The files that the command line or the environment name."""

    api_token_file: Path | None = None
    ca_file: Path | None = None
    """Of the authority that signed the service's certificate; else those of the system."""
    cert_file: Path | None = None
    """Our own certificate, for a service that demands one."""
    key_file: Path | None = None
    """Its key; else it is in `cert_file` too."""


@dataclass(frozen=True, slots=True)
class Access:
    """A base URL without a slash at its end, the API token, and whom to believe over TLS."""

    url: str
    token: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext = field(default_factory=lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    hint: str = ""
    """What may be missing when nobody answers."""


def given_access(url: str, given: Given | None = None) -> Access:
    """Return the way to a service that the command line or the environment names."""
    given = given or Given()
    try:
        base = http_url(url)
    except ValueError as error:  # which does not repeat the URL: a password may be in it
        raise typer.BadParameter(str(error), param_hint="--url") from None
    access = Access(base, _token(given))
    if not base.startswith("https"):
        return access
    return replace(access, tls=_presenting(_believing(given.ca_file), given))


def configured_access(settings: Settings, given: Given | None = None) -> Access:
    """Return the way to the service of this configuration, on this machine."""
    given = given or Given()
    server = settings.server
    address = replace(server.listen, host=_ANYWHERE.get(server.listen.host, server.listen.host))
    known = server.api_token.value() if server.api_token else None
    token = _token(given) or (_sendable(known, "server.api_token_file") if known else None)
    if server.tls is None:
        return Access(f"http://{address}", token)
    wanted = server.tls.client_ca_file is not None and given.cert_file is None
    context = _presenting(_pinned(server.tls.cert_file), given)
    return Access(f"https://{address}", token, context, _WANTS_CERTIFICATE if wanted else "")


def _token(given: Given) -> str | None:
    if given.api_token_file is None:
        return None
    try:
        token = SecretFile(given.api_token_file).value()
    except ConfigError as error:
        raise ConfigError([f"--api-token-file: {problem}" for problem in error.problems]) from None
    return _sendable(token, "--api-token-file")


def _sendable(token: str, where: str) -> str:
    """Refuse what the HTTP library would refuse, but in a message that repeats it."""
    if not (token.isascii() and token.isprintable()):
        raise ConfigError([f"{where}: holds characters that no header may hold"])
    return token


def _believing(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    except OSError as error:
        raise _unusable("--ca-file", ca_file, error) from None


def _pinned(certificate: Path) -> ssl.SSLContext:
    """Believe whoever has the configured certificate: its names are not those of loopback."""
    context = ssl.create_default_context(cafile=str(certificate))
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _presenting(context: ssl.SSLContext, given: Given) -> ssl.SSLContext:
    """Let it show our certificate, if we have one."""
    if given.cert_file is not None:
        try:
            context.load_cert_chain(given.cert_file, given.key_file)
        except OSError as error:
            raise _unusable("--cert-file, --key-file", given.cert_file, error) from None
    elif given.key_file is not None:
        raise typer.BadParameter("needs --cert-file beside it", param_hint="--key-file")
    return context


def _unusable(option: str, file: Path | None, error: OSError) -> ConfigError:
    """Say it without the text of a file; an SSLError is an OSError as well."""
    why = getattr(error, "reason", None) or error.strerror or type(error).__name__
    name = shown_path(file) if file is not None else "the system's authorities"
    return ConfigError([f"{option}: {name} cannot be used ({why})"])
