"""What a value looks like: the same state has the same word and colour on every dashboard."""

from collections.abc import Mapping
from typing import Any

__all__ = [
    "ALERTS_AND_MITIGATIONS",
    "BAD",
    "CIRCUIT",
    "ENGAGED",
    "GOOD",
    "HELD",
    "NEUTRAL",
    "NO_NUMBER",
    "OFF_OR_SECONDS",
    "PAUSED",
    "QUIET",
    "SIGHT",
    "STANDS",
    "UP",
    "WARNING",
    "Json",
    "Steps",
    "below",
    "from_one",
    "words",
]

Json = dict[str, Any]
Steps = tuple[tuple[float | None, str], ...]
"""Colours by value: each from its value on, the first from minus infinity."""

GOOD, WARNING, BAD = "green", "orange", "red"
ENGAGED, PAUSED, HELD, QUIET = "blue", "purple", "yellow", "#8e8e8e"

NEUTRAL: Steps = ((None, "text"),)
UP: Steps = ((None, BAD), (1, GOOD))


def from_one(color: str) -> Steps:
    """Return colours of a count that is worth a look unless it is zero."""
    return ((None, "text"), (1, color))


def below(good: float, warning: float) -> Steps:
    """Return colours of what is good below one number and bad from the other on."""
    return ((None, GOOD), (good, WARNING), (warning, BAD))


def words(told: Mapping[float, tuple[str, str]]) -> list[Json]:
    """Return the mapping of values to words and colours."""
    options = {
        f"{value:g}": {"text": text, "color": color, "index": index}
        for index, (value, (text, color)) in enumerate(told.items())
    }
    return [{"type": "value", "options": options}]


ALERTS_AND_MITIGATIONS = words(
    {0: ("off", QUIET), 1: ("firing", BAD), 2: ("engaged", ENGAGED), 3: ("paused", PAUSED)}
)
STANDS = words({1: ("stands", HELD)})
SIGHT = words({0: ("sees", GOOD), 1: ("BLIND", BAD)})
CIRCUIT = words({0: ("closed", GOOD), 1: ("half open", WARNING), 2: ("open", BAD)})
OFF_OR_SECONDS = words({0: ("off", QUIET)})

NO_NUMBER = [
    {"type": "special", "options": {"match": "nan", "result": {"text": "none", "color": QUIET}}}
]
"""A quantile of nothing is no number: nothing has happened in the range that is shown."""
