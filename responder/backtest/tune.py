"""Looks for thresholds that would have done better in a past, and shows what they cost.

First the presets; from the best of them one number at a time, by a few factors; then the best
steps of several numbers together, and the same again around what that gave. Every trial is a whole
replay, decisions included, of which only what depends on thresholds is evaluated anew.

What is best: a minute of an attack in which nothing was on costs as much as some needless minutes
(`weight`); the least sum a week is best. Without marked attacks all of it is needless, and the
most sensitive thresholds are best that stay within a budget of needless minutes a week.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf, isfinite, log

from responder.backtest.coverage import surveyed
from responder.backtest.decisions import acting, decided
from responder.backtest.engine import Engine
from responder.backtest.firing import Firing
from responder.backtest.history import History
from responder.backtest.marks import UNSCORED, Score, score
from responder.backtest.outcome import Asked, built_in, concerning, engaged_by_site, moment, tail_of
from responder.backtest.program import Program, compiled
from responder.backtest.replay import Progress, followed
from responder.backtest.rules import Rule
from responder.backtest.series import Grid, Vector
from responder.backtest.thresholds import (
    GLOBAL,
    PRESET,
    PRESETS,
    THRESHOLDS,
    Thresholds,
    with_thresholds,
)
from responder.errors import ResponderError

__all__ = ["KNOBS", "Goal", "Trial", "Tuned", "tuned"]

KNOBS = (
    "http_ratio",
    "http_sharp_ratio",
    "http_floor",
    "sick_load",
    "load",
    "run_queue",
    "load_ratio",
    "load_floor",
)
"""The signals that are varied: those of the detectors that act."""

WIDE = (0.5, 0.7, 0.85, 1.2, 1.5, 2.0)
FINE = (0.8, 0.9, 1.1, 1.25)

_OFF = 8.0
"""How insensitive a detector that is off counts: as one with so many times the number."""

_ONE = 1.0
"""Below a ratio of this an ordinary day would be above it."""

Number = tuple[str, str]
"""A signal and a bound."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What is looked for."""

    weight: float = 5.0
    """Needless minutes that are as bad as one minute of an attack in which nothing was on."""
    budget: float = 10.0
    """Needless minutes a week that are borne, where no attack is marked."""


@dataclass(frozen=True)
class Trial:
    """One set of thresholds, and what came of it."""

    preset: str
    changes: Mapping[Number, float] = field(default_factory=dict)
    """What differs from the preset."""
    score: Score = UNSCORED
    cost: tuple[float, float] = (inf, inf)

    @property
    def told(self) -> str:
        """What it is, in a few words."""
        uppers = [
            f"{signal} {value:g}"
            for (signal, bound), value in self.changes.items()
            if bound == "upper"
        ]
        return ", ".join([self.preset, *uppers])


@dataclass(frozen=True)
class Tuned:
    """What came of the search."""

    current: Trial
    """The thresholds as they are."""
    best: Trial
    trials: Sequence[Trial]
    sites: Sequence[str]
    notes: Sequence[str]
    marked: bool

    @property
    def trade(self) -> list[Trial]:
        """The trials that no other one beats in everything, from the fewest needless minutes on."""
        kept: list[Trial] = []
        for one in sorted(self.trials, key=lambda one: (*_axes(one), len(one.changes))):
            axes = _axes(one)
            if not any(_beats(_axes(other), axes) for other in kept):
                kept.append(one)
        return kept

    @property
    def snippet(self) -> str:
        """What to paste into a file of one's own thresholds (docs/rules.md)."""
        lines = [f"preset: {self.best.preset}"]
        signals = list(dict.fromkeys(signal for signal, _ in self.best.changes))
        if signals:
            lines.append("thresholds:")
        for site in self.sites:
            for signal in signals:
                numbers = [
                    f"{bound}: {_written(self.best.changes[signal, bound])}"
                    for bound in ("upper", "lower")
                    if (signal, bound) in self.best.changes
                ]
                lines.append(f"  - {{site: {site}, signal: {signal}, {', '.join(numbers)}}}")
        return "\n".join(lines)


def _written(value: float) -> str:
    return f"{value:g}" if isfinite(value) else "off"


def _axes(one: Trial) -> tuple[float, float, float]:
    wait = one.score.wait
    return (
        round(one.score.needless_minutes, 1),
        -round(one.score.covered, 3),
        inf if wait is None else wait,
    )


def _beats(first: tuple[float, ...], second: tuple[float, ...]) -> bool:
    return all(a <= b for a, b in zip(first, second, strict=True))


async def tuned(history: History, asked: Asked, goal: Goal, progress: Progress) -> Tuned:
    """Search; raises ExpressionError, HistoryError and PrometheusError."""
    base = compiled(concerning(asked.rules))
    numbers = _numbers(base)
    if not numbers:
        raise ResponderError(
            f"the rules have no thresholds to tune: none of {', '.join(KNOBS)} is in {GLOBAL}"
        )
    survey = await surveyed(history, base, asked.window)
    search = _Search(history, replace(asked, window=survey.window), goal)
    rounds = _Rounds(progress)
    chosen = _chosen(asked.rules)
    presets = [Trial(name) for name in dict.fromkeys([chosen, *_presets(asked.rules)])]
    trials = await search.tried(presets, rounds.next())
    current, best = trials[0], min(trials, key=_order)
    for factors in (WIDE, FINE):
        known = {**_numbers(search.program(Trial(best.preset))), **best.changes}
        steps = await search.tried(list(_steps(best, known, factors)), rounds.next())
        together = await search.tried(list(_together(best, steps)), rounds.next())
        trials += [*steps, *together]
        best = min([best, *steps, *together], key=_order)
    best = replace(best, changes=_needed(best))
    return Tuned(current, best, trials, search.sites, survey.notes, bool(asked.marks))


def _order(one: Trial) -> tuple[float, float, int, int]:
    return (*one.cost, len(one.changes), one.score.switches)


def _needed(best: Trial) -> Mapping[Number, float]:
    return dict(sorted(best.changes.items(), key=lambda one: (KNOBS.index(one[0][0]), one[0][1])))


def _numbers(program: Program) -> dict[Number, float]:
    """Return the thresholds in force of the signals that are varied."""
    found: dict[Number, float] = {}
    for labels, values in program.constants.get(GLOBAL, {}).items():
        known = dict(labels)
        number = (known.get("signal", ""), known.get("bound", ""))
        if number[0] in KNOBS and number[1] in {"upper", "lower"}:
            found[number] = values[0]
    return found


def _chosen(rules: Iterable[Rule]) -> str:
    return next((one.labels["preset"] for one in rules if one.name == PRESET), "balanced")


def _presets(rules: Iterable[Rule]) -> list[str]:
    named = {one.labels["preset"] for one in rules if one.name == PRESETS}
    return ["balanced", *sorted(named)]


def _steps(best: Trial, known: Mapping[Number, float], factors: Sequence[float]) -> Iterator[Trial]:
    """Yield what differs from the best in one signal."""
    for signal in KNOBS:
        upper, lower = known.get((signal, "upper")), known.get((signal, "lower"))
        if upper is None or lower is None or not isfinite(upper) or upper <= 0:
            continue
        for factor in factors:
            changed = _scaled(signal, upper, lower, factor)
            if changed is not None:
                new = {(signal, "upper"): changed[0], (signal, "lower"): changed[1]}
                yield Trial(best.preset, {**best.changes, **new})


def _scaled(signal: str, upper: float, lower: float, factor: float) -> tuple[float, float] | None:
    """Return both bounds scaled; those of a ratio by what they are above an ordinary day."""
    one = _ONE if signal.endswith("_ratio") else 0.0
    changed = (_rounded(one + (upper - one) * factor), _rounded(one + (lower - one) * factor))
    return changed if one < changed[1] < changed[0] else None


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")


def _together(best: Trial, steps: Iterable[Trial]) -> Iterator[Trial]:
    """Yield the steps that helped, the best of each signal, added one after the other."""
    helped: dict[str, Trial] = {}
    for one in sorted(steps, key=_order):
        signal = next(
            signal
            for (signal, bound), value in one.changes.items()
            if best.changes.get((signal, bound)) != value
        )
        if one.cost < best.cost:
            helped.setdefault(signal, one)
    changes = dict(best.changes)
    for at, (signal, one) in enumerate(helped.items()):
        changes |= {number: value for number, value in one.changes.items() if number[0] == signal}
        if at:
            yield Trial(best.preset, dict(changes))


class _Rounds:
    """Turns the progress of five rounds into that of the whole."""

    def __init__(self, progress: Progress, rounds: int = 5) -> None:
        self._progress, self._rounds, self._done = progress, rounds, -1

    def next(self) -> Progress:
        self._done += 1
        done = self._done
        return lambda share: self._progress(min((done + share) / self._rounds, 1.0))


class _Search:
    """Tries thresholds over one past."""

    def __init__(self, history: History, asked: Asked, goal: Goal) -> None:
        self._history = history
        self._asked = asked
        self._goal = goal
        self._rules = concerning(asked.rules)
        self._seen: set[str] = set()

    @property
    def sites(self) -> list[str]:
        """The sites whose thresholds they are."""
        inventory = self._asked.inventory
        known = sorted(self._seen) if inventory is None else sorted(inventory.sites)
        return [one for one in known if one in self._seen]

    def program(self, trial: Trial) -> Program:
        """Return the rules with the thresholds of a trial."""
        values = dict(trial.changes)
        return compiled(with_thresholds(self._rules, Thresholds(trial.preset, values)))

    async def tried(self, trials: Sequence[Trial], progress: Progress) -> list[Trial]:
        """Replay all of them side by side: what depends on no threshold is evaluated once."""
        if not trials:
            return []
        programs = [self.program(one) for one in trials]
        varied = {*THRESHOLDS, *(name for one in programs for name in one.constants)}
        shared = Engine(programs[0].parted(varied)[0], observer=self._see)
        engines = [Engine(one.parted(varied)[1], shared) for one in programs]
        window = self._asked.window
        await followed(self._history, [shared, *engines], window, progress)
        return [
            self._judged(trial, engine.fired(window.end))
            for trial, engine in zip(trials, engines, strict=True)
        ]

    def _see(self, _name: str, _grid: Grid, vector: Vector) -> None:
        self._seen |= {value for labels in vector for name, value in labels if name == "site"}

    def _judged(self, trial: Trial, firings: Sequence[Firing]) -> Trial:
        inventory = self._asked.inventory or built_in(sorted(self._seen))
        window = self._asked.window
        begin, end = moment(window.start), moment(window.end)
        course = decided(firings, acting(inventory), begin, end)
        engaged = engaged_by_site(course, inventory)
        found = score(engaged.items(), self._asked.marks, (begin, end), tail_of(inventory.policies))
        return replace(trial, score=found, cost=self._cost(trial, found))

    def _cost(self, trial: Trial, found: Score) -> tuple[float, float]:
        if self._asked.marks:
            return (self._goal.weight * found.missed_minutes + found.needless_minutes, 0.0)
        over = found.needless_minutes - self._goal.budget
        return (over, 0.0) if over > 0 else (0.0, self._insensitivity(trial))

    def _insensitivity(self, trial: Trial) -> float:
        """Return how far its numbers are up, as factors that are multiplied."""
        numbers = _numbers(self.program(trial))
        uppers = [value for (_, bound), value in numbers.items() if bound == "upper"]
        return sum(log(value) if isfinite(value) else log(_OFF) for value in uppers if value > 0)
