"""What is judged over all targets at once: the limits over sites, storms, and who probes."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from responder.domain.audit import Action, AuditEntry, Decision, Kind, Reason
from responder.domain.clock import Moment
from responder.domain.episode import severity_rank
from responder.domain.memory import Memory, State
from responder.domain.targets import Guards, Policy

__all__ = [
    "HOUR",
    "LIMITS",
    "STORM",
    "Candidate",
    "Storm",
    "admit",
    "choose_probe",
    "count_engagement",
    "recent_engagements",
    "storm",
    "storm_told",
]

LIMITS = frozenset({Reason.MAX_SITES_ENGAGED, Reason.MAX_ENGAGEMENTS_PER_HOUR})
"""A hold for one of these is critical: a site may be under attack, and stays naked."""

STORM_WITHIN = timedelta(minutes=5)
"""Attackers seldom start on everybody within minutes; a rule that was just loaded does."""

JUST_NOW = timedelta(seconds=10)
"""A storm that is older than this when it is first seen was there before this process."""

STORM = "storm"
"""The action of the entry that tells one."""

STORM_SITES = 5
"""Of a handful of sites, most may well be attacked together: they often share an owner."""

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
        used = len(recent) + len(starting)
        left = _left(len(engaged), used, guards)
        if site not in engaged and len(engaged) >= guards.max_sites_engaged:
            holds[memory.target] = Decision(Action.HOLD, Reason.MAX_SITES_ENGAGED, None, left)
            continue
        fresh = site not in counted and site not in starting
        if fresh and used >= guards.max_engagements_per_hour:
            until = now.until(recent[0] + HOUR) if recent else None
            reason = Reason.MAX_ENGAGEMENTS_PER_HOUR
            holds[memory.target] = Decision(Action.HOLD, reason, until, left)
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


def _left(engaged: int, used: int, guards: Guards) -> str:
    """Return how much of both limits is used: people see at once which one is near."""
    sites = f"sites engaged {engaged} of {guards.max_sites_engaged}"
    return f"{sites}; engagements this hour {used} of {guards.max_engagements_per_hour}"


@dataclass(frozen=True, slots=True)
class Storm:
    """Most sites ask within minutes of one another."""

    asking: int
    sites: int
    """How many there are."""
    limit: int
    """How many sites may be engaged at once."""
    mark: timedelta
    """When it began."""

    @property
    def told(self) -> str:
        """What people should think of first, and how far it goes."""
        return (
            f"{self.asking} of {self.sites} sites ask at once, so this is probably ours (a broken "
            "rule, a baseline that vanished, something that they all depend on); it stops at the "
            f"limit of {self.limit} sites"
        )


def storm(memories: Iterable[Memory], limit: int, before: Storm | None = None) -> Storm | None:
    """Tell whether most sites ask at once.

    It begins when more than half of them, and five at least, began to ask within five minutes;
    it lasts until no more than a quarter ask.
    """
    sites: set[str] = set()
    since: dict[str, timedelta] = {}
    for memory in memories:
        sites.add(memory.site)
        if memory.wanted:
            mark = memory.wanted_mark
            since[memory.site] = min(mark, since.get(memory.site, mark))
    if before is not None:
        lasts = len(since) * 4 > len(sites)
        return replace(before, asking=len(since), sites=len(sites), limit=limit) if lasts else None
    needed = max(STORM_SITES, len(sites) // 2 + 1)
    marks = sorted(since.values())
    pairs = zip(marks, marks[needed - 1 :], strict=False)
    began = [last for first, last in pairs if last - first <= STORM_WITHIN]
    return Storm(len(since), len(sites), limit, began[0]) if began else None


def storm_told(before: Storm | None, after: Storm | None, now: Moment) -> AuditEntry | None:
    """Return the entry with which a storm begins; one that lasts, over a restart too, has none."""
    if before is not None or after is None or now.elapsed - after.mark > JUST_NOW:
        return None
    return AuditEntry(now.wall, "", "", Kind.SERVICE, STORM, "", after.told)


def choose_probe(raising: Iterable[str], lowering: Iterable[str], last: str | None) -> str | None:
    """Return who makes the one call of a half-open circuit: raising first, taking turns."""
    for waiting in (sorted(raising), sorted(lowering)):
        if waiting:
            later = [target for target in waiting if last is not None and target > last]
            return (later or waiting)[0]
    return None
