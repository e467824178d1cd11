"""Other thresholds than those of the rule files: what a trial changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from responder.backtest.rules import Rule

__all__ = [
    "DEFAULT",
    "OVERRIDE",
    "PRESET",
    "THRESHOLDS",
    "Override",
    "Thresholds",
    "with_thresholds",
]

DEFAULT = "mitigation:threshold:default"
OVERRIDE = "mitigation:threshold:override"
PRESETS = "mitigation:threshold:preset"
PRESET = "mitigation:preset"
GLOBAL = "mitigation:threshold:global"
THRESHOLDS = (DEFAULT, OVERRIDE, PRESETS, PRESET)
"""What is always taken from the rule files: what the history has of it was for other rules."""


@dataclass(frozen=True, slots=True)
class Override:
    """A threshold of one site, or of one of its origins."""

    site: str
    signal: str
    bound: str
    value: float
    instance: str = ""


@dataclass(frozen=True)
class Thresholds:
    """What replaces the thresholds of the rule files."""

    preset: str | None = None
    """The preset in place of the one that the files choose."""
    values: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """By signal and bound: in place of the preset's number and the default."""
    overrides: tuple[Override, ...] = ()
    """Beside those of the files."""


def with_thresholds(rules: Sequence[Rule], thresholds: Thresholds) -> list[Rule]:
    """Return the rules with other thresholds."""
    changed = [
        kept for rule in rules if (kept := _with_values(rule, thresholds.values)) is not None
    ]
    if thresholds.preset is not None:
        labels = {"preset": thresholds.preset}
        changed = [replace(one, labels=labels) if one.name == PRESET else one for one in changed]
    return [*changed, *map(_override, thresholds.overrides)]


def _with_values(rule: Rule, values: Mapping[tuple[str, str], float]) -> Rule | None:
    key = (rule.labels.get("signal", ""), rule.labels.get("bound", ""))
    if rule.name not in {DEFAULT, PRESETS} or key not in values:
        return rule
    if rule.name == PRESETS:
        return None
    return replace(rule, expression=f"vector({values[key]!r})")


def _override(one: Override) -> Rule:
    labels = {"site": one.site, "signal": one.signal, "bound": one.bound}
    if one.instance:
        labels["instance"] = one.instance
    return Rule(OVERRIDE, f"vector({one.value!r})", alerting=False, labels=labels)
