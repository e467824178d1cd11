"""What a check found: a value with its status, what was seen, and what to do."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Finding", "Status", "failure", "ok", "skipped", "warning"]


class Status(StrEnum):
    """How a point is; the worst first."""

    FAILURE = "failure"
    WARNING = "warning"
    SKIPPED = "skipped"
    OK = "ok"


@dataclass(frozen=True, slots=True)
class Finding:
    """One point of the examination."""

    status: Status
    seen: str
    advice: str = ""
    """What to do; empty when all is well."""
    subject: str = ""
    """Which of several it is about: a URL, a zone, a file."""
    check: str = ""
    """The check's name; filled in by whoever runs it."""


def ok(seen: str, subject: str = "") -> Finding:
    """Say that all is well."""
    return Finding(Status.OK, seen, subject=subject)


def warning(seen: str, advice: str, subject: str = "") -> Finding:
    """Say that it works, but worse, slower or riskier than it could."""
    return Finding(Status.WARNING, seen, advice, subject)


def failure(seen: str, advice: str, subject: str = "") -> Finding:
    """Say that what protection rests on is missing, broken, or not what people believe."""
    return Finding(Status.FAILURE, seen, advice, subject)


def skipped(why: str, advice: str = "", subject: str = "") -> Finding:
    """Say that nothing can be said, and why not."""
    return Finding(Status.SKIPPED, f"not checked: {why}", advice, subject)
