"""`responder explain`: why one target is as it is."""

from collections.abc import Iterator
from datetime import datetime
from difflib import get_close_matches
from typing import Annotated

import typer

from responder.cli.answers import (
    Answers,
    EventQuestion,
    EventsAnswer,
    TargetAnswer,
    TargetsAnswer,
    as_json,
)
from responder.cli.asking import Asking, asking
from responder.cli.events import print_events
from responder.cli.tables import ago, countdown, moment, printable
from responder.cli.words import DEMANDS, REASONS, next_step
from responder.errors import ResponderError

__all__ = ["app"]

app = typer.Typer()

_LAST_EVENTS = 10


@app.command()
@asking
def explain(
    asked: Asking,
    target: Annotated[str, typer.Argument(metavar="TARGET", help="Its id, as status shows it.")],
) -> None:
    """Tell why a target is on, off or waiting.

    And since when, until when, what asks for it, and what would have to happen for a change.
    """

    def question(answers: Answers) -> tuple[TargetAnswer, EventsAnswer, datetime]:
        found = _find(answers.targets(), target)
        events = answers.events(EventQuestion(target=found.id, limit=_LAST_EVENTS))
        return found, events, answers.now()

    found, events, now = asked.ask(question)
    if asked.as_json:
        typer.echo(as_json(found.model_copy(update={"events": events.events})))
        return
    for name, text in _lines(found, now):
        typer.echo(f"{name:<10}{printable(text)}")
    typer.echo("\nlast events, newest first:")
    print_events(events.events)


def _find(answer: TargetsAnswer, target: str) -> TargetAnswer:
    known = {one.id: one for one in answer.targets}
    if target in known:
        return known[target]
    alike = [one for one in known if one.endswith(f":{target}")]
    alike = alike or get_close_matches(target, known, n=3)
    hint = f"did you mean {' or '.join(alike)}?" if alike else "responder status lists them"
    raise ResponderError(f"there is no target {target!r}; {hint}")


def _lines(target: TargetAnswer, now: datetime) -> Iterator[tuple[str, str]]:
    """Return the explanation as lines, each under the name of what it is about."""
    yield "target", f"{target.id}, site {target.site}, policy {target.policy} ({target.mode})"
    since = f", since {_past(target.since, now)}" if target.since else ""
    owner = f", by {target.owner}" if target.owner else ""
    yield "now", f"{target.state}{since}{owner}; the provider says {target.actual}"
    if target.stuck:
        yield "stuck", target.stuck
    yield from _decision(target, now)
    yield "demand", f"{target.demand}: {DEMANDS.get(target.demand, '')}"
    for alert in target.alerts:
        told = f"{alert.alertname}, {alert.role}, {alert.status}"
        yield "alert", f"{told}, since {_past(alert.starts_at, now)}"
    if target.alerts_total > len(target.alerts):
        yield "", f"and {target.alerts_total - len(target.alerts)} more alerts"
    if target.peak:
        yield "peak", target.peak
    yield "before", target.previous or "not known"
    yield from _override(target, now)
    yield "next", next_step(target)


def _decision(target: TargetAnswer, now: datetime) -> Iterator[tuple[str, str]]:
    decision = target.decision
    if decision is None:
        yield "decision", "none yet"
        return
    words = REASONS.get(decision.reason, "")
    yield "decision", f"{decision.action} ({decision.reason}): {words}"
    if decision.detail:
        yield "", decision.detail
    if decision.until:
        yield "until", _future(decision.until, now)


def _override(target: TargetAnswer, now: datetime) -> Iterator[tuple[str, str]]:
    override = target.override
    if override is None:
        yield "override", "none"
        return
    yield "override", f"{override.state} until {_future(override.until, now)}"
    yield "", f"{override.by}: {override.reason}"
    if override.since is not None and override.is_old(now):
        yield "", f"old: it has stood for {ago(override.since, now)}; is it still meant?"


def _past(at: datetime, now: datetime) -> str:
    return f"{moment(at)} ({ago(at, now)} ago)"


def _future(at: datetime, now: datetime) -> str:
    left = countdown(at, now)
    return f"{moment(at)} ({left if left == 'over' else f'in {left}'})"
