"""The hook of the operator's own routers, as values: what they are told, and what they answered."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from responder.domain.clock import ZERO, Moment

__all__ = [
    "MOST_TRIES",
    "HookAnswer",
    "HookCall",
    "HookEvent",
    "HookOutcome",
    "HookRule",
    "Hooked",
]

FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=5)
LONGEST_HOLD = timedelta(seconds=30)
"""Between two tries that hold a change: what holds raising must be seen to be over soon."""

MOST_TRIES = 10
"""Of a call after a change, which holds nothing: they take twenty minutes together."""


class HookEvent(StrEnum):
    """What the routers may be told: something is about to be done, or a read has confirmed it."""

    BEFORE_ADVERTISE = "before_advertise"
    AFTER_ADVERTISE = "after_advertise"
    BEFORE_WITHDRAW = "before_withdraw"
    AFTER_WITHDRAW = "after_withdraw"

    @classmethod
    def before(cls, *, raising: bool) -> "HookEvent":
        """Return the event that comes before a change."""
        return cls.BEFORE_ADVERTISE if raising else cls.BEFORE_WITHDRAW


class HookOutcome(StrEnum):
    """What came of one call."""

    OK = "ok"
    REFUSED = "refused"  # any answer but 2xx; a redirect is not followed
    GONE = "gone"  # 410: it wants to hear nothing more of this
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    UNSIGNED = "unsigned"  # the secret cannot be used, so nothing was sent


@dataclass(frozen=True, slots=True)
class HookRule:
    """What a policy wants its routers to be told."""

    events: frozenset[HookEvent] = frozenset()
    required: bool = False
    """Whether nothing is advertised before they have taken the call."""

    def holds(self, event: HookEvent) -> bool:
        """Tell whether a call that failed holds what it speaks of.

        To stay advertised is safe, to withdraw to routers that announce nothing is not: so the
        call before a withdrawal holds whatever is configured.
        """
        if event not in self.events:
            return False
        return event is HookEvent.BEFORE_WITHDRAW or (
            event is HookEvent.BEFORE_ADVERTISE and self.required
        )


@dataclass(frozen=True, slots=True)
class HookAnswer:
    """What came of one call; `detail` says it for people, with status and duration."""

    outcome: HookOutcome
    detail: str
    retry_after: timedelta | None = None
    """The receiver's own wish."""


@dataclass(frozen=True, slots=True)
class HookCall:
    """One thing to tell, with all tries for it; its id stays, so that a receiver can dedupe."""

    id: str
    event: HookEvent
    at: datetime
    reason: str
    actor: str
    tries: int = 0
    due: timedelta = ZERO
    """Mark of the next try."""
    done: bool = False
    """They have taken it, or it is given up."""
    detail: str = ""
    """What came of the last try."""

    @classmethod
    def of(cls, event: HookEvent, target: str, now: Moment, reason: str, actor: str) -> "HookCall":
        """Return the call for something that happens now; its id is the same for the same."""
        told = f"{target}\n{event}\n{now.wall.isoformat()}"
        name = "evt_" + sha256(told.encode()).hexdigest()[:32]
        return cls(name, event, now.wall, reason, actor)

    def answered(self, answer: HookAnswer, now: Moment, *, most: int | None) -> "HookCall":
        """Return it after one more try; `most` is how many there may be, None without end."""
        tries = self.tries + 1
        over = answer.outcome is HookOutcome.OK or (most is not None and tries >= most)
        gone = most is not None and answer.outcome is HookOutcome.GONE
        longest = LONGEST_HOLD if most is None else LONGEST_WAIT
        wait = min(FIRST_WAIT * 2 ** min(tries - 1, 10), longest)
        if answer.retry_after is not None:
            wait = min(max(answer.retry_after, FIRST_WAIT), LONGEST_WAIT)
        return replace(
            self,
            tries=tries,
            due=now.elapsed + wait,
            done=over or gone,
            detail=f"{answer.outcome}: {answer.detail}",
        )


@dataclass(frozen=True, slots=True)
class Hooked:
    """What the routers of one target are being told."""

    before: HookCall | None = None
    """The call before the change that is under way, kept until a read has settled the change."""
    after: HookCall | None = None
    """The last call after a change."""

    @property
    def waiting(self) -> bool:
        """Whether there is still something to tell that holds nothing."""
        return self.after is not None and not self.after.done
