"""The values that alerts carry, and the greatest of them: how bad it was, for people."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite

from responder.domain.alerts import Alert

__all__ = ["Peak", "greatest", "shown", "values"]

MOST_REMEMBERED = 10
"""Alert names whose peak is kept; a bound, so that a flood of names costs little."""

_WHOLE_FROM = 1000
"""From here on people care for no fraction."""


@dataclass(frozen=True, slots=True)
class Peak:
    """The greatest value that the triggers of one name have given.

    Values of different names are never compared: one is a load, the other requests a second.
    """

    alert: str
    value: float


def values(alerts: Iterable[Alert]) -> tuple[Peak, ...]:
    """Return the greatest value that each name gives now, in the annotation `value`."""
    return greatest((), (Peak(one.name, value) for one in alerts for value in _value(one)))


def _value(alert: Alert) -> list[float]:
    """Return the number in the annotation, if it is one; a rule may write there what it likes."""
    try:
        value = float(alert.annotations.get("value", ""))
    except ValueError:
        return []
    return [value] if isfinite(value) else []


def greatest(known: Iterable[Peak], new: Iterable[Peak]) -> tuple[Peak, ...]:
    """Return the greater of both for each name, in the order in which the names came."""
    best: dict[str, float] = {}
    for peak in (*known, *new):
        best[peak.alert] = max(peak.value, best.get(peak.alert, peak.value))
    return tuple(Peak(name, value) for name, value in list(best.items())[:MOST_REMEMBERED])


def shown(peaks: Iterable[Peak]) -> str:
    """Return them as people read them: the bare number where there is only one."""
    told = [(peak.alert, _number(peak.value)) for peak in peaks]
    if len(told) == 1:
        return told[0][1]
    return ", ".join(f"{name} {number}" for name, number in told)


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= _WHOLE_FROM else f"{value:.3g}"
