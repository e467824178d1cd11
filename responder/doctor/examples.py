"""Examples of alerts that a policy matches, to try a route with."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from responder.alertmanager.poll import HEARTBEAT
from responder.domain.alerts import Matcher
from responder.domain.targets import Inventory, Mode, Policy
from responder.prometheus import Rule

__all__ = ["FROM_SERIES", "HEARTBEAT_EXAMPLE", "Example", "examples", "unmatchable"]

FROM_SERIES = frozenset({"site", "zone", "prefix", "instance", "job"})
"""Labels that an alert has from its series, and that its rule does not tell."""

_NAME = "AnyAlert"
_SEVERITIES = ("critical", "warning", "info")
_ROLES = ("trigger", "sustain")
_TOKENS = (
    (re.compile(r"\\d"), "0"),
    (re.compile(r"\\w"), "a"),
    (re.compile(r"\\(.)"), r"\1"),
    (re.compile(r"\[([^^\]])[^\]]*\]"), r"\1"),
    (re.compile(r"\.\+"), "x"),
    (re.compile(r"\.\*"), ""),
    (re.compile(r"\(\?:|\(\?i\)|[()^$?+*]"), ""),
)
"""How an expression becomes a text that it may match; whether it does is tried afterwards."""


@dataclass(frozen=True, slots=True)
class Example:
    """Labels of an alert that a policy matches."""

    policy: str
    labels: Mapping[str, str]
    rule: str = ""
    """The rule of this Prometheus that has these labels; empty when they are made up."""

    def __str__(self) -> str:
        shown = ", ".join(f'{name}="{value}"' for name, value in sorted(self.labels.items()))
        return f"{{{shown}}}"


HEARTBEAT_EXAMPLE = Example(
    "", {"alertname": HEARTBEAT, "mitigation": "none", "severity": "info"}, HEARTBEAT
)


def examples(inventory: Inventory, rules: Iterable[Rule] = ()) -> list[Example]:
    """Return examples for each policy that acts and each site: of the rules, and made up."""
    alerting = [rule for rule in rules if rule.alerting]
    return [
        example
        for policy in inventory.policies
        if policy.mode is not Mode.OFF
        for site in inventory.sites
        for example in (*_of_rules(policy, site, alerting), *_made_up(policy, site))
    ]


def unmatchable(inventory: Inventory) -> list[Policy]:
    """Return the policies that act, and for which no example could be made for any site."""
    known = {example.policy for example in examples(inventory)}
    acting = [policy for policy in inventory.policies if policy.mode is not Mode.OFF]
    return [policy for policy in acting if policy.name not in known]


def _of_rules(policy: Policy, site: str, rules: Sequence[Rule]) -> Iterator[Example]:
    for rule in rules:
        labels = {"site": site, **rule.labels, "alertname": rule.name}
        if policy.matches(labels):
            yield Example(policy.name, labels, rule.name)


def _made_up(policy: Policy, site: str) -> Iterator[Example]:
    """Vary what other routes are likely to look at, as far as the policy leaves it open."""
    named = {matcher.name for matcher in policy.match}
    labels = {"alertname": _NAME, "site": site}
    for name in named - {"site"}:
        value = _value(name, policy.match)
        if value is None:
            return
        labels[name] = value
    severities = ("",) if "severity" in named else _SEVERITIES
    roles = ("",) if "role" in named else _ROLES
    for severity in severities:
        for role in roles:
            varied = {"severity": severity, "role": role} | labels
            tried = {key: value for key, value in varied.items() if value}
            if policy.matches(tried):
                yield Example(policy.name, tried)


def _value(name: str, matchers: Iterable[Matcher]) -> str | None:
    """Return a value of a label that satisfies all conditions on it, None when none is found."""
    mine = [matcher for matcher in matchers if matcher.name == name]
    candidates = [text for matcher in mine for text in _candidates(matcher)]
    for value in (*candidates, "x", ""):
        if all(matcher.matches({name: value}) for matcher in mine):
            return value
    return None


def _candidates(matcher: Matcher) -> Iterator[str]:
    if not matcher.is_equal:
        return
    if not matcher.is_regex:
        yield matcher.value
        return
    for part in matcher.value.split("|"):
        text = part
        for token, plain in _TOKENS:
            text = token.sub(plain, text)
        yield text
