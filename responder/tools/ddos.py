"""Changes to the overrides of the managed DDoS rulesets, checked here and by a dry run there."""

import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from responder.cloudflare.ddos import (
    DdosOverrides,
    DdosScope,
    Entrypoint,
    OverrideRule,
    Position,
)
from responder.cloudflare.zones import Zones
from responder.tools.account import Account
from responder.tools.ddos_levels import Levels, overrides
from responder.tools.desk import Change
from responder.tools.errors import InvalidError, NotPossibleError, UnknownError

__all__ = [
    "NETWORK",
    "Wanted",
    "Where",
    "adding",
    "deleting",
    "editing",
    "moving",
    "overrides_of",
]

NETWORK = "l3-4"
"""The name of the account's own scope, where others are named by their zone."""

_REF = re.compile(r"[A-Za-z0-9_.~-]{1,128}")
LONGEST_EXPRESSION = 4000


@dataclass(frozen=True, slots=True)
class Where:
    """The place of an override: exactly one is set. Refs name others; an empty one is the end."""

    before: str | None = None
    after: str | None = None
    index: int | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is said of an override; None stays as it is."""

    expression: str | None = None
    levels: Levels | None = None
    description: str | None = None
    enabled: bool | None = None


async def overrides_of(account: Account, scope: str) -> DdosOverrides:
    """Return the overrides of a scope: `l3-4`, or a zone as it is configured.

    Raises UnknownError for any other zone, whatever the credential may do there.
    """
    if scope == NETWORK:
        return DdosOverrides(account.client, DdosScope.network(account.id))
    if scope not in account.zones:
        known = ", ".join(sorted(account.zones)) or "none"
        raise UnknownError(f"{scope} is no zone of the configured sites ({known})")
    zones = Zones(account.client, lambda: timedelta(0))
    return DdosOverrides(account.client, DdosScope.zone(await zones.id_of(scope)))


async def adding(
    api: DdosOverrides, ref: str, wanted: Wanted, where: Where | None = None
) -> Change:
    """Return the change that adds an override under a ref of its own."""
    there = await api.entrypoint()
    known = there.rules if there is not None else ()
    if any(rule.ref == ref for rule in known):
        raise NotPossibleError(f"there is an override {ref} already: edit it, or choose a ref")
    _check(wanted, ref)
    sets = overrides(wanted.levels or Levels(), await api.managed())
    rule = OverrideRule(
        ref,
        wanted.expression or "",
        sets,
        wanted.description or "",
        enabled=wanted.enabled is not False,
    )
    position = _position(known, where) if where is not None else None
    call = api.add(there, rule, position)
    return Change(
        _subject(api, ref),
        "add_ddos_override",
        call,
        _shows(api, rule),
        rehearsal=call.rehearsed(),
    )


async def editing(api: DdosOverrides, ref: str, wanted: Wanted) -> Change:
    """Return the change that edits what is said of an override; the levels are replaced whole."""
    there, old = await _existing(api, ref)
    new = replace(
        old,
        expression=old.expression if wanted.expression is None else wanted.expression,
        description=old.description if wanted.description is None else wanted.description,
        enabled=old.enabled if wanted.enabled is None else wanted.enabled,
    )
    _check(replace(wanted, expression=new.expression), ref, edits=True)
    if wanted.levels is not None:
        new = replace(new, overrides=overrides(wanted.levels, await api.managed()))
    call = None if new.same_as(old) else api.edit(there, new)
    return Change(
        _subject(api, ref),
        "edit_ddos_override",
        call,
        _shows(api, new),
        before=_brief(old),
        rehearsal=call and call.rehearsed(),
    )


async def moving(api: DdosOverrides, ref: str, where: Where) -> Change:
    """Return the change that moves an override: the first one that matches wins."""
    there, rule = await _existing(api, ref)
    others = [one for one in there.rules if one.ref != ref]
    position = _position(others, where)
    order = _order(others, rule, position)
    same = order == [one.id for one in there.rules]
    call = None if same else api.move(there, rule, position)

    async def seen() -> str:
        found = await api.entrypoint()
        shown = [one.id for one in found.rules] if found is not None else []
        return "" if shown == order else "Cloudflare shows another order"

    rehearsal = call and call.rehearsed()
    return Change(_subject(api, ref), "move_ddos_override", call, seen, rehearsal=rehearsal)


async def deleting(api: DdosOverrides, ref: str) -> Change:
    """Return the change that takes an override away."""
    there, rule = await _existing(api, ref)
    call = api.delete(there, rule)

    async def seen() -> str:
        found = await api.entrypoint()
        left = found is not None and any(one.id == rule.id for one in found.rules)
        return "the override is still there" if left else ""

    return Change(
        _subject(api, ref),
        "delete_ddos_override",
        call,
        seen,
        before=_brief(rule),
        rehearsal=call.rehearsed(),
    )


def _check(wanted: Wanted, ref: str, *, edits: bool = False) -> None:
    found: list[str] = []
    if not edits and not _REF.fullmatch(ref):
        found.append("ref: write 1 to 128 letters, digits or _ . ~ - as the name of the override")
    expression = wanted.expression or ""
    if not expression.strip():
        found.append("expression: say which traffic; `true` is all of it")
    if len(expression) > LONGEST_EXPRESSION:
        found.append(f"expression: {len(expression)} characters; {LONGEST_EXPRESSION} are allowed")
    if wanted.levels.empty if wanted.levels is not None else not edits:
        found.append("say a sensitivity or an action: for all, for a category or for a rule")
    if found:
        raise InvalidError(found)


def _position(others: Sequence[OverrideRule], where: Where) -> Position:
    """Return a place by ids; raises UnknownError or InvalidError."""
    given = {"before": where.before, "after": where.after, "index": where.index}
    said = {name: value for name, value in given.items() if value is not None}
    if len(said) != 1:
        raise InvalidError(["position: say exactly one of before, after and index"])
    ((name, value),) = said.items()
    if isinstance(value, int):
        if not 1 <= value <= len(others) + 1:
            raise InvalidError([f"position: index must be from 1 to {len(others) + 1}"])
        return {"index": value}
    return {name: _id_of(others, value) if value else ""}


def _id_of(rules: Sequence[OverrideRule], ref: str) -> str:
    for rule in rules:
        if rule.ref == ref:
            return rule.id
    known = ", ".join(rule.ref for rule in rules) or "no others"
    raise UnknownError(f"position: there is no other override {ref}; there are {known}")


def _order(others: Sequence[OverrideRule], rule: OverrideRule, position: Position) -> list[str]:
    """Return the ids as they follow each other after the move."""
    ids = [one.id for one in others]
    ((name, value),) = position.items()
    if isinstance(value, int):
        index = value - 1
    elif name == "before":
        index = ids.index(value) if value else 0
    else:
        index = ids.index(value) + 1 if value else len(ids)
    return [*ids[:index], rule.id, *ids[index:]]


async def _existing(api: DdosOverrides, ref: str) -> tuple[Entrypoint, OverrideRule]:
    there = await api.entrypoint()
    for rule in there.rules if there is not None else ():
        if rule.ref == ref and there is not None:
            return there, rule
    known = ", ".join(rule.ref for rule in there.rules) if there is not None else ""
    raise UnknownError(f"there is no override {ref}; there are {known or 'none'}"[:1000])


def _shows(api: DdosOverrides, wanted: OverrideRule) -> Callable[[], Awaitable[str]]:
    async def seen() -> str:
        there = await api.entrypoint()
        found = [one for one in (there.rules if there else ()) if one.ref == wanted.ref]
        if not found:
            return "there is no override of this ref"
        return "" if found[0].same_as(wanted) else "Cloudflare shows another definition of it"

    return seen


def _subject(api: DdosOverrides, ref: str) -> str:
    return f"{api.scope.phase}_override:{ref}"


def _brief(rule: OverrideRule) -> str:
    known = {"expression": rule.expression, "overrides": rule.overrides, "enabled": rule.enabled}
    return json.dumps(known, separators=(",", ":"))[:2000]
