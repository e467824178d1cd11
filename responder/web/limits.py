"""What one request may cost, and all of them together."""

from dataclasses import dataclass
from datetime import timedelta

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of a request's size and time, and of how much is held at once."""

    body_bytes: int = 4 * 1024 * 1024
    body_within: timedelta = timedelta(seconds=10)
    """How long a sender may take over its body."""
    answer_within: timedelta = timedelta(seconds=4.5)
    """How long a commit or a query may take; Alertmanager must hear of trouble within 5 s."""
    in_flight: int = 512
    """How many webhooks may be under way; more are told to come again."""
    held_bytes: int = 16 * 1024 * 1024
    """How much of all bodies together is kept until they are answered; more come again. What they
    say takes ten times as much once it is read."""
    head_bytes: int = 64 * 1024
    """How much a request may send besides its body: request line, headers, framing."""
    request_within: timedelta = timedelta(seconds=15)
    """How long a connection may take until a whole request is there, or its rest is dropped."""
    exchange_within: timedelta = timedelta(seconds=60)
    """How long an answer may take to be given and to be received."""
    connections: int = 512
    """How many there may be, below the 1024 files that a process may open by default."""
