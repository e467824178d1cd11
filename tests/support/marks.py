"""Secrets that can be found again, wherever something has written them down."""

from base64 import b64encode
from dataclasses import dataclass, field

MARK = "M4rkOf"
"""Begins every marked secret, and stands nowhere else."""


def marked(name: str) -> str:
    """Return a secret that no pattern of known tokens knows, with what formats like to escape."""
    return f'{MARK}-{name}+/="x'


def _in_base64(text: str) -> set[bytes]:
    """Return what of a text is seen in base64, at whichever of three positions it begins."""
    ends = {0: (0, 8), 1: (2, 8), 2: (4, 10)}
    return {
        b64encode(b" " * before + text.encode())[first:last]
        for before, (first, last) in ends.items()
    }


@dataclass
class Evidence:
    """Everything that came out of a program, and where."""

    found: list[tuple[str, bytes]] = field(default_factory=list)

    def add(self, where: str, what: str | bytes) -> None:
        self.found.append((where, what if isinstance(what, bytes) else what.encode()))

    def betrayals(self, *others: str) -> list[str]:
        """Return each place that shows a marked secret, or one of these others."""
        spelt = {MARK.encode(), *_in_base64(MARK), *(other.encode() for other in others)}
        return [
            f"{where}: ...{what[max(at - 60, 0) : at + 60]!r}..."
            for where, what in self.found
            for one in spelt
            if (at := what.find(one)) >= 0
        ]
