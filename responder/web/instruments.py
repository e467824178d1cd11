"""What the web is given to count with, and to show."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from responder.ports import Component

__all__ = ["Instruments"]


@dataclass(frozen=True, slots=True)
class Instruments:
    """The registry behind `/metrics`, and the counters that only the web can tell."""

    registry: CollectorRegistry
    answered: Callable[[str, str], None]
    """Told the source and the status code of every answer to a webhook."""
    heard: Callable[[str, int], None]
    """Told a status and how many alerts of it a committed webhook held."""
    edge: Callable[[], Mapping[str, object]] = dict
    """What the edge sensor last saw, as `/api/v1/edge` shows it."""
    components: Callable[[], Sequence[Component]] = tuple
    """Lines of `/health` beside those of the automation."""
