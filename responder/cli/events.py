"""`responder events`: the audit trail."""

from collections.abc import Sequence
from typing import Annotated

import typer

from responder.cli.answers import EventAnswer, EventQuestion, as_json
from responder.cli.asking import Asking, asking
from responder.cli.durations import duration
from responder.cli.tables import Column, moment, print_table

__all__ = ["app", "print_events"]

app = typer.Typer()

_COLUMNS = (
    Column("AT"),
    Column("TARGET"),
    Column("KIND", spare=3),
    Column("ACTION", spare=1),
    Column("REASON", spare=2),
    Column("FROM", spare=6),
    Column("TO", spare=5),
    Column("BY", spare=7),
    Column("DETAIL", spare=4, folds=True),
)
_Target = Annotated[str | None, typer.Option(metavar="TARGET", help="Of this target alone.")]
_Since = Annotated[
    str | None,
    typer.Option(metavar="DURATION", parser=duration, help="Not older than this, such as 2h."),
]
_Limit = Annotated[int, typer.Option(metavar="N", min=1, max=1000, help="At most so many.")]


@app.command()
@asking
def events(
    asked: Asking, target: _Target = None, since: _Since = None, limit: _Limit = 100
) -> None:
    """Show the audit trail, newest first."""
    question = EventQuestion(target=target, since=since, limit=limit)
    answer = asked.ask(lambda answers: answers.events(question))
    if asked.as_json:
        typer.echo(as_json(answer))
    else:
        print_events(answer.events)


def print_events(found: Sequence[EventAnswer]) -> None:
    """Print entries of the audit trail as a table."""
    rows = [
        (
            moment(one.at),
            one.target,
            one.kind,
            one.action,
            one.reason,
            one.before or "",
            one.after or "",
            one.actor,
            one.detail,
        )
        for one in found
    ]
    if rows:
        print_table(_COLUMNS, rows)
    else:
        typer.echo("no events")
