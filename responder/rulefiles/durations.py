"""Durations as rules write them."""

from datetime import timedelta

__all__ = ["told"]

_UNITS = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1))


def told(duration: timedelta) -> str:
    """Return a duration such as `1h30m`."""
    rest = round(duration / timedelta(milliseconds=1))
    parts = []
    for unit, size in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
