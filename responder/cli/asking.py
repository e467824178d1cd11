"""The options of commands that ask the service, and whom they then ask."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from inspect import Signature, signature
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from responder.cli.access import Access, Given, configured_access, given_access
from responder.cli.answers import Answers
from responder.cli.client import ServiceClient, UnreachableError
from responder.cli.options import Config, Output, OutputOption, load
from responder.errors import ConfigError
from responder.settings import Settings

__all__ = ["Asking", "asking"]

_Told = TypeVar("_Told")
_Url = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        envvar="RESPONDER_URL",
        show_default=False,
        help="Ask the service at this URL; no configuration is read then.",
    ),
]
_TokenFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        envvar="RESPONDER_API_TOKEN_FILE",
        show_default=False,
        help="File with the API token; else that of the configuration.",
    ),
]
_CaFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        envvar="RESPONDER_CA_FILE",
        show_default=False,
        help="With --url: authority of the service's certificate; else those of the system.",
    ),
]
_CertFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        envvar="RESPONDER_CERT_FILE",
        show_default=False,
        help="Our certificate, where the service demands one (client_ca_file).",
    ),
]
_KeyFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        envvar="RESPONDER_KEY_FILE",
        show_default=False,
        help="Its key; else it is in the file of --cert-file.",
    ),
]


@dataclass(frozen=True, slots=True)
class Asking:
    """Which service is asked, and how its answer is shown; each field is an option."""

    config: Config = None
    url: _Url = None
    api_token_file: _TokenFile = None
    ca_file: _CaFile = None
    cert_file: _CertFile = None
    key_file: _KeyFile = None
    output: OutputOption = Output.TABLE

    @property
    def as_json(self) -> bool:
        """Whether a program reads the answer."""
        return self.output is Output.JSON

    def service(self) -> ServiceClient:
        """Return the running service."""
        return ServiceClient(self._access(self._settings()))

    def ask(self, question: Callable[[Answers], _Told]) -> _Told:
        """Ask the running service; when it does not answer, what the store last knew."""
        settings = self._settings()
        with ServiceClient(self._access(settings)) as service:
            try:
                return question(service)
            except UnreachableError as error:
                if settings is None:
                    raise
                unreachable = str(error)
        # Most answers come from the service, and then SQL is not worth its start.
        from responder.cli.remembered import open_remembered  # noqa: PLC0415

        with open_remembered(settings, unreachable) as remembered:
            typer.echo(f"{unreachable}; {remembered.introduction}", err=True)
            return question(remembered)

    def _settings(self) -> Settings | None:
        """Return the configuration; None when the service is named without one."""
        if self.url:
            return None
        try:
            return load(self.config)
        except ConfigError as error:
            way_out = "or name the running service with --url, and no configuration is needed"
            raise ConfigError([*error.problems, way_out]) from None

    def _access(self, settings: Settings | None) -> Access:
        given = Given(self.api_token_file, self.ca_file, self.cert_file, self.key_file)
        if settings is None:
            return given_access(self.url or "", given)
        return configured_access(settings, given)


def asking(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of `Asking`; it takes them as one value, its first."""
    shared = signature(Asking).parameters
    _, *own = signature(command).parameters.values()

    @wraps(command)
    def run(**options: Any) -> None:
        asked = Asking(**{name: options.pop(name) for name in shared})
        command(asked, **options)

    # Where typer looks for the options that a command has.
    vars(run)["__signature__"] = Signature([*own, *shared.values()])
    return run
