"""What notifications are made of: webhook destinations, policies, and what was sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from responder.simulator.inventory import BORN, Account

__all__ = ["Destination", "Policy", "Sent"]


@dataclass(frozen=True, slots=True)
class Destination:
    """A webhook: its secret goes out in a header as it is, and never comes back in an answer."""

    id: str
    name: str
    url: str
    secret: str | None = field(default=None, repr=False)
    created_at: datetime = BORN
    last_success: datetime | None = None
    last_failure: datetime | None = None
    account: Account = field(default_factory=Account)


@dataclass(frozen=True, slots=True)
class Policy:
    """Which notifications go where; `webhooks` are ids, `filters` admit values by key."""

    id: str
    name: str
    alert_type: str
    enabled: bool = True
    webhooks: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    filters: Mapping[str, list[str]] = field(default_factory=dict)
    description: str = ""
    alert_interval: str = ""
    created: datetime = BORN
    modified: datetime = BORN
    account: Account = field(default_factory=Account)


@dataclass(frozen=True, slots=True)
class Sent:
    """One notification to one destination, whether or not it arrived; `body` is its JSON."""

    id: str
    at: datetime
    policy: Policy
    destination: Destination
    body: str
