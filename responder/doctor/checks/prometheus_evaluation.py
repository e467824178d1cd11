"""Whether groups are evaluated within their interval, and lately."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from responder.doctor.context import Context
from responder.doctor.finding import Finding, failure, ok, skipped, warning
from responder.doctor.known import is_ours, shipped
from responder.prometheus import RuleGroup

__all__ = ["judge", "look"]

BUSY = 0.5
"""The share of its interval from which a group's evaluation leaves little room."""
MISSED = 3
"""After so many intervals without an evaluation a group stands still."""
_GRACE = timedelta(seconds=5)


async def look(context: Context) -> Sequence[Finding]:
    """Ask Prometheus for its rules; its own clock says how late it is."""
    groups, known = await context.prometheus.rules(), shipped()
    dated = context.prometheus.dates.last
    now = dated.date if dated else None
    return judge([group for group in groups if is_ours(group, known)], now)


def judge(groups: Sequence[RuleGroup], now: datetime | None) -> list[Finding]:
    """Judge when each group was evaluated, and how long that took."""
    if not groups:
        return [skipped("no group of rules has a part in mitigations")]
    found = [finding for group in groups for finding in _judge(group, now)]
    slowest = max(groups, key=_share)
    seen = f"the slowest group, {slowest.name}, takes {_share(slowest):.1%} of its interval"
    return found or [ok(seen)]


def _judge(group: RuleGroup, now: datetime | None) -> list[Finding]:
    seen = f"evaluation takes {group.evaluation_time:.2f} s, its interval is {group.interval:g} s"
    advice = "give Prometheus more CPU, or the group a longer interval or fewer series"
    if _share(group) >= 1:
        return [failure(f"{seen}: evaluations are left out", advice, group.name)]
    if _share(group) > BUSY:
        return [warning(seen, advice, group.name)]
    last = group.last_evaluation
    late = timedelta(seconds=group.interval * MISSED) + _GRACE
    # The year 1 means that the first evaluation is still to come.
    if now is not None and last is not None and last.year > 1 and now - last > late:
        seen = f"last evaluated {(now - last).total_seconds():.0f} s ago"
        return [failure(seen, "look into Prometheus' log; restart it", group.name)]
    return []


def _share(group: RuleGroup) -> float:
    return group.evaluation_time / group.interval if group.interval else 0.0
