"""`responder notifications`: let Cloudflare send them, and look whether they can arrive."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

import typer

from responder.app import SystemClock
from responder.cli.options import Config, Output, OutputOption, load
from responder.cli.tables import Column, print_table
from responder.cloudflare.client import CloudflareClient, Endpoint
from responder.cloudflare.notifications import Notifications
from responder.connections import credential
from responder.errors import ConfigError
from responder.notifications.check import Point, Status, checked
from responder.notifications.setup import Step, Wish, set_up
from responder.redaction import REDACTED
from responder.settings import Settings

__all__ = ["app"]

T = TypeVar("T")

app = typer.Typer()
_notifications = typer.Typer(
    no_args_is_help=True, help="Set up Cloudflare's notifications, and check them."
)
app.add_typer(_notifications, name="notifications")

_DONE = (Column("WHAT"), Column("DONE"), Column("PROBLEM", folds=True))
_DRY = (Column("WHAT"), Column("WOULD"), Column("REQUEST"), Column("BODY", folds=True))
_POINTS = (Column("WHAT"), Column("STATUS"), Column("SEEN", folds=True), Column("WHAT TO DO"))
_PATH = "/webhooks/cloudflare"

_Url = Annotated[
    str,
    typer.Option(
        "--url",
        metavar="URL",
        help=f"Where Cloudflare reaches this service: https, and {_PATH} at its end.",
    ),
]
_Name = Annotated[str, typer.Option("--name", help="Of the webhook at Cloudflare.")]
_Dry = Annotated[bool, typer.Option("--dry-run", help="Show every request, and change nothing.")]


@_notifications.command()
def setup(
    url: _Url,
    name: _Name = "responder",
    dry_run: _Dry = False,
    config: Config = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Create the webhook and a policy for each alert type, or bring them up to date.

    The service must run: Cloudflare tests the webhook before it saves it.
    """
    wish = Wish(name, _reachable(url))
    settings = load(config)
    secret = _secret(settings)
    steps = _asked(settings, lambda account: set_up(account, wish, secret, dry=dry_run))
    if output is Output.JSON:
        shown = [asdict(step) | {"body": _without_secret(step)} for step in steps]
        typer.echo(json.dumps({"dry_run": dry_run, "steps": shown}, indent=2))
    else:
        _print(steps, dry_run=dry_run)
    if any(one.problem for one in steps):
        raise typer.Exit(1)


@_notifications.command()
def check(
    url: _Url = "",
    name: _Name = "responder",
    config: Config = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Look whether notifications can arrive; nothing is changed. Ends with 1 when they cannot."""
    wish = Wish(name, _reachable(url) if url else "")
    settings = load(config)
    _secret(settings)
    points = _asked(settings, lambda account: checked(account, wish))
    if output is Output.JSON:
        typer.echo(json.dumps({"points": [asdict(one) for one in points]}, indent=2))
    else:
        print_table(_POINTS, [_row(one) for one in points])
    if any(one.status is Status.FAILURE for one in points):
        raise typer.Exit(1)


def _print(steps: Sequence[Step], *, dry_run: bool) -> None:
    if dry_run:
        print_table(_DRY, [(one.subject, one.done, _request(one), _body(one)) for one in steps])
        typer.echo("nothing was changed")
    else:
        print_table(_DONE, [(one.subject, one.done, one.problem) for one in steps])
        typer.echo("`responder notifications check` looks whether they can arrive")


def _row(point: Point) -> Sequence[str]:
    return (point.subject, point.status, point.seen, point.advice)


def _request(step: Step) -> str:
    return f"{step.method} {step.path}" if step.method else ""


def _body(step: Step) -> str:
    body = _without_secret(step)
    return "" if body is None else json.dumps(body)


def _without_secret(step: Step) -> dict[str, object] | None:
    """Return the body as it is sent, but for the secret that goes with a webhook."""
    if step.body is None:
        return None
    hidden = {"secret": REDACTED} if "/webhooks" in step.path else {}
    return {**step.body, **hidden}


def _reachable(url: str) -> str:
    parts = urlsplit(url)
    local = parts.hostname in {"127.0.0.1", "::1", "localhost"}
    if parts.scheme != "https" and not (local and parts.scheme == "http"):
        raise typer.BadParameter("write https://HOST/webhooks/cloudflare", param_hint="--url")
    if not parts.path.endswith(_PATH) or parts.query or parts.username:
        raise typer.BadParameter(f"it must end with {_PATH}", param_hint="--url")
    return url


def _secret(settings: Settings) -> str:
    if settings.notifications.secret_file is None:
        raise ConfigError(
            ["notifications.secret_file: is required; write a long random text to a file"]
        )
    return settings.notifications.secret_file.value()


def _asked(settings: Settings, ask: Callable[[Notifications], Awaitable[T]]) -> T:
    """Ask Cloudflare with the credential of the configuration; raises ProviderError."""
    account = settings.cloudflare.account_id
    if not account:
        raise ConfigError(["cloudflare.account_id: is required for notifications; add it"])

    async def asked() -> T:
        endpoint = Endpoint(settings.cloudflare.base_url, settings.cloudflare.timeout)
        known_as = credential(settings.cloudflare)
        client = CloudflareClient(endpoint, known_as, SystemClock().monotonic)
        try:
            return await ask(Notifications(client, account))
        finally:
            await client.aclose()

    return asyncio.run(asked())
