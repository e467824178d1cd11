"""Alerts that hold themselves up through `ALERTS`, taken apart: what lets one in, and what holds.

`A or (B and on (site) ALERTS{alertname="this one"})` is on where A is, and stays on for as long as
B is. With both known at every moment, walking through time gives what Prometheus would have said.
An alert that reads its own firing in another way is evaluated moment by moment while it fires.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from responder.backtest.nodes import (
    ANY,
    Aggregate,
    Binary,
    Call,
    Leaf,
    Matching,
    Negate,
    Node,
    Select,
    Test,
    walked,
)
from responder.backtest.parsing import ALERTS, ExpressionError

__all__ = ["Latch", "latched", "recorded_alert"]


@dataclass(frozen=True)
class Latch:
    """An alert's expression, taken apart."""

    enter: Node | None
    """What lets it in; None where nothing could."""
    hold: Node | None
    """What holds it once it fires; None where it is not held."""
    matching: Matching = ANY
    """By which labels that which is held finds what fires."""
    own: Node | None = None
    """The whole expression, where it reads its own firing otherwise; else None."""

    @cached_property
    def parts(self) -> tuple[Node, ...]:
        """All that it is made of."""
        nodes = [one for one in (self.enter, self.hold, self.own) if one is not None]
        return tuple(part for node in nodes for part in walked(node))

    @cached_property
    def leaves(self) -> frozenset[Leaf]:
        """What it reads of the history itself."""
        return frozenset(one for one in self.parts if isinstance(one, Leaf))

    @cached_property
    def selects(self) -> tuple[Select, ...]:
        """What it reads of what rules have recorded."""
        return tuple(one for one in self.parts if isinstance(one, Select))


def recorded_alert(name: str) -> str:
    """Return the name under which the firing of another alert is found."""
    return f"{ALERTS}:{name}"


def latched(node: Node, alert: str) -> Latch:
    """Take an alert's expression apart; ExpressionError where that cannot be done."""
    joins = [one for one in walked(node) if isinstance(one, Binary) and _joins(one, alert)]
    enter = _without(node, alert)
    others = sum(_is_own(one, alert) for one in walked(node)) > len(joins)
    if others or len({one.matching for one in joins}) > 1:
        return Latch(enter, None, own=_renamed(node, alert))
    if not joins:
        return Latch(enter, None)
    return Latch(enter, _held(node, alert), joins[0].matching)


def _renamed(node: Node, alert: str) -> Node:
    """Return an expression in which only its own firing is called `ALERTS`."""
    match node:
        case Select(name=name) if name == ALERTS and not _is_own(node, alert):
            return replace(node, name=recorded_alert(_alert_read(node)))
        case Binary():
            left, right = _renamed(node.left, alert), _renamed(node.right, alert)
            return replace(node, left=left, right=right)
        case Aggregate() | Negate():
            return replace(node, inner=_renamed(node.inner, alert))
        case Call():
            return replace(node, arguments=tuple(_renamed(one, alert) for one in node.arguments))
    return node


def _is_own(node: Node, alert: str) -> bool:
    if not isinstance(node, Select) or node.name != ALERTS:
        return False
    return alert == _alert_read(node) and not node.window and not node.offset


def _alert_read(node: Select) -> str:
    named = [one for one in node.tests if one.name == "alertname" and one.operator == "="]
    if not named:
        raise ExpressionError(f"without an alertname, {node.text[:120]} cannot be replayed")
    return named[0].value


def _joins(node: Binary, alert: str) -> bool:
    if node.operator != "and" or not _is_own(node.right, alert):
        return False
    states = [one for one in _tests(node.right) if one.name == "alertstate"]
    if any(not one.holds({"alertstate": "firing"}) for one in states):
        raise ExpressionError("an alert that is held while it is pending cannot be replayed")
    return True


def _tests(node: Node) -> Sequence[Test]:
    return node.tests if isinstance(node, Select) else ()


def _without(node: Node, alert: str) -> Node | None:
    """Return the expression while the alert does not fire; None for what then gives nothing."""
    if _is_own(node, alert):
        return None
    match node:
        case Select(name=name) if name == ALERTS:
            return replace(node, name=recorded_alert(_alert_read(node)))
        case Binary():
            return _binary_without(node, alert)
        case Aggregate() | Negate():
            inner = _without(node.inner, alert)
            return None if inner is None else _rewritten(node, inner)
        case Call():
            return _call_without(node, alert)
    return node


def _binary_without(node: Binary, alert: str) -> Node | None:
    left, right = _without(node.left, alert), _without(node.right, alert)
    if left is not None and right is not None:
        return _binary(node, left, right)
    if node.operator == "or":
        return right if left is None else left
    return left if node.operator == "unless" else None


def _call_without(node: Call, alert: str) -> Node | None:
    found = [_without(one, alert) for one in node.arguments]
    kept = tuple(one for one in found if one is not None)
    if len(kept) < len(found):
        if node.function in {"absent", "scalar"}:
            raise ExpressionError(f"`{node.function}` of its own ALERTS cannot be replayed")
        return None
    return node if kept == node.arguments else replace(node, arguments=kept, text=_text(node))


def _held(node: Node, alert: str) -> Node:
    """Return the expression while everything that could fire does."""
    match node:
        case Binary() if _joins(node, alert):
            return _held(node.left, alert)
        case Binary():
            return _binary(node, _held(node.left, alert), _held(node.right, alert), "held")
        case Aggregate() | Negate():
            return _rewritten(node, _held(node.inner, alert), "held")
        case Call():
            found = tuple(_held(one, alert) for one in node.arguments)
            same = found == node.arguments
            return node if same else replace(node, arguments=found, text=_text(node, "held"))
        case Select(name=name) if name == ALERTS:
            return replace(node, name=recorded_alert(_alert_read(node)))
    return node


def _text(node: Node, how: str = "entered") -> str:
    """Return another text, since what is not the same must not be called the same."""
    return f"{node.text} # {how}"


def _binary(node: Binary, left: Node, right: Node, how: str = "entered") -> Node:
    if left is node.left and right is node.right:
        return node
    return replace(node, left=left, right=right, text=_text(node, how))


def _rewritten(node: Aggregate | Negate, inner: Node, how: str = "entered") -> Node:
    return node if inner is node.inner else replace(node, inner=inner, text=_text(node, how))
