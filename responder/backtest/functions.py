"""Functions and aggregations, as Prometheus defines them, on whole stretches at once."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import isnan
from statistics import pstdev, pvariance

from responder.backtest.nodes import Aggregate, Labels
from responder.backtest.parsing import ExpressionError
from responder.backtest.series import NAN, Vector

__all__ = ["OVER_TIME", "PLAIN", "aggregated", "label_replaced", "quantile"]


def quantile(q: float, values: Sequence[float]) -> float:
    """Return a quantile, interpolated between the two nearest values."""
    if not values or isnan(q):
        return NAN
    if not 0 <= q <= 1:
        return math.copysign(math.inf, q - 0.5)
    ordered = sorted(values)
    rank = q * (len(ordered) - 1)
    low = int(rank)
    high = min(low + 1, len(ordered) - 1)
    weight = rank - low
    return ordered[low] * (1 - weight) + ordered[high] * weight


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


_Fold = Callable[[Sequence[float]], float]
_GROUPS: Mapping[str, _Fold] = {
    "sum": sum,
    "min": min,
    "max": max,
    "avg": _mean,
    "count": lambda values: float(len(values)),
    "group": lambda _: 1.0,
    "stddev": pstdev,
    "stdvar": pvariance,
}

OVER_TIME: Mapping[str, _Fold] = {
    "avg_over_time": _mean,
    "min_over_time": min,
    "max_over_time": max,
    "sum_over_time": sum,
    "count_over_time": lambda values: float(len(values)),
    "present_over_time": lambda _: 1.0,
    "last_over_time": lambda values: values[-1],
    "stddev_over_time": pstdev,
    "stdvar_over_time": pvariance,
}
"""What is made of the samples of a range; never called without any."""

PLAIN: Mapping[str, Callable[[float], float]] = {
    "abs": abs,
    "ceil": lambda value: float(math.ceil(value)) if math.isfinite(value) else value,
    "floor": lambda value: float(math.floor(value)) if math.isfinite(value) else value,
    "sgn": lambda value: value if isnan(value) else float((value > 0) - (value < 0)),
    "sqrt": lambda value: math.sqrt(value) if value >= 0 else NAN,
}
"""Functions of one value."""

_SAME_FOR_ONE = frozenset({"sum", "min", "max", "avg"})


def aggregated(node: Aggregate, vector: Vector, parameter: float | None) -> Vector:
    """Make one series of each group; raises ExpressionError for an operator not known here."""
    if node.operator == "quantile" and parameter is not None:
        fold: _Fold = partial(quantile, parameter)
    elif node.operator in _GROUPS:
        fold = _GROUPS[node.operator]
    else:
        raise ExpressionError(f"`{node.operator}` over recorded series cannot be replayed")
    groups: dict[Labels, list[list[float]]] = {}
    for labels, values in vector.items():
        groups.setdefault(node.group(labels), []).append(values)
    return {labels: _folded(node.operator, fold, lists) for labels, lists in groups.items()}


def _folded(operator: str, fold: _Fold, lists: list[list[float]]) -> list[float]:
    if len(lists) == 1 and operator in _SAME_FOR_ONE:
        return lists[0]
    return [
        fold(found) if (found := [one for one in column if not isnan(one)]) else NAN
        for column in zip(*lists, strict=True)
    ]


def label_replaced(vector: Vector, to: str, template: str, source: str, pattern: str) -> Vector:
    """Set a label of those series whose source label the pattern matches as a whole."""
    matcher = re.compile(pattern)
    result: Vector = {}
    for labels, values in vector.items():
        known = dict(labels)
        found = matcher.fullmatch(known.get(source, ""))
        if found is not None:
            known[to] = found.expand(re.sub(r"\$(?:(\d+)|\{(\w+)\})", r"\\g<\1\2>", template))
            if not known[to]:
                del known[to]
        result[tuple(sorted(known.items()))] = values
    return result
