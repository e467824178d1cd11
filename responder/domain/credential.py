"""What is known of a credential: its two circuits and its API budget."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from responder.domain.breaker import Breaker, Failure
from responder.domain.budget import Budget
from responder.domain.clock import Moment

__all__ = ["Credential"]


@dataclass(frozen=True, slots=True)
class Credential:
    """Reads and writes are counted apart: a read that works says nothing about writes."""

    reads: Breaker = field(default_factory=Breaker)
    writes: Breaker = field(default_factory=Breaker)
    budget: Budget = field(default_factory=Budget)

    def at(self, now: Moment) -> "Credential":
        """Return it at this moment: pauses that are over, the bucket refilled."""
        elapsed = now.elapsed
        return Credential(self.reads.at(elapsed), self.writes.at(elapsed), self.budget.at(elapsed))

    def after_call(
        self,
        now: Moment,
        *,
        writing: bool,
        requests: int = 1,
        failure: Failure | None = None,
        retry_after: timedelta | None = None,
    ) -> "Credential":
        """Return it after one call; the account's 429 stops reads and writes alike.

        `requests` is what the call has cost of the budget, 0 where that was counted otherwise.
        """
        new = self.at(now)
        new = replace(new, budget=new.budget.spent(requests))
        mine = new.writes if writing else new.reads
        mine = (
            mine.succeeded() if failure is None else mine.failed(failure, now.elapsed, retry_after)
        )
        new = replace(new, writes=mine) if writing else replace(new, reads=mine)
        if failure is not Failure.RATE_LIMITED:
            return new
        other = new.reads if writing else new.writes
        other = other.failed(failure, now.elapsed, retry_after)
        return replace(new, reads=other) if writing else replace(new, writes=other)
