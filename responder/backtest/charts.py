"""What is drawn of a past: a few series, thinned to what a screen can show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, isfinite

from responder.backtest.rules import Rule
from responder.backtest.series import Grid, Vector

__all__ = ["CHARTS", "ENGAGED", "Charts", "Line", "chart_rules"]

BUCKETS = 1_200
"""Columns of a chart: as many as a wide screen has points, more would not be seen."""

_PREFIX = "backtest:"
ENGAGED = "engaged"

_LOAD_BOUND = (
    "max by (site) (instance:threshold_load:{0} or instance:node_load1_per_core:ratio * 0"
    ' + scalar(mitigation:threshold:global{{signal="load",bound="{0}"}}))'
)
_REQUESTS_BOUND = (
    "max by (site) (site:threshold_http_ratio:{} * on (site) site:http_requests:baseline)"
)
CHARTS: Mapping[str, str] = {
    "requests": "max by (site) (site:http_requests:rate1m)",
    "requests_baseline": "max by (site) (site:http_requests:baseline)",
    "requests_upper": _REQUESTS_BOUND.format("upper"),
    "requests_lower": _REQUESTS_BOUND.format("lower"),
    "load": "max by (site) (instance:node_load1_per_core:ratio)",
    "load_baseline": "max by (site) (instance:node_load1_per_core:baseline)",
    "load_upper": _LOAD_BOUND.format("upper"),
    "load_lower": _LOAD_BOUND.format("lower"),
    ENGAGED: "max by (site) (responder_mitigation_engaged)",
}
"""What is drawn, by name: all of them are series of sites."""


def chart_rules() -> list[Rule]:
    """Return rules that record what is drawn."""
    return [Rule(_PREFIX + name, text, alerting=False, labels={}) for name, text in CHARTS.items()]


@dataclass(slots=True)
class Line:
    """The least and the greatest value in each column, infinite the wrong way where none is."""

    low: list[float]
    high: list[float]


@dataclass
class Charts:
    """Collects what is drawn while it is evaluated."""

    start: int
    end: int
    lines: dict[str, dict[str, Line]] = field(default_factory=dict)
    """By site and name."""
    engaged: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    """When mitigations of a site were really on, by site, in seconds since 1970."""

    @property
    def width(self) -> float:
        """Seconds of a column."""
        return (self.end - self.start) / BUCKETS

    def observe(self, name: str, grid: Grid, vector: Vector) -> None:
        """Take what was recorded over a stretch, if it is to be drawn."""
        if not name.startswith(_PREFIX):
            return
        name = name.removeprefix(_PREFIX)
        for labels, values in vector.items():
            site = dict(labels).get("site", "")
            if name == ENGAGED:
                self._engage(site, grid, values)
            elif site:
                self._draw(site, name, grid, values)

    def _draw(self, site: str, name: str, grid: Grid, values: Sequence[float]) -> None:
        lines = self.lines.setdefault(site, {})
        line = lines.get(name)
        if line is None:
            line = lines[name] = Line([inf] * BUCKETS, [-inf] * BUCKETS)
        low, high, width = line.low, line.high, self.width
        for moment, value in zip(grid.times, values, strict=True):
            if self.start <= moment < self.end and isfinite(value):
                column = int((moment - self.start) / width)
                low[column] = min(low[column], value)
                high[column] = max(high[column], value)

    def _engage(self, site: str, grid: Grid, values: Sequence[float]) -> None:
        spans = self.engaged.setdefault(site, [])
        for moment, value in zip(grid.times, values, strict=True):
            if value != 1 or not self.start <= moment < self.end:
                continue
            until = min(moment + grid.step, self.end)
            if spans and spans[-1][1] >= moment:
                spans[-1] = (spans[-1][0], until)
            else:
                spans.append((moment, until))
