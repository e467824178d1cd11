"""From the text of a PromQL expression to a tree; the only file that knows the parser."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import promql_parser

from responder.backtest.nodes import (
    Aggregate,
    Binary,
    Call,
    Leaf,
    Matching,
    Negate,
    Node,
    Number,
    Select,
    Test,
    Text,
)
from responder.errors import ResponderError

__all__ = ["ALERTS", "ExpressionError", "names_in", "parsed"]

ALERTS = "ALERTS"
"""The series in which Prometheus keeps what fires."""

_OPERATORS = {"MatchOp.Equal": "=", "MatchOp.NotEqual": "!=", "MatchOp.Re": "=~"}
_MADE_OF_NOTHING = frozenset({"absent_over_time"})
_Ways = frozenset[frozenset[str]]
_ANYWAY: _Ways = frozenset({frozenset()})
_MOST_WAYS = 64
"""More than this are not told apart: then the history is asked."""
_EVALUATED_HERE = frozenset({"absent"})
"""What the history need not be asked for: of what is not there it would have to be."""
_SELECTORS = (promql_parser.VectorSelector, promql_parser.MatrixSelector)


class ExpressionError(ResponderError):
    """The one who wrote the rule must act: it cannot be read, or not be replayed."""


def parsed(text: str, recorded: Collection[str]) -> Node:
    """Parse an expression; `recorded` are the names that other rules give.

    Raises ExpressionError with what is wrong, or with what cannot be replayed.
    """
    return _Reader({*recorded, ALERTS}).node(_parse(text))


def names_in(text: str) -> frozenset[str]:
    """Return the names of all series that an expression reads; raises ExpressionError."""
    return frozenset(_names(_parse(text)))


def _parse(text: str) -> Any:
    try:
        return promql_parser.parse(text)
    except ValueError as error:
        raise ExpressionError(f"not PromQL: {error}") from error


def _selectors(expression: Any) -> list[Any]:
    found: list[Any] = []

    def visit(one: Any) -> None:
        if isinstance(one, promql_parser.MatrixSelector):
            found.append(one.vector_selector)
        elif isinstance(one, promql_parser.VectorSelector):
            found.append(one)

    promql_parser.walk(expression, visit)
    return found


def _name(selector: Any) -> str:
    for matcher in selector.matchers.matchers:
        if matcher.name == "__name__" and str(matcher.op) == "MatchOp.Equal":
            return str(matcher.value)
    return selector.name or ""


def _names(expression: Any) -> set[str]:
    return {_name(one) for one in _selectors(expression)}


def _functions(expression: Any) -> set[str]:
    found: set[str] = set()

    def visit(one: Any) -> None:
        if isinstance(one, promql_parser.Call):
            found.add(one.func.name)

    promql_parser.walk(expression, visit)
    return found


def _ways(expression: Any) -> _Ways:
    """Return the sets of metrics of which one is needed for anything to come of it."""
    if isinstance(expression, promql_parser.MatrixSelector):
        expression = expression.vector_selector
    if isinstance(expression, promql_parser.VectorSelector):
        name = _name(expression)
        return frozenset({frozenset({name})}) if name else _ANYWAY
    if isinstance(expression, promql_parser.BinaryExpr):
        return _ways_of_both(expression)
    if isinstance(expression, promql_parser.Call):
        made_of_nothing = expression.func.name in _MADE_OF_NOTHING
        return _ANYWAY if made_of_nothing else _all_of(expression.args)
    inner = getattr(expression, "expr", None)
    return _ANYWAY if inner is None else _ways(inner)


def _ways_of_both(expression: Any) -> _Ways:
    if str(expression.op) == "or":
        return _few(_ways(expression.lhs) | _ways(expression.rhs))
    if str(expression.op) == "unless":
        return _ways(expression.lhs)
    return _all_of((expression.lhs, expression.rhs))


def _all_of(expressions: Iterable[Any]) -> _Ways:
    found = _ANYWAY
    for one in expressions:
        found = _few(frozenset(way | other for way in found for other in _ways(one)))
    return found


def _few(ways: _Ways) -> _Ways:
    return ways if len(ways) <= _MOST_WAYS else _ANYWAY


def _is_vector(expression: Any) -> bool:
    """Tell a vector from a scalar, a string and a range."""
    match expression:
        case promql_parser.ParenExpr() | promql_parser.UnaryExpr():
            return _is_vector(expression.expr)
        case promql_parser.BinaryExpr():
            return _is_vector(expression.lhs) or _is_vector(expression.rhs)
        case promql_parser.Call():
            return str(expression.func.return_type) == "ValueType.Vector"
    return isinstance(expression, promql_parser.AggregateExpr | promql_parser.VectorSelector)


class _Reader:
    """Turns the parser's nodes into ours."""

    def __init__(self, recorded: Collection[str]) -> None:
        self._recorded = frozenset(recorded)

    def node(self, expression: Any) -> Node:
        if isinstance(expression, promql_parser.ParenExpr):
            return self.node(expression.expr)
        names, functions = _names(expression), _functions(expression)
        known = names & self._recorded
        asked = names or functions - {"vector", "scalar"}
        ours = known or functions & _EVALUATED_HERE
        if asked and not ours and _is_vector(expression):
            return Leaf(expression.prettify(), frozenset(names), _ways(expression))
        read = _READERS.get(type(expression))
        if read is None:
            what = type(expression).__name__.removesuffix("Expr").lower()
            over = ", ".join(sorted(known or names))
            raise ExpressionError(f"a {what} over {over} cannot be replayed: {_brief(expression)}")
        return read(self, expression)

    def number(self, expression: Any) -> Node:
        return Number(expression.prettify(), float(expression.val))

    def string(self, expression: Any) -> Node:
        return Text(expression.prettify(), expression.val)

    def vector(self, expression: Any) -> Node:
        return self._select(expression, expression, None)

    def matrix(self, expression: Any) -> Node:
        seconds = int(expression.range.total_seconds())
        return self._select(expression, expression.vector_selector, seconds)

    def _select(self, expression: Any, selector: Any, window: int | None) -> Node:
        if selector.at is not None or selector.matchers.or_matchers:
            raise ExpressionError(f"`@` and `or` cannot be replayed: {_brief(expression)}")
        tests = tuple(
            Test(one.name, _OPERATORS.get(str(one.op), "!~"), one.value)
            for one in selector.matchers.matchers
            if one.name != "__name__"
        )
        offset = int(selector.offset.total_seconds()) if selector.offset else 0
        return Select(expression.prettify(), _name(selector), tests, offset, window)

    def unary(self, expression: Any) -> Node:
        return Negate(expression.prettify(), self.node(expression.expr))

    def binary(self, expression: Any) -> Node:
        modifier = expression.modifier
        return Binary(
            expression.prettify(),
            str(expression.op),
            self.node(expression.lhs),
            self.node(expression.rhs),
            _matching(modifier),
            bool(modifier and modifier.return_bool),
        )

    def aggregate(self, expression: Any) -> Node:
        modifier = expression.modifier
        return Aggregate(
            expression.prettify(),
            str(expression.op),
            self.node(expression.expr),
            modifier is None or str(modifier.type) == "AggModifierType.By",
            tuple(modifier.labels) if modifier else (),
            None if expression.param is None else self.node(expression.param),
        )

    def call(self, expression: Any) -> Node:
        arguments = tuple(self.node(one) for one in expression.args)
        if expression.func.name == "absent":
            arguments = (*arguments, *_said(expression.args[0]))
        return Call(expression.prettify(), expression.func.name, arguments)


_READERS: Mapping[type, Callable[[_Reader, Any], Node]] = {
    promql_parser.NumberLiteral: _Reader.number,
    promql_parser.StringLiteral: _Reader.string,
    promql_parser.VectorSelector: _Reader.vector,
    promql_parser.MatrixSelector: _Reader.matrix,
    promql_parser.UnaryExpr: _Reader.unary,
    promql_parser.BinaryExpr: _Reader.binary,
    promql_parser.AggregateExpr: _Reader.aggregate,
    promql_parser.Call: _Reader.call,
}


def _said(expression: Any) -> list[Text]:
    """Return the labels that a selector names one by one: those of what is absent."""
    if not isinstance(expression, promql_parser.VectorSelector):
        return []
    matchers = [one for one in expression.matchers.matchers if one.name != "__name__"]
    said = [one for one in matchers if str(one.op) == "MatchOp.Equal"]
    return [Text(text, text) for one in said for text in (one.name, one.value)]


def _matching(modifier: Any) -> Matching:
    if modifier is None:
        return Matching()
    cardinality = str(modifier.card)
    group = {
        "VectorMatchCardinality.ManyToOne": "left",
        "VectorMatchCardinality.OneToMany": "right",
    }.get(cardinality, "")
    include = tuple(modifier.group_labels or ())
    matching = modifier.matching
    if matching is None:
        return Matching(group=group, include=include)
    on = str(matching.type) == "LabelModifierType.Include"
    return Matching(on, tuple(matching.labels), group, include)


def _brief(expression: Any) -> str:
    return " ".join(expression.prettify().split())[:120]
