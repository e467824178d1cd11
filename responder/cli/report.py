"""`responder report`: what happened over some weeks, summed up by policy."""

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Annotated, Any

import typer

from responder.cli.answers import Answers, EventAnswer, EventQuestion, TargetAnswer
from responder.cli.asking import Asking, asking
from responder.cli.durations import duration
from responder.cli.tables import Column, moment, print_table
from responder.domain.audit import Action, AuditEntry, Kind
from responder.domain.history import Evidence, Known
from responder.domain.memory import State
from responder.domain.report import Engaged, Sums, sums
from responder.domain.targets import Mode
from responder.errors import ResponderError
from responder.settings import format_duration, parse_duration

__all__ = ["app", "evidence"]

app = typer.Typer()

PAGE = 1000
"""Entries asked for at once: the most that the service gives."""

LOOK_BACK = timedelta(days=1)
"""How much of the trail before the period is read, for what began before it."""

_FINE = 10
"""Seconds below which a tenth of one is shown."""

_UNKNOWN = "(unknown)"
_KINDS = {kind.value: kind for kind in Kind}
_ENGAGEMENTS = (
    Column("POLICY"),
    Column("WHAT"),
    Column("COUNT"),
    Column("MINUTES"),
    Column("SHORTEST", spare=2),
    Column("LONGEST", spare=2),
    Column("TOGGLES", spare=1),
    Column("WAIT P50", spare=3),
    Column("P95", spare=3),
    Column("MAX", spare=3),
    Column("ORDERS", spare=5),
    Column("DRIFT", spare=4),
    Column("STUCK", spare=4),
)
_HOLDS = (Column("POLICY"), Column("HELD BY"), Column("TIMES"), Column("MINUTES"))
_Since = Annotated[
    str, typer.Option(metavar="DURATION", parser=duration, help="How far back, such as 14d.")
]
_Policy = Annotated[str | None, typer.Option(metavar="NAME", help="Of this policy alone.")]
_Site = Annotated[str | None, typer.Option(metavar="NAME", help="Of this site alone.")]


@app.command()
@asking
def report(
    asked: Asking, since: _Since = "14d", policy: _Policy = None, site: _Site = None
) -> None:
    """Sum up what happened, by policy.

    What was done, and what shadow mode would have done. An engagement counts where it began, its
    minutes where they passed. WAIT is from the start of the alert to the confirmed engagement.
    """
    found = asked.ask(lambda answers: evidence(answers, since, site))
    begin = found.now - parse_duration(since)
    told = [one for one in sums(found, begin, found.now) if policy in {None, one.policy}]
    if policy and not told:
        raise ResponderError(f"nothing is known of a policy {policy!r}; `responder status` helps")
    if asked.as_json:
        document = {"from": moment(begin), "to": moment(found.now)}
        typer.echo(json.dumps({**document, "policies": [_document(one) for one in told]}, indent=2))
        return
    typer.echo(f"{moment(begin)} to {moment(found.now)} ({format_duration(found.now - begin)})\n")
    print_table(_ENGAGEMENTS, [row for one in told for row in _rows(one)])
    holds = [row for one in told for row in _hold_rows(one)]
    if holds:
        typer.echo("")
        print_table(_HOLDS, holds)


def evidence(answers: Answers, since: str, site: str | None) -> Evidence:
    """Ask for the trail of the period and the day before it, page by page, and the targets."""
    targets = answers.targets().targets
    now = answers.now()
    window = parse_duration(since) + LOOK_BACK
    trail = [
        entry
        for event in _pages(answers, format_duration(window))
        if site in {None, event.site} and (entry := _entry(event)) is not None
    ]
    known = {one.id: _known(one) for one in targets if site in {None, one.site}}
    if not known and not trail:
        raise ResponderError(f"nothing is known of a site {site!r}; `responder status` lists them")
    return Evidence(trail, known, now - window, now)


def _pages(answers: Answers, since: str) -> Iterator[EventAnswer]:
    """Return the trail, newest first; no more than a page of it is asked for at once."""
    question = EventQuestion(since=since, limit=PAGE)
    while True:
        page = answers.events(question).events
        yield from page
        if len(page) < PAGE or page[-1].id is None:
            return
        question = question.model_copy(update={"before": page[-1].id})


def _entry(event: EventAnswer) -> AuditEntry | None:
    """Return an event as the domain knows it; None for a kind that a newer service has added."""
    kind = _KINDS.get(event.kind)
    if kind is None:
        return None
    return AuditEntry(
        event.at,
        event.target,
        event.site,
        kind,
        event.action,
        event.reason,
        event.detail,
        event.actor,
        event.before,
        event.after,
        event.id,
    )


def _known(target: TargetAnswer) -> Known:
    decision = target.decision
    held = decision.reason if decision and decision.action == Action.HOLD else None
    on = {State.ENGAGED, State.RELEASING}
    return Known(target.policy, target.state in on, target.mode == Mode.SHADOW, held)


# for people


def _rows(one: Sums) -> Iterator[Sequence[str]]:
    policy = one.policy or _UNKNOWN
    events = (str(one.orders), str(one.drifts), str(one.stuck))
    yield (policy, "real", *_engaged_cells(one.real), *events)
    if one.would != Engaged():
        yield (policy, "would", *_engaged_cells(one.would), "", "", "")


def _engaged_cells(one: Engaged) -> Sequence[str]:
    return (
        str(one.count),
        f"{_minutes(one.time):.1f}",
        _brief(one.shortest),
        _brief(one.longest),
        str(one.toggles),
        _brief(one.wait_median),
        _brief(one.wait_p95),
        _brief(one.wait_longest),
    )


def _hold_rows(one: Sums) -> Iterator[Sequence[str]]:
    for reason, held in one.holds.items():
        yield one.policy or _UNKNOWN, reason, str(held.count), f"{_minutes(held.time):.1f}"


def _brief(duration: timedelta | None) -> str:
    """Return a duration to the second, to the tenth of one where that makes a difference."""
    if duration is None:
        return "-"
    seconds = duration.total_seconds()
    return (
        f"{seconds:.1f}s" if seconds < _FINE else format_duration(timedelta(seconds=seconds // 1))
    )


def _minutes(duration: timedelta) -> float:
    return duration / timedelta(minutes=1)


# for programs


def _document(one: Sums) -> dict[str, Any]:
    return {
        "policy": one.policy,
        "real": _engaged_document(one.real),
        "would": _engaged_document(one.would),
        "holds": [
            {"reason": reason, "count": held.count, "minutes": round(_minutes(held.time), 3)}
            for reason, held in one.holds.items()
        ],
        "orders": one.orders,
        "drifts": one.drifts,
        "stuck": one.stuck,
    }


def _engaged_document(one: Engaged) -> dict[str, Any]:
    return {
        "engagements": one.count,
        "standing": len(one.standing),
        "minutes": round(_minutes(one.time), 3),
        "shortest_seconds": _seconds(one.shortest),
        "longest_seconds": _seconds(one.longest),
        "toggles": one.toggles,
        "time_to_mitigate_seconds": {
            "count": len(one.waits),
            "median": _seconds(one.wait_median),
            "p95": _seconds(one.wait_p95),
            "max": _seconds(one.wait_longest),
        },
    }


def _seconds(duration: timedelta | None) -> float | None:
    return None if duration is None else round(duration.total_seconds(), 3)
