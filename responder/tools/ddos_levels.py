"""What an override sets, by its width, and what Cloudflare allows of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from responder.cloudflare.ddos import ManagedRule
from responder.tools.errors import InvalidError

__all__ = ["Level", "Levels", "overrides"]

SENSITIVITIES = ("default", "medium", "low", "eoff")


@dataclass(frozen=True, slots=True)
class Level:
    """A sensitivity, an action, or both."""

    sensitivity_level: str | None = None
    action: str | None = None

    def fields(self) -> dict[str, str]:
        """Return what is set."""
        both = {"sensitivity_level": self.sensitivity_level, "action": self.action}
        return {name: value for name, value in both.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Levels:
    """What an override sets: for everything, by category, by managed rule (its ref or id)."""

    everything: Level = Level()
    categories: Mapping[str, Level] = field(default_factory=dict)
    rules: Mapping[str, Level] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether it sets nothing."""
        return not (self.everything.fields() or self.categories or self.rules)


def overrides(levels: Levels, managed: Sequence[ManagedRule]) -> dict[str, Any]:
    """Return the overrides as the API has them; raises InvalidError with all that is wrong."""
    by_name = {name: rule for rule in managed for name in (rule.ref, rule.id)}
    found = [
        *_level_problems("everything", levels.everything, managed),
        *(
            problem
            for name, level in levels.categories.items()
            for problem in _category_problems(name, level, managed)
        ),
        *(
            problem
            for name, level in levels.rules.items()
            for problem in _rule_problems(name, level, by_name.get(name))
        ),
    ]
    if found:
        raise InvalidError(found)
    sets: dict[str, Any] = {**levels.everything.fields()}
    if levels.categories:
        sets["categories"] = [
            {"category": name, **level.fields()} for name, level in levels.categories.items()
        ]
    if levels.rules:
        sets["rules"] = [
            {"id": by_name[name].id, **level.fields()} for name, level in levels.rules.items()
        ]
    return sets


def _level_problems(what: str, level: Level, rules: Sequence[ManagedRule]) -> Iterator[str]:
    """Yield what is wrong with a level for some of Cloudflare's rules."""
    if level.sensitivity_level is not None and level.sensitivity_level not in SENSITIVITIES:
        yield f"{what}: sensitivity: write one of {', '.join(SENSITIVITIES)}"
    allowed = dict.fromkeys(action for rule in rules for action in rule.allowed_actions)
    if level.action is not None and level.action not in allowed:
        yield f"{what}: action: Cloudflare allows {', '.join(allowed) or 'none'} here"


def _category_problems(name: str, level: Level, managed: Sequence[ManagedRule]) -> Iterator[str]:
    rules = [rule for rule in managed if name in rule.categories]
    if not rules:
        known = sorted({one for rule in managed for one in rule.categories})
        yield f"category {name}: there is none; there are {', '.join(known)}"
    elif not level.fields():
        yield f"category {name}: say a sensitivity or an action"
    else:
        yield from _level_problems(f"category {name}", level, rules)


def _rule_problems(name: str, level: Level, rule: ManagedRule | None) -> Iterator[str]:
    if rule is None:
        yield f"rule {name}: there is none; see `responder ddos rules`"
    elif not rule.allowed_actions:
        yield f"rule {name}: it is read only, and cannot be overridden"
    elif not level.fields():
        yield f"rule {name}: say a sensitivity or an action"
    else:
        yield from _level_problems(f"rule {name}", level, [rule])
