"""Whether people are told when a detector loses its input, and what they are told now."""

from collections.abc import Sequence

from responder.doctor.context import Context
from responder.doctor.finding import Finding, ok, warning
from responder.doctor.known import shipped
from responder.prometheus import RuleGroup

__all__ = ["judge", "look"]


async def look(context: Context) -> Sequence[Finding]:
    """Ask Prometheus for its rules."""
    return judge(await context.prometheus.rules(), shipped().watchdogs)


def judge(groups: Sequence[RuleGroup], watchdogs: frozenset[str]) -> list[Finding]:
    """Judge which of the shipped watchdog alerts are loaded, and which fire."""
    alerts = [rule for group in groups for rule in group.rules if rule.alerting]
    missing = sorted(watchdogs - {rule.name for rule in alerts})
    firing = sorted({one.name for one in alerts if one.name in watchdogs and one.state == "firing"})
    found = []
    if missing:
        seen = f"not loaded: {', '.join(missing)}"
        found.append(warning(seen, "load rules/watchdog.yml: without it silence looks like peace"))
    if firing:
        seen = f"firing: {', '.join(firing)}"
        found.append(warning(seen, "docs/runbook.md has a section on each"))
    return found or [ok(f"{len(watchdogs)} alerts are loaded, and none fires")]
