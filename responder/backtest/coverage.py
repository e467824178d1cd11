"""Whether a history can answer at all: what is missing in it, and since when there is any."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from responder.backtest.history import History
from responder.backtest.nodes import Binary, Call, Leaf, Node, Select
from responder.backtest.program import Program, Recording
from responder.backtest.replay import Window
from responder.errors import ResponderError
from responder.settings import format_duration

__all__ = ["HistoryError", "Survey", "surveyed"]

ENOUGH = timedelta(hours=6)
"""What baselines need before they are any: with less, only absolute thresholds can be judged."""

LEAST = timedelta(minutes=30)

_SLACK = 300
"""Seconds by which a history may begin later than asked for without a word."""

_HOURS = 7200
"""Seconds from which on nobody counts minutes."""

_SHOWN = 6


class HistoryError(ResponderError):
    """The one who asked must act: there is not the history that was asked for."""


@dataclass(frozen=True)
class Survey:
    """What a history has for a program."""

    window: Window
    """What can be replayed of what was asked for."""
    notes: tuple[str, ...]


async def surveyed(history: History, program: Program, window: Window) -> Survey:
    """Look at what is there; raises HistoryError where it is too little, and says of what."""
    earliest = window.start - program.reach
    there = frozenset(await history.names(earliest, window.end))
    read = frozenset[str]().union(*(leaf.names for leaf in program.leaves))
    if not read & there:
        raise HistoryError(_nothing(program, window))
    since = await history.since(sorted(read & there), earliest, window.end)
    if since is None or window.end - since < LEAST.total_seconds():
        told = "nothing" if since is None else f"only {_span(since, window.end)}"
        raise HistoryError(
            f"there is {told} of it between {_moment(window.start)} and {_moment(window.end)}, and"
            f" {format_duration(LEAST)} is the least; is it the right Prometheus, and how long does"
            " it keep samples (--storage.tsdb.retention.time)?"
        )
    start = max(window.start, since)
    found = replace(window, start=-(-start // window.step) * window.step, since=since)
    return Survey(found, (*_short(window, found, program), *_mute(program, there)))


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%MZ")


def _span(begin: int, end: int) -> str:
    seconds = max(end - begin, 60)
    unit = 3600 if seconds > _HOURS else 60
    return format_duration(timedelta(seconds=seconds // unit * unit))


def _short(asked: Window, found: Window, program: Program) -> Iterable[str]:
    if found.start - asked.start > _SLACK:
        yield f"the history begins at {_moment(found.start)}: what was asked for before is left out"
    since = found.since if found.since is not None else found.start
    if found.end - since < ENOUGH.total_seconds():
        yield (
            f"there is {_span(since, found.end)} of history, and baselines need"
            f" {format_duration(ENOUGH)}: detectors that compare with one cannot have fired"
        )
    elif program.reach and found.start - since < program.reach:
        yield (
            f"baselines look back {_span(0, program.reach)}, and {_span(since, found.start)} before"
            " the window are there: in its first weeks they know less than later"
            if found.start > since
            else f"baselines look back {_span(0, program.reach)}, and nothing before the window is"
            " there: in its first weeks they know less than later"
        )


def _nothing(program: Program, window: Window) -> str:
    """Say which series are missing, and which files would read them."""
    wanted = [
        f"{', '.join(sorted(names))} ({Path(file).name})" for file, names in _files(program).items()
    ]
    return (
        f"none of the series that the rules read is there between {_moment(window.start)} and"
        f" {_moment(window.end)}. They read: {'; '.join(sorted(wanted)[:_SHOWN])}; is it the right"
        " Prometheus?"
    )


def _files(program: Program) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = {}
    for recording in program.recordings:
        for rule, latch in recording.rules:
            names = {name for leaf in latch.leaves for name in leaf.names}
            if names and rule.file:
                found.setdefault(rule.file, set()).update(names)
    return found


# which alerts can never fire


def _mute(program: Program, there: frozenset[str]) -> Iterable[str]:
    """Tell which alerts can never fire for want of a series, and what would give it."""
    records = {one.name: one for one in program.recordings}
    fed = _Fed(records, program.constants, there)
    mute: dict[str, list[str]] = {}
    for recording in program.recordings:
        if recording.alerting and not fed.record(recording.name):
            missing = "; ".join(sorted(_missing(recording, records, fed)))
            mute.setdefault(missing, []).append(recording.rules[0][0].name)
    for missing, names in sorted(mute.items()):
        yield f"{', '.join(sorted(names))}: cannot have fired, nothing gives {missing}"


class _Fed:
    """Tells whether anything can come of an expression."""

    def __init__(
        self,
        records: Mapping[str, Recording],
        constants: Iterable[str],
        there: frozenset[str],
    ) -> None:
        self._records = records
        self._there = there
        self._known: dict[str, bool] = dict.fromkeys(constants, True)

    def record(self, name: str) -> bool:
        """Tell it of a record; one that no rule gives has nothing."""
        if name not in self._known:
            recording = self._records.get(name)
            enters = [latch.enter for _, latch in recording.rules] if recording else []
            self._known[name] = any(self.node(one) for one in enters if one is not None)
        return self._known[name]

    def node(self, node: Node) -> bool:
        """Tell it of a part of an expression."""
        match node:
            case Leaf():
                return node.possible(self._there)
            case Select():
                return self.record(node.name)
            case Binary(operator="or"):
                return self.node(node.left) or self.node(node.right)
            case Binary(operator="unless"):
                return self.node(node.left)
            case Call(function="absent"):
                return True
        return all(map(self.node, node.children))


def _missing(recording: Recording, records: Mapping[str, Recording], fed: _Fed) -> set[str]:
    """Return what an alert lacks: records without input with the files that could give them."""
    found: set[str] = set()
    waiting: list[Recording] = [recording]
    seen: set[str] = set()
    while waiting:
        one = waiting.pop()
        seen.add(one.name)
        if one.leaves and not one.alerting:
            found.add(f"{one.name} ({_sources(one)})")
        elif one.leaves:
            found.update(name for leaf in one.leaves for name in leaf.names)
        unfed = [records[name] for name in one.reads if name in records and not fed.record(name)]
        waiting += [each for each in unfed if each.name not in seen]
    return found


def _sources(recording: Recording) -> str:
    by_file: Sequence[str] = sorted({Path(rule.file).name for rule, _ in recording.rules})
    return ", ".join(by_file[:_SHOWN])
