"""Tables and times for people: what fits is shown, and no id is cut."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.table import Table
from rich.text import Text

from responder.redaction import escaped
from responder.settings import format_duration

__all__ = ["Column", "ago", "countdown", "moment", "print_table", "printable"]

_GAP = 2
_LEAST_FOLDED = 20
"""A column of prose may be broken into lines, but none shorter than this."""
_UNLIMITED = 100_000
_STYLES = {
    "engaged": "bold red",
    "engaging": "bold red",
    "on": "red",
    "unknown": "yellow",
    "trigger": "red",
    "paused": "yellow",
}
_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Column:
    """A column; those with the greatest `spare` go first when a terminal is narrow, 0 stays."""

    title: str
    spare: int = 0
    folds: bool = False
    """Whether its text may be broken into lines."""


def print_table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """Print a table on stdout: as wide as the terminal, or as wide as it is when piped.

    Piped it is never cut, also where a shell exports the COLUMNS of the terminal it was started in.
    """
    console = Console(markup=False, highlight=False, emoji=False)
    console.width = console.width if sys.stdout.isatty() else _UNLIMITED
    rows = [[printable(cell) for cell in row] for row in rows]
    needed = _needed(columns, rows)
    shown = _fitting(columns, needed, console.width)
    fits = _total(needed, shown) <= console.width
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for index in shown:
        folds = columns[index].folds
        table.add_column(columns[index].title, no_wrap=fits and not folds, overflow="fold")
    for row in rows:
        cells = [row[index] for index in shown]
        table.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in cells))
    console.print(table)


def _needed(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> Sequence[int]:
    """Return how wide each column must be."""
    widths = [
        max(len(text) for text in (column.title, *(row[index] for row in rows)))
        for index, column in enumerate(columns)
    ]
    return [
        min(one, _LEAST_FOLDED) if column.folds else one
        for one, column in zip(widths, columns, strict=True)
    ]


def _fitting(columns: Sequence[Column], needed: Sequence[int], width: int) -> Sequence[int]:
    """Return the positions of the columns to show."""
    shown = list(range(len(columns)))
    while _total(needed, shown) > width:
        sparest = max(shown, key=lambda index: columns[index].spare)
        if not columns[sparest].spare:
            break
        shown.remove(sparest)
    return shown


def _total(needed: Sequence[int], shown: Sequence[int]) -> int:
    return sum(needed[index] + _GAP for index in shown) - _GAP


def printable(text: str) -> str:
    """Return a text that does nothing to a terminal but to be seen; escapes show the rest."""
    return escaped(text)


def moment(at: datetime) -> str:
    """Return a moment as people compare it with other machines: in UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def countdown(until: datetime, now: datetime) -> str:
    """Return how long it still is, such as `4m12s`, and `over` when it is past."""
    return _rough(until - now) if until > now else "over"


def ago(at: datetime, now: datetime) -> str:
    """Return how long it has been, such as `2h5m`."""
    return _rough(max(now - at, timedelta(0)))


def _rough(duration: timedelta) -> str:
    """Leave out seconds where nobody counts them."""
    step = _MINUTE if duration >= _HOUR else _SECOND
    return format_duration(duration // step * step)
