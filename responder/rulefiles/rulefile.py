"""A rule file as values: groups of rules, each with its place."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from responder.rulefiles.expressions import read_duration
from responder.rulefiles.written import Flaw, Written, read_written

__all__ = ["Group", "Rule", "RuleFile", "read_rules"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; `alert` tells whether it is an alert or records a series."""

    name: str
    expr: str
    line: int
    """Where it begins."""
    expr_line: int
    alert: bool
    labels: Mapping[str, str]
    """Its own and those of its group."""
    annotations: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Group:
    """Rules that are evaluated together."""

    name: str
    interval: timedelta | None
    """How often; None for what Prometheus does by default."""
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class RuleFile:
    """A rule file: its sound rules, and what is wrong with the others."""

    path: Path
    groups: tuple[Group, ...] = ()
    flaws: tuple[Flaw, ...] = ()
    unit_tests: bool = False
    """Whether it is no rule file, but promtool's unit tests of one."""


def read_rules(path: Path) -> RuleFile:
    """Read a rule file; UnreadableError when it is no YAML at all."""
    root = read_written(path)
    if root.value is None:
        return RuleFile(path)
    if "groups" not in root.mapping():
        if {"tests", "rule_files"} <= set(root.mapping()):
            return RuleFile(path, unit_tests=True)
        return RuleFile(path, flaws=(root.flaw("is no rule file: it has no `groups`"),))
    flaws: list[Flaw] = []
    groups = tuple(_group(one, flaws) for one in root.at("groups").items())
    return RuleFile(path, groups, tuple(flaws))


def _group(written: Written, flaws: list[Flaw]) -> Group:
    labels = _texts(written.mapping().get("labels"))
    found = (_rule(one, labels, flaws) for one in written.at("rules").items())
    rules = tuple(rule for rule in found if rule)
    return Group(_text(written, "name"), _interval(written, flaws), rules)


def _interval(group: Written, flaws: list[Flaw]) -> timedelta | None:
    text = _text(group, "interval")
    try:
        return read_duration(text) if text else None
    except ValueError:
        flaws.append(group.at("interval").flaw(f"interval: {text!r} is no duration; write 30s"))
        return None


def _rule(written: Written, shared: Mapping[str, str], flaws: list[Flaw]) -> Rule | None:
    kinds = [kind for kind in ("alert", "record") if _text(written, kind)]
    expr = _text(written, "expr")
    if len(kinds) != 1 or not expr:
        text = "is no rule; it needs `expr`, and one of `alert` and `record`"
        flaws.append(written.flaw(text))
        return None
    return Rule(
        name=_text(written, kinds[0]),
        expr=expr,
        line=written.line,
        expr_line=written.at("expr").line,
        alert=kinds == ["alert"],
        labels={**shared, **_texts(written.mapping().get("labels"))},
        annotations=_texts(written.mapping().get("annotations")),
    )


def _text(written: Written, key: str) -> str:
    value = written.mapping().get(key, Written(None)).value
    return "" if value is None or isinstance(value, dict | list) else str(value)


def _texts(written: Written | None) -> dict[str, str]:
    return {key: _text(written, key) for key in written.mapping()} if written else {}
