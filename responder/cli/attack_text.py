"""One attack as people read it: on a terminal, and as Markdown for a post-mortem."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from responder.cli.tables import moment, printable
from responder.domain.attack import Attack
from responder.domain.attack_steps import detail_told, said
from responder.domain.audit import AuditEntry
from responder.domain.clock import ZERO
from responder.domain.peak import shown
from responder.settings import format_duration
from responder.web.attack_documents import MOST_STEPS, shown_steps

__all__ = [
    "LIST_TITLES",
    "STEP_TITLES",
    "brief",
    "facts",
    "list_cells",
    "markdown",
    "markdown_list",
    "step_cells",
]

_FINE = timedelta(seconds=10)
"""Below this a tenth of a second is shown."""

_SECOND = timedelta(seconds=1)
_ACTIVE = re.compile(r"([\\`*_{}\[\]<>#|~!@&])")
"""What Markdown, or HTML in it, would take for more than text; `@` would call people."""

_LINK = re.compile(r"\b(https?|ftp|mailto|www)([:.])", re.IGNORECASE)
"""How an address begins that some readers of Markdown turn into a link by themselves."""

LIST_TITLES = (
    "ID", "Site", "Began", "Ended", "Duration", "Protected", "After", "Peak", "Cause", "Targets",
)  # fmt: skip

STEP_TITLES = ("At", "Target", "What", "Why", "By", "Detail")


def brief(duration: timedelta | None) -> str:
    """Return a duration to the second, to the tenth of one where that makes a difference."""
    if duration is None:
        return "-"
    if duration < _FINE:
        return f"{duration.total_seconds():.1f}s"
    return format_duration(duration // _SECOND * _SECOND)


def _peaks(attack: Attack) -> str:
    """Return how bad it was: rates where they are known, else what the alerts said."""
    rates = (
        (attack.packets, "packets/s"),
        (attack.bits, "bit/s"),
        (attack.requests, "requests/s"),
    )
    told = [f"{_scaled(value)}{unit}" for value, unit in rates if value is not None]
    alerts = [f"{one.alert} {shown([one])}" for one in attack.peaks]
    return ", ".join([*told, *alerts]) or "-"


def _scaled(value: float) -> str:
    for factor, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= factor:
            return f"{value / factor:.3g} {prefix}"
    return f"{value:.3g} "


def facts(attack: Attack) -> Iterator[tuple[str, str]]:
    """Yield what there is to say of it, line by line."""
    began = moment(attack.began) if attack.began_known else f"before {moment(attack.began)}"
    yield "site", attack.site
    yield "began", began
    if attack.quiet_since is not None:
        yield "last alert gone", f"{moment(attack.quiet_since)}, to a pass"
    yield "ended", moment(attack.ended) if attack.ended else "it lasts"
    yield "duration", brief(attack.duration)
    yield "cause", ", ".join(attack.causes) or "not told"
    if attack.vectors:
        yield "vectors", ", ".join(attack.vectors)
    yield "peak", _peaks(attack)
    yield "targets", ", ".join(attack.targets)
    yield "first alert to protection", brief(attack.waited)
    yield "protected", _protected(attack)
    if attack.would_protect:
        yield "shadow mode would have", brief(attack.would_protect)
    if attack.drifted:
        yield "drift", "somebody else switched protection off meanwhile"


def list_cells(attack: Attack) -> Sequence[str]:
    """Return an attack as the cells of a table of many."""
    return (
        "-" if attack.id is None else str(attack.id),
        attack.site,
        moment(attack.began) if attack.began_known else f"before {moment(attack.began)}",
        moment(attack.ended) if attack.ended else "it lasts",
        brief(attack.duration),
        brief(attack.protected),
        brief(attack.waited),
        _peaks(attack),
        ", ".join(attack.causes) or "-",
        ", ".join(attack.targets),
    )


def markdown_list(attacks: Iterable[Attack]) -> str:
    """Return a table of attacks."""
    return "\n".join(_table(LIST_TITLES, map(list_cells, attacks)))


def _protected(attack: Attack) -> str:
    if not attack.protected:
        return "never by us"
    times = (
        (target, sum((span.length for span in attack.on(target)), ZERO))
        for target in attack.targets
    )
    each = ", ".join(f"{target} {brief(time)}" for target, time in times if time)
    return f"{brief(attack.protected)} ({each})"


def step_cells(step: AuditEntry) -> Sequence[str]:
    """Return a step as the cells of a table."""
    return (
        _fine(step.at),
        step.target,
        said(step),
        step.reason,
        step.actor,
        detail_told(step),
    )


def _fine(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def markdown(attack: Attack) -> str:
    """Return a post-mortem's beginning: figures, what was held and why, the timeline.

    Nothing that an alert, a label or an operator has written is more than text in it.
    """
    number = f"Attack {attack.id}" if attack.id is not None else "Attack"
    lines = [f"# {number} on {_text(attack.site)}", "", *_table(("What", "Figure"), facts(attack))]
    held = [(one.target, one.reason, str(one.count), brief(one.time)) for one in attack.held]
    if held:
        lines += ["", "## What was held, and why", ""]
        lines += _table(("Target", "Reason", "Times", "For"), held)
    lines += ["", "## Timeline (UTC)", ""]
    if len(attack.steps) > MOST_STEPS:
        lines += [f"{len(attack.steps)} steps; the first and last {MOST_STEPS // 2} are shown.", ""]
    lines += _table(STEP_TITLES, map(step_cells, shown_steps(attack.steps)))
    return "\n".join(lines)


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    head = [f"| {' | '.join(titles)} |", f"|{'---|' * len(titles)}"]
    return head + [f"| {' | '.join(map(_text, row))} |" for row in rows]


def _text(text: str) -> str:
    """Return a text that Markdown shows as it is, on one line."""
    safe = _ACTIVE.sub(r"\\\1", printable(" ".join(text.split())))
    return _LINK.sub(lambda found: f"{found[1]}&#{ord(found[2])};", safe)
