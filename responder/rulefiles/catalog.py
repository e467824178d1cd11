"""What the rules know: signals, their numbers, the presets, and which of them can be overridden."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from responder.errors import ConfigError
from responder.rulefiles.rulefile import Rule, read_rules

__all__ = ["BALANCED", "Bound", "Catalog", "read_catalog"]

BALANCED = "balanced"
"""The preset that changes nothing."""

_CONSTANT = re.compile(r"vector\(([^()]+)\)")
_RESOLVED = re.compile(r"(site|instance):threshold_(\w+):(upper|lower)")


class Bound(NamedTuple):
    """Which number: that of a signal that switches on (`upper`) or off again (`lower`)."""

    signal: str
    bound: str


@dataclass(frozen=True, slots=True)
class Catalog:
    """The numbers of a folder of rules."""

    defaults: Mapping[Bound, float]
    presets: Mapping[str, Mapping[Bound, float]] = field(default_factory=dict)
    chosen: str = BALANCED
    """The preset that thresholds.yml chooses."""
    of_site: frozenset[Bound] = frozenset()
    """What a site may have a number of its own for."""
    of_instance: frozenset[Bound] = frozenset()
    """What a site or one of its instances may have a number of its own for."""

    @property
    def overridable(self) -> frozenset[Bound]:
        """The numbers that can be overridden at all."""
        return self.of_site | self.of_instance

    @property
    def families(self) -> frozenset[str]:
        """The words for `signal`: each signal, and what several of them have in common."""
        ends = ("_ratio", "_floor")
        signals = {bound.signal for bound in self.overridable}
        return frozenset(signals | {one.removesuffix(end) for one in signals for end in ends})

    def everywhere(self, preset: str) -> Mapping[Bound, float]:
        """Return the numbers that hold where nothing is overridden, under a preset."""
        return {**self.defaults, **self.presets.get(preset, {})}


def read_catalog(rules: Path) -> Catalog:
    """Read thresholds.yml and overrides.yml of a folder of rules; ConfigError when they are not."""
    numbers = [rule for rule in _rules(rules / "thresholds.yml") if "preset" not in rule.labels]
    preset_rules = [rule for rule in _rules(rules / "thresholds.yml") if "preset" in rule.labels]
    presets: dict[str, dict[Bound, float]] = {BALANCED: {}}
    chosen = BALANCED
    for rule in preset_rules:
        if rule.name == "mitigation:preset":
            chosen = rule.labels["preset"]
        else:
            presets.setdefault(rule.labels["preset"], {}).update(_number(rule))
    levels: dict[str, set[Bound]] = {"site": set(), "instance": set()}
    for rule in _rules(rules / "overrides.yml"):
        if found := _RESOLVED.fullmatch(rule.name):
            levels[found[1]].add(Bound(found[2], found[3]))
    defaults = {bound: value for rule in numbers for bound, value in _number(rule).items()}
    if not defaults:
        raise ConfigError(
            [f"{rules / 'thresholds.yml'}: holds no thresholds; --rules names another"]
        )
    of_site, of_instance = (frozenset(levels[level]) for level in ("site", "instance"))
    return Catalog(defaults, presets, chosen, of_site, of_instance)


def _rules(path: Path) -> list[Rule]:
    found = read_rules(path)
    if found.flaws:
        raise ConfigError([f"{path}:{flaw.line}: {flaw.text}" for flaw in found.flaws])
    return [rule for group in found.groups for rule in group.rules]


def _number(rule: Rule) -> dict[Bound, float]:
    found = _CONSTANT.fullmatch(rule.expr.strip())
    if not found or not {"signal", "bound"} <= set(rule.labels):
        return {}
    return {Bound(rule.labels["signal"], rule.labels["bound"]): float(found[1])}
