"""What a stack is to be: sites, intervals, waits and thresholds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

__all__ = ["LEVEL_FOUND", "Origin", "Plan", "Thresholds"]

LEVEL_FOUND = "high"
"""The level at which every zone stands when the simulated Cloudflare starts."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Load per core above which the alert fires, and down to which it goes on."""

    upper: float = 2.0
    lower: float = 1.0


@dataclass(frozen=True, slots=True)
class Origin:
    """Where Prometheus finds the numbers of a site's origin."""

    address: str
    path: str = "/metrics"


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that differs from one stack to the next; the defaults are those we ship."""

    zones: Mapping[str, str] = field(default_factory=lambda: {"shop": "example.com"})
    """The zone of each site."""
    origins: Mapping[str, Origin] = field(default_factory=dict)
    """The origin of each site; none at all: node_exporter, which measures this machine."""
    thresholds: Thresholds = field(default_factory=Thresholds)
    interval: timedelta = timedelta(seconds=5)
    """Of scrapes, and of the rule groups that we ship with five seconds."""
    resend_delay: timedelta = timedelta(minutes=1)
    poll_interval: timedelta = timedelta(seconds=5)
    minimum_duration: timedelta = timedelta(minutes=5)
    calm_period: timedelta = timedelta(minutes=15)
    provider_timeout: timedelta = timedelta(seconds=10)
