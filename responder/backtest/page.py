"""One page about an outcome: opens without a network, holds all that it shows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil, isfinite, log10

from jinja2 import Environment, PackageLoader

from responder.backtest.charts import BUCKETS, Line
from responder.backtest.marks import Span
from responder.backtest.outcome import Outcome, moment
from responder.backtest.summary import fired, real_spans, stretches
from responder.settings import format_duration

__all__ = ["page"]

WIDTH, HEIGHT = 1_200, 160
LEFT, BOTTOM = 56, 18
ROW = 16
MOST_STRETCHES = 500
"""Rows of the table of stretches; a page of which nobody reads the end helps nobody."""

_APART = 0.5
_TICKS = 10
_STEPS = tuple(
    timedelta(**{unit: count})
    for unit, counts in (
        ("minutes", (1, 5, 15, 30)),
        ("hours", (1, 3, 6, 12)),
        ("days", (1, 2, 7, 14, 28)),
    )
    for count in counts
)


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch, on the axis of time."""

    x: float
    width: float
    title: str


@dataclass(frozen=True, slots=True)
class Row:
    """Stretches of one kind."""

    name: str
    kind: str
    """Its colour's class: `on`, `real`, `attack`, `trigger` or `informs`."""
    bars: Sequence[Bar]


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart."""

    title: str
    unit: str
    area: str
    """The measured values, from the least to the greatest of each column, as an SVG path."""
    band: str
    lines: Mapping[str, str]
    marks: Sequence[tuple[float, str]]
    """Heights of the scale and their labels."""


@dataclass(frozen=True, slots=True)
class SiteView:
    """One site on the page."""

    name: str
    panels: Sequence[Panel]
    rows: Sequence[Row]
    ticks: Sequence[tuple[float, str]]


def page(outcome: Outcome) -> str:
    """Return the page as HTML."""
    environment = Environment(
        loader=PackageLoader("responder.backtest"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    window = outcome.window
    told = stretches(outcome)
    shown = {
        "begin": _shown(moment(window.start)),
        "end": _shown(moment(window.end)),
        "length": format_duration(timedelta(seconds=window.end - window.start)),
        "step": window.step,
        "outcome": outcome,
        "views": [_site(outcome, site) for site in outcome.sites],
        "stretches": told[:MOST_STRETCHES],
        "left_out": max(len(told) - MOST_STRETCHES, 0),
        "fired": fired(outcome),
        "real": {site: _real(outcome, site) for site in outcome.sites},
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "row": ROW,
        "bottom": BOTTOM,
    }
    environment.filters |= {"moment": _shown, "minutes": _minutes, "seconds": _seconds}
    return environment.get_template("backtest.html").render(shown)


def _shown(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _minutes(duration: timedelta) -> str:
    return f"{duration / timedelta(minutes=1):.1f}"


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.0f}"


def _real(outcome: Outcome, site: str) -> tuple[int, str]:
    spans = real_spans(outcome, site)
    return len(spans), _minutes(sum((end - begin for begin, end in spans), timedelta(0)))


def _site(outcome: Outcome, site: str) -> SiteView:
    lines = outcome.charts.lines.get(site, {})
    panels = [
        one
        for one in (
            _panel("Requests", "per second", "requests", lines),
            _panel("Load", "per core", "load", lines),
        )
        if one is not None
    ]
    window = outcome.window
    axis = _Axis(moment(window.start), moment(window.end))
    return SiteView(site, panels, list(_rows(outcome, site, axis)), list(axis.ticks()))


# time


@dataclass(frozen=True, slots=True)
class _Axis:
    begin: datetime
    end: datetime

    def x(self, at: datetime) -> float:
        """Return where a moment is drawn."""
        share = (at - self.begin) / (self.end - self.begin)
        return round(LEFT + min(max(share, 0.0), 1.0) * WIDTH, 1)

    def bar(self, begin: datetime, end: datetime, title: str) -> Bar:
        """Return a stretch, wide enough to be seen."""
        x = self.x(begin)
        length = format_duration(timedelta(seconds=(end - begin) // timedelta(seconds=1)))
        return Bar(x, max(round(self.x(end) - x, 1), 1.5), f"{title}: {_shown(begin)}, {length}")

    def ticks(self) -> Iterator[tuple[float, str]]:
        """Yield moments to be named, at whole hours or days."""
        wanted = (self.end - self.begin) / _TICKS
        step = next((one for one in _STEPS if one >= wanted), _STEPS[-1])
        midnight = self.begin.replace(hour=0, minute=0, second=0, microsecond=0)
        at = midnight + ceil((self.begin - midnight) / step) * step
        form = "%m-%d" if step >= timedelta(days=1) else "%m-%d %H:%M"
        while at < self.end:
            yield self.x(at), at.strftime(form)
            at += step


def _rows(outcome: Outcome, site: str, axis: _Axis) -> Iterator[Row]:
    marks = [
        (max(one.begin, axis.begin), min(one.end, axis.end))
        for one in outcome.marks
        if one.concerns(site)
    ]
    if marks:
        yield _row("attacks, marked", "attack", [one for one in marks if one[0] < one[1]], axis)
    real = real_spans(outcome, site)
    if real:
        yield _row("really on", "real", real, axis)
    yield _row("would be on", "on", outcome.engaged[site], axis)
    alerts: dict[tuple[bool, str], list[Span]] = {}
    for one in outcome.firings:
        if one.labels.get("site") == site:
            key = ("mitigation" not in one.labels, one.name)
            alerts.setdefault(key, []).append((moment(one.begin), moment(one.end)))
    for (informs, name), spans in sorted(alerts.items()):
        yield _row(name, "informs" if informs else "trigger", spans, axis)


def _row(name: str, kind: str, spans: Sequence[Span], axis: _Axis) -> Row:
    """Return a row; stretches that would touch on the screen are drawn as one."""
    drawn: list[tuple[datetime, datetime, int]] = []
    for begin, end in sorted(spans):
        if drawn and axis.x(begin) - axis.x(drawn[-1][1]) < _APART:
            first, last, count = drawn.pop()
            drawn.append((first, max(last, end), count + 1))
        else:
            drawn.append((begin, end, 1))
    bars = [
        axis.bar(begin, end, name if count == 1 else f"{name}, {count} times")
        for begin, end, count in drawn
    ]
    return Row(name, kind, bars)


# values


def _panel(title: str, unit: str, name: str, lines: Mapping[str, Line]) -> Panel | None:
    measured = lines.get(name)
    if measured is None:
        return None
    top = _top([*measured.high, *_highest(lines.get(f"{name}_upper"))])
    drawn = {
        kind: _path(line.high, top)
        for kind in ("baseline", "upper", "lower")
        if (line := lines.get(f"{name}_{kind}")) is not None
    }
    upper, lower = lines.get(f"{name}_upper"), lines.get(f"{name}_lower")
    band = _area(lower.low, upper.high, top) if upper and lower else ""
    marks = [(_y(top * part, top), f"{top * part:g}") for part in (0.0, 0.5, 1.0)]
    return Panel(title, unit, _area(measured.low, measured.high, top), band, drawn, marks)


def _highest(line: Line | None) -> Sequence[float]:
    """Return what of a threshold belongs on the scale: one that is far away would flatten all."""
    if line is None:
        return ()
    found = sorted(one for one in line.high if isfinite(one))
    return found[len(found) // 2 : len(found) // 2 + 1]


def _top(values: Sequence[float]) -> float:
    """Return a round number that nothing exceeds."""
    greatest = max((one for one in values if isfinite(one)), default=1.0)
    if greatest <= 0:
        return 1.0
    power = 10.0 ** int(log10(greatest) // 1)
    return next(power * one for one in (1, 2, 2.5, 5, 10) if power * one >= greatest)


def _y(value: float, top: float) -> float:
    return round(HEIGHT - min(max(value / top, 0.0), 1.0) * HEIGHT, 1)


def _x(column: int) -> float:
    return round(LEFT + column * WIDTH / BUCKETS, 1)


def _runs(there: Callable[[int], bool]) -> Iterator[range]:
    """Yield the runs of columns that have a value: a gap in the data stays a gap."""
    start: int | None = None
    for column in range(BUCKETS + 1):
        if column < BUCKETS and there(column):
            start = column if start is None else start
        elif start is not None:
            yield range(start, column)
            start = None


def _path(values: Sequence[float], top: float) -> str:
    """Return a line; a value that is the same as its neighbours needs no point."""
    parts = []
    for run in _runs(lambda column: isfinite(values[column])):
        points = [(_x(column), _y(values[column], top)) for column in run]
        points.append((_x(run[-1] + 1), points[-1][1]))
        kept = [
            one
            for at, one in enumerate(points)
            if at in {0, len(points) - 1} or not points[at - 1][1] == one[1] == points[at + 1][1]
        ]
        parts.append("M" + " ".join(f"{x:g},{y:g}" for x, y in kept))
    return "".join(parts)


def _area(low: Sequence[float], high: Sequence[float], top: float) -> str:
    """Return the area between two lines; at least as thick as a pen."""
    parts = []
    for run in _runs(lambda column: isfinite(low[column]) and isfinite(high[column])):
        above = [(_x(column), _y(high[column], top) - 0.5) for column in run]
        above.append((_x(run[-1] + 1), above[-1][1]))
        below = [(_x(column), _y(low[column], top) + 0.5) for column in run]
        below.append((_x(run[-1] + 1), below[-1][1]))
        parts.append("M" + " ".join(f"{x:g},{y:g}" for x, y in (*above, *reversed(below))) + "Z")
    return "".join(parts)
