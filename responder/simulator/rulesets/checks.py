"""What Cloudflare refuses about a rule: expression, overrides, and what is not a field.

The expression is looked at only so far: known fields, closed brackets and quotes, its length.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from responder.simulator.rulesets.managed import Phase

__all__ = ["problems"]

LONGEST = 4000
SENSITIVITIES = ("default", "medium", "low", "eoff")
_KNOWN = {"ref", "description", "expression", "action", "action_parameters", "enabled", "position"}
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_WORD = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+")
_FIELDS = re.compile(
    r"ip\.(?:src|dst|len|ttl|proto|proto\.num|src\.country|src\.asnum)|(?:tcp|udp)\.(?:src|dst)port"
    r"|tcp\.flags(?:\.\w+)?|http\.(?:host|cookie|user_agent|referer)"
    r"|http\.request\.(?:uri|method|version)(?:\.\w+)*|cf\.\w+(?:\.\w+)*"
)
_OPENS = {")": "(", "}": "{"}


def problems(rule: Mapping[str, Any], phase: Phase) -> Iterator[str]:
    """Yield what is wrong with the definition of a rule."""
    unknown = set(rule) - _KNOWN
    if unknown:
        yield f"'{min(unknown)}' is not a valid field"
    if rule.get("action") != "execute":
        yield f"'{rule.get('action')}' is not a valid value for action"
        return
    yield from _expression_problems(rule.get("expression"))
    parameters = rule.get("action_parameters")
    if not isinstance(parameters, dict) or parameters.get("id") != phase.managed_id:
        yield "'' is not a valid value for id because the ruleset to execute does not exist"
        return
    yield from _override_problems(parameters.get("overrides", {}), phase)


def _expression_problems(expression: object) -> Iterator[str]:
    if not isinstance(expression, str) or not expression.strip():
        yield "'' is not a valid value for expression because it is required"
        return
    if len(expression) > LONGEST:
        yield f"expression is longer than {LONGEST} characters"
        return
    at = _mistake(expression)
    if at is not None:
        yield (
            f"'{expression}' is not a valid value for expression because could not parse filter "
            f"expression: Filter parsing error (1:{at + 1}): unexpected input"
        )


def _mistake(expression: str) -> int | None:
    """Return the position of the first mistake."""
    bare = _QUOTED.sub(lambda found: " " * len(found[0]), expression)
    if '"' in bare:
        return bare.index('"')
    for found in _WORD.finditer(bare):
        if not _FIELDS.fullmatch(found[0]) and not found[0][0].isdigit():
            return found.start()
    open_ones: list[str] = []
    for index, mark in enumerate(bare):
        if mark in "({":
            open_ones.append(mark)
        elif mark in _OPENS and (not open_ones or open_ones.pop() != _OPENS[mark]):
            return index
    return len(bare) if open_ones else None


def _override_problems(overrides: Any, phase: Phase) -> Iterator[str]:
    if not isinstance(overrides, dict):
        yield "overrides must be an object"
        return
    yield from _level_problems(overrides, phase.actions)
    for one in overrides.get("categories", []):
        if one.get("category") not in phase.categories():
            yield f"'{one.get('category')}' is not a valid value for category"
        yield from _level_problems(one, phase.actions)
    rules = {rule.id: rule for rule in phase.rules}
    for one in overrides.get("rules", []):
        found = rules.get(one.get("id", ""))
        if found is None:
            yield f"'{one.get('id')}' is not a valid value for id because the rule does not exist"
        elif not found.overridable:
            yield f"rule '{found.id}' may not be overridden"
        else:
            yield from _level_problems(one, frozenset(found.overridable))


def _level_problems(one: Mapping[str, Any], actions: frozenset[str]) -> Iterator[str]:
    if one.get("enabled", True) is not True:
        yield "'false' is not a valid value for enabled because the rule cannot be disabled"
    if one.get("sensitivity_level", "default") not in SENSITIVITIES:
        yield f"'{one['sensitivity_level']}' is not a valid value for sensitivity_level"
    if "action" in one and one["action"] not in actions:
        yield f"'{one['action']}' is not a valid value for action because it is not allowed"
