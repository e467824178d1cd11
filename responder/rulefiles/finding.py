"""What a check found: where, what is wrong, and what to do."""

from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Finding", "Remark"]


class Remark(NamedTuple):
    """What a check says of a rule."""

    what: str
    advice: str


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A remark with its place; group and rule are empty for what is wrong with a whole file."""

    file: str
    line: int
    """Counted from 1; 0 when it is not known."""
    check: str
    what: str
    advice: str
    group: str = ""
    rule: str = ""
