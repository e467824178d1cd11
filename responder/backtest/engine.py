"""Evaluating a program through time, stretch by stretch, with no more memory than it looks back."""

from collections import ChainMap
from collections.abc import Callable, Mapping

from responder.backtest.evaluation import Evaluation
from responder.backtest.firing import Firing, Look, Watch
from responder.backtest.nodes import Leaf, Node
from responder.backtest.operators import merged
from responder.backtest.program import Program, Recording, labelled
from responder.backtest.series import Grid, Record, Vector

__all__ = ["Engine", "Leaves", "Observer"]

Leaves = Callable[[Leaf, Grid], Vector]
"""Gives what the history says of a leaf at the moments of a grid."""

Observer = Callable[[str, Grid, Vector], None]
"""Told what came of each record over a stretch."""


def _nobody(_name: str, _grid: Grid, _vector: Vector) -> None:
    """Tell nobody."""


class Engine:
    """Evaluates rules over one stretch after the other."""

    def __init__(
        self, program: Program, parent: "Engine | None" = None, observer: Observer = _nobody
    ) -> None:
        """Take a program; what a `parent` records, and has evaluated, is taken from there."""
        self.program = program
        self._parent = parent
        self._observer = observer
        self._own = {one.name: Record() for one in program.recordings}
        inherited = parent.records if parent is not None else {}
        self.records: Mapping[str, Record] = ChainMap(self._own, dict(inherited))
        self.evaluation: Evaluation | None = None
        """That of the stretch that was advanced over last."""
        self._watches = {
            one.name: [Watch(rule, latch) for rule, latch in one.rules]
            for one in program.recordings
            if one.alerting
        }
        self._read = {name for one in program.recordings for name in one.reads}

    def needed(self, grid: Grid, start: int) -> list[Recording]:
        """Return what must be evaluated over a stretch, so that all is known from `start` on."""
        end = grid.start + grid.step * grid.count
        return [
            one
            for one in self.program.recordings
            if end > start - one.reach and not (one.alerting and end <= start)
        ]

    def advance(self, grid: Grid, start: int, leaves: Leaves) -> None:
        """Evaluate everything over one stretch, which begins where the one before has ended."""
        evaluation = Evaluation(self.records, self.program.constants, leaves)
        if self._parent is not None and self._parent.evaluation is not None:
            evaluation.defer_to(self._parent.evaluation, self.program.is_free)
        self.evaluation = evaluation
        for recording in self.needed(grid, start):
            moments = grid.every(recording.period(grid.step))
            if not moments.count:
                continue
            if recording.alerting:
                vector = self._watched(recording, moments, evaluation)
            else:
                vector = _recorded(recording, moments, evaluation)
                self._observer(recording.name, moments, vector)
            if recording.name in self._read or not recording.alerting:
                self._own[recording.name].append(moments, vector)

    def forget(self, moment: int) -> None:
        """Drop what nobody will look at any more from a moment on."""
        for recording in self.program.recordings:
            self._own[recording.name].forget(moment - recording.keep)

    def _watched(self, recording: Recording, moments: Grid, evaluation: Evaluation) -> Vector:
        found: Vector = {}
        watches = self._watches[recording.name]
        for watch, (rule, latch) in zip(watches, recording.rules, strict=True):
            enter = {} if latch.enter is None else evaluation.vector(latch.enter, moments)
            hold = {} if latch.hold is None else evaluation.vector(latch.hold, moments)
            states = {**rule.labels, "alertname": rule.name, "alertstate": "firing"}
            if latch.own is None:
                fires = watch.advance(moments, enter, hold)
            else:
                look = _looking(evaluation, moments, latch.own, states)
                fires = watch.follow(moments, enter, look)
            found |= labelled(fires, states)
        return found

    def fired(self, end: int) -> list[Firing]:
        """Return when each alert fired, in order of time."""
        watches = [watch for watched in self._watches.values() for watch in watched]
        found = [one for watch in watches for one in watch.finish(end)]
        return sorted(found, key=lambda one: (one.begin, one.name, sorted(one.labels.items())))


def _looking(evaluation: Evaluation, moments: Grid, node: Node, states: Mapping[str, str]) -> Look:
    """Return what evaluates an alert's expression at one moment, while series of it fire."""

    def look(at: int, firing: Vector) -> Vector:
        now = evaluation.during(labelled(firing, states), moments, at)
        return now.vector(node, Grid(moments.times[at], 1, 1))

    return look


def _recorded(recording: Recording, moments: Grid, evaluation: Evaluation) -> Vector:
    found: Vector = {}
    for rule, latch in recording.rules:
        if latch.enter is None:
            continue
        vector = labelled(evaluation.vector(latch.enter, moments), rule.labels)
        for labels, values in vector.items():
            found[labels] = merged([found[labels], values]) if labels in found else values
    return found
