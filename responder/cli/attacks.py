"""`responder attacks` and `responder ledger`: attacks as records, and minutes by month."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from inspect import signature
from typing import Annotated, Any

import typer

from responder.cli.asking import Asking, asking
from responder.cli.attack_reading import MOST_ENTRIES, read_around, read_back
from responder.cli.attack_text import (
    LIST_TITLES,
    STEP_TITLES,
    brief,
    facts,
    list_cells,
    markdown,
    markdown_list,
    step_cells,
)
from responder.cli.durations import duration
from responder.cli.tables import Column, moment, print_table, printable
from responder.domain.attack import Attack
from responder.domain.attack_reading import Reach
from responder.domain.attacks import attacks as attacks_of
from responder.domain.ledger_months import Month, months
from responder.errors import ResponderError
from responder.settings import parse_duration
from responder.web.attack_documents import (
    attack_document,
    attacks_document,
    ledger_document,
    shown_steps,
)

__all__ = ["app"]

app = typer.Typer()

_ATTACKS = tuple(
    Column(title.upper(), spare, folds=title == "Cause")
    for title, spare in zip(LIST_TITLES, (0, 0, 0, 0, 0, 1, 2, 3, 4, 5), strict=True)
)
_STEPS = tuple(
    Column(title.upper(), spare, folds=title == "Detail")
    for title, spare in zip(STEP_TITLES, (0, 5, 0, 2, 4, 3), strict=True)
)
_HELD = (Column("TARGET"), Column("HELD BY"), Column("TIMES"), Column("FOR"))
_LEDGER = (
    Column("MONTH"),
    Column("TARGET"),
    Column("SITE", spare=2),
    Column("MINUTES"),
    Column("BY US"),
    Column("BY OTHERS"),
    Column("TIMES", spare=1),
)


class _Output(StrEnum):
    """How attacks are shown."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"


_Number = Annotated[
    int | None,
    typer.Argument(
        metavar="ID",
        show_default=False,
        min=1,
        help="One attack with its steps: its number, or that of any entry of it.",
    ),
]
_Since = Annotated[
    str, typer.Option(metavar="DURATION", parser=duration, help="How far back, such as 30d.")
]
_Site = Annotated[str | None, typer.Option(metavar="NAME", help="Of this site alone.")]


def _in_markdown(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command be asked for Markdown, too."""
    known = signature(command)
    option = Annotated[
        _Output, typer.Option("--output", "-o", help="For people, programs, or a post-mortem.")
    ]
    own = [
        one.replace(annotation=option, default=_Output.TABLE) if one.name == "output" else one
        for one in known.parameters.values()
    ]
    vars(command)["__signature__"] = known.replace(parameters=own)
    return command


@app.command()
@_in_markdown
@asking
def attacks(
    asked: Asking, number: _Number = None, since: _Since = "30d", site: _Site = None
) -> None:
    """Show attacks as records, newest first, or one with its steps.

    An attack is what belongs together of one site: alerts, engagements, what was held, and what
    shadow mode would have done.
    """
    output = _Output(asked.output)
    if number is not None:
        _show(_one(asked, number), output)
        return
    trail, reach = asked.ask(lambda answers: read_back(answers, parse_duration(since), site))
    begin = trail.now - parse_duration(since)
    found = [one for one in attacks_of(trail) if one.until >= begin]
    _warn(reach, begin)
    if output is _Output.JSON:
        _print_json(attacks_document(begin, trail.now, reach, found))
    elif output is _Output.MARKDOWN:
        typer.echo(markdown_list(found))
    elif found:
        print_table(_ATTACKS, [list_cells(one) for one in found])
    else:
        typer.echo("no attacks")


@app.command()
@asking
def ledger(asked: Asking, since: _Since = "365d", site: _Site = None) -> None:
    """Sum up for how long each target was on, by calendar month in UTC.

    BY OTHERS is what somebody else had switched on, from one of our reads to another.
    """
    trail, reach = asked.ask(lambda answers: read_back(answers, parse_duration(since), site))
    begin = trail.now - parse_duration(since)
    # Before the trail nothing is proven; what stands now may have begun any time since.
    found = months(trail, max(begin, reach.begin) if reach.oldest else trail.now)
    _warn(reach, begin)
    if asked.as_json:
        _print_json(ledger_document(begin, trail.now, reach, found))
    elif found:
        print_table(_LEDGER, [_month_row(one) for one in found])
    else:
        typer.echo("nothing was on")


def _one(asked: Asking, number: int) -> Attack:
    found = asked.ask(lambda answers: read_around(answers, number))
    if found is None:
        raise ResponderError(f"entry {number} belongs to no attack; `responder attacks` lists them")
    return found


def _show(attack: Attack, output: _Output) -> None:
    if output is _Output.JSON:
        _print_json(attack_document(attack))
    elif output is _Output.MARKDOWN:
        typer.echo(markdown(attack))
    else:
        _print(attack)


def _print(attack: Attack) -> None:
    known = list(facts(attack))
    width = max(len(title) for title, _ in known)
    for title, text in known:
        typer.echo(f"{title:<{width}}  {printable(text)}")
    if attack.held:
        typer.echo("")
        rows = [(one.target, one.reason, str(one.count), brief(one.time)) for one in attack.held]
        print_table(_HELD, rows)
    typer.echo("")
    print_table(_STEPS, [step_cells(step) for step in shown_steps(attack.steps)])


def _month_row(month: Month) -> Sequence[str]:
    minutes = (month.total, month.ours, month.external)
    shown = (f"{one.total_seconds() / 60:.1f}" for one in minutes)
    return (f"{month.begin:%Y-%m}", month.target, month.site, *shown, str(month.engagements))


def _print_json(document: dict[str, Any]) -> None:
    typer.echo(json.dumps(document, indent=2))


def _warn(reach: Reach, begin: datetime) -> None:
    """Say on stderr where the trail does not reach as far as was asked for."""
    if reach.cut:
        told = f"only the newest {MOST_ENTRIES} entries are read, back to {moment(reach.begin)}"
        typer.echo(f"{told}; ask for less with --since", err=True)
    elif reach.oldest is None:
        typer.echo("the audit trail holds no entry of this time", err=True)
    elif reach.oldest > begin:
        told = f"the audit trail begins at {moment(reach.oldest)}"
        typer.echo(f"{told}: what was before is not told (store.retention)", err=True)
