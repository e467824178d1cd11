"""What an expression does, as the checks want to know it; the only place that knows the parser."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import promql_parser as promql

from responder.rulefiles.labels import Labels

__all__ = ["Expression", "Join", "Reading", "Window", "parse_expression", "read_duration"]

_ZERO = timedelta(0)
_ONE_TO_ONE = promql.VectorMatchCardinality.OneToOne
_ONE_TO_MANY = promql.VectorMatchCardinality.OneToMany
_VALUES = (promql.ValueType.Vector, promql.ValueType.Matrix)
_RENAMED = {"holt_winters": "double_exponential_smoothing"}
_PICKS = frozenset({"topk", "bottomk", "limitk", "limit_ratio"})
"""Aggregations that return some of their input as it is."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Series that an expression reads."""

    name: str
    """Empty when the name is not told, as in `{__name__=~"node_.*"}`."""
    range: timedelta
    """The range at the series; none at all for an instant."""
    reach: timedelta
    """How far back it is read, with the ranges of subqueries around it."""


@dataclass(frozen=True, slots=True)
class Window:
    """A subquery: its range, and its step; None for what Prometheus does by default."""

    range: timedelta
    step: timedelta | None


@dataclass(frozen=True, slots=True)
class Join:
    """An operator that looks for series with equal labels on both sides, and says not which."""

    operator: str


class Expression:
    """A parsed expression."""

    def __init__(self, root: promql.Expr) -> None:
        self._root = root
        self._nodes = tuple(_nodes(root, _ZERO))

    def readings(self) -> Iterator[Reading]:
        """Return the series that are read, in the order of the text."""
        for node, around in self._nodes:
            if isinstance(node, promql.MatrixSelector):
                yield Reading(_metric(node.vector_selector), node.range, around + node.range)
            elif isinstance(node, promql.VectorSelector):
                yield Reading(_metric(node), _ZERO, around)

    def windows(self) -> Iterator[Window]:
        """Return the subqueries."""
        for node, _ in self._nodes:
            if isinstance(node, promql.SubqueryExpr):
                yield Window(node.range or _ZERO, node.step)

    def aggregations(self) -> set[str]:
        """Return which aggregations there are, such as `sum`."""
        return {str(node.op) for node, _ in self._nodes if isinstance(node, promql.AggregateExpr)}

    def open_joins(self) -> Iterator[Join]:
        """Return the joins that do not say by which labels.

        `or` is a union and no join. Sides that are aggregated to the same labels match by exactly
        these.
        """
        for node, _ in self._nodes:
            if not isinstance(node, promql.BinaryExpr) or str(node.op) == "or":
                continue
            told = node.modifier is not None and node.modifier.matching is not None
            if not told and _is_vector(node.lhs) and _is_vector(node.rhs):
                left, right = _labels(node.lhs), _labels(node.rhs)
                if left.only is None or left != right:
                    yield Join(str(node.op))

    def labels(self) -> Labels:
        """Return which labels the result may have."""
        return _labels(self._root)


def parse_expression(text: str) -> Expression:
    """Parse an expression; ValueError when it is none.

    The parser knows functions by the names of Prometheus 3 only.
    """
    for old, new in _RENAMED.items():
        text = re.sub(rf"\b{old}(?=\s*\()", new, text)
    return Expression(promql.parse(text))


def read_duration(text: str) -> timedelta:
    """Return a duration such as `1h30m`; ValueError when it is none."""
    return promql.parse_duration(text)


def _nodes(node: promql.Expr, around: timedelta) -> Iterator[tuple[Any, timedelta]]:
    """Return a node and all below it, each with the ranges of the subqueries around it."""
    yield node, around
    if isinstance(node, promql.SubqueryExpr):
        around += node.range or _ZERO
    for child in _children(node):
        yield from _nodes(child, around)


def _children(node: promql.Expr) -> list[promql.Expr]:
    if isinstance(node, promql.BinaryExpr):
        return [node.lhs, node.rhs]
    if isinstance(node, promql.Call):
        return list(node.args)
    if isinstance(node, promql.AggregateExpr):
        return [one for one in (node.param, node.expr) if isinstance(one, promql.Expr)]
    if isinstance(node, promql.ParenExpr | promql.UnaryExpr | promql.SubqueryExpr):
        return [node.expr]
    return []


def _metric(selector: promql.VectorSelector) -> str:
    if selector.name:
        return selector.name
    told = [one.value for one in selector.matchers.matchers if one.name == "__name__"]
    equal = [one for one in selector.matchers.matchers if one.op == promql.MatchOp.Equal]
    return told[0] if len(told) == 1 and any(one.name == "__name__" for one in equal) else ""


def _is_vector(node: promql.Expr) -> bool:
    if isinstance(node, promql.ParenExpr | promql.UnaryExpr):
        return _is_vector(node.expr)
    if isinstance(node, promql.BinaryExpr):
        return _is_vector(node.lhs) or _is_vector(node.rhs)
    if isinstance(node, promql.Call):
        return bool(node.func.return_type == promql.ValueType.Vector)
    return isinstance(node, promql.VectorSelector | promql.AggregateExpr)


def _labels(node: promql.Expr) -> Labels:
    if isinstance(node, promql.AggregateExpr):
        return _aggregated(node)
    if isinstance(node, promql.BinaryExpr):
        return _joined(node)
    if isinstance(node, promql.Call):
        return _called(node)
    if isinstance(node, promql.ParenExpr | promql.UnaryExpr | promql.SubqueryExpr):
        return _labels(node.expr)
    return Labels()


def _aggregated(node: promql.AggregateExpr) -> Labels:
    inside = _labels(node.expr)
    if str(node.op) in _PICKS:
        return inside
    if node.modifier is None:
        found = Labels.exactly()
    elif node.modifier.type == promql.AggModifierType.By:
        found = inside.limited(node.modifier.labels)
    else:
        found = inside.without(node.modifier.labels)
    return found.added(node.param.val) if str(node.op) == "count_values" and node.param else found


def _joined(node: promql.BinaryExpr) -> Labels:
    left, right = _labels(node.lhs), _labels(node.rhs)
    if not (_is_vector(node.lhs) and _is_vector(node.rhs)):
        return left if _is_vector(node.lhs) else right
    if str(node.op) == "or":
        return left.common(right)
    how = node.modifier
    if str(node.op) in {"and", "unless"} or how is None or how.matching is None:
        return left
    if how.card == _ONE_TO_ONE:
        on = how.matching.type == promql.LabelModifierType.Include
        names = how.matching.labels
        return left.limited(names) if on else left.without(names)
    many = right if how.card == _ONE_TO_MANY else left
    return many.added(*(how.group_labels or ()))


def _called(node: promql.Call) -> Labels:
    name, args = node.func.name, list(node.args)
    if name in {"absent", "absent_over_time"}:
        return Labels.exactly(*_equal_labels(args[0]))
    inputs = [kind in _VALUES for kind in node.func.arg_types]
    series = [arg for arg, is_series in zip(args, inputs, strict=False) if is_series]
    found = _labels(series[0]) if series else Labels.exactly()
    if name in {"label_replace", "label_join"} and isinstance(args[1], promql.StringLiteral):
        return found.added(args[1].val)
    return Labels() if name == "info" else found


def _equal_labels(node: promql.Expr) -> list[str]:
    if isinstance(node, promql.ParenExpr):
        return _equal_labels(node.expr)
    selector = node.vector_selector if isinstance(node, promql.MatrixSelector) else node
    if not isinstance(selector, promql.VectorSelector):
        return []
    return [one.name for one in selector.matchers.matchers if one.op == promql.MatchOp.Equal]
