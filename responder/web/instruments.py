"""What the web is given to count with, and to show."""

from collections.abc import Callable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

__all__ = ["Instruments"]


@dataclass(frozen=True, slots=True)
class Instruments:
    """The registry behind `/metrics`, and the counters that only the web can tell."""

    registry: CollectorRegistry
    answered: Callable[[str, str], None]
    """Told the source and the status code of every answer to a webhook."""
    heard: Callable[[str, int], None]
    """Told a status and how many alerts of it a committed webhook held."""
