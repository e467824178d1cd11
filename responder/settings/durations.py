"""Durations as Prometheus writes them: `30s`, `1h30m`, `90d`."""

import re
from datetime import timedelta

__all__ = ["format_duration", "parse_duration"]

_MILLISECOND = timedelta(milliseconds=1)
_UNITS = {
    "y": timedelta(days=365),
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": _MILLISECOND,
}
_DURATION = re.compile("".join(f"(?:([0-9]+){unit})?" for unit in _UNITS))
_LONGEST = timedelta(days=106_751)
"""What Prometheus can hold: 292 years."""


def parse_duration(text: str) -> timedelta:
    """Return the duration that a text such as `1h30m` says; ValueError says what is wrong."""
    found = _DURATION.fullmatch(text)
    if re.fullmatch(r"[-+]?[0-9.]+", text):
        raise ValueError(f"{text} has no unit; add a unit, such as {text}s or {text}m")
    if found is None or not text:
        raise ValueError(
            f"{text!r} is not a duration; write one such as 30s, 5m, 1h30m or 90d (largest first)"
        )
    try:
        total = sum(
            (
                int(count) * unit
                for count, unit in zip(found.groups(), _UNITS.values(), strict=True)
                if count
            ),
            timedelta(0),
        )
    except (OverflowError, ValueError):
        total = timedelta.max
    if total > _LONGEST:
        raise ValueError("is longer than 292 years; write a shorter duration")
    return total


def format_duration(duration: timedelta) -> str:
    """Return the text of a duration, in days and smaller; `parse_duration` reads it back."""
    if duration < timedelta(0):
        return f"-{format_duration(-duration)}"
    text = ""
    for name in ("d", "h", "m", "s", "ms"):
        count, duration = divmod(duration, _UNITS[name])
        text += f"{count}{name}" if count else ""
    return text or "0s"
