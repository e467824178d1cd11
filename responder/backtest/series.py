"""Series over a stretch of time: the values of each at evenly spaced moments."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan

from responder.backtest.nodes import Labels

__all__ = ["LOOK_BACK", "NAN", "UNIT", "Grid", "Record", "Scalar", "Value", "Vector", "present"]

NAN = float("nan")
"""No sample. A sample that is NaN counts as none: no comparison holds for it either."""

LOOK_BACK = 300
"""For how many seconds Prometheus takes the newest sample of a series for its value."""

Vector = dict[Labels, list[float]]
Scalar = float | list[float]
Value = Vector | float | list[float]
"""What an expression gives at each moment of a grid; a float where it is always the same."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Evenly spaced moments, in seconds since 1970."""

    start: int
    step: int
    count: int

    @property
    def times(self) -> range:
        """The moments."""
        return range(self.start, self.start + self.step * self.count, self.step)

    def every(self, period: int) -> "Grid":
        """Return those of the moments that are whole multiples of a period."""
        first = -(-self.start // period) * period
        end = self.start + self.step * self.count
        return Grid(first, period, max(-((first - end) // period), 0))


UNIT = Grid(0, 1, 1)
"""The one moment of what is the same at all times."""


def present(values: Iterable[float]) -> bool:
    """Tell whether there is any sample."""
    return not all(map(isnan, values))


@dataclass(slots=True)
class Record:
    """What rules have recorded under one name, back to where somebody may still look."""

    times: list[int] = field(default_factory=list)
    series: Vector = field(default_factory=dict)
    newest: Grid | None = None
    """The moments that were added last."""

    def append(self, grid: Grid, vector: Mapping[Labels, Sequence[float]]) -> None:
        """Add what came of the moments that follow."""
        known = len(self.times)
        self.newest = grid
        self.times.extend(grid.times)
        for labels, values in vector.items():
            self.series.setdefault(labels, [NAN] * known).extend(values)
        for values in self.series.values():
            values.extend([NAN] * (len(self.times) - len(values)))

    def ends_with(self, grid: Grid) -> bool:
        """Tell whether what was added last are just the moments of a grid."""
        return self.newest == grid

    def forget(self, before: int) -> None:
        """Drop what is older, and the series of which nothing is left."""
        first = bisect_left(self.times, before)
        if not first:
            return
        del self.times[:first]
        for labels, values in list(self.series.items()):
            del values[:first]
            if not values or (isnan(values[-1]) and not present(values)):
                del self.series[labels]
