"""Evaluating an expression over a stretch of time, from what rules have recorded so far."""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import isnan
from typing import Protocol

from responder.backtest.functions import OVER_TIME, PLAIN, aggregated, label_replaced, quantile
from responder.backtest.nodes import (
    Aggregate,
    Binary,
    Call,
    Labels,
    Leaf,
    Negate,
    Node,
    Number,
    Select,
    Text,
    walked,
)
from responder.backtest.operators import joined, negated
from responder.backtest.parsing import ALERTS, ExpressionError
from responder.backtest.series import LOOK_BACK, NAN, UNIT, Grid, Record, Value, Vector, present

__all__ = ["At", "Evaluation"]

_Windows = list[tuple[int, int]]


class Known(Protocol):
    """Whoever knows what an expression gives."""

    def value(self, node: Node, grid: Grid) -> Value:
        """Return what an expression gives at each moment of a grid."""
        ...


class At:
    """One moment of what is known of a stretch."""

    def __init__(self, known: "Evaluation", grid: Grid, at: int) -> None:
        self._known, self._grid, self._at = known, grid, at

    def value(self, node: Node, _grid: Grid) -> Value:
        """Return what an expression gives at this moment."""
        value = self._known.value(node, self._grid)
        if isinstance(value, dict):
            return {
                labels: [values[self._at]]
                for labels, values in value.items()
                if not isnan(values[self._at])
            }
        return value[self._at] if isinstance(value, list) else value


class Evaluation:
    """Evaluates expressions over one stretch; what is the same in several is evaluated once."""

    def __init__(
        self,
        records: Mapping[str, Record],
        constants: Mapping[str, Vector],
        leaves: Callable[[Leaf, Grid], Vector],
    ) -> None:
        """Take what there is: series over time, series that never change, and the history."""
        self._records = records
        self._constants = constants
        self._leaves = leaves
        self._parent: Known | None = None
        self._is_shared: Callable[[Node], bool] = _never
        self._known: dict[tuple[str, Grid], Value] = {}
        self._constant: dict[str, bool] = {}
        self._newest: dict[tuple[str, Grid, int], list[int]] = {}
        self._windows: dict[tuple[str, Grid, int, int], _Windows] = {}

    def defer_to(self, parent: Known, is_shared: Callable[[Node], bool]) -> None:
        """Ask another one for what is shared with it, who may know it already."""
        self._parent, self._is_shared = parent, is_shared

    def during(self, alerts: Vector, moments: Grid, at: int) -> "Evaluation":
        """Return one for a single moment at which these alerts fire."""
        moment = moments.times[at]
        firing = Record()
        firing.append(Grid(moment, 1, 1), alerts)
        found = Evaluation({ALERTS: firing}, self._constants, self._leaves)
        found.defer_to(At(self, moments, at), _fires_not)
        return found

    def value(self, node: Node, grid: Grid) -> Value:
        """Return what an expression gives at each moment of a grid."""
        if isinstance(node, Number):
            return node.value
        if grid is not UNIT and self.is_constant(node):
            return _broadcast(self.value(node, UNIT), grid.count)
        key = (node.text, grid)
        if key not in self._known:
            if self._parent is not None and self._is_shared(node):
                self._known[key] = self._parent.value(node, grid)
            else:
                self._known[key] = self._evaluated(node, grid)
        return self._known[key]

    def vector(self, node: Node, grid: Grid) -> Vector:
        """Return the series that an expression gives; of a number, the series without labels."""
        value = self.value(node, grid)
        if isinstance(value, dict):
            return value
        return {(): value if isinstance(value, list) else [value] * grid.count}

    def is_constant(self, node: Node) -> bool:
        """Tell whether it is the same at all times."""
        known = self._constant.get(node.text)
        if known is None:
            if isinstance(node, Select):
                known = node.name in self._constants
            elif isinstance(node, Leaf) or (isinstance(node, Call) and node.function == "time"):
                known = False
            else:
                known = all(map(self.is_constant, node.children))
            self._constant[node.text] = known
        return known

    def _evaluated(self, node: Node, grid: Grid) -> Value:
        match node:
            case Leaf():
                return self._leaves(node, grid)
            case Select():
                return self._selected(node, grid)
            case Negate():
                return negated(self.value(node.inner, grid))
            case Binary():
                left = self.value(node.left, grid)
                return joined(node, left, lambda: self.value(node.right, grid))
            case Aggregate():
                return self._aggregated(node, grid)
            case Call():
                return self._called(node, grid)
        raise ExpressionError(f"cannot be replayed: {node.text[:120]}")

    # series that rules have recorded

    def _selected(self, node: Select, grid: Grid) -> Vector:
        if node.name in self._constants:
            return _matching(self._constants[node.name], node)
        record = self._records.get(node.name)
        if record is None:
            return {}
        series = _matching(record.series, node)
        if not series:
            return {}
        newest = self._newest_at(node, record, grid)
        found = {}
        for labels, values in series.items():
            there = [values[at] if at >= 0 else NAN for at in newest]
            if present(there):
                found[labels] = there
        return found

    def _newest_at(self, node: Select, record: Record, grid: Grid) -> list[int]:
        """Return where the newest sample of each moment is; -1 where there is none."""
        key = (node.name, grid, node.offset)
        found = self._newest.get(key)
        if found is None and record.ends_with(grid) and not node.offset:
            known = len(record.times)
            found = self._newest[key] = list(range(known - grid.count, known))
        if found is None:
            times = record.times
            at = bisect_right(times, grid.start - node.offset) - 1
            found = []
            for moment in grid.times:
                wanted = moment - node.offset
                while at + 1 < len(times) and times[at + 1] <= wanted:
                    at += 1
                there = at >= 0 and times[at] > wanted - LOOK_BACK
                found.append(at if there else -1)
            self._newest[key] = found
        return found

    def _windows_at(self, node: Select, record: Record, grid: Grid, width: int) -> _Windows:
        """Return where the samples of each moment's range begin and end; its left edge is out."""
        key = (node.name, grid, node.offset, width)
        found = self._windows.get(key)
        if found is None:
            times, count = record.times, len(record.times)
            last = grid.start - node.offset
            low, high = bisect_right(times, last - width), bisect_right(times, last)
            found = []
            for moment in grid.times:
                end = moment - node.offset
                while low < count and times[low] <= end - width:
                    low += 1
                while high < count and times[high] <= end:
                    high += 1
                found.append((low, high))
            self._windows[key] = found
        return found

    def _over_time(self, node: Call, select: Select, grid: Grid) -> Vector:
        """Apply a function to the samples of each moment's range."""
        fold = OVER_TIME.get(node.function)
        if node.function == "quantile_over_time":
            fold = partial(quantile, self._number(node.arguments[0]))
        if fold is None:
            what = f"`{node.function}` over the recorded series {select.name}"
            raise ExpressionError(f"{what} cannot be replayed")
        if select.name in self._constants:
            same = _matching(self._constants[select.name], select)
            return {labels: [fold(values)] for labels, values in same.items()}
        record = self._records.get(select.name)
        series = _matching(record.series, select) if record else {}
        if record is None or not series:
            return {}
        windows = self._windows_at(select, record, grid, select.window or LOOK_BACK)
        last = node.function == "last_over_time"
        result = {}
        for labels, values in series.items():
            found = _last(values, windows) if last else _folded(values, windows, fold)
            if present(found):
                result[labels] = found
        return result

    # functions

    def _aggregated(self, node: Aggregate, grid: Grid) -> Vector:
        inner = self.vector(node.inner, grid)
        parameter = None if node.parameter is None else self._number(node.parameter)
        return aggregated(node, inner, parameter) if inner else {}

    def _number(self, node: Node) -> float:
        value = self.value(node, UNIT) if self.is_constant(node) else None
        if not isinstance(value, float):
            raise ExpressionError(f"not a constant number: {node.text[:120]}")
        return value

    def _called(self, node: Call, grid: Grid) -> Value:
        ranges = [one for one in node.arguments if isinstance(one, Select) and one.window]
        if ranges:
            return self._over_time(node, ranges[0], grid)
        if node.function == "time":
            return [float(moment) for moment in grid.times]
        call = _CALLS.get(node.function)
        if call is not None:
            return call(self, node, grid)
        plain = PLAIN.get(node.function)
        if plain is None:
            raise ExpressionError(f"`{node.function}` over recorded series cannot be replayed")
        inner = self.vector(node.arguments[0], grid)
        return {labels: list(map(plain, values)) for labels, values in inner.items()}

    def as_scalar(self, node: Call, grid: Grid) -> Value:
        """Make a number of a single series, none of any other count of series."""
        inner = self.vector(node.arguments[0], grid)
        if len(inner) == 1:
            values = next(iter(inner.values()))
        else:
            columns = zip(*inner.values(), strict=True) if inner else [()] * grid.count
            found = [[one for one in column if not isnan(one)] for column in columns]
            values = [one[0] if len(one) == 1 else NAN for one in found]
        return values[0] if grid is UNIT else values

    def as_vector(self, node: Call, grid: Grid) -> Value:
        """Make a series without labels of a number."""
        return self.vector(node.arguments[0], grid)

    def absence(self, node: Call, grid: Grid) -> Value:
        """Return 1 while there is no series."""
        inner = self.vector(node.arguments[0], grid)
        said = [one.value for one in node.arguments[1:] if isinstance(one, Text)]
        labels = tuple(sorted(zip(said[::2], said[1::2], strict=True)))
        if not inner:
            return {labels: [1.0] * grid.count}
        columns = zip(*inner.values(), strict=True)
        values = [1.0 if all(map(isnan, column)) else NAN for column in columns]
        return {labels: values} if present(values) else {}

    def clamped(self, node: Call, grid: Grid) -> Value:
        """Keep values within bounds."""
        inner = self.vector(node.arguments[0], grid)
        bounds = [self._number(one) for one in node.arguments[1:]]
        low = bounds[0] if node.function != "clamp_max" else float("-inf")
        high = bounds[-1] if node.function != "clamp_min" else float("inf")
        return {
            labels: [one if isnan(one) else max(low, min(high, one)) for one in values]
            for labels, values in inner.items()
        }

    def relabelled(self, node: Call, grid: Grid) -> Value:
        """Set a label by another one."""
        inner = self.vector(node.arguments[0], grid)
        texts = [one.value for one in node.arguments[1:] if isinstance(one, Text)]
        to, template, source, pattern = texts
        return label_replaced(inner, to, template, source, pattern)


_CALLS: Mapping[str, Callable[[Evaluation, Call, Grid], Value]] = {
    "scalar": Evaluation.as_scalar,
    "vector": Evaluation.as_vector,
    "absent": Evaluation.absence,
    "clamp": Evaluation.clamped,
    "clamp_min": Evaluation.clamped,
    "clamp_max": Evaluation.clamped,
    "label_replace": Evaluation.relabelled,
}


def _fires_not(node: Node) -> bool:
    """Tell whether an expression is the same whatever fires."""
    return not any(isinstance(one, Select) and one.name == ALERTS for one in walked(node))


def _never(_node: Node) -> bool:
    """Share nothing."""
    return False


def _broadcast(value: Value, count: int) -> Value:
    if isinstance(value, dict):
        return {labels: values * count for labels, values in value.items()}
    return value if isinstance(value, float) else value[0]


def _matching(series: Vector, node: Select) -> Vector:
    if not node.tests:
        return series
    return {labels: values for labels, values in series.items() if _all_hold(node, labels)}


def _all_hold(node: Select, labels: Labels) -> bool:
    known = dict(labels)
    return all(test.holds(known) for test in node.tests)


def _last(values: Sequence[float], windows: _Windows) -> list[float]:
    """Return the newest sample of each range."""
    found: list[float] = []
    at = -1
    looked = windows[0][0] if windows else 0
    for low, high in windows:
        while looked < high:
            if not isnan(values[looked]):
                at = looked
            looked += 1
        found.append(values[at] if at >= low else NAN)
    return found


def _folded(
    values: Sequence[float], windows: _Windows, fold: Callable[[Sequence[float]], float]
) -> list[float]:
    """Fold the samples of each range; ranges that are the same as the one before cost nothing."""
    found: list[float] = []
    whole = not any(map(isnan, values))
    before, result = (-1, -1), NAN
    for window in windows:
        if window != before:
            samples = values[window[0] : window[1]]
            if not whole:
                samples = [one for one in samples if not isnan(one)]
            before, result = window, fold(samples) if samples else NAN
        found.append(result)
    return found
