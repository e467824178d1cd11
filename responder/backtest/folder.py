"""History in a folder: what the rules read, written down so that no Prometheus is needed again.

One `meta.json`, written last, and one file of gzip'd JSON lines for each day: `{"e": which
expression, "l": labels, "v": values}`, a value for each moment of the day that was recorded, null
where there is none, to six digits.
"""

import gzip
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isnan
from pathlib import Path

from pydantic import BaseModel, ValidationError

from responder.backtest.coverage import HistoryError
from responder.backtest.history import History
from responder.backtest.nodes import Labels, Leaf
from responder.backtest.program import Program
from responder.backtest.replay import Progress, Window
from responder.backtest.series import NAN, Grid, Vector

__all__ = ["FolderHistory", "Meta", "Writer", "record"]

FORMAT = 1
DAY = 86_400
_META = "meta.json"
_HELD = 2
"""Days that are kept in memory at once."""


class Meta(BaseModel):
    """What a folder holds; times are in seconds since 1970."""

    format: int
    begin: int
    end: int
    step: int
    expressions: tuple[str, ...]
    names: tuple[str, ...]
    """All metrics that there were: what a newer rule reads, and was not there, is known so."""


@dataclass
class Writer:
    """Writes a folder, day by day; without its last line it is no recording."""

    folder: Path
    meta: Meta

    def begin(self) -> None:
        """Make the folder; HistoryError where there is something in it already."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if any(self.folder.iterdir()):
                raise HistoryError(f"{self.folder} is not empty; name a new folder")
        except OSError as error:
            raise HistoryError(f"{self.folder} cannot be written: {error.strerror}") from error

    def day(self, start: int, vectors: Iterable[tuple[int, Vector]]) -> None:
        """Write one day: by the position of each expression, its series."""
        try:
            with gzip.GzipFile(self.folder / _name(start), "wb", mtime=0) as file:
                for position, vector in vectors:
                    for labels, values in sorted(vector.items()):
                        line = {"e": position, "l": dict(labels), "v": [_short(v) for v in values]}
                        file.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")
        except OSError as error:
            raise HistoryError(f"{self.folder} cannot be written: {error.strerror}") from error

    def finish(self) -> None:
        """Write what makes it a recording."""
        (self.folder / _META).write_text(self.meta.model_dump_json(indent=1) + "\n")


def _name(start: int) -> str:
    return datetime.fromtimestamp(start, UTC).strftime("%Y-%m-%d.jsonl.gz")


def _short(value: float) -> float | int | None:
    if isnan(value):
        return None
    rounded = float(f"{value:.6g}")
    return int(rounded) if rounded.is_integer() else rounded


async def record(
    history: History, program: Program, window: Window, folder: Path, progress: Progress
) -> Meta:
    """Write down all that a program reads of a history; raises HistoryError, PrometheusError."""
    there = frozenset(await history.names(window.start, window.end))
    leaves: Sequence[Leaf] = sorted(
        (one for one in program.leaves if one.possible(there)),
        key=lambda one: one.text,
    )
    meta = Meta(
        format=FORMAT,
        begin=window.start,
        end=window.end,
        step=window.step,
        expressions=tuple(one.text for one in leaves),
        names=tuple(sorted(there)),
    )
    writer = Writer(folder, meta)
    writer.begin()
    for start in range(window.start - window.start % DAY, window.end, DAY):
        grid = _within(meta, start)
        vectors = [(at, await history.vector(one.text, grid)) for at, one in enumerate(leaves)]
        writer.day(start, vectors)
        progress(min((start + DAY - window.start) / (window.end - window.start), 1.0))
    writer.finish()
    return meta


def _within(meta: Meta, day: int) -> Grid:
    """Return the moments of a day that are recorded."""
    begin, end = max(day, meta.begin), min(day + DAY, meta.end)
    first = -(-begin // meta.step) * meta.step
    return Grid(first, meta.step, max(-((first - end) // meta.step), 0))


class FolderHistory:
    """The history of a folder, read day by day."""

    def __init__(self, folder: Path) -> None:
        """Read what the folder holds; raises HistoryError for what is no recording."""
        self._folder = folder
        try:
            self.meta = Meta.model_validate_json((folder / _META).read_bytes())
        except OSError as error:
            raise HistoryError(
                f"{folder} is no recording, or one that was interrupted: it has no {_META}"
            ) from error
        except ValidationError as error:
            raise HistoryError(f"{folder / _META} is not one of ours: {error.title}") from error
        if self.meta.format != FORMAT:
            raise HistoryError(
                f"{folder} has the format {self.meta.format}, known is {FORMAT}; record it again"
            )
        self._positions = {text: at for at, text in enumerate(self.meta.expressions)}
        self._days: dict[int, Mapping[int, Vector]] = {}

    async def vector(self, expression: str, grid: Grid) -> Vector:
        """Return what an expression gave at the moments of a grid; raises HistoryError."""
        position = self._positions.get(expression)
        if position is None:
            told = " ".join(expression.split())[:120]
            raise HistoryError(
                f"{self._folder} was recorded for other rules, it lacks: {told};"
                " record it again with these"
            )
        if grid.step % self.meta.step:
            raise HistoryError(
                f"{self._folder} was recorded every {self.meta.step} s; --step must be a multiple"
            )
        found: Vector = {}
        end = grid.start + grid.step * grid.count
        for start in range(grid.start - grid.start % DAY, end, DAY):
            part = _within(self.meta, start)
            for labels, values in self._day(start).get(position, {}).items():
                target = found.setdefault(labels, [NAN] * grid.count)
                _copy(values, part, target, grid)
        return found

    async def names(self, begin: int, end: int) -> Collection[str]:
        """Return the names of the metrics that there were, at whatever time."""
        return frozenset(self.meta.names) if begin < self.meta.end and end > self.meta.begin else ()

    async def since(self, names: Sequence[str], begin: int, end: int) -> int | None:
        """Return when the recording begins, within a time."""
        first = max(begin, self.meta.begin)
        return first if names and first < min(end, self.meta.end) else None

    def _day(self, start: int) -> Mapping[int, Vector]:
        if start not in self._days:
            while len(self._days) >= _HELD:
                del self._days[min(self._days)]
            self._days[start] = self._read(start)
        return self._days[start]

    def _read(self, start: int) -> Mapping[int, Vector]:
        path = self._folder / _name(start)
        found: dict[int, Vector] = {}
        if not path.exists():
            return found
        try:
            with gzip.open(path, "rb") as file:
                for line in file:
                    one = json.loads(line)
                    values = [NAN if value is None else float(value) for value in one["v"]]
                    found.setdefault(one["e"], {})[_labels(one["l"])] = values
        except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
            raise HistoryError(f"{path} is damaged: {error!r}; record it again") from error
        return found


def _labels(known: Mapping[str, str]) -> Labels:
    return tuple(sorted(known.items()))


def _copy(values: Sequence[float], part: Grid, target: list[float], grid: Grid) -> None:
    """Put the values of a day where the moments of a grid meet them."""
    first = max(grid.start, part.start)
    first += (grid.start - first) % grid.step
    end = min(grid.start + grid.step * grid.count, part.start + part.step * len(values))
    count = max(-((first - end) // grid.step), 0)
    if not count:
        return
    at, stride = (first - part.start) // part.step, grid.step // part.step
    to = (first - grid.start) // grid.step
    target[to : to + count] = values[at : at + (count - 1) * stride + 1 : stride]
