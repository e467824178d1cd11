"""A dataset's `filter`: bounds in time, which become a window, and tests of dimensions."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from responder.simulator.analytics.datasets import Dataset
from responder.simulator.analytics.language import QueryError, Value
from responder.simulator.analytics.windows import TIMES, Record

__all__ = ["Test", "bounds", "tests"]

Test = Callable[[Record], bool]

_Compare = Callable[[object, Value], bool]


def bounds(filters: Mapping[str, Value], dataset: Dataset) -> tuple[datetime, datetime | None]:
    """Find the window in the filter, also where AND nests it; without a beginning it is refused."""
    starts: list[datetime] = []
    ends: list[datetime] = []
    for each in _flat(filters):
        for key, value in each.items():
            name, operator = _split(key)
            if name in TIMES and dataset.timed and operator in {"geq", "gt", "lt", "leq"}:
                kept = starts if operator in {"geq", "gt"} else ends
                kept.append(_moment(key, value))
    if not starts:
        raise QueryError(f"{dataset.name}: filter by time with datetime_geq and datetime_lt")
    return max(starts), min(ends, default=None)


def tests(filters: Mapping[str, Value], dataset: Dataset) -> Test:
    """Build the test for all that is not a bound in time."""
    made = [_test(key, value, dataset) for key, value in filters.items()]
    return lambda record: all(test(record) for test in made)


def _test(key: str, value: Value, dataset: Dataset) -> Test:
    if key in {"AND", "OR"}:
        each = [tests(part, dataset) for part in _objects(key, value)]
        together = all if key == "AND" else any
        return lambda record: together(test(record) for test in each)
    name, operator = _split(key)
    if name in TIMES and dataset.timed:
        return lambda _record: True
    if name not in dataset.dimensions or operator not in _OPERATORS:
        raise QueryError(f"{dataset.name}: unknown filter {key!r}")
    compare = _OPERATORS[operator]
    return lambda record: compare(record.dimensions.get(name), value)


def _flat(filters: Mapping[str, Value]) -> list[Mapping[str, Value]]:
    nested = [part for each in _objects("AND", filters.get("AND", [])) for part in _flat(each)]
    return [filters, *nested]


def _objects(key: str, value: Value) -> list[dict[str, Value]]:
    if not isinstance(value, list):
        raise QueryError(f"{key} takes a list of filters")
    objects = [each for each in value if isinstance(each, dict)]
    if len(objects) != len(value):
        raise QueryError(f"{key} takes a list of filters")
    return objects


def _split(key: str) -> tuple[str, str]:
    name, _, operator = key.rpartition("_")
    return (name, operator) if name else (key, "")


def _moment(key: str, value: Value) -> datetime:
    try:
        at = datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError as error:
        raise QueryError(f"{key}: {value!r} is no time") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _same(actual: object, value: Value) -> bool:
    return str(actual) == str(value)


def _among(actual: object, value: Value) -> bool:
    return isinstance(value, list) and any(_same(actual, each) for each in value)


def _like(actual: object, value: Value) -> bool:
    pattern = "".join(".*" if c == "%" else "." if c == "_" else re.escape(c) for c in str(value))
    return re.fullmatch(pattern, str(actual)) is not None


def _order(actual: object, value: Value) -> int:
    try:
        return _sign(float(str(actual)), float(str(value)))
    except ValueError:
        return (str(actual) > str(value)) - (str(actual) < str(value))


def _sign(left: float, right: float) -> int:
    return (left > right) - (left < right)


_OPERATORS: Mapping[str, _Compare] = {
    "": _same,
    "neq": lambda actual, value: not _same(actual, value),
    "in": _among,
    "notin": lambda actual, value: not _among(actual, value),
    "like": _like,
    "notlike": lambda actual, value: not _like(actual, value),
    "gt": lambda actual, value: _order(actual, value) > 0,
    "geq": lambda actual, value: _order(actual, value) >= 0,
    "lt": lambda actual, value: _order(actual, value) < 0,
    "leq": lambda actual, value: _order(actual, value) <= 0,
}
