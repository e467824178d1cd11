"""Rules in the order in which they can be evaluated, and how far back each of them looks."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from graphlib import CycleError, TopologicalSorter

from responder.backtest.evaluation import Evaluation
from responder.backtest.latch import Latch, latched, recorded_alert
from responder.backtest.nodes import Labels, Leaf, Node, Select, walked
from responder.backtest.parsing import ExpressionError, parsed
from responder.backtest.rules import Rule
from responder.backtest.series import LOOK_BACK, UNIT, Grid, Vector
from responder.backtest.thresholds import THRESHOLDS

__all__ = ["Program", "Recording", "compiled", "labelled", "with_labels"]


@dataclass(frozen=True)
class Recording:
    """All that is recorded under one name, or one alert."""

    name: str
    rules: tuple[tuple[Rule, Latch], ...]
    interval: int | None
    reach: int
    """How many seconds before a moment its samples may still matter to an alert."""
    keep: int
    """For how many seconds its samples are looked at."""

    @property
    def alerting(self) -> bool:
        """Whether it is an alert."""
        return self.rules[0][0].alerting

    @property
    def nodes(self) -> list[Node]:
        """The expressions that are evaluated for it."""
        found = [one for _, latch in self.rules for one in (latch.enter, latch.hold)]
        return [one for one in found if one is not None]

    def period(self, step: int) -> int:
        """Return how often it is evaluated where nothing happens more often than every `step`."""
        interval = max(self.interval or step, step)
        return -(-interval // step) * step

    @cached_property
    def leaves(self) -> frozenset[Leaf]:
        """What it reads of the history itself."""
        return frozenset[Leaf]().union(*(latch.leaves for _, latch in self.rules))

    @cached_property
    def reads(self) -> frozenset[str]:
        """The names of the records that it reads."""
        return frozenset(one.name for one in _selects(self.rules))


@dataclass(frozen=True)
class Program:
    """Everything that is evaluated."""

    recordings: tuple[Recording, ...]
    """Each after all that it reads."""
    constants: Mapping[str, Vector]
    """What is the same at all times, such as thresholds."""

    @property
    def reach(self) -> int:
        """How many seconds of history before a moment it takes to judge it."""
        return max((one.reach for one in self.recordings), default=0)

    bound: frozenset[str] = frozenset()
    """The names of what depends on what is varied."""

    @property
    def leaves(self) -> frozenset[Leaf]:
        """What is read of the history itself."""
        return frozenset[Leaf]().union(*(one.leaves for one in self.recordings))

    def is_free(self, node: Node) -> bool:
        """Tell whether an expression is the same, whatever is varied."""
        return not any(isinstance(one, Select) and one.name in self.bound for one in walked(node))

    def parted(self, varied: Collection[str]) -> "tuple[Program, Program]":
        """Return what is the same whatever these records are, and what depends on them."""
        bound = set(varied)
        for one in self.recordings:
            if one.alerting or one.reads & bound:
                bound.add(one.name)
        free = [one for one in self.recordings if one.name not in bound]
        rest = [one for one in self.recordings if one.name in bound]
        known = frozenset(bound)
        return replace(self, recordings=tuple(free)), replace(
            self, recordings=tuple(rest), bound=known
        )


def labelled(vector: Vector, labels: Mapping[str, str]) -> Vector:
    """Set the labels that a rule sets; an empty one takes a label away."""
    if not labels:
        return vector
    found: Vector = {}
    for known, values in vector.items():
        found[with_labels(known, labels)] = values
    return found


def with_labels(known: Labels, labels: Mapping[str, str]) -> Labels:
    """Return the labels of a series together with those that a rule sets."""
    merged = {**dict(known), **labels}
    return tuple(sorted((name, value) for name, value in merged.items() if value))


def compiled(rules: Sequence[Rule], shown: Collection[str] = ()) -> Program:
    """Put rules in order; raises ExpressionError with the rule that cannot be replayed.

    What no alert reads is left out, but for the records that are to be shown.
    """
    recorded = {rule.name for rule in rules if not rule.alerting} | set(THRESHOLDS)
    taken: dict[str, list[tuple[Rule, Latch]]] = {}
    for rule in rules:
        name = recorded_alert(rule.name) if rule.alerting else rule.name
        taken.setdefault(name, []).append((rule, _latch(rule, recorded)))
    taken = _used(taken, shown)
    order = _ordered(taken)
    constants = _constants(taken, order)
    moving = [name for name in order if name not in constants]
    reaches, keeps = _reaches(taken, moving)
    return Program(
        tuple(
            Recording(name, tuple(taken[name]), _interval(taken[name]), reaches[name], keeps[name])
            for name in moving
        ),
        constants,
    )


def _used(
    taken: Mapping[str, list[tuple[Rule, Latch]]], shown: Collection[str]
) -> dict[str, list[tuple[Rule, Latch]]]:
    """Return what alerts read, however indirectly, and what is to be shown."""
    used: dict[str, list[tuple[Rule, Latch]]] = {}
    waiting = [name for name, rules in taken.items() if name in shown or rules[0][0].alerting]
    while waiting:
        name = waiting.pop()
        if name in used or name not in taken:
            continue
        used[name] = taken[name]
        waiting += [one.name for one in _selects(taken[name])]
    return used


def _interval(rules: Iterable[tuple[Rule, Latch]]) -> int | None:
    return min((rule.interval for rule, _ in rules if rule.interval), default=None)


def _latch(rule: Rule, recorded: set[str]) -> Latch:
    try:
        return _read(rule.expression, rule.name if rule.alerting else "", frozenset(recorded))
    except ExpressionError as error:
        raise ExpressionError(f"{rule.where}: {error}") from error


@lru_cache(maxsize=4096)
def _read(expression: str, alert: str, recorded: frozenset[str]) -> Latch:
    """Parse an expression, once for all the trials that differ in a number elsewhere."""
    return latched(parsed(expression, recorded), alert)


def _selects(rules: Iterable[tuple[Rule, Latch]]) -> list[Select]:
    return [one for _, latch in rules for one in latch.selects]


def _ordered(taken: Mapping[str, list[tuple[Rule, Latch]]]) -> list[str]:
    graph = {
        name: {one.name for one in _selects(rules) if one.name in taken}
        for name, rules in taken.items()
    }
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle = " <- ".join(error.args[1])
        raise ExpressionError(
            f"rules that read one another cannot be replayed: {circle}"
        ) from error


def _constants(
    taken: Mapping[str, list[tuple[Rule, Latch]]], order: Iterable[str]
) -> dict[str, Vector]:
    """Evaluate, once, whatever is the same at all times."""
    found: dict[str, Vector] = {name: {} for name in THRESHOLDS if name not in taken}
    for name in order:
        evaluation = Evaluation({}, found, _no_history)
        rules = taken[name]
        if any(rule.alerting for rule, _ in rules):
            continue
        nodes = [(rule, latch.enter) for rule, latch in rules if latch.enter is not None]
        if not all(evaluation.is_constant(node) for _, node in nodes):
            continue
        found[name] = {
            labels: values
            for rule, node in nodes
            for labels, values in labelled(evaluation.vector(node, UNIT), rule.labels).items()
        }
    return found


def _no_history(leaf: Leaf, _: Grid) -> Vector:
    raise AssertionError(f"a constant reads no history: {leaf.text}")


def _reaches(
    taken: Mapping[str, list[tuple[Rule, Latch]]], order: Sequence[str]
) -> tuple[dict[str, int], dict[str, int]]:
    """Return how far before an alert's moment each record matters, and how long it is kept."""
    reaches = dict.fromkeys(order, 0)
    keeps = dict.fromkeys(order, 2 * LOOK_BACK)
    for name in reversed(order):
        own = _interval(taken[name]) or 0
        for one in _selects(taken[name]):
            if one.name in reaches:
                back = max(one.window or 0, LOOK_BACK) + max(one.offset, 0)
                keeps[one.name] = max(keeps[one.name], back + own)
                reaches[one.name] = max(reaches[one.name], reaches[name] + back + own)
    return reaches, keeps
