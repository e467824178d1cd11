"""When an alert fires: walking through what lets it in and what holds it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isnan

from responder.backtest.latch import Latch
from responder.backtest.nodes import Labels
from responder.backtest.program import with_labels
from responder.backtest.rules import Rule
from responder.backtest.series import NAN, Grid, Vector

__all__ = ["Firing", "Look", "Watch"]

Look = Callable[[int, Vector], Vector]
"""Evaluates the expression at one moment of a grid, while some series fire."""

_TEMPLATE = re.compile(r"\{\{\s*\$labels\.(\w+)\s*\}\}")


@dataclass(frozen=True)
class Firing:
    """A stretch in which one alert fired; moments in seconds since 1970."""

    name: str
    labels: Mapping[str, str]
    """Its series' and its rule's, with `alertname`."""
    begin: int
    end: int
    """The first moment at which it fired no more; the end of the window for one that still did."""
    ended: bool = True
    value: float = NAN
    """The greatest value of its expression, where that is known."""


@dataclass(slots=True)
class _State:
    since: int | None = None
    """Since when its expression has held."""
    begin: int | None = None
    """Since when it fires."""
    seen: int = 0
    """When its expression last held."""
    value: float = NAN


class Watch:
    """Follows the series of one alerting rule through time."""

    def __init__(self, rule: Rule, latch: Latch) -> None:
        self._rule = rule
        self._latch = latch
        self._states: dict[Labels, _State] = {}
        self.fired: list[Firing] = []

    def follow(self, grid: Grid, enter: Vector, look: Look) -> Vector:
        """Walk on over a grid, looking anew at each moment while any series fires."""
        found: Vector = {}
        for at, moment in enumerate(grid.times):
            firing = {labels: [1.0] for labels, one in self._states.items() if one.begin}
            now = (
                look(at, firing)
                if firing
                else {
                    labels: [values[at]]
                    for labels, values in enter.items()
                    if not isnan(values[at])
                }
            )
            for labels in {*now, *self._states}:
                state = self._states.setdefault(labels, _State())
                self._step(state, labels, moment, now.get(labels, [NAN])[0])
                if state.begin is not None:
                    found.setdefault(labels, [NAN] * grid.count)[at] = 1.0
        return found

    def advance(self, grid: Grid, enter: Vector, hold: Vector) -> Vector:
        """Walk on over a grid; return where each series fires."""
        groups: dict[Labels, set[Labels]] = {}
        moving = {labels for labels, one in self._states.items() if one.since is not None}
        for labels in (*enter, *hold, *moving):
            groups.setdefault(self._latch.matching.key(labels), set()).add(labels)
        found: Vector = {}
        for group in groups.values():
            if group & (enter.keys() | moving):  # nothing is held that has never begun
                found.update(self._walk(grid, sorted(group), enter, hold))
        return found

    def _walk(self, grid: Grid, group: list[Labels], enter: Vector, hold: Vector) -> Vector:
        nothing = [NAN] * grid.count
        members = [
            (
                self._states.setdefault(labels, _State()),
                labels,
                enter.get(labels, nothing),
                hold.get(labels, nothing),
                [NAN] * grid.count,
            )
            for labels in group
        ]
        for at, moment in enumerate(grid.times):
            firing = any(state.begin is not None for state, *_ in members)
            for state, labels, enters, holds, fires in members:
                value = enters[at]
                if firing and isnan(value):
                    value = holds[at]
                self._step(state, labels, moment, value)
                if state.begin is not None:
                    fires[at] = 1.0
        return {labels: fires for _, labels, _, _, fires in members}

    def _step(self, state: _State, labels: Labels, moment: int, value: float) -> None:
        if not isnan(value):
            state.seen = moment
            if state.since is None:
                state.since = moment
            if state.begin is None and moment - state.since >= self._rule.wait:
                state.begin, state.value = moment, value
            elif not value <= state.value:
                state.value = value
        elif state.since is not None:
            if state.begin is not None and moment - state.seen < self._rule.keep:
                return
            if state.begin is not None:
                self.fired.append(self._firing(labels, state, moment, ended=True))
            state.since = state.begin = None

    def finish(self, end: int) -> list[Firing]:
        """Return all stretches, those included that had not ended by then."""
        standing = [
            self._firing(labels, state, end, ended=False)
            for labels, state in self._states.items()
            if state.begin is not None
        ]
        return [*self.fired, *standing]

    def _firing(self, labels: Labels, state: _State, end: int, *, ended: bool) -> Firing:
        known = dict(labels)
        own = {
            name: _TEMPLATE.sub(lambda found: known.get(found[1], ""), value)
            for name, value in self._rule.labels.items()
        }
        full = dict(with_labels(labels, {**own, "alertname": self._rule.name}))
        return Firing(self._rule.name, full, state.begin or end, end, ended, state.value)
