"""`responder engage`, `release`, `pause` and `resume`: what an operator orders."""

import getpass
import os
import socket
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from responder.cli.answers import TargetAnswer, TargetsAnswer, as_json
from responder.cli.asking import Asking, asking
from responder.cli.client import ServiceClient, UnreachableError
from responder.cli.durations import duration
from responder.cli.tables import countdown, moment, printable
from responder.domain.memory import Order
from responder.errors import ResponderError

__all__ = ["app"]

app = typer.Typer()

_Target = Annotated[str, typer.Argument(metavar="TARGET", help="Its id, as status shows it.")]
_TargetOrAll = Annotated[
    str | None,
    typer.Argument(metavar="[TARGET]", show_default=False, help="Its id, as status shows it."),
]
_All = Annotated[bool, typer.Option("--all", help="Each target there is.")]
_For = Annotated[
    str, typer.Option("--for", metavar="DURATION", parser=duration, help="How long, such as 30m.")
]
_Reason = Annotated[
    str, typer.Option(metavar="TEXT", help="Why; it is written in the audit trail.")
]


@app.command()
@asking
def engage(asked: Asking, target: _Target, lasts: _For, reason: _Reason) -> None:
    """Order a mitigation on for a while.

    Afterwards alerts decide again.
    """
    _give(asked, [target], _order(Order.ENGAGED, lasts, reason))


@app.command()
@asking
def release(asked: Asking, target: _Target, lasts: _For, reason: _Reason) -> None:
    """Order a mitigation off for a while.

    Alerts do not switch it on during this time.
    """
    _give(asked, [target], _order(Order.RELEASED, lasts, reason))


@app.command()
@asking
def pause(
    asked: Asking, lasts: _For, reason: _Reason, target: _TargetOrAll = None, every: _All = False
) -> None:
    """Order that nothing is changed for a while.

    What is on stays on, what is off stays off.
    """
    _give(asked, _named(target, every=every), _order(Order.PAUSED, lasts, reason))


@app.command()
@asking
def resume(asked: Asking, target: _TargetOrAll = None, every: _All = False) -> None:
    """End an order before its time is over.

    Alerts decide again at once.
    """
    _give(asked, _named(target, every=every), ServiceClient.lift)


_Call = Callable[[ServiceClient, str, str], TargetAnswer]


def _order(state: Order, lasts: str, reason: str) -> _Call:
    body = {"state": str(state), "for": lasts, "reason": reason}
    return lambda service, target, actor: service.order(target, body, actor)


def _named(target: str | None, *, every: bool) -> list[str] | None:
    """Return the target that is named, None for all."""
    if (target is None) is not every:
        raise typer.BadParameter("name one target, or give --all", param_hint="TARGET")
    return [target] if target is not None else None


def _give(asked: Asking, targets: Sequence[str] | None, call: _Call) -> None:
    """Order it for each target, report each, and fail if one failed."""
    with asked.service() as service:
        try:
            names = [one.id for one in service.targets().targets] if targets is None else targets
            outcomes = [_outcome(service, name, call) for name in names]
            answers = [one for one in outcomes if one is not None]
            _report(asked, service, answers)
        except UnreachableError as error:
            raise ResponderError(f"{error}; an order needs the running service") from error
    if len(answers) < len(names):
        raise typer.Exit(1)


def _outcome(service: ServiceClient, target: str, call: _Call) -> TargetAnswer | None:
    """Return the target under the order; None, and said on stderr, when it was refused."""
    try:
        return call(service, target, _actor())
    except UnreachableError:
        raise
    except ResponderError as error:
        typer.echo(printable(f"Error: {target}: {error}"), err=True)
        return None


def _report(asked: Asking, service: ServiceClient, answers: Sequence[TargetAnswer]) -> None:
    if asked.as_json:
        typer.echo(as_json(TargetsAnswer(targets=tuple(answers))))
        return
    for one in answers:
        typer.echo(printable(f"{one.id}: {_told(one, service)}"))


def _told(target: TargetAnswer, service: ServiceClient) -> str:
    decision = target.decision
    standing = f"decision {decision.action} {decision.reason}" if decision else "not judged yet"
    override = target.override
    if override is None:
        return f"no order stands, alerts decide; {standing}"
    left = countdown(override.until, service.now())
    return f"{override.state} until {moment(override.until)} (in {left}); {standing}"


def _actor() -> str:
    """Return who orders, also behind sudo: the audit trail names people, not root."""
    try:
        user = os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):  # a container may have no name for its user
        user = f"uid {os.getuid()}"
    return f"{user}@{socket.gethostname()}"
