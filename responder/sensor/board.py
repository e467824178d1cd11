"""What the sensor last saw, for whoever asks: scrapes, `/health` and the API."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from responder.ports import Component, ComponentStatus
from responder.sensor.allowance import Allowance
from responder.sensor.samples import Rate
from responder.sensor.scope import Scope
from responder.sensor.sources import Source

__all__ = ["COMPLETE", "Board", "Dataset", "Sampled", "Seen"]

COMPLETE = "complete"

STALE = 2.5
"""A sample is no longer true after so many intervals without the next one."""


class Dataset(StrEnum):
    """What is asked for, each with its own query."""

    TRAFFIC = "traffic"
    MITIGATIONS = "mitigations"
    TUNNELS = "tunnels"
    ATTACKS = "attacks"
    FLOWS = "flows"
    REQUESTS = "requests"


@dataclass(frozen=True, slots=True)
class Sampled:
    """What came of the last query of a dataset."""

    outcome: str
    """`complete`, or why it is not."""
    at: timedelta
    """When, on the clock that only runs forwards."""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """The values of the last complete samples."""

    window_end: datetime | None = None
    lag: timedelta | None = None
    """How old the newest minute is of which there are data."""
    prefixes: Mapping[str, Mapping[str, Rate]] = field(default_factory=dict)
    vectors: Mapping[str, Mapping[str, Rate]] = field(default_factory=dict)
    attacks: Mapping[str, int] = field(default_factory=dict)
    tunnels: Mapping[tuple[str, str], float] = field(default_factory=dict)
    protocols: Mapping[str, Rate] = field(default_factory=dict)
    requests: Mapping[str, Mapping[tuple[str, str], float]] = field(default_factory=dict)
    tops: Mapping[str, list[dict[str, object]]] = field(default_factory=dict)
    """Rankings for people, by name; they never become labels."""
    sources: Sequence[Source] = ()
    """The ranking of sources, which tells more than an address."""
    geoip: Sequence[Mapping[str, object]] = ()
    """The databases that told where sources are."""


class Board:
    """Holds the last samples while this replica acts; what is stale is not shown."""

    def __init__(self, monotonic: Callable[[], timedelta]) -> None:
        self._monotonic = monotonic
        self.allowance = Allowance(monotonic)
        """What may still be asked, also across reloads."""
        self.scope = Scope()
        self.every: Mapping[Dataset, timedelta] = {}
        self.seen = Seen()
        self.off: dict[Dataset, str] = {}
        """Datasets that this account does not have, and what Cloudflare said."""
        self.sampled: dict[Dataset, Sampled] = {}
        self.problem = ""
        """Why the sensor as a whole does not run; empty when it does."""

    def begin(self, scope: Scope, every: Mapping[Dataset, timedelta]) -> None:
        """Take up a scope, with nothing known of it."""
        self.scope, self.every = scope, every
        self.seen, self.off, self.sampled, self.problem = Seen(), {}, {}, ""

    def end(self) -> None:
        """Show nothing any more: another replica may act now."""
        self.begin(Scope(), {})

    def complete(self, dataset: Dataset) -> bool:
        """Tell whether the last sample of a dataset proves what it says, and is not stale."""
        last = self.sampled.get(dataset)
        if last is None or dataset not in self.every or last.outcome != COMPLETE:
            return False
        return self._monotonic() - last.at <= self.every[dataset] * STALE

    def components(self) -> list[Component]:
        """Return a line for `/health`, degraded at worst: without the sensor nothing fails."""
        if not self.scope:
            return []
        if self.problem:
            return [Component("edge sensor", ComponentStatus.DEGRADED, self.problem)]
        failing = [
            f"{name}: {self.sampled[name].detail or self.sampled[name].outcome}"
            for name in self.every
            if name in self.sampled and name not in self.off and not self.complete(name)
        ]
        status = ComponentStatus.DEGRADED if failing else ComponentStatus.OK
        return [Component("edge sensor", status, "; ".join(failing))]
