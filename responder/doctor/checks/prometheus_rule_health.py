"""Whether the rules of mitigations are evaluated without errors."""

from collections.abc import Sequence

from responder.doctor.context import Context
from responder.doctor.finding import Finding, failure, ok, skipped, warning
from responder.doctor.known import is_ours, shipped
from responder.prometheus import RuleGroup

__all__ = ["judge", "look"]

_LONGEST = 300


async def look(context: Context) -> Sequence[Finding]:
    """Ask Prometheus for its rules."""
    groups, known = await context.prometheus.rules(), shipped()
    return judge([group for group in groups if is_ours(group, known)])


def judge(groups: Sequence[RuleGroup]) -> list[Finding]:
    """Judge the health of all rules in these groups."""
    if not groups:
        return [skipped("no group of rules has a part in mitigations")]
    found = []
    for group in groups:
        bad = [rule for rule in group.rules if rule.health == "err"]
        new = [rule.name for rule in group.rules if rule.health not in {"ok", "err"}]
        for rule in bad:
            advice = f"correct it in {group.file}; `promtool check rules` helps"
            found.append(
                failure(f"{rule.name} fails: {rule.last_error[:_LONGEST]}", advice, group.name)
            )
        if new:
            seen = f"not evaluated yet: {', '.join(new)}"
            found.append(warning(seen, f"wait {group.interval:g} s and ask again", group.name))
    count = sum(len(group.rules) for group in groups)
    return found or [ok(f"{count} rules in {len(groups)} groups are healthy")]
