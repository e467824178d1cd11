"""Alertmanager's routing: which receivers an alert with given labels goes to, and how.

The same walk as Alertmanager's own: depth first, the first child that matches ends it unless it
says `continue`, and a node without a matching child is where the alert ends. Waits and receivers
are inherited from the parent; time intervals are not.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from responder.domain.alerts import Matcher

__all__ = ["Authorization", "Receiver", "Route", "Routing", "Waits", "Webhook"]


@dataclass(frozen=True, slots=True)
class Waits:
    """How long an alert waits on its way; the defaults are Alertmanager's."""

    group_wait: timedelta = timedelta(seconds=30)
    group_interval: timedelta = timedelta(minutes=5)
    repeat_interval: timedelta = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Route:
    """One node of the tree, with what it inherits."""

    receiver: str
    matchers: tuple[Matcher, ...] = ()
    waits: Waits = Waits()
    goes_on: bool = False
    """`continue`: later siblings get the alert as well."""
    intervals: tuple[str, ...] = ()
    """Names of the time intervals that mute it or that it is active in."""
    routes: tuple["Route", ...] = ()

    def ends(self, labels: Mapping[str, str]) -> list["Route"]:
        """Return the nodes at which an alert with these labels ends, none if it is not taken."""
        if not all(matcher.matches(labels) for matcher in self.matchers):
            return []
        found: list[Route] = []
        for route in self.routes:
            ends = route.ends(labels)
            found += ends
            if ends and not route.goes_on:
                break
        return found or [replace(self, routes=())]

    def __str__(self) -> str:
        shown = ", ".join(map(str, self.matchers))
        return f"the route {{{shown}}}" if shown else "the root route"


@dataclass(frozen=True, slots=True)
class Authorization:
    """What a webhook proves itself with."""

    scheme: str = ""
    """Empty without any; `Bearer`, or whatever else is configured."""
    file: str = ""
    """Where Alertmanager reads the credential, on its own machine."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """One webhook of a receiver."""

    url: str | None
    """None when Alertmanager hides it, as it does from version 0.26 on."""
    send_resolved: bool = True
    max_alerts: int = 0
    authorization: Authorization = Authorization()


@dataclass(frozen=True, slots=True)
class Receiver:
    """A named receiver, and its webhooks; other ways to notify do not concern us."""

    name: str
    webhooks: tuple[Webhook, ...] = ()


@dataclass(frozen=True, slots=True)
class Routing:
    """The part of a configuration that says where alerts go."""

    root: Route
    receivers: Mapping[str, Receiver]
    inhibitions: tuple[tuple[Matcher, ...], ...] = ()
    """The matchers of the alerts that each inhibit rule may inhibit."""
