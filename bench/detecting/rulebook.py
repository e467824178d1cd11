"""The shipped rule files as they stand: what each rule reads, and in which order they are due."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path

import yaml

__all__ = ["REFERENCE", "UNMEASURED", "Rule", "Rulebook", "seconds"]

_NAME = r"(?<![\w:])((?:[a-z_]\w*)?(?::\w+)+|node_\w+)"
_READ = re.compile(_NAME + r"(?:\{[^}]*\})?(?:\[(?P<range>\w+)\](?:\s+offset\s+(?P<offset>\w+))?)?")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_FASTEST = 60
_CONSTANT = 240
"""Seconds between samples: of what is evaluated every few seconds, and of a constant, which is
found again within Prometheus' five minutes."""


def seconds(duration: str) -> int:
    """Return the seconds of a duration as Prometheus writes it."""
    return sum(int(n) * _UNITS[unit] for n, unit in re.findall(r"(\d+)([smhd])", duration))


@dataclass(frozen=True)
class Rule:
    """One rule, an alert or a recording."""

    name: str
    expression: str
    labels: Mapping[str, str]
    interval: int
    waits: int = 0
    """Seconds of `for`."""
    alert: bool = False
    chosen: bool = False
    """Whether it is a threshold, a preset or an override."""

    @cached_property
    def reads(self) -> dict[str, int]:
        """The names in its expression, each with the seconds it is looked back at, 0 for now."""
        found: dict[str, int] = {}
        for one in _READ.finditer(self.expression):
            back = seconds(one["range"] or "") + seconds(one["offset"] or "")
            found[one[1]] = max(found.get(one[1], 0), back)
        return found


REFERENCE = "AutoUAM's relative rule"
"""Not a preset but what the preset `autouam` is without its floor and its second rule."""

UNMEASURED = "balanced, no web source"
"""The default preset where only node-exporter is there, and nothing counts requests."""


class Rulebook:
    """All rules that anything asked for depends on, with a preset chosen."""

    def __init__(self, folder: Path, preset: str) -> None:
        self.preset = preset
        self.rules: list[Rule] = []
        for path in sorted(folder.rglob("*.yml")):
            if "tests" not in path.relative_to(folder).parts:
                self.rules += _rules(path)
        self.rules = [self._chosen(rule) for rule in self.rules]
        self.records: dict[str, list[Rule]] = {}
        for rule in self.rules:
            if not rule.alert:
                self.records.setdefault(rule.name, []).append(rule)

    @property
    def triggers(self) -> list[Rule]:
        """The alerts that switch Under Attack Mode on."""
        return [
            rule
            for rule in self.rules
            if rule.alert
            and rule.labels.get("mitigation") == "under_attack"
            and rule.labels.get("role") == "trigger"
            and (self.preset != REFERENCE or rule.name == "OriginLoadRelative")
        ]

    def _chosen(self, rule: Rule) -> Rule:
        """Return the rule as it is with the preset, and with what this row leaves out."""
        if rule.name == "mitigation:preset":
            rows = {REFERENCE: "autouam", UNMEASURED: "balanced"}
            return replace(rule, labels={"preset": rows.get(self.preset, self.preset)})
        if self.preset == REFERENCE and rule.labels.get("signal") == "load_floor":
            return replace(rule, expression="vector(0)")
        if self.preset == UNMEASURED:
            hidden = (
                re.sub(r"(?<=:)http_", "hidden_", one) for one in (rule.name, rule.expression)
            )
            return replace(rule, name=next(hidden), expression=next(hidden))
        return rule

    def free(self) -> set[str]:
        """Return the recorded names that depend on no threshold: the same with every preset."""
        bound = {rule.name for rule in self.rules if rule.chosen}
        while more := {
            rule.name for rule in self.rules if rule.name not in bound and rule.reads.keys() & bound
        }:
            bound |= more
        return self.records.keys() - bound

    def stages(self, known: set[str], alerts: Iterable[Rule]) -> list[dict[str, int]]:
        """Return which names to record one after the other, with the seconds of history each needs.

        Names that are known are not recorded again. What is only ever looked at as it is now is
        not recorded: it is put in where it is read, so that no gap of it is bridged by accident.
        """
        needs: dict[str, int] = {}
        looked_back: set[str] = set()
        todo = [(rule, 0) for rule in alerts]
        while todo:
            rule, already = todo.pop()
            for name, back in rule.reads.items():
                if name in known or name not in self.records:
                    continue
                if back:
                    looked_back.add(name)
                if self.records[name][0].chosen:
                    looked_back.add(name)
                if already + back > needs.get(name, -1):
                    needs[name] = already + back
                    todo += [(one, needs[name]) for one in self.records[name]]
        order: list[dict[str, int]] = []
        for name in needs.keys() & looked_back:
            depth = self._depth(name, known)
            order += [{} for _ in range(depth + 1 - len(order))]
            order[depth][name] = needs[name]
        return [stage for stage in order if stage]

    def _depth(self, name: str, known: set[str]) -> int:
        below = {
            read
            for rule in self.records[name]
            for read in rule.reads
            if read not in known and read in self.records and read != name
        }
        return 1 + max((self._depth(one, known) for one in below), default=-1)

    def put_in(self, name: str, stored: set[str]) -> list[Rule]:
        """Return the rules that record a name, ready to be evaluated."""
        return [
            replace(rule, expression=self.inlined(rule.expression, stored))
            for rule in self.records[name]
        ]

    def inlined(self, expression: str, stored: set[str]) -> str:
        """Return the expression with everything that is not stored put in where it is read."""

        def put(found: re.Match[str]) -> str:
            name = found[1]
            if name in stored or name not in self.records:
                return found[0]
            inner = " or ".join(
                f"({self.inlined(rule.expression, stored)})" for rule in self.records[name]
            )
            return f"({inner})"

        return re.sub(_NAME, put, expression)


@cache
def _rules(path: Path) -> tuple[Rule, ...]:
    found = []
    constant = path.name in {"thresholds.yml", "overrides.yml"}
    for group in yaml.safe_load(path.read_text())["groups"]:
        interval = _CONSTANT if constant else max(seconds(group["interval"]), _FASTEST)
        for one in group["rules"]:
            rule = Rule(
                name=one.get("record") or one["alert"],
                expression=one["expr"],
                labels=one.get("labels", {}),
                interval=interval,
                waits=seconds(one.get("for", "0s")),
                alert="alert" in one,
                chosen=constant,
            )
            found.append(rule)
    return tuple(found)
