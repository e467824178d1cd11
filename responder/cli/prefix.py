"""`responder prefix`: prefixes on demand, looked at and switched through the running service."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network
from typing import Annotated

import typer
from pydantic import BaseModel

from responder.cli.answers import TargetAnswer, TargetsAnswer, as_json
from responder.cli.asking import Asking
from responder.cli.client import UnreachableError
from responder.cli.durations import duration
from responder.cli.prefix_answers import (
    HeldAnswer,
    HeldPrefix,
    KnownAnswer,
    KnownPrefix,
    print_held,
    print_known,
)
from responder.cli.tables import countdown, moment, printable
from responder.cli.tools import (
    ShownRequest,
    ToolClient,
    ToolQuestion,
    Writing,
    confirmed,
    print_json,
    print_requests,
    spread,
    tool_client,
)
from responder.domain.memory import Actual, Order
from responder.errors import ResponderError

__all__ = ["app"]

app = typer.Typer()
_prefix = typer.Typer(no_args_is_help=True, help="Look at prefixes on demand, and switch them.")
app.add_typer(_prefix, name="prefix")

_Cidr = Annotated[
    str | None, typer.Argument(metavar="[CIDR]", show_default=False, help="The prefix.")
]
_All = Annotated[bool, typer.Option("--all", help="Each prefix of the configuration.")]
_For = Annotated[
    str, typer.Option("--for", metavar="DURATION", parser=duration, help="How long, such as 2h.")
]
_Reason = Annotated[
    str, typer.Option(metavar="TEXT", help="Why; it is written in the audit trail.")
]


@dataclass(frozen=True, slots=True)
class _Given:
    """For how long and why; each field is an option."""

    lasts: _For
    reason: _Reason

    def order(self, state: Order) -> Mapping[str, str]:
        """Return the body of the order."""
        return {"state": str(state), "for": self.lasts, "reason": self.reason}


_HELD = ToolQuestion("GET", ("account", "prefixes"))
_KNOWN = ToolQuestion("GET", ("prefixes",))


@_prefix.command(name="list")
@spread
def list_prefixes(asked: Asking) -> None:
    """List all prefixes of the account as Cloudflare has them now.

    SITE is where the configuration has a prefix; only those with a site can be switched here.
    """
    with tool_client(asked) as client:
        answer = client.ask(_HELD, HeldAnswer)
    if asked.as_json:
        print_json(answer)
        return
    print_held(answer.prefixes)


@_prefix.command()
@spread
def status(asked: Asking, cidr: _Cidr = None) -> None:
    """Show what the service knows and has decided of its prefixes.

    CONSTRAINT is how long Cloudflare still refuses the next change.
    """
    with tool_client(asked) as client:
        known = client.ask(_KNOWN, KnownAnswer).prefixes
        wanted = _network(cidr)
        shown = [one for one in known if wanted in {None, one.prefix}]
        if not shown:
            raise _unknown(wanted, known)
        if asked.as_json:
            print_json(KnownAnswer(prefixes=tuple(shown)))
            return
        print_known(shown, client.now())
    for one in shown:
        for hint in (one.ineligible, one.unprepared, one.stuck):
            if hint:
                typer.echo(printable(f"{one.prefix}: {hint}"))


@_prefix.command()
@spread
def advertise(
    asked: Asking, writing: Writing, given: _Given, cidr: _Cidr = None, every: _All = False
) -> None:
    """Order that a prefix is advertised for a while; afterwards alerts decide again.

    The service does it as soon as Cloudflare's constraint and the prefix's own state allow.
    """
    _order(asked, writing, _Ordering("advertise", given.order(Order.ENGAGED), cidr, every))


@_prefix.command()
@spread
def withdraw(
    asked: Asking, writing: Writing, given: _Given, cidr: _Cidr = None, every: _All = False
) -> None:
    """Order that a prefix is withdrawn, and stays so for a while, whatever alerts say.

    Announce it from your own routers first, and wait until the Internet has followed.
    """
    _order(asked, writing, _Ordering("withdraw", given.order(Order.RELEASED), cidr, every))


@dataclass(frozen=True, slots=True)
class _Ordering:
    """What is ordered of which prefixes."""

    verb: str
    body: Mapping[str, str]
    cidr: str | None
    every: bool

    def question(self, one: KnownPrefix) -> ToolQuestion:
        """Return the request to the service."""
        return ToolQuestion("PUT", ("targets", one.id, "override"), self.body)

    def effect(self, one: KnownPrefix, now: datetime) -> str:
        """Return what the order will come to, as far as it can be known now."""
        wanted = Actual.ON if self.verb == "advertise" else Actual.OFF
        if one.ineligible:
            return f"nothing yet: {one.ineligible}"
        if one.actual == wanted:
            return f"it is {one.value} already, and stays so"
        if wanted == Actual.ON and one.unprepared:
            return f"nothing yet: {one.unprepared}"
        if one.actual == Actual.UNKNOWN:
            return "as soon as a read tells how it is"
        if one.changeable_at is not None and one.changeable_at > now:
            left = countdown(one.changeable_at, now)
            return f"at {moment(one.changeable_at)} (in {left}): Cloudflare refuses it earlier"
        return "at once"


def _order(asked: Asking, writing: Writing, ordering: _Ordering) -> None:
    if (ordering.cidr is None) is not ordering.every:
        raise typer.BadParameter("name one prefix, or give --all", param_hint="CIDR")
    with tool_client(asked) as client:
        known = client.ask(_KNOWN, KnownAnswer).prefixes
        cidr = _network(ordering.cidr)
        meant = [one for one in known if cidr in {None, one.prefix}]
        if not meant:
            raise _unknown(cidr, known)
        if writing.dry_run:
            _show(asked, client, ordering, meant)
            return
        lines = [f"{ordering.verb} {one.prefix}: {_effect(client, ordering, one)}" for one in meant]
        if not confirmed([printable(line) for line in lines], yes=writing.yes):
            raise typer.Exit(1)
        answers = [found for one in meant if (found := _given(client, ordering, one)) is not None]
        _report(asked, client, answers)
    if len(answers) < len(meant):
        raise typer.Exit(1)


def _effect(client: ToolClient, ordering: _Ordering, one: KnownPrefix) -> str:
    return ordering.effect(one, client.now())


def _given(client: ToolClient, ordering: _Ordering, one: KnownPrefix) -> TargetAnswer | None:
    """Give the order; None, and said on stderr, when it was refused: the others go on."""
    try:
        return client.ask(ordering.question(one), TargetAnswer)
    except UnreachableError:
        raise
    except ResponderError as error:
        typer.echo(printable(f"Error: {one.prefix}: {error}"), err=True)
        return None


def _report(asked: Asking, client: ToolClient, answers: Sequence[TargetAnswer]) -> None:
    if asked.as_json:
        typer.echo(as_json(TargetsAnswer(targets=tuple(answers))))
        return
    for one in answers:
        typer.echo(printable(f"{one.id}: {_ordered(one, client.now())}"))


def _ordered(one: TargetAnswer, now: datetime) -> str:
    order, decision = one.override, one.decision
    standing = f"decision {decision.action} {decision.reason}" if decision else "not judged yet"
    if order is None:
        return f"no order stands; {standing}"
    left = countdown(order.until, now)
    return f"{order.state} until {moment(order.until)} (in {left}); {standing}"


def _show(
    asked: Asking, client: ToolClient, ordering: _Ordering, meant: Sequence[KnownPrefix]
) -> None:
    """Show the order to the service, and what the service will then ask of Cloudflare."""
    try:
        held = {one.prefix: one for one in client.ask(_HELD, HeldAnswer).prefixes}
    except ResponderError as error:
        typer.echo(printable(f"what Cloudflare will be asked is not known: {error}"), err=True)
        held = {}
    shown = [
        _Shown(
            prefix=one.prefix,
            effect=_effect(client, ordering, one),
            order=client.shown(ordering.question(one)),
            cloudflare=_switch(ordering, held.get(one.prefix)),
        )
        for one in meant
    ]
    if asked.as_json:
        print_json([one.model_dump(mode="json") for one in shown])
        return
    for one in shown:
        typer.echo(printable(f"# {ordering.verb} {one.prefix}: {one.effect}"))
        print_requests([one.order])
        if one.cloudflare is not None:
            typer.echo("# what the service then asks of Cloudflare:")
            print_requests([one.cloudflare])


class _Shown(BaseModel):
    """A dry run of one order."""

    prefix: str
    effect: str
    order: ShownRequest
    cloudflare: ShownRequest | None
    """None when Cloudflare has it so already, or does not have the prefix."""


def _switch(ordering: _Ordering, held: HeldPrefix | None) -> ShownRequest | None:
    advertises = ordering.verb == "advertise"
    if held is None or held.advertised is advertises:
        return None
    return held.requests.advertise if advertises else held.requests.withdraw


def _network(cidr: str | None) -> str | None:
    """Return a prefix as the service spells it; bits beyond its length are a mistake."""
    if cidr is None:
        return None
    try:
        return str(ip_network(cidr))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="CIDR") from None


def _unknown(cidr: str | None, known: Sequence[KnownPrefix]) -> ResponderError:
    if not known:
        return ResponderError("no prefix is configured: add it to the `prefixes` of a site")
    names = ", ".join(one.prefix for one in known)
    return ResponderError(f"{cidr} is not among the prefixes of the configuration: {names}")
