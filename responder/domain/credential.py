"""What is known of a credential: its two circuits and its API budget."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from responder.domain.breaker import Breaker, Circuit, Failure
from responder.domain.budget import Budget
from responder.domain.clock import Moment

__all__ = ["Credential"]


@dataclass(frozen=True, slots=True)
class Credential:
    """Reads and writes are counted apart: a read that works says nothing about writes.

    But when a circuit closes, the API is there again, and the other one may try at once.
    """

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
        mine, other = (new.writes, new.reads) if writing else (new.reads, new.writes)
        before = mine.circuit
        mine = (
            mine.succeeded() if failure is None else mine.failed(failure, now.elapsed, retry_after)
        )
        if failure is Failure.RATE_LIMITED:
            other = other.failed(failure, now.elapsed, retry_after)
        elif before is Circuit.HALF_OPEN and mine.circuit is Circuit.CLOSED:
            other = other.hastened(now.elapsed)
        reads, writes = (other, mine) if writing else (mine, other)
        return replace(new, reads=reads, writes=writes)

    def renewed(self, now: Moment) -> "Credential":
        """Return it after its secret was changed: what failed with the old one may try again."""
        elapsed = now.elapsed
        return replace(
            self, reads=self.reads.hastened(elapsed), writes=self.writes.hastened(elapsed)
        )
