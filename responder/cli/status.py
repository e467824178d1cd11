"""`responder status`: every target in one line."""

from collections.abc import Sequence
from datetime import datetime

import typer

from responder.cli.answers import TargetAnswer, as_json
from responder.cli.asking import Asking, asking
from responder.cli.tables import Column, ago, countdown, print_table, printable

__all__ = ["app", "print_targets"]

app = typer.Typer()

_COLUMNS = (
    Column("TARGET"),
    Column("SITE", spare=6),
    Column("STATE", spare=1),
    Column("ACTUAL", spare=3),
    Column("DEMAND", spare=4),
    Column("DECISION"),
    Column("UNTIL", spare=2),
    Column("OWNER", spare=5),
    Column("OVERRIDE", spare=7),
)


@app.command()
@asking
def status(asked: Asking) -> None:
    """Show all targets and what was decided of each.

    UNTIL is how long the decision stands at least. A narrow terminal shows fewer columns.
    """
    answer, health, now = asked.ask(
        lambda answers: (answers.targets(), answers.health(), answers.now())
    )
    if asked.as_json:
        typer.echo(as_json(answer))
        return
    print_targets(answer.targets, now)
    typer.echo(f"health: {printable(health)}")


def print_targets(targets: Sequence[TargetAnswer], now: datetime) -> None:
    """Print a line for each target, and what people must look at."""
    print_table(_COLUMNS, [_row(one, now) for one in targets])
    for one in targets:
        if one.stuck:
            typer.echo(printable(f"stuck: {one.id}: {one.stuck}"))
        order = one.override
        if order is not None and order.since is not None and order.is_old(now):
            told = f"{order.state} by {order.by} for {ago(order.since, now)} now: {order.reason}"
            typer.echo(printable(f"old order: {one.id}: {told}"))


def _row(target: TargetAnswer, now: datetime) -> tuple[str, ...]:
    until = target.decision.until if target.decision else None
    order = target.override
    return (
        target.id,
        target.site,
        target.state,
        target.actual,
        target.demand,
        _decision(target),
        countdown(until, now) if until else "",
        target.owner or "",
        f"{order.state} by {order.by}" if order else "",
    )


def _decision(target: TargetAnswer) -> str:
    decision = target.decision
    return f"{decision.action} {decision.reason}" if decision else "not judged yet"
