"""What a check looks at: one rule, and what is known around it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from responder.rulefiles.expressions import Expression, parse_expression
from responder.rulefiles.known import KnownNames
from responder.rulefiles.rulefile import Group, Rule, RuleFile

__all__ = ["Subject", "World", "subjects", "world_of"]

_ROLES = frozenset({"trigger", "sustain"})


@dataclass(frozen=True, slots=True)
class World:
    """What is known beside the rule."""

    mitigations: frozenset[str]
    """The values that the label `mitigation` may have."""
    known: KnownNames
    recorded: Mapping[str, timedelta]
    """Series that rules record, and how often."""
    interval: timedelta
    """How often Prometheus scrapes, and evaluates groups that do not say it themselves."""
    wanted: frozenset[str]
    """Series that the shipped rules and alerts for the responder are made of, at any remove."""

    def is_recorded(self, name: str) -> bool:
        """Tell whether a rule makes these series, here or, by the colon in the name, elsewhere."""
        return name in self.recorded or ":" in name or name.startswith("ALERTS")


@dataclass(frozen=True, slots=True)
class Subject:
    """A rule whose expression can be parsed."""

    rule: Rule
    group: Group
    expression: Expression
    world: World

    @property
    def concerns_us(self) -> bool:
        """Whether the responder, or an alert of it, depends on this rule."""
        return _speaks(self.rule) if self.rule.alert else self.rule.name in self.world.wanted


def subjects(file: RuleFile, world: World) -> Iterator[Subject]:
    """Return the rules of a file that can be looked at."""
    for group in file.groups:
        for rule in group.rules:
            expression = _parsed(rule)
            if expression:
                yield Subject(rule, group, expression, world)


def world_of(
    looked_at: Sequence[RuleFile],
    shipped: Sequence[RuleFile],
    names: Iterable[str],
    mitigations: Iterable[str],
    interval: timedelta,
) -> World:
    """Gather what is known from all rules: those looked at, and the shipped ones beside them."""
    recorded: dict[str, timedelta] = {}
    made_of: dict[str, set[str]] = {}
    wanted: set[str] = set()
    for files, are_ours in ((shipped, True), (looked_at, False)):
        for group, rule in _rules(files):
            reads = _reads(rule)
            if not rule.alert:
                every = group.interval or interval
                recorded[rule.name] = max(every, recorded.get(rule.name, every))
                made_of.setdefault(rule.name, set()).update(reads)
            if are_ours or (rule.alert and _speaks(rule)):
                wanted |= reads
    return World(
        mitigations=frozenset(mitigations),
        known=KnownNames({*names, *recorded}),
        recorded=recorded,
        interval=interval,
        wanted=_closed(wanted, made_of),
    )


def _closed(wanted: set[str], made_of: Mapping[str, set[str]]) -> frozenset[str]:
    """Add what the wanted series are made of, until nothing comes to it."""
    found: set[str] = set()
    while wanted:
        found |= wanted
        wanted = {part for name in wanted for part in made_of.get(name, ())} - found
    return frozenset(found)


def _speaks(rule: Rule) -> bool:
    """Tell whether an alert is written for the responder, or is about it."""
    labels = rule.labels
    ours = labels.get("role") in _ROLES or labels.get("action") == "none"
    return "mitigation" in labels or ours


def _rules(files: Iterable[RuleFile]) -> Iterator[tuple[Group, Rule]]:
    return ((group, rule) for file in files for group in file.groups for rule in group.rules)


def _reads(rule: Rule) -> set[str]:
    expression = _parsed(rule)
    return {one.name for one in expression.readings()} - {""} if expression else set()


def _parsed(rule: Rule) -> Expression | None:
    try:
        return parse_expression(rule.expr)
    except ValueError:
        return None
