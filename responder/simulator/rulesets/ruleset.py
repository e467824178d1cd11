"""An entrypoint with its rules, and how a list of rules changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from responder.simulator.envelope import moment
from responder.simulator.inventory import BORN

__all__ = ["PositionError", "Ruleset", "placed"]

Rule = Mapping[str, Any]


class PositionError(ValueError):
    """A position that is none; its text is the message."""


@dataclass(frozen=True, slots=True)
class Ruleset:
    """The entrypoint of a phase of one zone or account; its rules are as they are sent."""

    id: str
    owner_id: str
    phase: str
    kind: str
    rules: tuple[Rule, ...] = ()
    version: int = 1
    updated: datetime = BORN

    def with_rules(self, rules: Sequence[Rule], now: datetime) -> Self:
        """Replace the rules, which makes another version."""
        return replace(self, rules=tuple(rules), version=self.version + 1, updated=now)

    def as_json(self) -> dict[str, object]:
        """Build the ruleset as sent; an empty one leaves its rules out."""
        rules = {"rules": list(self.rules)} if self.rules else {}
        return {
            "id": self.id,
            "name": "default",
            "description": "",
            "kind": self.kind,
            "version": str(self.version),
            "phase": self.phase,
            "last_updated": moment(self.updated),
            **rules,
        }


def placed(rules: Sequence[Rule], rule: Rule, position: Mapping[str, Any] | None) -> list[Rule]:
    """Put a rule, new or not, where the position says; without one, last or where it is."""
    others = [one for one in rules if one["id"] != rule["id"]]
    if position is None:
        index = next((i for i, one in enumerate(rules) if one["id"] == rule["id"]), len(others))
    else:
        index = _index(others, position)
    return [*others[:index], rule, *others[index:]]


def _index(others: Sequence[Rule], position: Mapping[str, Any]) -> int:
    if len(position) != 1:
        raise PositionError("exactly one of before, after and index must be given")
    ((name, value),) = position.items()
    if name == "index" and isinstance(value, int) and 1 <= value <= len(others) + 1:
        return value - 1
    ids = [one["id"] for one in others]
    if name == "before" and value in {"", *ids}:
        return ids.index(value) if value else 0
    if name == "after" and value in {"", *ids}:
        return ids.index(value) + 1 if value else len(ids)
    raise PositionError(f"{name} {value!r} is no rule of this ruleset")
