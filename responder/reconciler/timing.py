"""When the loop must look again, and whom a pass concerns."""

from collections.abc import Callable, Collection
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import timedelta

from responder.domain.alerts import Silence
from responder.domain.clock import Moment
from responder.domain.demand import Scene
from responder.domain.memory import Memory
from responder.domain.step import due_mark
from responder.domain.targets import Target
from responder.reconciler.watch import Pace

__all__ = ["Unrest", "until_next"]

SHORTEST_WAIT = timedelta(milliseconds=50)


def until_next(
    memories: Collection[Memory], busy: Callable[[str], bool], now: Moment, pace: Pace
) -> timedelta:
    """Return how long nothing is due: the pace, or the nearest wait that ends before."""
    longest = pace.poll_interval
    for memory in memories:
        if memory.idle or busy(memory.target):
            continue
        marks = [memory.backoff.until, memory.read_backoff.until]
        if memory.hook.after is not None and memory.hook.waiting:
            marks.append(memory.hook.after.due)
        if memory.decision is not None:
            marks.append(due_mark(memory, pace.read_on))
            until = memory.decision.until
            if until is not None and until > now.wall:
                longest = min(longest, until - now.wall)
        ahead = [mark - now.elapsed for mark in marks if mark > now.elapsed]
        longest = min([longest, *ahead])
    return max(longest, SHORTEST_WAIT)


@dataclass(frozen=True, slots=True)
class Unrest:
    """What may concern a target that is idle, and about which no alert speaks."""

    everywhere: bool
    silences: tuple[Silence, ...]
    """Those that may cover a target as a whole; most speak of an instance or an alert."""

    @classmethod
    def of(cls, scene: Scene, names: AbstractSet[str]) -> "Unrest":
        """Find it in a scene, for targets whose labels have these names."""
        broad = [
            silence
            for silence in scene.silences
            if {matcher.name for matcher in silence.matchers} <= names
        ]
        return cls(scene.blind or scene.heartbeat_silenced, tuple(broad))

    def concerns(self, target: Target) -> bool:
        """Tell whether the target must be judged."""
        return self.everywhere or any(one.covers(target.labels) for one in self.silences)
