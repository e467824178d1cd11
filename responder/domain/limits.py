"""What is judged over all targets at once: the limits over sites, and who probes a circuit."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from responder.domain.audit import Action, Decision, Reason
from responder.domain.clock import Moment
from responder.domain.episode import severity_rank
from responder.domain.memory import Memory, State
from responder.domain.targets import Policy

__all__ = ["Candidate", "admit", "choose_probe", "count_engagement", "recent_engagements"]

HOUR = timedelta(hours=1)
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A target that would be engaged now if the limits let it in."""

    memory: Memory
    policy: Policy

    @property
    def order(self) -> tuple[int, datetime, str]:
        """Gravest first, then the oldest trigger."""
        episode = self.memory.episode
        severity = severity_rank(episode.severity) if episode else -1
        oldest = (episode.oldest if episode else None) or _NEVER
        return (-severity, oldest, self.memory.target)


def recent_engagements(marks: Iterable[timedelta], now: Moment) -> tuple[timedelta, ...]:
    """Return the counted engagements of the last hour, oldest first."""
    return tuple(sorted(mark for mark in marks if now.elapsed - mark < HOUR))


def _holds_a_place(memory: Memory) -> bool:
    """Tell whether a site is on, or may be by a write that nobody has refused."""
    if memory.state is State.ENGAGING and memory.on_mark is None:
        return memory.write is not None and not memory.write.settled
    return memory.ours


def admit(
    candidates: Iterable[Candidate],
    memories: Sequence[Memory],
    marks: Iterable[timedelta],
    now: Moment,
    raising: Collection[str] = (),
) -> dict[str, Decision]:
    """Return a hold for each candidate that the limits keep waiting, by target.

    `raising` are the targets whose turn to raise is under way.
    """
    counted = {memory.site for memory in memories if _counted(memory)}
    engaged = {one.site for one in memories if _holds_a_place(one) or one.target in raising}
    starting = {
        one.site
        for one in memories
        if (one.state is State.ENGAGING and _holds_a_place(one)) or one.target in raising
    } - counted
    recent = recent_engagements(marks, now)
    holds: dict[str, Decision] = {}
    for candidate in sorted(candidates, key=lambda one: one.order):
        memory, guards = candidate.memory, candidate.policy.guards
        site = memory.site
        if site not in engaged and len(engaged) >= guards.max_sites_engaged:
            holds[memory.target] = _full(len(engaged), guards.max_sites_engaged)
            continue
        used = len(recent) + len(starting)
        fresh = site not in counted and site not in starting
        if fresh and used >= guards.max_engagements_per_hour:
            holds[memory.target] = _too_many(recent, used, guards.max_engagements_per_hour, now)
            continue
        engaged.add(site)
        if fresh:
            starting.add(site)
    return holds


def _counted(memory: Memory) -> bool:
    return memory.episode is not None and memory.episode.counted


def count_engagement(
    before: Memory,
    after: Memory,
    memories: Iterable[Memory],
    marks: Sequence[timedelta],
    now: Moment,
) -> tuple[Memory, tuple[timedelta, ...]]:
    """Count the first confirmed engagement of a site per episode; return memory and marks."""
    confirmed = after.state is State.ENGAGED and before.state is State.ENGAGING
    episode = after.episode
    if not confirmed or episode is None or episode.counted or after.override is not None:
        return after, tuple(marks)
    known = any(one.site == after.site and _counted(one) for one in memories)
    if not known:
        marks = (*recent_engagements(marks, now), now.elapsed)
    return replace(after, episode=replace(episode, counted=True)), tuple(marks)


def _full(engaged: int, limit: int) -> Decision:
    detail = f"{engaged} sites are engaged, the limit is {limit}"
    return Decision(Action.HOLD, Reason.MAX_SITES_ENGAGED, None, detail)


def _too_many(recent: Sequence[timedelta], used: int, limit: int, now: Moment) -> Decision:
    until = now.until(recent[0] + HOUR) if recent else None
    detail = f"{used} engagements in the last hour, the limit is {limit}"
    return Decision(Action.HOLD, Reason.MAX_ENGAGEMENTS_PER_HOUR, until, detail)


def choose_probe(raising: Iterable[str], lowering: Iterable[str], last: str | None) -> str | None:
    """Return who makes the one call of a half-open circuit: raising first, taking turns."""
    for waiting in (sorted(raising), sorted(lowering)):
        if waiting:
            later = [target for target in waiting if last is not None and target > last]
            return (later or waiting)[0]
    return None
