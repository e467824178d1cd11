"""Whether the rules are loaded: the heartbeat, and something that asks for each mitigation."""

from collections.abc import Sequence

from responder.alertmanager.poll import HEARTBEAT
from responder.doctor.context import Context
from responder.doctor.examples import FROM_SERIES
from responder.doctor.finding import Finding, failure, ok, warning
from responder.domain.targets import Mode, Policy
from responder.prometheus import Rule, RuleGroup

__all__ = ["judge", "look"]

_TOLD_BY_RULES = FROM_SERIES | {"alertname", "mitigation", "role", "severity"}
"""A policy that looks at other labels may wait for alerts whose series have them."""

_FILES = "name the files of rules/ under `rule_files` of prometheus.yml, and reload Prometheus"


async def look(context: Context) -> Sequence[Finding]:
    """Ask Prometheus for its rules."""
    return judge(await context.prometheus.rules(), context.inventory.policies)


def judge(groups: Sequence[RuleGroup], policies: Sequence[Policy]) -> list[Finding]:
    """Judge whether everything that must be said is said by some rule."""
    alerts = [rule for group in groups for rule in group.rules if rule.alerting]
    found = []
    if not any(rule.name == HEARTBEAT for rule in alerts):
        seen = f"no rule {HEARTBEAT}: no Alertmanager is believed, and nothing is ever released"
        found.append(failure(seen, f"load rules/heartbeat.yml: {_FILES}"))
    for policy in policies:
        if policy.mode is not Mode.OFF and not any(_asks(rule, policy) for rule in alerts):
            seen = f"no alert of this Prometheus asks for what policy {policy.name} matches"
            told = all(one.name in _TOLD_BY_RULES for one in policy.match)
            advice = f"load rules/detectors/*.yml: {_FILES}"
            found.append((failure if told else warning)(seen, advice))
    if found:
        return found
    asking = [rule.name for rule in alerts if any(_asks(rule, policy) for policy in policies)]
    return [ok(f"{HEARTBEAT} and {', '.join(dict.fromkeys(asking))} are loaded")]


def _asks(rule: Rule, policy: Policy) -> bool:
    """Tell whether a rule's alerts can be the policy's, whatever series they come from."""
    labels = {**rule.labels, "alertname": rule.name}
    return all(one.matches(labels) for one in policy.match if one.name not in FROM_SERIES)
