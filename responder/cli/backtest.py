"""`responder backtest`: what would have been on, over a history or a recording of one."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from math import isfinite
from pathlib import Path
from typing import Annotated, Any

import typer

from responder.backtest.folder import Meta, record
from responder.backtest.marks import Mark, parse_mark
from responder.backtest.outcome import Asked, Outcome, replayed
from responder.backtest.page import page
from responder.backtest.summary import document, fired, real_spans, score_document, stretches
from responder.backtest.tune import Goal, Trial, Tuned, tuned
from responder.cli.histories import Past, looking_back, progress_bar
from responder.cli.options import Output, OutputOption
from responder.cli.tables import Column, moment, print_table, printable
from responder.errors import ResponderError
from responder.settings import format_duration

__all__ = ["app"]

app = typer.Typer()
_backtest = typer.Typer(help="Tell what would have been on, over a history.")
app.add_typer(_backtest, name="backtest")

MOST_LINES = 40
"""Stretches that a terminal shows; the page and JSON have all."""

_POLICIES = (
    Column("SITE"),
    Column("POLICY"),
    Column("WHAT"),
    Column("COUNT"),
    Column("MINUTES"),
    Column("SHORTEST", spare=2),
    Column("LONGEST", spare=2),
    Column("TOGGLES", spare=1),
)
_HOLDS = (Column("SITE"), Column("POLICY"), Column("HELD BY"), Column("TIMES"), Column("MINUTES"))
_ALERTS = (
    Column("ALERT"),
    Column("SITE"),
    Column("ASKS", spare=1),
    Column("FIRED"),
    Column("MINUTES"),
)
_STRETCHES = (
    Column("FROM"),
    Column("TO"),
    Column("MINUTES"),
    Column("TARGET"),
    Column("POLICY", spare=2),
    Column("ALERTS", folds=True),
)
_TRADE = (
    Column(""),
    Column("SETTINGS", folds=True),
    Column("NEEDLESS MIN/WEEK"),
    Column("SECONDS TO DETECT"),
    Column("DETECTED", spare=1),
    Column("COVERED"),
    Column("SWITCHES/WEEK", spare=2),
)
_SCORE = (Column("AGAINST THE ATTACKS"), Column(""))


def _mark(text: str) -> Mark:
    try:
        return parse_mark(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


Attacks = Annotated[
    list[Mark] | None,
    typer.Option(
        "--attack",
        metavar="[SITE@]BEGIN/LENGTH",
        parser=_mark,
        show_default=False,
        help="A real attack, such as 2026-11-01T10:00/2h (UTC). May be repeated.",
    ),
]
_Html = Annotated[
    Path | None,
    typer.Option(metavar="FILE", show_default=False, help="Write a page with charts, too."),
]
_GOAL = Goal()
_Weight = Annotated[
    float,
    typer.Option(
        min=0, help="Needless minutes that are as bad as a minute of an attack left uncovered."
    ),
]
_Budget = Annotated[
    float, typer.Option(min=0, help="Without --attack: needless minutes a week that are borne.")
]
_Into = Annotated[Path, typer.Argument(metavar="DIR", help="A new folder.")]


@_backtest.callback(invoke_without_command=True)
@looking_back
def backtest(
    past: Past,
    context: typer.Context,
    attack: Attacks = None,
    html: _Html = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Replay a history through the rules and the decisions, and tell what would have been on.

    Nothing is changed anywhere. The alerts are those of the rule files, the policies and guards
    those of the configuration, in shadow mode or not. What would have been on changes nothing in
    the history.
    """
    if context.invoked_subcommand is not None:
        _refuse_options(context)
        return
    outcome = asyncio.run(_replayed(past, tuple(attack or ())))
    if html is not None:
        _write(html, page(outcome))
    if output is Output.JSON:
        typer.echo(json.dumps(document(outcome), indent=2))
        return
    _show(outcome)
    if html is not None:
        typer.echo(f"\nwrote {html}")


def _refuse_options(context: typer.Context) -> None:
    """Refuse options before the name of another command, where they would be lost."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    if any(source is not None and source.name == "COMMANDLINE" for source in sources.values()):
        command = context.invoked_subcommand
        raise typer.BadParameter(f"write the options behind `{command}`, not before it")


async def _replayed(past: Past, marks: Sequence[Mark]) -> Outcome:
    rules, settings = past.read_rules(), past.settings
    async with past.open() as history:
        inventory = settings.inventory() if settings is not None else None
        asked = Asked(rules, past.window(history), inventory, marks)
        with progress_bar("replaying") as progress:
            return await replayed(history, asked, progress)


@_backtest.command("record")
@looking_back
def record_folder(past: Past, into: _Into) -> None:
    """Write all that the rules read of a history into a folder.

    A replay of it needs no Prometheus, with the same rules and other thresholds.
    """
    meta = asyncio.run(_recorded(past, into))
    size = sum(one.stat().st_size for one in into.iterdir())
    length = format_duration(timedelta(seconds=meta.end - meta.begin))
    typer.echo(
        f"wrote {into}: {length} every {meta.step} s, {len(meta.expressions)} expressions,"
        f" {size / 1024:.0f} KiB"
    )


async def _recorded(past: Past, folder: Path) -> Meta:
    async with past.open() as history:
        asked = Asked(past.read_rules(), past.window(history))
        with progress_bar("recording") as progress:
            return await record(history, asked.program, asked.window, folder, progress)


@_backtest.command()
@looking_back
def tune(
    past: Past,
    attack: Attacks = None,
    weight: _Weight = _GOAL.weight,
    budget: _Budget = _GOAL.budget,
    output: OutputOption = Output.TABLE,
) -> None:
    """Search thresholds and presets over a history, and print the trade.

    With --attack, the best is what leaves the fewest minutes of attacks uncovered for its needless
    minutes; without, the most sensitive that stays within a budget of needless minutes.
    """
    found = asyncio.run(_tuned(past, tuple(attack or ()), Goal(weight, budget)))
    if output is Output.JSON:
        typer.echo(json.dumps(_tuned_document(found), indent=2))
        return
    for note in found.notes:
        typer.echo(f"note: {printable(note)}")
    print_table(_TRADE, list(_trade_rows(found)))
    typer.echo(f"\n{_recommended(found)}\n\n{found.snippet}")


async def _tuned(past: Past, marks: Sequence[Mark], goal: Goal) -> Tuned:
    rules, settings = past.read_rules(), past.settings
    async with past.open() as history:
        inventory = settings.inventory() if settings is not None else None
        asked = Asked(rules, past.window(history), inventory, marks)
        with progress_bar("tuning") as progress:
            return await tuned(history, asked, goal, progress)


def _trade_rows(found: Tuned) -> Iterator[Sequence[str]]:
    shown = {id(one): one for one in (found.current, *found.trade)}
    best = found.best.told
    for one in shown.values():
        score = one.score
        word = "now" if one is found.current else ""
        word = "recommended" if one.told == best else word
        yield (
            word,
            one.told,
            f"{score.needless_minutes:.1f}",
            "-" if score.wait is None else f"{score.wait:.0f}",
            f"{score.detected} of {score.attacks}" if found.marked else "-",
            f"{100 * score.covered:.1f} %" if found.marked else "-",
            f"{score.switches / score.weeks:.1f}",
        )


def _recommended(found: Tuned) -> str:
    if found.best.told == found.current.told:
        return "Nothing that was tried does better than what is set now:"
    return "Recommended, to be pasted into your thresholds (`responder rules render`):"


def _tuned_document(found: Tuned) -> dict[str, Any]:
    return {
        "current": _trial_document(found.current),
        "recommended": {**_trial_document(found.best), "thresholds_file": found.snippet},
        "trade": [_trial_document(one) for one in found.trade],
        "tried": len(found.trials),
        "notes": list(found.notes),
    }


def _trial_document(one: Trial) -> dict[str, Any]:
    changes = [
        {"signal": signal, "bound": bound, "value": value if isfinite(value) else None}
        for (signal, bound), value in one.changes.items()
    ]
    return {"preset": one.preset, "changes": changes, "score": score_document(one.score)}


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ResponderError(f"{path} cannot be written: {error.strerror}") from error


# for people


def _show(outcome: Outcome) -> None:
    begin = datetime.fromtimestamp(outcome.window.start, UTC)
    end = datetime.fromtimestamp(outcome.window.end, UTC)
    length = format_duration(end - begin)
    typer.echo(f"{moment(begin)} to {moment(end)} ({length}), every {outcome.window.step} s\n")
    for note in outcome.notes:
        typer.echo(f"note: {printable(note)}")
    if outcome.notes:
        typer.echo("")
    print_table(_POLICIES, list(_policy_rows(outcome)))
    _table(_HOLDS, list(_hold_rows(outcome)))
    _table(_ALERTS, list(_alert_rows(outcome)))
    told = stretches(outcome)
    _table(
        _STRETCHES,
        [
            (
                moment(one.begin),
                moment(one.end) if one.ended else "still on",
                f"{one.minutes:.1f}",
                one.target,
                one.policy,
                ", ".join(one.alerts),
            )
            for one in told[:MOST_LINES]
        ],
    )
    if len(told) > MOST_LINES:
        typer.echo(f"... and {len(told) - MOST_LINES} more; --html and --output json have them all")
    if outcome.marks:
        _table(_SCORE, list(_score_rows(outcome)))


def _table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    if rows:
        typer.echo("")
        print_table(columns, rows)


def _policy_rows(outcome: Outcome) -> Iterator[Sequence[str]]:
    for site, told in outcome.sites.items():
        for one in told:
            yield (
                site,
                one.policy or "",
                "would",
                str(one.real.count),
                _minutes(one.real.time),
                _brief(one.real.shortest),
                _brief(one.real.longest),
                str(one.real.toggles),
            )
        real = [end - begin for begin, end in real_spans(outcome, site)]
        total = sum(real, timedelta(0))
        yield (
            site,
            "",
            "really",
            str(len(real)),
            _minutes(total),
            _brief(min(real, default=None)),
            _brief(max(real, default=None)),
            str(2 * len(real)),
        )


def _hold_rows(outcome: Outcome) -> Iterator[Sequence[str]]:
    for site, told in outcome.sites.items():
        for one in told:
            for reason, held in one.holds.items():
                yield site, one.policy or "", reason, str(held.count), _minutes(held.time)


def _alert_rows(outcome: Outcome) -> Iterator[Sequence[str]]:
    for one in fired(outcome):
        asks = "yes" if one.acts else "no"
        yield one.alert, one.site, asks, str(one.count), f"{one.minutes:.1f}"


def _score_rows(outcome: Outcome) -> Iterator[Sequence[str]]:
    score = outcome.score
    yield "attacks", str(score.attacks)
    yield "detected", str(score.detected)
    yield "seconds to detect, median", "-" if score.wait is None else f"{score.wait:.0f}"
    yield "seconds to detect, longest", f"{max(score.waits):.0f}" if score.waits else "-"
    yield "share of their time covered", f"{100 * score.covered:.1f} %"
    yield "needless minutes a week", f"{score.needless_minutes:.1f}"
    yield "stretches that touch no attack", str(score.stretches)


def _minutes(duration: timedelta) -> str:
    return f"{duration / timedelta(minutes=1):.1f}"


def _brief(duration: timedelta | None) -> str:
    if duration is None:
        return "-"
    return format_duration(timedelta(seconds=duration // timedelta(seconds=1)))
