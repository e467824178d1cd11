"""The circuit breaker of a credential, one for reads and one for writes, as a literal table."""

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from responder.domain.clock import ZERO

__all__ = ["TRANSITIONS", "Breaker", "Circuit", "Event", "Failure"]

FAILURES_TO_OPEN = 3
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(seconds=60)
RATE_LIMIT_PAUSE = timedelta(seconds=60)


class Failure(StrEnum):
    """How a call to the provider failed, by what it says about the next call."""

    UNREACHABLE = "unreachable"  # no connection: the request was never sent
    TIMEOUT = "timeout"  # no answer in time, or the connection broke: it may have been applied
    SERVER_ERROR = "server_error"  # 5xx: it may have been applied
    UNAUTHORIZED = "unauthorized"  # 401: the credential is bad
    RATE_LIMITED = "rate_limited"  # the account's 429: everything waits
    REFUSED = "refused"  # any other 4xx, a resource's own 429, success: false
    MALFORMED = "malformed"  # an answer that is none: it may have been applied

    @property
    def counts(self) -> bool:
        """Whether it says something about the API as a whole, and not about one resource."""
        return self not in {Failure.REFUSED, Failure.MALFORMED}

    @property
    def may_have_applied(self) -> bool:
        """Whether a write that failed so may still have changed, or yet change, something."""
        return self in {Failure.TIMEOUT, Failure.SERVER_ERROR, Failure.MALFORMED}


class Circuit(StrEnum):
    """The three states of a circuit."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Event(StrEnum):
    """What can happen to a circuit."""

    SUCCESS = "success"
    FAILURE = "failure"
    LAST_FAILURE = "last_failure"  # the third in a row
    FATAL = "fatal"  # 401, or the account's 429
    PAUSE_OVER = "pause_over"


TRANSITIONS: dict[tuple[Circuit, Event], Circuit] = {
    (Circuit.CLOSED, Event.SUCCESS): Circuit.CLOSED,
    (Circuit.CLOSED, Event.FAILURE): Circuit.CLOSED,
    (Circuit.CLOSED, Event.LAST_FAILURE): Circuit.OPEN,
    (Circuit.CLOSED, Event.FATAL): Circuit.OPEN,
    (Circuit.CLOSED, Event.PAUSE_OVER): Circuit.CLOSED,
    (Circuit.OPEN, Event.SUCCESS): Circuit.OPEN,  # a call sent before it opened
    (Circuit.OPEN, Event.FAILURE): Circuit.OPEN,
    (Circuit.OPEN, Event.LAST_FAILURE): Circuit.OPEN,
    (Circuit.OPEN, Event.FATAL): Circuit.OPEN,
    (Circuit.OPEN, Event.PAUSE_OVER): Circuit.HALF_OPEN,
    (Circuit.HALF_OPEN, Event.SUCCESS): Circuit.CLOSED,
    (Circuit.HALF_OPEN, Event.FAILURE): Circuit.OPEN,
    (Circuit.HALF_OPEN, Event.LAST_FAILURE): Circuit.OPEN,
    (Circuit.HALF_OPEN, Event.FATAL): Circuit.OPEN,
    (Circuit.HALF_OPEN, Event.PAUSE_OVER): Circuit.HALF_OPEN,
}
"""Every state meets every event. Nothing leads from open to closed but a probe that worked."""


@dataclass(frozen=True, slots=True)
class Breaker:
    """One circuit; times are marks in observed time, so a clock that jumps changes nothing."""

    circuit: Circuit = Circuit.CLOSED
    failures: int = 0
    pause: timedelta = ZERO
    open_until: timedelta = ZERO

    def at(self, elapsed: timedelta) -> "Breaker":
        """Return the breaker at this moment: an open one whose pause is over is half-open."""
        if self.circuit is Circuit.OPEN and elapsed >= self.open_until:
            return replace(self, circuit=TRANSITIONS[self.circuit, Event.PAUSE_OVER])
        return self

    def hastened(self, elapsed: timedelta) -> "Breaker":
        """Return the breaker with its pause over: there is news, which a probe may try."""
        if self.circuit is Circuit.OPEN:
            return replace(self, open_until=min(self.open_until, elapsed))
        return self

    def succeeded(self) -> "Breaker":
        """Return the breaker after a call that the provider answered as asked."""
        circuit = TRANSITIONS[self.circuit, Event.SUCCESS]
        return Breaker() if circuit is Circuit.CLOSED else self

    def failed(
        self, failure: Failure, elapsed: timedelta, retry_after: timedelta | None = None
    ) -> "Breaker":
        """Return the breaker after a failed call.

        A refusal is an answer, so the API works. An answer that is none says nothing about the
        API as a whole, but is no success for a probe either.
        """
        if failure is Failure.REFUSED:
            return self.succeeded()
        if failure is Failure.MALFORMED and self.circuit is not Circuit.HALF_OPEN:
            return self
        event = self._event(failure)
        circuit = TRANSITIONS[self.circuit, event]
        failures = self.failures + 1
        if circuit is Circuit.CLOSED:
            return replace(self, failures=failures)
        if self.circuit is Circuit.OPEN and event is not Event.FATAL:
            return self
        pause = self._next_pause()
        wait = pause
        if failure is Failure.RATE_LIMITED:
            wait = RATE_LIMIT_PAUSE if retry_after is None else max(retry_after, FIRST_PAUSE)
        return Breaker(circuit, failures, pause, max(self.open_until, elapsed + wait))

    def _event(self, failure: Failure) -> Event:
        if failure in {Failure.UNAUTHORIZED, Failure.RATE_LIMITED}:
            return Event.FATAL
        return Event.LAST_FAILURE if self.failures + 1 >= FAILURES_TO_OPEN else Event.FAILURE

    def _next_pause(self) -> timedelta:
        if self.circuit is Circuit.CLOSED:
            return FIRST_PAUSE
        if self.circuit is Circuit.OPEN:
            return self.pause
        return min(self.pause * 2, LONGEST_PAUSE)
