"""When each alert would have fired: rules over history.

`replay` is for whoever has a history; `replay_prometheus` asks a Prometheus by its URL.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from responder.alertmanager.access import Access
from responder.backtest.engine import Engine, Leaves
from responder.backtest.firing import Firing
from responder.backtest.history import History, opened
from responder.backtest.program import Recording, compiled
from responder.backtest.rules import Rule, read_rules
from responder.backtest.series import Grid, Vector
from responder.backtest.thresholds import Thresholds, with_thresholds

__all__ = ["Progress", "Window", "followed", "replay", "replay_prometheus"]

STRETCH = 4_800
"""Moments that are evaluated at once: what bounds the memory."""

WARM_UP_STEP = 60
"""Seconds between two moments of the time before, which only baselines look at."""

Progress = Callable[[float], None]
"""Told the share that is done, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Window:
    """The time to replay, in whole seconds since 1970, and how finely."""

    start: int
    end: int
    step: int
    since: int | None = None
    """From when on there is history; None when that is not known."""

    def stretches(self, reach: int, width: int = STRETCH) -> Iterator[Grid]:
        """Yield the moments to evaluate: those that baselines learn from, then the window."""
        step = max(self.step, WARM_UP_STEP)
        step = -(-step // self.step) * self.step
        begin = -(-self.start // step) * step
        earliest = max(begin - reach, self.since or 0)
        yield from _cut(Grid(earliest - earliest % step, step, 0), begin, width)
        yield from _cut(Grid(begin, self.step, 0), self.end, width)


def _cut(first: Grid, end: int, width: int) -> Iterator[Grid]:
    start = first.start
    while start < end:
        count = min(width, -((start - end) // first.step))
        yield Grid(start, first.step, count)
        start += count * first.step


def _nobody(_: float) -> None:
    """Tell nobody."""


async def replay(
    history: History, rules: Sequence[Rule], window: Window, progress: Progress = _nobody
) -> list[Firing]:
    """Return when each alert of the rules would have fired, in order of time.

    Raises ExpressionError for a rule that cannot be replayed, PrometheusError for a history that
    cannot be read.
    """
    engine = Engine(compiled(rules))
    await followed(history, [engine], window, progress)
    return engine.fired(window.end)


async def followed(
    history: History, engines: Sequence[Engine], window: Window, progress: Progress = _nobody
) -> None:
    """Let engines, parents first, evaluate a window and what must be known before it."""
    reach = max(one.program.reach for one in engines)
    earliest = max(window.start - reach, window.since or 0)
    known = frozenset(await history.names(earliest, window.end))
    stretches = list(window.stretches(reach))
    total, done = sum(one.count for one in stretches), 0
    for grid in stretches:
        needed = [one for engine in engines for one in engine.needed(grid, window.start)]
        leaves = await _fetched(history, needed, grid, known)
        for engine in engines:
            engine.advance(grid, window.start, leaves)
        for engine in engines:
            engine.forget(grid.start + grid.step * grid.count)
        done += grid.count
        progress(done / total)


async def _fetched(
    history: History, needed: Iterable[Recording], grid: Grid, known: frozenset[str]
) -> Leaves:
    """Read everything that one stretch needs of the history."""
    wanted = {
        (leaf.text, grid.every(recording.period(grid.step))): leaf
        for recording in needed
        for leaf in recording.leaves
    }
    found: dict[tuple[str, Grid], Vector] = {}
    for (text, moments), leaf in wanted.items():
        possible = leaf.possible(known)
        found[text, moments] = await history.vector(text, moments) if possible else {}
    return lambda leaf, moments: found[leaf.text, moments]


def replay_prometheus(
    url: str,
    files: Iterable[str | Path],
    window: Window,
    thresholds: Thresholds | None = None,
) -> list[Firing]:
    """Replay rule files over the history of a Prometheus, given by its URL.

    The history before the window, as far as there is any, is what baselines learn from.
    `thresholds` replace those of the files. A series that a file would record, and that is to be
    taken from the history instead, is one whose file is not among `files`.
    """
    rules = read_rules(files)
    if thresholds is not None:
        rules = with_thresholds(rules, thresholds)
    return asyncio.run(_replay_url(url, rules, window))


async def _replay_url(url: str, rules: Sequence[Rule], window: Window) -> list[Firing]:
    async with opened(url, Access()) as history:
        return await replay(history, rules, window)
