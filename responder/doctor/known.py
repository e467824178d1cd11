"""What is known of the rules: those that Prometheus evaluates, and those that we ship."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from responder.doctor.context import Context
from responder.doctor.examples import Example, examples
from responder.errors import ResponderError
from responder.prometheus import RuleGroup
from responder.shipped import shipped_folder

__all__ = ["THRESHOLD", "Shipped", "is_ours", "known_examples", "shipped"]

THRESHOLD = "mitigation:threshold:default"
_WATCHDOG = "watchdog.yml"


@dataclass(frozen=True, slots=True)
class Shipped:
    """What the shipped rule files hold."""

    groups: frozenset[str]
    """Names of all groups."""
    thresholds: frozenset[tuple[str, str]]
    """Signal and bound of each threshold with a default."""
    watchdogs: frozenset[str]
    """Names of the alerts that watch the watchers, for people alone."""


async def known_examples(context: Context) -> list[Example]:
    """Return examples of what the policies match: of Prometheus' rules if it can be asked."""
    try:
        groups = await context.prometheus.rules()
    except ResponderError:
        groups = ()
    return examples(context.inventory, (rule for group in groups for rule in group.rules))


def is_ours(group: RuleGroup, known: Shipped) -> bool:
    """Tell whether a group has a part in mitigations: one that we ship, or with such an alert."""
    return group.name in known.groups or any("mitigation" in rule.labels for rule in group.rules)


@lru_cache(maxsize=1)
def shipped() -> Shipped:
    """Read the shipped rule files."""
    groups = list(_groups())
    rules = [(file, rule) for file, group in groups for rule in group["rules"]]
    return Shipped(
        groups=frozenset(group["name"] for _, group in groups),
        thresholds=frozenset(
            (rule["labels"]["signal"], rule["labels"]["bound"])
            for _, rule in rules
            if rule.get("record") == THRESHOLD
        ),
        watchdogs=frozenset(
            rule["alert"] for file, rule in rules if file == _WATCHDOG and "alert" in rule
        ),
    )


def _groups() -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        folder = shipped_folder("rules")
    except FileNotFoundError as error:
        raise ResponderError(str(error)) from error
    for path in sorted(folder.rglob("*.yml")):
        if path.relative_to(folder).parts[0] != "tests":
            document = yaml.safe_load(path.read_text())
            yield from ((path.name, group) for group in document["groups"])
