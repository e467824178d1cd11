"""What one pass plans over all targets: the limits, shadow mode, who probes an open circuit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from responder.domain.audit import Action, Decision, Reason
from responder.domain.breaker import Circuit
from responder.domain.decision import Situation, decide
from responder.domain.limits import Candidate, Storm, admit, choose_probe, storm
from responder.domain.memory import Memory
from responder.domain.shadow import foreseen, held_back

__all__ = ["Probes", "plan"]


@dataclass(frozen=True, slots=True)
class Probes:
    """What one pass leaves to the next: who probed each circuit last, so that they take turns."""

    reads: str | None = None
    writes: str | None = None
    reading: bool = False
    """Whether the probe of the reads is still under way: there is exactly one."""
    writing: bool = False
    raising: frozenset[str] = frozenset()
    """Targets whose turn to raise is under way: they hold a place in the limits."""
    storm: Storm | None = None
    """Most sites ask at once, and people have been told."""


def plan(
    situations: Sequence[Situation],
    memories: Sequence[Memory],
    marks: Sequence[timedelta],
    probes: Probes,
) -> tuple[list[Situation], Probes]:
    """Return the situations with the limits applied, shadow mode told and the probes given out.

    `situations` are those that are judged in this pass, `memories` all there are, `marks` the
    counted engagements of the last hour.
    """
    if not situations:
        return [], probes
    eager = [replace(s, probing=True) for s in situations]
    gale = storm(memories, _limit(eager), probes.storm)
    holds = _holds(eager, memories, marks, probes.raising)
    limited = [replace(s, admission=_told(holds.get(s.memory.target), gale)) for s in eager]
    writer = _writer(limited, probes)
    reader = _reader(limited, probes)
    planned = [
        replace(
            s,
            memory=foreseen(s),
            probing=s.memory.target == writer,
            probing_reads=s.memory.target == reader,
        )
        for s in limited
    ]
    reads, writes = reader or probes.reads, writer or probes.writes
    return planned, replace(probes, reads=reads, writes=writes, storm=gale)


def _limit(situations: Sequence[Situation]) -> int:
    return max(s.policy.guards.max_sites_engaged for s in situations)


def _holds(
    situations: Sequence[Situation],
    memories: Sequence[Memory],
    marks: Sequence[timedelta],
    raising: frozenset[str],
) -> dict[str, Decision]:
    """Return the holds by the limits, by target; shadow mode has its own, after the real ones."""
    candidates = [
        Candidate(s.memory, s.policy)
        for s in situations
        if (decision := decide(s)).action is Action.ENGAGE and decision.reason is Reason.DEMAND
    ]
    now = situations[0].now
    holds = admit(candidates, memories, marks, now, raising) if candidates else {}
    admitted = {one.memory.target for one in candidates} - holds.keys()
    return holds | held_back(situations, memories, marks, raising | admitted)


def _told(hold: Decision | None, gale: Storm | None) -> Decision | None:
    if hold is None or gale is None:
        return hold
    return replace(hold, detail=f"{hold.detail}; {gale.told}")


def _writer(situations: Sequence[Situation], probes: Probes) -> str | None:
    if probes.writing or _circuit(situations, writing=True) is not Circuit.HALF_OPEN:
        return None
    raising, lowering = _waiting(situations)
    return choose_probe(raising, lowering, probes.writes)


def _reader(situations: Sequence[Situation], probes: Probes) -> str | None:
    """Let one target read: one that waits to be written, else any whose own wait is over."""
    if probes.reading or _circuit(situations, writing=False) is not Circuit.HALF_OPEN:
        return None
    raising = [s.memory.target for s in situations if s.memory.wanted and _ready(s)]
    others = [s.memory.target for s in situations if not s.memory.wanted and _ready(s)]
    return choose_probe(raising, others, probes.reads)


def _ready(s: Situation) -> bool:
    return s.memory.read_backoff.until <= s.now.elapsed


def _circuit(situations: Sequence[Situation], *, writing: bool) -> Circuit:
    first = situations[0]
    credential = first.credential.at(first.now)
    return (credential.writes if writing else credential.reads).circuit


def _waiting(situations: Sequence[Situation]) -> tuple[list[str], list[str]]:
    """Return who would raise and who would lower, if they were the one to probe."""
    asked: dict[Action, list[str]] = {Action.ENGAGE: [], Action.RELEASE: []}
    for situation in situations:
        action = decide(situation).action
        if action in asked:
            asked[action].append(situation.memory.target)
    return asked[Action.ENGAGE], asked[Action.RELEASE]
