"""What every format gives: plain values, the line of each, and the keys that were set twice."""

from dataclasses import dataclass, field
from typing import Any

from responder.settings.tree import KeyPath

__all__ = ["Duplicate", "MalformedError", "Parsed"]


class MalformedError(ValueError):
    """A text that its format does not allow, and where (0: the parser does not say)."""

    def __init__(self, why: str, line: int = 0, column: int = 0) -> None:
        self.line = line
        self.column = column
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A key that one mapping has twice."""

    path: KeyPath
    first_line: int
    line: int


@dataclass(slots=True)
class Parsed:
    """A text as plain values; a path without a line stands where its parent stands."""

    value: Any = None
    lines: dict[KeyPath, int] = field(default_factory=dict)
    duplicates: list[Duplicate] = field(default_factory=list)

    def line(self, path: KeyPath) -> int:
        """Return the line of the value at a path, counted from 1."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def note_key(self, path: KeyPath, line: int, seen: dict[str, int]) -> None:
        """Remember the line of a key, and whether its mapping, with keys `seen`, had it before."""
        key = str(path[-1])
        if key in seen:
            self.duplicates.append(Duplicate(path, seen[key], line))
        seen.setdefault(key, line)
        self.lines[path] = line
