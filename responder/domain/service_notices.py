"""What people are told of the service itself: blind, calls that fail, everything paused."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from responder.domain.breaker import Circuit, Failure
from responder.domain.memory import Backoff, Memory
from responder.domain.notice import NO_ACTION, Name, Notice, Overview, make_notice, projected
from responder.domain.target_notices import PAUSED_FOR

__all__ = ["last_failure", "notices_of_the_service"]

BLIND_FOR = timedelta(minutes=1)
"""Past a restart of Alertmanager, which lists no heartbeat until the next one is sent."""


def notices_of_the_service(overview: Overview) -> Iterator[Notice]:
    """Yield the alerts about no single target that are active now."""
    yield from _blind(overview)
    yield from _circuits(overview)
    if overview.heartbeat_silenced:
        yield from _paused(overview)


def _blind(overview: Overview) -> Iterator[Notice]:
    memories = [one.memory for one in overview.subjects]
    # One that is watched again is held on until absence is a fact, but that is not blindness.
    held = [one for one in memories if one.blind_mark is not None and not one.watched]
    known = [*(memory.blind_mark for memory in held), overview.blind_mark]
    marks = [mark for mark in known if mark is not None]
    if not marks or overview.now.elapsed - min(marks) <= BLIND_FOR:
        return
    details = [one.decision.detail for one in held if one.decision and one.decision.detail]
    yield make_notice(
        Name.BLIND,
        {"action": NO_ACTION},
        projected(min(marks), overview.now),
        {
            "summary": "The responder cannot see what is true.",
            "description": (
                f"{len(held)} of {len(overview.subjects)} targets are held as they are: nothing "
                "is switched off, and nothing on but by a webhook."
            ),
            "reason": details[0] if details else "no Alertmanager is usable",
            "advice": "Look at Prometheus and Alertmanager: does ResponderHeartbeat fire there?",
        },
    )


def _circuits(overview: Overview) -> Iterator[Notice]:
    credential = overview.credential.at(overview.now)
    for kind, breaker in (("read", credential.reads), ("write", credential.writes)):
        if breaker.circuit is not Circuit.CLOSED:
            yield _circuit(kind, overview)


def _circuit(kind: str, overview: Overview) -> Notice:
    """Tell it once, and by its cause where that is one that no waiting mends."""
    failed = last_failure(kind, [one.memory for one in overview.subjects])
    summary = f"Calls to the provider fail: no {kind} gets through."
    advice = "See the provider's status page; its dashboard may work meanwhile."
    if failed is not None and failed.failure is Failure.UNAUTHORIZED:
        summary = f"The provider answers 401: it refuses the token for every {kind}."
        advice = "The token was revoked, has expired or is mistyped: make and store a new one."
    means = "nothing can be confirmed" if kind == "read" else "nothing can be switched on or off"
    return make_notice(
        Name.CIRCUIT_OPEN,
        {"action": NO_ACTION, "kind": kind},
        overview.now.wall,
        {
            "summary": summary,
            "description": f"Until a call works, {means}. One is tried from time to time.",
            "reason": f"{failed.failure}: {failed.detail}" if failed else "calls fail",
            "advice": advice,
        },
    )


def last_failure(kind: str, memories: Sequence[Memory]) -> Backoff | None:
    """Return the last failure that opens circuits; rather of this kind, `read` or `write`."""
    writes = [memory.backoff for memory in memories]
    reads = [memory.read_backoff for memory in memories]
    for backoffs in (writes, reads) if kind == "write" else (reads, writes):
        counting = [one for one in backoffs if one.failure is not None and one.failure.counts]
        if counting:
            return max(counting, key=lambda one: one.until)
    return None


def _paused(overview: Overview) -> Iterator[Notice]:
    """Tell of a heartbeat that is silenced once, and not for each of its targets."""
    known = [one.memory.paused_mark for one in overview.subjects]
    marks = [mark for mark in known if mark is not None]
    if not marks or overview.now.elapsed - min(marks) <= PAUSED_FOR:
        return
    yield make_notice(
        Name.PAUSED,
        {"action": NO_ACTION},
        projected(min(marks), overview.now),
        {
            "summary": "Every mitigation has been paused for over a day.",
            "description": "The heartbeat is silenced: nothing is switched on or off by itself.",
            "reason": "the heartbeat is silenced",
            "advice": (
                "Still meant? If not, expire the silence "
                "(amtool silence query alertname=ResponderHeartbeat)."
            ),
        },
    )
