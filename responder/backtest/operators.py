"""Operators between two sides, as Prometheus defines them, on whole stretches at once."""

import math
from collections.abc import Callable, Iterable, Mapping
from math import isnan

from responder.backtest.nodes import Binary, Labels, Matching
from responder.backtest.parsing import ExpressionError
from responder.backtest.series import NAN, Scalar, Value, Vector, present

__all__ = ["joined", "merged", "negated"]

_Two = Callable[[float, float], float]
_Lists = Callable[[list[float], list[float]], list[float]]


def _quotient(left: float, right: float) -> float:
    try:
        return left / right
    except ZeroDivisionError:
        if isnan(left) or not left:
            return NAN
        return math.copysign(math.inf, left) * math.copysign(1, right)


def _remainder(left: float, right: float) -> float:
    try:
        return math.fmod(left, right)
    except ValueError:
        return NAN


def _power(left: float, right: float) -> float:
    try:
        return math.pow(left, right)
    except OverflowError:
        return math.inf
    except ValueError:
        return NAN


_ARITHMETIC: Mapping[str, _Two] = {
    "+": float.__add__,
    "-": float.__sub__,
    "*": float.__mul__,
    "/": _quotient,
    "%": _remainder,
    "^": _power,
    "atan2": math.atan2,
}

# Written out, because a call for each of a million samples would cost more than all the rest.
_COMPARED: Mapping[str, _Lists] = {
    ">": lambda a, b: [x if x > y else NAN for x, y in zip(a, b, strict=True)],
    "<": lambda a, b: [x if x < y else NAN for x, y in zip(a, b, strict=True)],
    ">=": lambda a, b: [x if x >= y else NAN for x, y in zip(a, b, strict=True)],
    "<=": lambda a, b: [x if x <= y else NAN for x, y in zip(a, b, strict=True)],
    "==": lambda a, b: [x if x == y else NAN for x, y in zip(a, b, strict=True)],
    "!=": lambda a, b: [x if x < y or x > y else NAN for x, y in zip(a, b, strict=True)],
}
_TURNED = {">": "<", "<": ">", ">=": "<=", "<=": ">=", "==": "==", "!=": "!="}


def negated(value: Value) -> Value:
    """Change the sign."""
    if isinstance(value, dict):
        return {labels: [-one for one in values] for labels, values in value.items()}
    return [-one for one in value] if isinstance(value, list) else -value


def joined(node: Binary, left: Value, right: Callable[[], Value]) -> Value:
    """Apply an operator; the right side is only asked for where it can make a difference."""
    if node.operator in _SETS:
        return _SETS[node.operator](node.matching, _vector(node, left), right, node)
    if isinstance(left, dict):
        if not left:
            return {}
        other = right()
        if isinstance(other, dict):
            return _matched(node, left, other)
        return {
            labels: result
            for labels, values in left.items()
            if present(result := _with_scalar(node, values, other))
        }
    other = right()
    if isinstance(other, dict):
        return {
            labels: result
            for labels, values in other.items()
            if present(result := _from_scalar(node, left, values))
        }
    return _scalars(node, left, other)


def _vector(node: Binary, value: Value) -> Vector:
    if not isinstance(value, dict):
        raise ExpressionError(f"`{node.operator}` needs series on both sides: {node.text[:120]}")
    return value


# a vector and a number


def _spread(scalar: Scalar, count: int) -> list[float]:
    return scalar if isinstance(scalar, list) else [scalar] * count


def _elements(node: Binary, a: list[float], b: list[float]) -> list[float]:
    """Apply the operator element by element; the left value stays where a comparison holds."""
    compare = _COMPARED.get(node.operator)
    if compare is None:
        return list(map(_ARITHMETIC[node.operator], a, b))
    kept = compare(a, b)
    return _as_bool(kept, a, b) if node.as_bool else kept


def _as_bool(kept: list[float], a: list[float], b: list[float]) -> list[float]:
    return [
        NAN if isnan(x) or isnan(y) else float(not isnan(one))
        for one, x, y in zip(kept, a, b, strict=True)
    ]


def _with_scalar(node: Binary, values: list[float], scalar: Scalar) -> list[float]:
    return _elements(node, values, _spread(scalar, len(values)))


def _from_scalar(node: Binary, scalar: Scalar, values: list[float]) -> list[float]:
    """Apply it with the number on the left: a comparison keeps the value of the series."""
    turned = _TURNED.get(node.operator)
    spread = _spread(scalar, len(values))
    if turned is None:
        return _elements(node, spread, values)
    kept = _COMPARED[turned](values, spread)
    return _as_bool(kept, values, spread) if node.as_bool else kept


def _scalars(node: Binary, left: Scalar, right: Scalar) -> Scalar:
    if isinstance(left, float) and isinstance(right, float):
        return _elements(node, [left], [right])[0]
    count = len(left) if isinstance(left, list) else len(right) if isinstance(right, list) else 1
    return _elements(node, _spread(left, count), _spread(right, count))


# two vectors


def merged(lists: Iterable[list[float]]) -> list[float]:
    """Return, at each moment, the first that has a sample."""
    found = list(lists)
    result = found[0]
    for other in found[1:]:
        result = [y if isnan(x) else x for x, y in zip(result, other, strict=True)]
    return result


def _keyed(vector: Vector, matching: Matching) -> dict[Labels, list[Labels]]:
    found: dict[Labels, list[Labels]] = {}
    for labels in vector:
        found.setdefault(matching.key(labels), []).append(labels)
    return found


def _matched(node: Binary, left: Vector, right: Vector) -> Vector:
    """Join each series with its one counterpart; where series follow one another, with all."""
    matching = node.matching
    turned = matching.group == "right"
    many, one = (right, left) if turned else (left, right)
    counterparts = _keyed(one, matching)
    result: dict[Labels, list[list[float]]] = {}
    for labels, values in many.items():
        key = matching.key(labels)
        for counterpart in counterparts.get(key, ()):
            sides = (one[counterpart], values) if turned else (values, one[counterpart])
            found = _elements(node, *sides)
            if present(found):
                target = _result_labels(matching, labels, counterpart, key)
                result.setdefault(target, []).append(found)
    return {labels: merged(lists) for labels, lists in result.items()}


def _result_labels(matching: Matching, many: Labels, one: Labels, key: Labels) -> Labels:
    if not matching.group:
        return key
    known, given = dict(many), dict(one)
    for name in matching.include:
        known.pop(name, None)
        if given.get(name):
            known[name] = given[name]
    return tuple(sorted(known.items()))


_Set = Callable[[Matching, Vector, Callable[[], Value], Binary], Vector]


def _both(matching: Matching, left: Vector, right: Callable[[], Value], node: Binary) -> Vector:
    if not left:
        return {}
    other = _vector(node, right())
    keys = _keyed(other, matching)
    result = {}
    for labels, values in left.items():
        found = keys.get(matching.key(labels))
        if found:
            there = merged(other[one] for one in found)
            kept = [NAN if isnan(y) else x for x, y in zip(values, there, strict=True)]
            if present(kept):
                result[labels] = kept
    return result


def _unless(matching: Matching, left: Vector, right: Callable[[], Value], node: Binary) -> Vector:
    if not left:
        return {}
    other = _vector(node, right())
    keys = _keyed(other, matching)
    result = {}
    for labels, values in left.items():
        found = keys.get(matching.key(labels))
        kept = values
        if found:
            there = merged(other[one] for one in found)
            kept = [x if isnan(y) else NAN for x, y in zip(values, there, strict=True)]
        if present(kept):
            result[labels] = kept
    return result


def _either(matching: Matching, left: Vector, right: Callable[[], Value], node: Binary) -> Vector:
    other = _vector(node, right())
    keys = _keyed(left, matching)
    result = dict(left)
    for labels, values in other.items():
        found = keys.get(matching.key(labels))
        added = values
        if found:
            there = merged(left[one] for one in found)
            added = [x if isnan(y) else NAN for x, y in zip(values, there, strict=True)]
        if present(added):
            result[labels] = merged([result[labels], added]) if labels in result else added
    return result


_SETS: Mapping[str, _Set] = {"and": _both, "unless": _unless, "or": _either}
