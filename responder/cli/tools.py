"""What the commands of all tools share: asking the service, showing requests, asking people."""

import getpass
import json
import os
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, is_dataclass, replace
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

import httpx
import typer
from pydantic import BaseModel, ConfigDict

from responder.cli.access import Given, configured_access, given_access
from responder.cli.asking import Asking
from responder.cli.client import ServiceClient, UnreachableError
from responder.cli.options import load
from responder.cli.tables import printable
from responder.errors import ResponderError

__all__ = [
    "MadeAnswer",
    "ShownRequest",
    "ToolClient",
    "ToolQuestion",
    "Writing",
    "confirmed",
    "fail_unconfirmed",
    "print_json",
    "print_made",
    "print_requests",
    "report_made",
    "spread",
    "tool_client",
    "warn",
    "write",
]

_DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show the exact requests, and change nothing.")
]
_Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; for scripts.")]

_PATIENCE = httpx.Timeout(90.0, connect=3.0)
"""The service may have to ask Cloudflare several times, and waits for each answer."""

_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Writing:
    """How a write is made; each field is an option."""

    dry_run: _DryRun = False
    yes: _Yes = False


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of each dataclass that it takes, which it gets as one value."""
    taken = signature(command).parameters
    groups: dict[str, type[Any]] = {
        name: one.annotation
        for name, one in taken.items()
        if isinstance(one.annotation, type) and is_dataclass(one.annotation)
    }
    fields = {name: signature(group).parameters for name, group in groups.items()}

    @wraps(command)
    def run(**options: Any) -> None:
        values = {
            name: group(**{field: options.pop(field) for field in fields[name]})
            for name, group in groups.items()
        }
        command(**values, **options)

    own = [one for name, one in taken.items() if name not in groups]
    spread_out = [field for name in groups for field in fields[name].values()]
    # Where typer looks for the options that a command has.
    vars(run)["__signature__"] = Signature(
        [one.replace(kind=Parameter.KEYWORD_ONLY) for one in (*own, *spread_out)]
    )
    return run


class ShownRequest(BaseModel):
    """A request as it is sent, but for what authenticates it."""

    method: str
    url: str
    body: Any = None

    def lines(self) -> Iterator[str]:
        """Yield it as people read it, with its body as JSON below."""
        yield printable(f"{self.method} {self.url}")
        if self.body is not None:
            yield json.dumps(self.body, indent=2, ensure_ascii=True)


class MadeAnswer(BaseModel):
    """What came of a write."""

    model_config = ConfigDict(extra="allow")

    result: str
    subject: str
    requests: tuple[ShownRequest, ...] = ()
    warnings: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ToolQuestion:
    """A request to one of the service's tools; `parts` of the path are quoted."""

    method: str
    parts: Sequence[str]
    body: Mapping[str, object] | None = None
    dry_run: bool = False

    @property
    def path(self) -> str:
        """The path below the service's address."""
        quoted = "/".join(quote(part, safe=":") for part in self.parts)
        return f"/api/v1/{quoted}{'?dry_run=true' if self.dry_run else ''}"


class ToolClient(ServiceClient):
    """Asks the service's tools."""

    def ask(self, question: ToolQuestion, model: type[_Model]) -> _Model:
        """Ask, and return the answer."""
        return self._read(self._asked(self._built(question)), model)

    def shown(self, question: ToolQuestion) -> ShownRequest:
        """Return the request to the service that a question comes to."""
        request = self._built(question)
        return ShownRequest(method=request.method, url=str(request.url), body=question.body)

    def _built(self, question: ToolQuestion) -> httpx.Request:
        return self._client.build_request(
            question.method,
            question.path,
            headers={b"X-Responder-Actor": _actor().encode()},
            json=question.body,
            timeout=_PATIENCE,
        )


@contextmanager
def tool_client(asked: Asking) -> Iterator[ToolClient]:
    """Open the way to the running service; without one nothing is done."""
    given = Given(asked.api_token_file, asked.ca_file, asked.cert_file, asked.key_file)
    if asked.url:
        access = given_access(asked.url, given)
    else:
        access = configured_access(load(asked.config), given)
    with ToolClient(access) as client:
        try:
            yield client
        except UnreachableError as error:
            raise ResponderError(f"{error}; this needs the running service") from error


def confirmed(lines: Sequence[str], *, yes: bool) -> bool:
    """Tell what will be done, and ask whether it shall be; without a terminal only --yes does."""
    if yes:
        return True
    for line in lines:
        typer.echo(line, err=True)
    if not sys.stdin.isatty():
        raise typer.BadParameter(
            "nobody is there to ask; look at --dry-run, then give --yes", param_hint="--yes"
        )
    return typer.confirm("Do it?", err=True)


def print_requests(requests: Sequence[ShownRequest]) -> None:
    """Print requests as they are sent, each with its body as JSON below."""
    for request in requests:
        for line in request.lines():
            typer.echo(line)


def print_json(document: object) -> None:
    """Print a document for programs; in ASCII, of which a terminal obeys nothing."""
    if isinstance(document, BaseModel):
        document = document.model_dump(mode="json", exclude_unset=True)
    typer.echo(json.dumps(document, indent=2, ensure_ascii=True))


def warn(lines: Sequence[str]) -> None:
    """Print warnings on stderr."""
    for line in lines:
        typer.echo(printable(f"warning: {line}"), err=True)


def write(asked: Asking, writing: Writing, client: ToolClient, question: ToolQuestion) -> None:
    """Make a write, or show it; one who is asked sees the same requests first."""
    if writing.dry_run or not writing.yes:
        shown = client.ask(replace(question, dry_run=True), MadeAnswer)
        if writing.dry_run or shown.result == "unchanged":
            report_made(asked, shown)
            return
        warn(shown.warnings)
        if not confirmed([told for one in shown.requests for told in one.lines()], yes=False):
            raise typer.Exit(1)
    report_made(asked, client.ask(question, MadeAnswer))


def report_made(asked: Asking, made: MadeAnswer) -> None:
    """Tell what came of a write; what no read confirms is a failure."""
    warn(made.warnings)
    if asked.as_json:
        print_json(made)
    else:
        print_made(made)
    fail_unconfirmed([made])


def print_made(made: MadeAnswer) -> None:
    """Print in a line what came of a write, or the requests that it would take."""
    if made.result == "would":
        print_requests(made.requests)
        return
    detail = f": {made.detail}" if made.detail else ""
    typer.echo(printable(f"{made.subject}: {made.result}{detail}"))


def fail_unconfirmed(made: Sequence[MadeAnswer]) -> None:
    """End with 1 when a read does not show what was written."""
    if any(one.result == "unconfirmed" for one in made):
        raise typer.Exit(1)


def _actor() -> str:
    """Return who orders, also behind sudo: the audit trail names people, not root."""
    try:
        user = os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):  # a container may have no name for its user
        user = f"uid {os.getuid()}"
    return f"{user}@{socket.gethostname()}"
