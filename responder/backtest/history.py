"""Where history comes from: a Prometheus, asked in bounded pieces."""

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from math import isnan
from typing import Protocol

from responder.alertmanager.access import Access
from responder.backtest.nodes import Labels
from responder.backtest.series import NAN, Grid, Vector
from responder.prometheus import PrometheusClient, PrometheusLimitError, Series

__all__ = ["History", "PrometheusHistory", "opened"]

MOST_POINTS = 5_000
"""Moments that are asked for at once; Prometheus refuses more than 11,000."""

LEAST_SINCE = 60
"""Seconds: how finely the beginning of a history is looked for."""

LEAST_POINTS = 20
"""A piece that is as small as this and still too large is too large for good."""


PATIENCE = timedelta(minutes=2)
"""For one answer; Prometheus itself gives up after two minutes, too."""


class History(Protocol):
    """What was measured."""

    async def vector(self, expression: str, grid: Grid) -> Vector:
        """Return what an expression gave at the moments of a grid."""
        ...

    async def names(self, begin: int, end: int) -> Collection[str]:
        """Return the names of the metrics that there were in a time, in seconds."""
        ...

    async def since(self, names: Sequence[str], begin: int, end: int) -> int | None:
        """Return the first second of a time at which any of these metrics was there."""
        ...


@asynccontextmanager
async def opened(url: str, access: Access) -> AsyncIterator["PrometheusHistory"]:
    """Open the history of a Prometheus, and close it in the end."""
    patient = replace(access, timeout=PATIENCE)
    client = PrometheusClient(patient.client(url), patient.headers, PATIENCE)
    try:
        yield PrometheusHistory(client)
    finally:
        await client.aclose()


class PrometheusHistory:
    """The history of a Prometheus; a piece that is too large for it is asked for in halves."""

    def __init__(self, client: PrometheusClient) -> None:
        self._client = client
        self._most = MOST_POINTS

    async def vector(self, expression: str, grid: Grid) -> Vector:
        """Return what an expression gave at the moments of a grid; raises PrometheusError."""
        found: Vector = {}
        done = 0
        while done < grid.count:
            count = min(self._most, grid.count - done)
            piece = Grid(grid.start + done * grid.step, grid.step, count)
            try:
                answer = await self._client.query_range(
                    expression, piece.start, piece.times[-1], piece.step
                )
            except PrometheusLimitError as error:
                if count <= LEAST_POINTS:
                    raise PrometheusLimitError(
                        f"{error}; asked for {count} moments of: {expression[:120]}; raise "
                        "--query.max-samples or --query.timeout, or take a longer --step"
                    ) from error
                self._most = count // 2
                continue
            _take(found, answer, grid, piece)
            done += count
        return found

    async def names(self, begin: int, end: int) -> Collection[str]:
        """Return the names of the metrics that there were in a time; raises PrometheusError."""
        return frozenset(await self._client.metric_names(begin, end))

    async def since(self, names: Sequence[str], begin: int, end: int) -> int | None:
        """Return, to the minute, when the first of these metrics was there; looks at three."""
        few = [one for one in names if one != "node_cpu_seconds_total"][:3] or names[:1]
        selector = f'{{__name__=~"{"|".join(few)}"}}'
        step = max((end - begin) // 500, LEAST_SINCE)
        while True:
            expression = f"count(last_over_time({selector}[{step}s]))"
            grid = Grid(begin + step, step, -((begin - end) // step))
            found = await self.vector(expression, grid)
            values = next(iter(found.values()), [])
            at = next((at for at, one in enumerate(values) if not isnan(one)), None)
            if at is None:
                return None
            begin, end = begin + at * step, begin + (at + 1) * step
            if step <= LEAST_SINCE:
                return begin
            step = max((end - begin) // 500, LEAST_SINCE)


def _take(found: Vector, answer: Iterable[Series], grid: Grid, piece: Grid) -> None:
    """Put the points of an answer in their places."""
    for series in answer:
        values = found.setdefault(_labels(series), [NAN] * grid.count)
        first = (piece.start - grid.start) // grid.step
        if len(series.points) == piece.count:
            values[first : first + piece.count] = [value for _, value in series.points]
            continue
        for moment, value in series.points:
            if not isnan(value):
                values[round((moment - grid.start) / grid.step)] = value


def _labels(series: Series) -> Labels:
    return tuple(sorted(one for one in series.labels.items() if one[0] != "__name__"))
