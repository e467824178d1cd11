"""What one request may cost."""

from dataclasses import dataclass
from datetime import timedelta

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of a request's size and time, and of how many webhooks are held at once."""

    body_bytes: int = 4 * 1024 * 1024
    body_within: timedelta = timedelta(seconds=10)
    """How long a sender may take over its body."""
    answer_within: timedelta = timedelta(seconds=4.5)
    """How long a commit or a query may take; Alertmanager must hear of trouble within 5 s."""
    in_flight: int = 512
    """How many webhooks may be under way; more are told to come again."""
