"""Changes to the rules of Magic Network Monitoring, checked before anything is sent."""

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_network

from responder.cloudflare.mnm import MnmRule, MnmRules, normal, rule_problems
from responder.tools.account import Account
from responder.tools.desk import Change
from responder.tools.errors import InvalidError, NotPossibleError, UnknownError

__all__ = ["adding", "competing", "deleting", "editing", "mnm_rules"]

_ANEW = "it cannot change: delete the rule and add it anew"
_NO_SUCH = "there is no rule of this name"


async def mnm_rules(account: Account) -> list[MnmRule]:
    """Return all rules, by name; raises ProviderError."""
    return await _api(account).read()


async def adding(account: Account, rule: MnmRule) -> Change:
    """Return the change that adds a rule; raises InvalidError, NotPossibleError, ProviderError."""
    _check(rule)
    rules = await mnm_rules(account)
    if any(one.name == rule.name for one in rules):
        raise NotPossibleError(f"there is a rule {rule.name} already: edit it, or choose a name")
    rule = normal(rule)
    return Change(
        subject=_subject(rule.name),
        action="add_mnm_rule",
        call=_api(account).add(rule),
        seen=_shows(account, rule),
        warnings=competing(rule, account.prefixes),
    )


async def editing(account: Account, name: str, changes: Mapping[str, object]) -> Change:
    """Return the change that edits fields of a rule; what is not named stays.

    Raises InvalidError, NotPossibleError, UnknownError or ProviderError.
    """
    rules = await mnm_rules(account)
    old = _named(rules, name)
    new = normal(_edited(old, changes))
    if any(one.name == new.name and one.id != old.id for one in rules):
        raise NotPossibleError(f"there is a rule {new.name} already")
    differing = new.differs(old)
    api = _api(account)
    call = api.edit(new) if differing else None
    if differing == ["automatic_advertisement"]:
        call = api.switch(new, advertise=bool(new.automatic_advertisement))
    return Change(
        subject=_subject(name),
        action="edit_mnm_rule",
        call=call,
        seen=_shows(account, new),
        before=_brief(old),
        warnings=competing(new, account.prefixes),
    )


async def deleting(account: Account, name: str) -> Change:
    """Return the change that takes a rule away; raises UnknownError or ProviderError."""
    rule = _named(await mnm_rules(account), name)

    async def seen() -> str:
        left = [one for one in await mnm_rules(account) if one.id == rule.id]
        return "the rule is still there" if left else ""

    return Change(
        subject=_subject(name),
        action="delete_mnm_rule",
        call=_api(account).delete(rule),
        seen=seen,
        before=_brief(rule),
    )


def competing(rule: MnmRule, prefixes: Mapping[str, str]) -> Sequence[str]:
    """Warn of what Cloudflare would advertise by itself although this service switches it."""
    if not rule.automatic_advertisement:
        return ()
    return [
        f"rule {rule.name} lets Cloudflare advertise {mine} by itself, and this service (site "
        f"{prefixes[mine]}) switches it, too; Cloudflare never withdraws it again: let only one "
        "of the two advertise"
        for mine in _overlapping(rule.prefixes, prefixes)
    ]


def _overlapping(watched: Sequence[str], mine: Mapping[str, str]) -> Iterator[str]:
    networks = [ip_network(one, strict=False) for one in watched]
    for cidr in mine:
        own = ip_network(cidr)
        if any(one.overlaps(own) for one in networks if one.version == own.version):
            yield cidr


def _edited(old: MnmRule, changes: Mapping[str, object]) -> MnmRule:
    """Return the rule with the changes; raises InvalidError with all that is wrong."""
    fixed = [f"type: {_ANEW}"] if changes.get("type", old.type) != old.type else []
    pairs = ("bandwidth_threshold", "packet_threshold")
    for mine, other in (pairs, pairs[::-1]):
        if changes.get(other) is not None and getattr(old, mine) is not None:
            fixed.append(f"{other}: the rule watches {mine}; {_ANEW}")
    if fixed:
        raise InvalidError(fixed)
    new = replace(old, **changes)  # type: ignore[arg-type]
    _check(new)
    return new


def _check(rule: MnmRule) -> None:
    problems = rule_problems(rule)
    if problems:
        raise InvalidError(problems)


def _shows(account: Account, wanted: MnmRule) -> Callable[[], Awaitable[str]]:
    """Return the read that tells how the rule of this name differs from what was wanted."""

    async def seen() -> str:
        found = [one for one in await mnm_rules(account) if one.name == wanted.name]
        if not found:
            return _NO_SUCH
        differing = wanted.differs(found[0])
        return f"Cloudflare shows another {', '.join(differing)}" if differing else ""

    return seen


def _named(rules: Sequence[MnmRule], name: str) -> MnmRule:
    for rule in rules:
        if rule.name == name:
            return rule
    known = ", ".join(rule.name for rule in rules) or "none at all"
    raise UnknownError(f"{_NO_SUCH}: {name}; there are {known}"[:1000])


def _api(account: Account) -> MnmRules:
    return MnmRules(account.client, account.id)


def _subject(name: str) -> str:
    return f"mnm_rule:{name}"


def _brief(rule: MnmRule) -> str:
    """Return a rule as the audit trail keeps it."""
    return json.dumps(rule.body(), separators=(",", ":"))[:2000]
