"""What one pass plans over all targets: limits first, then who probes a half-open circuit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from responder.domain.audit import Action, Reason
from responder.domain.breaker import Circuit
from responder.domain.decision import Situation, decide
from responder.domain.limits import Candidate, admit, choose_probe
from responder.domain.memory import Memory

__all__ = ["Probes", "plan"]


@dataclass(frozen=True, slots=True)
class Probes:
    """Who made the last probe of each circuit, so that they take turns."""

    reads: str | None = None
    writes: str | None = None
    reading: bool = False
    """Whether the probe of the reads is still under way: there is exactly one."""
    writing: bool = False
    raising: frozenset[str] = frozenset()
    """Targets whose turn to raise is under way: they hold a place in the limits."""


def plan(
    situations: Sequence[Situation],
    memories: Sequence[Memory],
    marks: Iterable[timedelta],
    probes: Probes,
) -> tuple[list[Situation], Probes]:
    """Return the situations with the limits applied and the probes given out.

    `situations` are those that are judged in this pass, `memories` all there are, `marks` the
    counted engagements of the last hour.
    """
    if not situations:
        return [], probes
    eager = [replace(s, probing=True) for s in situations]
    candidates = [
        Candidate(s.memory, s.policy)
        for s in eager
        if (decision := decide(s)).action is Action.ENGAGE and decision.reason is Reason.DEMAND
    ]
    holds = admit(candidates, memories, marks, eager[0].now, probes.raising) if candidates else {}
    limited = [replace(s, admission=holds.get(s.memory.target)) for s in eager]
    writer = _writer(limited, probes)
    reader = _reader(limited, probes)
    planned = [
        replace(
            s,
            probing=s.memory.target == writer,
            probing_reads=s.memory.target == reader,
        )
        for s in limited
    ]
    given = replace(probes, reads=reader or probes.reads, writes=writer or probes.writes)
    return planned, given


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
